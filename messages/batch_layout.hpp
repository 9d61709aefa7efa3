#pragma once

#include "model/change.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// INTERNAL to messages/: what writer and reader of a batch must agree on, beside
/// change_batch.capnp.
namespace messages {

/// Bits of ChangeBatch.heads and ChangeBatch.propertyKinds.
namespace heads {

inline constexpr unsigned kind = 0x7;
inline constexpr unsigned value = 1u << 3;
inline constexpr unsigned time = 1u << 4;
inline constexpr unsigned properties = 1u << 5;
inline constexpr unsigned external_id = 1u << 6;
inline constexpr unsigned email = 1u << 7;
inline constexpr unsigned phone_number = 1u << 8;
inline constexpr unsigned who = external_id | email | phone_number;
inline constexpr unsigned into_shift = 3; // From the bits of `who` to those of `into`.
inline constexpr unsigned unique_id = 1u << 12;
inline constexpr unsigned profile = 1u << 13;
inline constexpr unsigned same_who = 1u << 14;
inline constexpr unsigned line = 1u << 15;

inline constexpr unsigned property_kind = 0x7;
inline constexpr unsigned property_action_shift = 3;
inline constexpr unsigned property_action = 0x7; // Above the shift.
inline constexpr unsigned property_truth = 1u << 6;
inline constexpr unsigned property_bits = 0x7f;

} // namespace heads

/// True when the bytes are the encoded items of a list, as model/value.hpp writes them.
inline bool is_list(std::string_view items) {
  using model::value_kind;
  while (!items.empty()) {
    const auto kind = static_cast<value_kind>(items.front());
    items.remove_prefix(1);
    std::size_t size = 0;
    if (kind == value_kind::text) {
      std::uint32_t length = 0;
      if (items.size() < sizeof length)
        return false;
      std::memcpy(&length, items.data(), sizeof length);
      size = sizeof length + std::size_t{length};
    } else if (kind == value_kind::number) {
      double number = 0;
      if (items.size() < sizeof number)
        return false;
      std::memcpy(&number, items.data(), sizeof number);
      if (!std::isfinite(number))
        return false;
      size = sizeof number;
    } else if (kind == value_kind::boolean) {
      size = 1;
    } else {
      return false;
    }
    if (items.size() < size)
      return false;
    items.remove_prefix(size);
  }
  return true;
}

} // namespace messages
