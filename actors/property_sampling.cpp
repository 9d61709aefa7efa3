#include "actors/property_sampling.hpp"

#include "model/instant.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace actors {

namespace {

using model::value_kind;
using model::value_view;

constexpr std::uint32_t values_looked_at_max = 1'000; // Of a property, in a partition.
constexpr std::size_t values_kept_max = 10;
constexpr std::size_t kept_bytes_max = 256; // Longer ones are not kept as a sample.

std::uint32_t looked_at(const property_sample& sample) {
  return std::accumulate(sample.kinds.begin(), sample.kinds.end(), 0U);
}

std::string text_of(value_view v) {
  return v.kind == value_kind::text ? std::string{v.text} : model::to_json(v);
}

} // namespace

property_sampling::property_sampling(const property_question& asked,
                                     const storage::profile_store& people,
                                     const storage::names& names)
  : people_scan(people), names_(names),
    metric_(names.find(storage::name_kind::metric, asked.metric)) {
}

bool property_sampling::look_at(property_sample& sample, value_view value) {
  if (looked_at(sample) >= values_looked_at_max)
    return false;
  const bool is_list = value.kind == value_kind::nested && value.text.starts_with('[');
  ++sample.kinds[static_cast<std::size_t>(is_list ? value_kind::list : value.kind)];
  if (value.kind == value_kind::text && model::parse_instant(value.text))
    ++sample.dates;
  if (sample.values.size() == values_kept_max || value.text.size() > kept_bytes_max)
    return true;
  auto text = text_of(value);
  if (text.size() <= kept_bytes_max
      && std::ranges::find(sample.values, text) == sample.values.end())
    sample.values.push_back(std::move(text));
  return true;
}

void property_sampling::read_columns(const storage::profile_store& people,
                                     const model::block_view& columns, std::uint32_t first,
                                     const row_bits& wanted) {
  const auto* events = metric_ == 0 ? nullptr : columns.events(metric_);
  if (events == nullptr)
    return;
  for (const auto property : people.event_properties(first / model::block_rows, metric_))
    if (const auto known = found_.find(property);
        known == found_.end() || looked_at(known->second) < values_looked_at_max)
      read_column(property, events->property(property), *events, wanted);
}

void property_sampling::read_column(std::uint32_t property, const model::coded_column& column,
                                    const model::event_columns& events, const row_bits& wanted) {
  bool has_enough = false; // Who left a value in the columns may be gone: rows decide.
  each_row(wanted, [&](std::uint32_t row) {
    for (auto i = events.first[row]; i < events.first[row + 1] && !has_enough; ++i)
      if (const auto code = column.dictionary == nullptr ? 0 : column.code(i); code != 0)
        has_enough = !look_at(found_[property], column.dictionary->entry(code));
  });
}

void property_sampling::read_profile(const storage::profile_store& people, std::uint32_t profile) {
  if (metric_ == 0)
    return;
  for (const auto& event : people.view(profile).events(metric_))
    for (const auto& p : people.properties(profile, metric_, event))
      look_at(found_[p.property], p.value);
}

listing_answer property_sampling::answer(const storage::profile_store& /*people*/) {
  property_samples all;
  for (auto& [number, sample] : found_) {
    sample.name = names_.name(storage::name_kind::event_property, number);
    all.properties.push_back(std::move(sample));
  }
  std::ranges::sort(all.properties, {}, &property_sample::name);
  return all;
}

} // namespace actors
