#include "segments/parse_condition.hpp"

#include "segments/parse_filter.hpp"
#include "segments/zip_points.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace segments {

namespace {

constexpr double kilometers_per_mile = 1.609344;
constexpr double farthest_miles = 1e6; // Far beyond the earth; keeps the number sane.

constexpr std::array<std::string_view, 14> bare_properties{"email",
                                                           "phone_number",
                                                           "external_id",
                                                           "id",
                                                           "first_name",
                                                           "last_name",
                                                           "organization",
                                                           "title",
                                                           "locale",
                                                           "image",
                                                           "created",
                                                           "updated",
                                                           "first_event_date",
                                                           "last_event_date"};

constexpr std::array<std::string_view, 10> location_keys{
  "address1", "address2", "city",     "country",   "region",
  "zip",      "timezone", "latitude", "longitude", "ip"};

/// What stands between `prefix['` and `']`, or the same with double quotes.
std::optional<std::string_view> bracketed(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size() + 4 || text.substr(0, prefix.size()) != prefix)
    return std::nullopt;
  const auto rest = text.substr(prefix.size());
  const char quote = rest[1];
  if (rest.front() != '[' || (quote != '\'' && quote != '"') || rest.back() != ']'
      || rest[rest.size() - 2] != quote)
    return std::nullopt;
  return rest.substr(2, rest.size() - 4);
}

std::string allowed_properties(std::string_view written) {
  std::vector<std::string> located;
  for (const auto key : location_keys)
    located.push_back("location['" + std::string{key} + "']");
  std::vector<std::string_view> all{bare_properties.begin(), bare_properties.end()};
  all.insert(all.end(), located.begin(), located.end());
  all.emplace_back("properties['…']");
  return listed(all, written);
}

} // namespace

std::optional<std::string> parse_property(const place& at) {
  if (at.is(json_kind::text)) {
    const std::string_view text = at.value().text;
    if (std::find(bare_properties.begin(), bare_properties.end(), text) != bare_properties.end())
      return std::string{text};
    if (const auto key = bracketed(text, "properties"); key && !key->empty())
      return "properties['" + std::string{*key} + "']";
    if (const auto key = bracketed(text, "location");
        key && std::find(location_keys.begin(), location_keys.end(), *key) != location_keys.end())
      return "location['" + std::string{*key} + "']";
  }
  at.refuse(allowed_properties(at.is(json_kind::text) ? std::string_view{at.value().text}
                                                      : std::string_view{}));
  return std::nullopt;
}

