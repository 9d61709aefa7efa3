#pragma once

#include "model/instant.hpp"

#include <rollcall/rollcall.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Ids as texts (klaviyo-api.md §1.2).
namespace gateway {

/// 26 characters that look like a ULID: "01", the partition and the number (7 digits each), then 50
/// check bits, in Crockford's base 32. Ids sort like places. The form must never change: clients
/// keep ids.
std::string profile_id(rollcall::profile_place place);

/// Nothing = not an id; every id has exactly one spelling.
std::optional<rollcall::profile_place> profile_place_of(std::string_view id);

/// 26 characters that sort by the instant, to the millisecond: a ULID.
std::string ulid(model::instant at, std::array<std::uint8_t, 10> random);

/// `random` as a UUID of version 4, in lower case.
std::string random_uuid(std::array<std::uint8_t, 16> random);

/// Whether it is a UUID in lower case, of whatever version.
bool is_uuid(std::string_view id);

/// Six letters and digits out of 64 random bits.
std::string random_short_id(std::uint64_t random);

/// Whether it is six letters and digits.
bool is_short_id(std::string_view id);

} // namespace gateway
