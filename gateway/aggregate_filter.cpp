#include "gateway/aggregate_filter.hpp"

#include "model/instant.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

namespace gateway {

namespace {

constexpr std::int64_t range_days_max = 366;
constexpr std::size_t filters_max = 50;

std::vector<filter_rule> filter_rules() {
  using enum filter_operator;
  std::vector<filter_rule> rules;
  rules.push_back({"datetime", {greater_or_equal, less_than}, filter_kind::instant});
  for (const auto name : aggregate_dimensions()) {
    const std::string field{name};
    rules.push_back({field, {equals, any, contains, starts_with}});
    for (const auto kind : {filter_kind::number, filter_kind::boolean})
      rules.push_back({field, {equals, any}, kind});
  }
  return rules;
}

/// The end of a range as the clock on the wall shows it: milliseconds since its own 1970. `text` is
/// the filter in which the term stands; an instant without an offset is meant in the zone.
std::int64_t wall_time_of(const filter_term& term, std::string_view text,
                          const segments::zone& zone) {
  // A term's position counts characters.
  std::size_t at = 0;
  for (std::size_t characters = 1; characters < term.position; ++characters) {
    ++at;
    while (at < text.size() && (text[at] & 0xC0) == 0x80)
      ++at;
  }
  const auto comma = text.find(',', at);
  auto written = text.substr(comma + 1, text.find(')', comma) - comma - 1);
  while (written.starts_with(' '))
    written.remove_prefix(1);
  while (written.ends_with(' '))
    written.remove_suffix(1);
  constexpr std::size_t clock_at = 11; // Behind the date and its T.
  const bool has_offset = written.size() > clock_at
                       && written.find_first_of("Zz+- ", clock_at) != std::string_view::npos;
  const auto ms = model::to_ms(term.instant());
  return has_offset ? zone.local(ms) : ms;
}

/// Takes the terms of one filter after the other.
class filter_reader {
public:
  filter_reader(object_reader& attributes, const segments::zone& zone)
    : attributes_(attributes), zone_(zone) {
  }

  std::optional<aggregate_filter> read() {
    const auto texts = attributes_.texts("filter", presence::required, filters_max,
                                         {filter_bytes_max, true, {}});
    if (!texts)
      return std::nullopt;
    for (std::size_t i = 0; i < texts->size(); ++i)
      read_one((*texts)[i], fmt::format("{}/{}", attributes_.pointer_to("filter"), i));
    read_range();
    return std::move(made_);
  }

private:
  void read_one(const std::string& text, const std::string& pointer) {
    static const auto rules = filter_rules();
    const auto terms = parse_filter(text);
    if (!terms)
      return attributes_.found().add(pointer, terms.error().message);
    const auto faults = check_filter(*terms, rules);
    for (const auto& fault : faults)
      attributes_.found().add(pointer, fault);
    if (!faults.empty())
      return;
    for (const auto& term : *terms)
      if (!take(term, text))
        attributes_.found().add(
          pointer, fmt::format("{} of 'datetime' is there already", name_of(term.operation)));
  }

  /// False = the range has that end already.
  bool take(const filter_term& term, std::string_view text) {
    if (term.field != "datetime") {
      made_.terms.push_back(term);
      return true;
    }
    auto& end = term.operation == filter_operator::less_than ? to_ : from_;
    if (end)
      return false;
    end = wall_time_of(term, text, zone_);
    return true;
  }

  void read_range() {
    if (!from_ || !to_)
      return attributes_.refuse("filter", "must have greater-or-equal(datetime,…) and "
                                          "less-than(datetime,…)");
    if (*to_ <= *from_)
      return attributes_.refuse("filter", "must have an end of 'datetime' behind its start");
    if (*to_ - *from_ > range_days_max * segments::day_ms)
      return attributes_.refuse("filter", "must not span more than a year of 'datetime'");
    const auto wall_text = [](std::int64_t local) {
      return model::format_instant(model::from_ms(local));
    };
    made_.timeframe = {{"start", wall_text(*from_)}, {"end", wall_text(*to_)}};
  }

  object_reader& attributes_;
  const segments::zone& zone_;
  std::optional<std::int64_t> from_; // By the clock on the wall.
  std::optional<std::int64_t> to_;
  aggregate_filter made_;
};

} // namespace

const std::vector<std::string_view>& aggregate_dimensions() {
  static const std::vector<std::string_view> names = {"$attributed_channel",
                                                      "$attributed_flow",
                                                      "$attributed_message",
                                                      "$attributed_variation",
                                                      "$campaign_channel",
                                                      "$flow",
                                                      "$flow_channel",
                                                      "$message",
                                                      "$message_send_cohort",
                                                      "$usage_amount",
                                                      "$value_currency",
                                                      "$variation",
                                                      "$variation_send_cohort",
                                                      "Bot Click",
                                                      "Bounce Type",
                                                      "Campaign Name",
                                                      "Client Canonical",
                                                      "Client Name",
                                                      "Client Type",
                                                      "Email Domain",
                                                      "Failure Source",
                                                      "Failure Type",
                                                      "From Number",
                                                      "From Phone Region",
                                                      "Inbox Provider",
                                                      "List",
                                                      "Message Format",
                                                      "Message Name",
                                                      "Message Type",
                                                      "Method",
                                                      "Segment Count",
                                                      "Subject",
                                                      "To Number",
                                                      "To Phone Region",
                                                      "URL",
                                                      "form_id"};
  return names;
}

std::optional<aggregate_filter> read_aggregate_filter(object_reader& attributes,
                                                      const segments::zone& zone) {
  return filter_reader{attributes, zone}.read();
}

} // namespace gateway
