#include "model/change.hpp"

#include <algorithm>

namespace model {

namespace {

bool lies_inside(const change_batch& batch, text_ref r) {
  return r.at <= batch.bytes.size() && r.size <= batch.bytes.size() - r.at;
}

bool lies_inside(const change_batch& batch, const identifier_refs& who) {
  return lies_inside(batch, who.external_id) && lies_inside(batch, who.email)
      && lies_inside(batch, who.phone_number);
}

bool holds_together(const change_batch& batch, const property_entry& p) {
  return p.name < batch.names.size() && lies_inside(batch, p.text) && p.kind <= value_kind::nested
      && p.action <= property_action::fill;
}

bool holds_together(const change_batch& batch, const change_record& record) {
  const auto end = std::uint64_t{record.first_property} + record.property_count;
  return record.kind >= change_kind::event && record.kind <= change_kind::describe
      && end <= batch.properties.size()
      && (!has_name(record.kind) || record.name < batch.names.size())
      && lies_inside(batch, record.who) && lies_inside(batch, record.into)
      && lies_inside(batch, record.unique_id);
}

} // namespace

std::string_view unit_of(std::string_view attribute) {
  constexpr std::string_view consent = "subscriptions['";
  constexpr std::string_view place = "location['";
  if (attribute.starts_with(consent))
    return attribute.substr(0, attribute.find("']", consent.size()));
  if (attribute.starts_with(place) && attribute != "location['timezone']")
    return place;
  return attribute;
}

bool holds_together(const change_batch& batch) {
  const auto is_whole = [&](const auto& part) { return holds_together(batch, part); };
  return std::ranges::all_of(batch.names, [&](text_ref name) { return lies_inside(batch, name); })
      && std::ranges::all_of(batch.properties, is_whole)
      && std::ranges::all_of(batch.records, is_whole);
}

} // namespace model
