#include "actors/record_check.hpp"

#include "model/limits.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace actors {

namespace {

using model::change_batch;
using model::change_kind;
using model::change_record;
using model::property_action;
using model::value_kind;

std::string fault_of_identifiers(const model::identifier_refs& who) {
  for (const auto r : {who.external_id, who.email, who.phone_number})
    if (r.size > model::identifier_bytes_max)
      return fmt::format("an identifier of {} bytes; at most {} are allowed", r.size,
                         model::identifier_bytes_max);
  return {};
}

std::string fault_of_property(const change_batch& batch, const change_record& record,
                              const model::property_entry& p) {
  if (!std::isfinite(p.number))
    return fmt::format("{} is no finite number", batch.name(p.name));
  if (record.kind != change_kind::profile || p.action == property_action::unset
      || p.kind == value_kind::unset)
    return {};
  const auto name = batch.name(p.name);
  if (name == "external_id" || name == "email" || name == "phone_number")
    return fmt::format("{} identifies and belongs with the identifiers, not with the attributes",
                       name);
  return {};
}

std::string fault_of_content(const change_batch& batch, const change_record& record) {
  if (has_name(record.kind) && batch.name(record.name).empty())
    return record.kind == change_kind::event ? "the metric has no name" : "the list has no name";
  if (record.has_value && !std::isfinite(record.value))
    return "the value is no finite number";
  if (record.has_time && (record.time < model::time_ms_min || record.time >= model::time_ms_end))
    return "the time lies before 1900 or after 2199";
  if (record.unique_id.size > model::unique_id_bytes_max)
    return fmt::format("a unique_id of {} bytes; at most {} are allowed", record.unique_id.size,
                       model::unique_id_bytes_max);
  if (auto fault = fault_of_identifiers(record.who); !fault.empty())
    return fault;
  return fault_of_identifiers(record.into);
}

} // namespace

std::string fault_of(const change_batch& batch, const change_record& record) {
  for (std::uint32_t i = 0; i < record.property_count; ++i)
    if (auto fault = fault_of_property(batch, record, batch.properties[record.first_property + i]);
        !fault.empty())
      return fault;
  return fault_of_content(batch, record);
}

} // namespace actors
