#pragma once

#include "metrics/dictionary.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace metrics {

// The words of dictionary files, in the order of the enumerators.
inline constexpr std::array<std::string_view, 5> channel_words{"any", "email", "sms",
                                                               "push-notification", "whatsapp"};
inline constexpr std::array<std::string_view, 10> counting_words{
  "events",  "message_people", "people",  "sum",   "minimum",
  "maximum", "profiles",       "members", "joins", "leaves"};
inline constexpr std::array<std::string_view, 3> time_basis_words{"send", "event", "none"};
inline constexpr std::array<std::string_view, 4> population_words{"message_sends", "account_people",
                                                                  "form_views", "segment_members"};
inline constexpr std::array<std::string_view, 3> policy_words{"include", "exclude",
                                                              "not_applicable"};
inline constexpr std::array<std::string_view, 7> unit_words{
  "events", "people", "messages", "money", "fraction", "number", "credits"};
inline constexpr std::array<std::string_view, 5> dimension_source_words{
  "message", "time", "event_property", "profile_attribute", "segment"};
inline constexpr std::array<std::string_view, 3> datasource_kind_words{"messages", "events",
                                                                       "segments"};
inline constexpr std::array<std::string_view, 2> message_owner_words{"campaign", "flow"};
inline constexpr std::array<std::string_view, 2> zone_words{"account", "request"};

/// What rows show of somebody who is in a segment, and of somebody who is not.
inline constexpr std::array<std::string_view, 2> membership_words{"member", "not a member"};

/// Keys of dimensions whose source is `message`.
inline constexpr std::array<std::string_view, 10> message_keys{
  "object_id",      "object_name", "message_id", "message_name", "variation",
  "variation_name", "channel",     "tag_id",     "tag_name",     "send_strategy"};
/// Keys of dimensions whose source is `time`.
inline constexpr std::array<std::string_view, 8> time_keys{
  "hour", "day", "week", "month", "quarter", "year", "day_of_week", "hour_of_day"};
/// Keys of dimensions whose source is `segment`.
inline constexpr std::array<std::string_view, 2> segment_keys{"id", "name"};

/// The word of an enumerator in dictionary files.
std::string_view word(counting what);
std::string_view word(time_basis basis);
std::string_view word(population of);
std::string_view word(policy p);
std::string_view word(unit u);
std::string_view word(dimension_source source);
std::string_view word(datasource_kind kind);
std::string_view word(message_owner owner);

/// `; did you mean "x"?` when `written` is nearly one of the choices, else nothing.
std::string meant(std::span<const std::string_view> choices, std::string_view written);

} // namespace metrics
