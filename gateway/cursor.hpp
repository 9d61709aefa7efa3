#pragma once

#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"

#include <string>
#include <string_view>

/// Page cursors: opaque texts of the letters A-Z, a-z, 0-9, - and _, which survive any decoding
/// (klaviyo-api.md §1.4). They hold the engine's cursor and belong to one query.
namespace gateway {

/// What a cursor of this request belongs to: its path and every parameter that decides which things
/// there are and in what order. Page size, fields and includes may change from page to page.
std::string cursor_scope(const request& asked);

/// `position` is the engine's cursor; an empty one gives an empty token: there is no more.
std::string seal_cursor(std::string_view scope, std::string_view position);

/// The engine's cursor out of a token; empty out of an empty one. Refuses one that was damaged or
/// made for another scope: 400 "Invalid cursor provided."
std::string open_cursor(std::string_view scope, std::string_view token);

/// What is said to a cursor that is none.
error_entry invalid_cursor();

} // namespace gateway
