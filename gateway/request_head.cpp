#include "gateway/request_head.hpp"

#include "gateway/target.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace http = boost::beast::http;

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

std::string lowered(std::string_view name) {
  std::string out{name};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string raised(std::string_view name) {
  std::string out{name};
  for (char& c : out)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return out;
}

error_entry refused(unsigned status, std::string code, std::string title, std::string detail) {
  error_entry e;
  e.status = status;
  e.code = std::move(code);
  e.title = std::move(title);
  e.detail = std::move(detail);
  return e;
}

error_entry malformed(std::string detail) {
  return refused(400, "malformed", "Malformed request.", std::move(detail));
}

std::string_view last_value(const http::fields& fields, http::field name) {
  std::string_view value;
  const auto [begin, end] = fields.equal_range(name);
  for (auto it = begin; it != end; ++it)
    value = view_of(it->value());
  return value;
}

/// All headers of the name as one list, which is what several of them mean.
std::string list_value(const http::fields& fields, http::field name) {
  std::string all;
  const auto [begin, end] = fields.equal_range(name);
  for (auto it = begin; it != end; ++it)
    all.append(all.empty() ? "" : ",").append(view_of(it->value()));
  return all;
}

std::optional<error_entry> read_host(const request_parser& parsed, request& made) {
  const auto& fields = parsed.get();
  const auto hosts = fields.count(http::field::host);
  const auto host = last_value(fields, http::field::host);
  if (hosts > 1 || (hosts == 0 && fields.version() >= 11))
    return malformed("the header Host must be there, once");
  if (host.size() > 255 || !consists_of(host, ".-_:[]"))
    return malformed("the header Host holds no name of a host");
  made.origin = host; // The scheme comes from who knows it.
  return std::nullopt;
}

/// How long the body is. What two servers in a row might read differently is refused.
std::optional<error_entry> read_framing(const request_parser& parsed, framing& how) {
  const auto& fields = parsed.get();
  const auto encodings = fields.count(http::field::transfer_encoding);
  if (encodings > 1 || (encodings == 1 && !parsed.chunked())
      || (encodings == 1
          && !boost::beast::iequals(fields[http::field::transfer_encoding], "chunked")))
    return refused(501, "unsupported", "Unsupported transfer encoding.",
                   "the header Transfer-Encoding may only be 'chunked', once");
  if (how.is_http10 && parsed.chunked())
    return malformed("HTTP/1.0 knows no header Transfer-Encoding");
  how.is_chunked = parsed.chunked();
  if (const auto length = parsed.content_length(); length && !how.is_chunked)
    how.length = *length;
  return std::nullopt;
}

std::optional<error_entry> read_wishes(const http::fields& fields, framing& how) {
  const auto expectation = last_value(fields, http::field::expect);
  how.expects_continue = boost::beast::iequals(
    boost::beast::string_view{expectation.data(), expectation.size()}, "100-continue");
  if (!expectation.empty() && !how.expects_continue)
    return refused(417, "expectation_failed", "Expectation failed.",
                   "the header Expect may only be '100-continue'");
  how.accepts_gzip = accepts_gzip(list_value(fields, http::field::accept_encoding));
  const auto packed_as = coding_of(list_value(fields, http::field::content_encoding));
  if (!packed_as)
    return refused(415, "unsupported_encoding", "Unsupported content encoding.",
                   "the header Content-Encoding may be gzip, deflate or identity, and only one");
  how.packed_as = *packed_as;
  return std::nullopt;
}

} // namespace

std::optional<error_entry> read_head(const request_parser& parsed, request& made, framing& how) {
  const auto& fields = parsed.get();
  how.is_http10 = fields.version() < 11;
  how.keeps_alive = parsed.keep_alive();
  made.method = raised(view_of(fields.method_string()));
  how.is_head = made.method == "HEAD";
  made.headers.reserve(static_cast<std::size_t>(std::distance(fields.begin(), fields.end())));
  for (const auto& field : fields)
    made.headers.emplace_back(lowered(view_of(field.name_string())), view_of(field.value()));
  if (const auto* id = made.header("x-request-id"); id && is_sane_id(*id))
    made.id = *id;
  auto asked = read_target(view_of(fields.target()));
  if (!asked)
    return malformed(asked.error().message);
  made.path = std::move(asked->path);
  made.query = std::move(asked->query);
  if (auto wrong = read_host(parsed, made))
    return wrong;
  if (auto wrong = read_framing(parsed, how))
    return wrong;
  return read_wishes(fields, how);
}

error_entry to_error(boost::beast::error_code wrong) {
  if (wrong == http::error::header_limit)
    return refused(431, "header_too_long", "Header too long.",
                   "the first line and the headers of the request are longer than is allowed");
  if (wrong == http::error::body_limit)
    return refused(413, "body_too_long", "Body too long.",
                   "the body of the request is longer than is allowed");
  if (wrong == http::error::bad_version)
    return malformed("the request is no HTTP/1.1 or HTTP/1.0");
  return malformed(fmt::format("the request is no proper HTTP: {}", wrong.message()));
}

bool is_sane_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && consists_of(text, "-_.:");
}

std::string new_request_id(std::mt19937_64& chance) {
  const auto high = chance();
  const auto low = chance();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFF, 8 + (low >> 62), (low >> 48) & 0xFFF, low & 0xFFFFFFFFFFFF);
}

} // namespace gateway
