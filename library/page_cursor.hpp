#pragma once

#include "actors/listing.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Cursors of pages, and ids of events, as texts. A cursor names the key of the last line, so it
/// stays true whatever changes meanwhile, and the query that it belongs to.
namespace rollcall {

std::string to_cursor(const actors::profile_line& last, const actors::profile_question& query);
std::string to_cursor(const actors::event_key& last, const actors::event_question& query);

/// Nothing for text that is no cursor of this query.
std::optional<actors::profile_line> parse_cursor(std::string_view text,
                                                 const actors::profile_question& query);
std::optional<actors::event_key> parse_cursor(std::string_view text,
                                              const actors::event_question& query);

std::string to_event_id(const actors::event_key& key);
/// Nothing for text that is no event's id.
std::optional<actors::event_key> parse_event_id(std::string_view text);

} // namespace rollcall
