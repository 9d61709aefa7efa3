#include "gateway/answer_text.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace gateway {

namespace {

std::string_view reason_of(unsigned status) {
  const auto text = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {text.data(), text.size()};
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 0x7F
        && std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) == std::string_view::npos;
  });
}

bool is_one_line(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

bool is_without_body(unsigned status) {
  return status == 204 || status == 304 || status / 100 == 1;
}

void append_head(std::string& out, const answer& a, std::size_t length, const answer_frame& frame) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", a.status, reason_of(a.status));
  append_header(out, "Date", frame.date);
  if (!is_without_body(a.status)) {
    if ((length > 0 || frame.is_chunked || a.more) && !a.content_type.empty())
      append_header(out, "Content-Type", a.content_type);
    if (frame.is_chunked)
      append_header(out, "Transfer-Encoding", "chunked");
    else if (!a.more)
      fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  }
  append_header(out, "X-Request-Id", frame.request_id);
  if (frame.is_open_to_browsers) {
    append_header(out, "Access-Control-Allow-Origin", "*");
    append_header(out, "Access-Control-Expose-Headers",
                  "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, "
                  "RateLimit-Reset");
  }
  for (const auto& [name, value] : a.headers) {
    if (is_token(name) && is_one_line(value))
      append_header(out, name, value);
    else
      spdlog::error("gateway: left out a header that is none: request {}", frame.request_id);
  }
  if (!frame.keeps_alive)
    append_header(out, "Connection", "close");
  else if (frame.is_http10)
    append_header(out, "Connection", "keep-alive");
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  if (piece.empty())
    return;
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out.append(piece).append("\r\n");
}

bool is_open_to_browsers(std::string_view path) {
  return path.starts_with("/client/");
}

answer to_preflight(const request& asked) {
  answer a;
  a.status = 204;
  const auto* wanted = asked.header("access-control-request-headers");
  a.headers = {{"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
               {"Access-Control-Allow-Headers",
                wanted ? *wanted : "Content-Type, Accept, Revision, X-Request-Id"},
               {"Access-Control-Max-Age", "86400"},
               {"Vary", "Access-Control-Request-Headers"}};
  return a;
}

} // namespace gateway
