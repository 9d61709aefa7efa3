#pragma once

#include "model/objects.hpp"

#include <array>
#include <cstdint>
#include <string_view>

/// INTERNAL to messages/: how the fields of described objects are spelled.
namespace messages {

/// Bits of the kinds that have a field.
constexpr unsigned bit(model::object_kind kind) {
  return 1u << static_cast<unsigned>(kind);
}

struct object_field_spelling {
  std::string_view key;
  unsigned kinds;
  model::object_field field;
};

/// In the order in which they are written. `id` and `deleted` stand beside them.
inline constexpr auto object_fields = [] {
  using model::object_field;
  constexpr auto campaign = bit(model::object_kind::campaign);
  constexpr auto flow = bit(model::object_kind::flow);
  constexpr auto tag = bit(model::object_kind::tag);
  return std::array{
    object_field_spelling{"name", campaign | flow | tag, object_field::name},
    object_field_spelling{"channel", campaign, object_field::channel},
    object_field_spelling{"status", campaign | flow, object_field::status_name},
    object_field_spelling{"trigger_type", flow, object_field::trigger_type},
    object_field_spelling{"send_strategy", campaign, object_field::strategy},
    object_field_spelling{"send_time", campaign, object_field::send_time},
    object_field_spelling{"created_at", campaign, object_field::created},
    object_field_spelling{"updated_at", campaign, object_field::updated},
    object_field_spelling{"scheduled_at", campaign, object_field::scheduled},
    object_field_spelling{"first_batch_due_at", campaign, object_field::first_batch_due},
    object_field_spelling{"first_batch_started_at", campaign, object_field::first_batch_started},
    object_field_spelling{"first_delivery_at", campaign, object_field::first_delivery},
    object_field_spelling{"send_completed_at", campaign, object_field::send_completed},
    object_field_spelling{"created", flow, object_field::created},
    object_field_spelling{"updated", flow, object_field::updated},
    object_field_spelling{"archived", campaign | flow, object_field::archived},
    object_field_spelling{"tags", campaign | flow, object_field::tags},
    object_field_spelling{"messages", campaign | flow, object_field::messages},
  };
}();

} // namespace messages
