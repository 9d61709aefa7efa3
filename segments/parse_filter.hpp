#pragma once

#include "segments/definition.hpp"
#include "segments/place.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace segments {

/// Kinds of filter, as fine as the places where they are legal differ: the columns of the matrix in
/// docs/segments.md. A set of them is an OR of bits.
using filter_kinds = std::uint32_t;

namespace legal {

inline constexpr filter_kinds text_equals = 1u << 0;
inline constexpr filter_kinds text_not_equals = 1u << 1;
inline constexpr filter_kinds text_other = 1u << 2;
inline constexpr filter_kinds text_in = 1u << 3;
inline constexpr filter_kinds text_not_in = 1u << 4;
inline constexpr filter_kinds phone = 1u << 5;
inline constexpr filter_kinds number_equals = 1u << 6;
inline constexpr filter_kinds number_greater = 1u << 7;
inline constexpr filter_kinds number_less = 1u << 8;
inline constexpr filter_kinds number_other = 1u << 9;
inline constexpr filter_kinds number_range = 1u << 10;
inline constexpr filter_kinds boolean = 1u << 11;
inline constexpr filter_kinds is_set = 1u << 12;
inline constexpr filter_kinds not_set = 1u << 13;
inline constexpr filter_kinds list_item = 1u << 14;
inline constexpr filter_kinds list_set = 1u << 15;
inline constexpr filter_kinds list_substring = 1u << 16;
inline constexpr filter_kinds list_length = 1u << 17;
inline constexpr filter_kinds static_date = 1u << 18;
inline constexpr filter_kinds static_range = 1u << 19;
inline constexpr filter_kinds relative = 1u << 20;
inline constexpr filter_kinds relative_range = 1u << 21;
inline constexpr filter_kinds relative_anniversary = 1u << 22;
inline constexpr filter_kinds anniversary = 1u << 23;
inline constexpr filter_kinds calendar_month = 1u << 24;
inline constexpr filter_kinds alltime = 1u << 25;

inline constexpr filter_kinds text = text_equals | text_not_equals | text_other;
inline constexpr filter_kinds text_set = text_in | text_not_in;
inline constexpr filter_kinds number = number_equals | number_greater | number_less | number_other;
inline constexpr filter_kinds existence = is_set | not_set;
/// Dates that a profile or a consent record holds.
inline constexpr filter_kinds date = static_date | static_range | relative | relative_range
                                   | relative_anniversary | anniversary | calendar_month;
/// Which events count by their time.
inline constexpr filter_kinds timeframe = static_date | static_range | relative | relative_range
                                        | relative_anniversary | alltime;
/// When somebody joined a list.
inline constexpr filter_kinds joined = static_date | static_range | relative | relative_range;

inline constexpr filter_kinds profile_property = text | text_set | phone | number | boolean
                                               | existence | list_item | list_length | date;
/// Klaviyo's, and dates.
inline constexpr filter_kinds event_property = text | text_set | number | boolean | existence
                                             | list_set | list_substring | list_length | date;

} // namespace legal

/// Reads `{"type": …, "operator": …, …}`. With `values`, the text operand must be one of them.
std::optional<filter> parse_filter(const place& at, filter_kinds kinds,
                                   std::span<const std::string_view> values = {});

/// For places where only dates, or only numbers, are legal.
std::optional<date_filter> parse_date_filter(const place& at, filter_kinds kinds);
std::optional<number_filter> parse_number_filter(const place& at, filter_kinds kinds);

/// `{"quantity": 3, "unit": "day"}` in milliseconds, a day being 24 hours.
std::optional<std::int64_t> parse_duration(const place& at);

} // namespace segments