namespace {

std::optional<criterion> parse_profile_property(const place& at, const parse_context& /*unused*/) {
  at.must_have_only({"type", "property", "filter"});
  auto attribute = parse_property(at.member("property"));
  auto test = parse_filter(at.member("filter"), legal::profile_property);
  if (!attribute || !test)
    return std::nullopt;
  return attribute_criterion{std::move(*attribute), std::move(*test)};
}

std::optional<criterion> parse_membership(const place& at, const parse_context& account) {
  at.must_have_only({"type", "is_member", "group_ids", "timeframe_filter"});
  list_criterion out;
  const auto is_member = at.member("is_member").truth();
  out.is_member = is_member.value_or(true);
  const auto groups = at.member("group_ids");
  if (groups.must_be_filled_array("id or name of a list")) {
    for (auto& written :
         groups.texts("ids or names of lists").value_or(std::vector<std::string>{})) {
      auto name = account.list_name ? account.list_name(written) : std::nullopt;
      out.lists.push_back(name ? std::move(*name) : std::move(written));
    }
  }
  const auto joined = at.member("timeframe_filter");
  if (joined.is_nothing())
    return out;
  if (is_member && !*is_member)
    joined.refuse("null, or is_member true: only members have a day on which they joined");
  else
    out.joined = parse_date_filter(joined, legal::joined);
  return out;
}

std::optional<geo_point> parse_postal_code(const place& at, const place& country) {
  constexpr std::array<std::string_view, 2> countries{"US", "USA"};
  const bool is_known = country.is(json_kind::text)
                     && std::find(countries.begin(), countries.end(), country.value().text)
                          != countries.end();
  if (!is_known)
    country.refuse("\"US\", \"USA\": only US ZIP points ship with the program");
  const auto zip = at.text("a US ZIP code, such as \"02110\"");
  if (!zip || !is_known)
    return std::nullopt;
  const auto point = zip_point(*zip);
  if (!point)
    at.refuse("a US ZIP code that the Census draws as an area (2021), such as \"02110\"");
  return point;
}

std::optional<criterion> parse_distance(const place& at, const parse_context& /*unused*/) {
  constexpr std::array<std::string_view, 2> units{"kilometers", "miles"};
  at.must_have_only({"type", "country_code", "postal_code", "unit", "filter"});
  const auto center = parse_postal_code(at.member("postal_code"), at.member("country_code"));
  const auto unit = at.member("unit").choice(units);
  const auto test = at.member("filter");
  const auto radius = parse_number_filter(test, legal::number_less | legal::number_greater);
  if (!radius)
    return std::nullopt;
  if (radius->operand <= 0 || radius->operand > farthest_miles) {
    test.member("value").refuse("a positive number up to 1000000");
    return std::nullopt;
  }
  if (!center || !unit)
    return std::nullopt;
  const double miles = units[*unit] == "miles" ? radius->operand
                                               : radius->operand / kilometers_per_mile;
  return distance_criterion{center->latitude, center->longitude, miles,
                            radius->op == comparison::less};
}

std::optional<criterion> parse_region(const place& at, const parse_context& /*unused*/) {
  constexpr std::array<std::string_view, 2> regions{"european_union", "united_states"};
  at.must_have_only({"type", "in_region", "region"});
  const auto inside = at.member("in_region").truth();
  const auto area = at.member("region").choice(regions);
  if (!inside || !area)
    return std::nullopt;
  return region_criterion{*inside, *area == 0 ? region::european_union : region::united_states};
}

std::optional<criterion> parse_affinity(const place& at) {
  constexpr std::array<std::string_view, 2> measurements{"priority", "rank"};
  constexpr std::array<std::string_view, 4> channels{"email", "push", "sms", "whatsapp"};
  constexpr std::array<std::string_view, 3> ranks{"high", "medium", "low"};
  at.must_have_only({"type", "dimension", "measurement", "predicted_channel", "filter"});
  const auto measurement = at.member("measurement").choice(measurements);
  const auto on = at.member("predicted_channel").choice(channels);
  if (!measurement)
    return std::nullopt;
  const bool by_rank = measurements[*measurement] == "rank";
  const auto where = at.member("filter");
  auto test = by_rank ? parse_filter(where, legal::text_equals | legal::text_not_equals, ranks)
                      : parse_filter(where, legal::number_equals);
  if (test && !by_rank && !where.member("value").integer(-1'000'000, 1'000'000))
    return std::nullopt;
  if (!test || !on)
    return std::nullopt;
  return affinity_criterion{std::string{channels[*on]}, by_rank, std::move(*test)};
}

std::optional<filter> parse_prediction(const place& at, std::string_view dimension) {
  constexpr std::array<std::string_view, 3> genders{"likely_female", "likely_male", "uncertain"};
  if (dimension == "expected_date_of_next_purchase")
    return parse_filter(at, legal::date);
  if (dimension == "predicted_gender")
    return parse_filter(at, legal::text_equals | legal::text_not_equals, genders);
  return parse_filter(at, legal::number);
}

std::optional<criterion> parse_predictive(const place& at, const parse_context& /*unused*/) {
  constexpr std::array<std::string_view, 11> dimensions{"average_days_between_orders",
                                                        "average_order_value",
                                                        "churn_probability",
                                                        "historic_clv",
                                                        "historic_number_of_orders",
                                                        "predicted_clv",
                                                        "predicted_number_of_orders",
                                                        "total_clv",
                                                        "expected_date_of_next_purchase",
                                                        "predicted_gender",
                                                        "channel_affinity"};
  const auto index = at.member("dimension").choice(dimensions);
  if (!index)
    return std::nullopt;
  const auto dimension = dimensions[*index];
  if (dimension == "channel_affinity")
    return parse_affinity(at);
  at.must_have_only({"type", "dimension", "filter"});
  auto test = parse_prediction(at.member("filter"), dimension);
  if (!test)
    return std::nullopt;
  // Profiles call the date otherwise than segments do.
  const auto attribute = dimension == "expected_date_of_next_purchase"
                         ? "expected_date_of_next_order"
                         : dimension;
  return attribute_criterion{"predictive['" + std::string{attribute} + "']", std::move(*test)};
}

std::optional<criterion> parse_consent_condition(const place& at, const parse_context& /*unused*/) {
  return parse_consent(at);
}

std::optional<criterion> parse_permission_condition(const place& at,
                                                    const parse_context& /*unused*/) {
  return parse_permission(at);
}

struct condition_type {
  std::string_view name;
  std::optional<criterion> (*parse)(const place&, const parse_context&);
};

constexpr auto condition_types = std::to_array<condition_type>({
  {"profile-property", parse_profile_property},
  {"profile-metric", parse_metric},
  {"profile-metric-funnel", parse_funnel},
  {"profile-group-membership", parse_membership},
  {"profile-marketing-consent", parse_consent_condition},
  {"profile-permissions", parse_permission_condition},
  {"profile-postal-code-distance", parse_distance},
  {"profile-region", parse_region},
  {"profile-predictive-analytics", parse_predictive},
});

constexpr std::array<std::string_view, condition_types.size()> type_names() {
  std::array<std::string_view, condition_types.size()> names;
  std::transform(condition_types.begin(), condition_types.end(), names.begin(),
                 [](const auto& t) { return t.name; });
  return names;
}

} // namespace

std::optional<criterion> parse_condition(const place& at, const parse_context& account) {
  static constexpr auto names = type_names();
  const auto type = at.member("type");
  if (type.is(json_kind::text) && type.value().text == "profile-has-custom-object") {
    type.refuse(listed(names) + "; custom objects are not supported");
    return std::nullopt;
  }
  const auto index = type.choice(names);
  return index ? condition_types[*index].parse(at, account) : std::nullopt;
}

} // namespace segments
