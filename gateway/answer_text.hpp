#pragma once

#include "gateway/exchange.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// What an answer's head needs to know beside the answer.
struct answer_frame {
  bool is_http10 = false;
  bool keeps_alive = true;
  bool is_chunked = false;
  bool is_open_to_browsers = false; // Any web page may read it.
  std::string_view date{};          // "Sun, 06 Nov 1994 08:49:37 GMT"
  std::string_view request_id{};
};

/// Whether a status has no body at all, not even one without bytes.
bool is_without_body(unsigned status);

/// Appends the status line and the headers, up to the empty line. `length` is the body's;
/// ignored where it is chunked. Headers whose name or value could break the head are left out and
/// logged.
void append_head(std::string& out, const answer& a, std::size_t length, const answer_frame& frame);

/// Appends a chunk of a chunked body; nothing for an empty piece, which would end it.
void append_chunk(std::string& out, std::string_view piece);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Whether browsers may ask from pages of any origin: paths for browsers begin with "/client/".
bool is_open_to_browsers(std::string_view path);

/// The answer to a browser that asks whether it may ask.
answer to_preflight(const request& asked);

} // namespace gateway
