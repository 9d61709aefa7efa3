#pragma once

#include "bench/random.hpp"

#include <cstdint>

namespace bench {

// Purposes of a profile's random streams.
inline constexpr std::uint64_t for_persona = 1;
inline constexpr std::uint64_t for_history = 2;
inline constexpr std::uint64_t for_attributes = 3;
inline constexpr std::uint64_t for_live = 4;

/// What a person is like: all that their history depends on.
struct persona {
  std::int64_t created = 0;
  std::int64_t active_until = 0;
  std::int32_t events = 0;      // About how many they leave.
  std::uint32_t engagement = 0; // Per mille of e-mails opened.
  bool had_email = false;       // Gets e-mail now or did before unsubscribing.
  bool unsubscribed = false;
  bool gets_sms = false;
  bool fades = false;          // Became quiet before today.
  std::uint32_t favourite = 0; // Index of a brand.
};

persona draw_persona(std::uint64_t seed, std::uint32_t number);

} // namespace bench
