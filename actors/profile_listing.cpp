#include "actors/profile_listing.hpp"

#include "model/instant.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace actors {

namespace {

using model::value_kind;
using model::value_view;

value_view value_at(const model::coded_column& column, std::uint32_t row) {
  const auto code = column.dictionary == nullptr ? 0 : column.code(row);
  return code == 0 ? value_view{} : column.dictionary->entry(code);
}

/// What the row's value names, when the block knows it without reading texts.
std::optional<std::int64_t> instant_at(const model::coded_column& column, std::uint32_t row) {
  const auto* instants = column.dictionary == nullptr ? nullptr : column.dictionary->instants();
  const auto code = instants == nullptr ? 0 : column.code(row);
  if (code == 0)
    return std::nullopt;
  return instants->at(code - 1);
}

std::optional<std::int64_t> instant_of(value_view v) {
  if (v.kind != value_kind::text)
    return std::nullopt;
  const auto at = model::parse_instant(v.text);
  return at ? std::optional{model::to_ms(*at)} : std::nullopt;
}

std::uint32_t first_needed(const profile_question& asked, std::uint32_t partition,
                           const storage::profile_store& people) {
  if (asked.order != profile_order::place || asked.is_descending || !asked.after)
    return 0;
  const auto after = asked.after->place;
  return after.partition < partition                                       ? 0
       : after.partition > partition || after.profile >= people.profiles() ? people.profiles()
                                                                           : after.profile + 1;
}

} // namespace

bool is_ordered_as_instant(std::string_view attribute) {
  static constexpr std::array<std::string_view, 3> whole{
    "created", "updated", "predictive['expected_date_of_next_order']"};
  static constexpr std::array<std::string_view, 3> fields{
    "['consent_timestamp']", "['created_timestamp']", "['valid_until']"};
  const auto ends = [&](std::string_view field) { return attribute.ends_with(field); };
  return std::ranges::find(whole, attribute) != whole.end()
      || (attribute.starts_with("subscriptions['") && std::ranges::any_of(fields, ends));
}

profile_listing::profile_listing(profile_question asked, std::uint32_t partition,
                                 const storage::profile_store& people, const storage::names& names)
  : people_scan(people, first_needed(asked, partition, people)),
    asked_(std::make_shared<const profile_question>(std::move(asked))), partition_(partition),
    found_(asked_->limit, by_order{asked_}) {
  if (!asked_->list.empty())
    list_ = names.find(storage::name_kind::attribute, "list['" + asked_->list + "']");
  if (orders_by_attribute())
    attribute_ = names.find(storage::name_kind::attribute, asked_->attribute);
}

bool profile_listing::orders_by_attribute() const {
  return asked_->order == profile_order::instant || asked_->order == profile_order::text;
}

void profile_listing::read_columns(const storage::profile_store& /*people*/,
                                   const model::block_view& columns, std::uint32_t first,
                                   const row_bits& wanted) {
  model::coded_column joined;
  if (!asked_->list.empty()) {
    if (list_ != 0)
      joined = columns.attribute(list_);
    if (joined.dictionary == nullptr)
      return;
  }
  const auto orders = attribute_ == 0 ? model::coded_column{} : columns.attribute(attribute_);
  each_row(wanted, [&](std::uint32_t row) {
    if (joined.dictionary != nullptr && joined.code(row) == 0)
      return;
    const auto instant = asked_->order == profile_order::instant ? instant_at(orders, row)
                                                                 : std::nullopt;
    offer(first + row, value_at(joined, row), instant ? value_view{} : value_at(orders, row),
          instant);
  });
}

void profile_listing::read_profile(const storage::profile_store& people, std::uint32_t profile) {
  const auto value = [&](std::uint32_t attribute) {
    return attribute == 0 ? value_view{} : people.attribute(profile, attribute);
  };
  const auto joined = value(list_);
  if (asked_->list.empty() || joined.is_set())
    offer(profile, joined, value(attribute_), std::nullopt);
}

void profile_listing::offer(std::uint32_t profile, value_view joined_at, value_view orders,
                            std::optional<std::int64_t> instant) {
  auto& line = candidate_;
  line.place = {partition_, profile};
  if (joined_at.is_set())
    line.joined_at = static_cast<std::int64_t>(joined_at.number);
  if (asked_->order == profile_order::text) {
    line.is_without = orders.kind != value_kind::text;
    line.text.assign(line.is_without ? std::string_view{}
                                     : orders.text.substr(0, order_text_bytes_max));
  } else if (asked_->order != profile_order::place) {
    if (asked_->order == profile_order::joined)
      instant = line.joined_at;
    else if (!instant)
      instant = instant_of(orders);
    line.is_without = !instant;
    line.at = instant.value_or(0);
    if ((asked_->from && (!instant || *instant < *asked_->from))
        || (asked_->to && (!instant || *instant >= *asked_->to)))
      return;
  }
  if (!found_.takes(line) || (asked_->after && !comes_before(*asked_->after, line, *asked_)))
    return;
  found_.add(line);
}

bool profile_listing::is_decided(std::uint32_t from) const {
  return asked_->order == profile_order::place && !asked_->is_descending && found_.is_full()
      && found_.last().place.profile < from;
}

listing_answer profile_listing::answer(const storage::profile_store& /*people*/) {
  return profile_lines{found_.take()};
}

} // namespace actors
