#pragma once

#include "gateway/compression.hpp"
#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace gateway {

using request_parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

/// How a request is sent and wants to be answered, beside what it asks.
struct framing {
  bool is_http10 = false;
  bool keeps_alive = false;
  bool is_head = false;
  bool expects_continue = false;
  bool accepts_gzip = false;
  bool is_chunked = false;
  coding packed_as = coding::identity;
  std::optional<std::uint64_t> length{}; // As told.
};

/// Reads a head that has been parsed. Whatever is wrong with it is returned; `id` and `how` are set
/// as far as possible even then.
std::optional<error_entry> read_head(const request_parser& parsed, request& made, framing& how);

/// What a parser's error is to the client.
error_entry to_error(boost::beast::error_code wrong);

/// Whether the text of a client may be the id of its request: up to 128 letters, digits, `-_.:`.
bool is_sane_id(std::string_view text);

/// A new id, in the form of a UUID.
std::string new_request_id(std::mt19937_64& chance);

} // namespace gateway
