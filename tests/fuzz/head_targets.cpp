// What comes before a body is read: heads, targets, packing; and the addresses of webhooks.
#include "gateway/compression.hpp"
#include "gateway/http_client.hpp"
#include "gateway/instant.hpp"
#include "gateway/request_head.hpp"
#include "gateway/target.hpp"
#include "messages/byte_source.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/targets.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace fuzz_tests {

namespace {

using namespace gateway;
namespace http = boost::beast::http;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// Everything but letters, digits and what is given, as %XX.
std::string encoded(std::string_view text, std::string_view kept) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || kept.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

// --- heads and targets ---

void check_path(const std::string& path) {
  promise(path == "*" || path.starts_with('/'), "a path begins with a slash");
  promise(std::ranges::none_of(path, is_control), "a path has no control characters");
  promise(simdjson::validate_utf8(path), "a path is UTF-8");
}

bool read_request_head(std::string_view bytes) {
  request_parser parser;
  parser.header_limit(std::uint32_t{16} << 10);
  parser.body_limit(boost::none);
  boost::beast::error_code failed;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
  if (failed == http::error::need_more)
    return false;
  if (failed) {
    promise(is_refused_soundly({to_error(failed)}), "a broken head is refused");
    return false;
  }
  request made;
  framing how;
  if (const auto wrong = read_head(parser, made, how)) {
    promise(is_refused_soundly({*wrong}), "a wrong head is refused");
    return false;
  }
  check_path(made.path);
  promise(!made.method.empty()
            && std::ranges::none_of(made.method, [](char c) { return c >= 'a' && c <= 'z'; }),
          "a method is there, in capitals");
  for (const auto& [name, value] : made.headers)
    promise(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })
              && std::ranges::none_of(value, [](char c) { return c != '\t' && is_control(c); }),
            "headers are lines, their names in small letters");
  promise(made.id.empty() || is_sane_id(made.id), "an id of a request is sane");
  // What two servers in a row might read differently.
  const auto& fields = parser.get();
  const auto lengths = fields.count(http::field::content_length);
  const auto encodings = fields.count(http::field::transfer_encoding);
  promise(lengths + encodings <= 1 || (encodings == 0 && lengths > 1 && how.length),
          "one header says how long the body is");
  promise(how.is_chunked == (encodings == 1), "chunked is what the header says");
  promise(!(how.is_chunked && how.length), "a chunked body has no length");
  return true;
}

bool read_request_target(std::string_view bytes) {
  const auto read = read_target(bytes);
  if (!read) {
    promise(!read.error().message.empty(), "a wrong target has a reason");
    return false;
  }
  check_path(read->path);
  std::string text = encoded(read->path, "/-._~%*");
  for (const auto& [name, value] : read->query) {
    text += text.find('?') == std::string::npos ? '?' : '&';
    text += encoded(name, "") + '=' + encoded(value, "");
  }
  const auto again = read_target(text);
  promise(again && again->path == read->path && again->query == read->query,
          "a target reads the same once it is written");
  static_cast<void>(decode_part(read->path));
  return true;
}

bool read_header_lists(std::string_view bytes) {
  static_cast<void>(accepts_gzip(bytes));
  static_cast<void>(is_compressible(bytes));
  return coding_of(bytes).has_value();
}

// --- packing ---

constexpr std::size_t unpacked_max = 100'000;

/// As uploads are unpacked: in pieces of some bytes, with little room.
unpacked unpack_in_pieces(coding from, std::string_view packed, std::size_t piece) {
  unpacked made;
  inflater work{from};
  while (!packed.empty() && !made.error) {
    auto in = packed.substr(0, piece);
    const auto before = std::pair{in.size(), made.body.size()};
    const auto done = work.unpack(in, made.body, 777);
    packed.remove_prefix(before.first - in.size());
    if (!done)
      made.error = unpack_error::broken;
    else if (made.body.size() > unpacked_max)
      made.error = unpack_error::too_long;
    else
      promise(before != std::pair{in.size(), made.body.size()}, "unpacking goes on");
  }
  // What waits inside comes without further bytes.
  for (auto size = made.body.size() + 1; !made.error && size != made.body.size();) {
    size = made.body.size();
    std::string_view none;
    if (!work.unpack(none, made.body, 777))
      made.error = unpack_error::broken;
    else if (made.body.size() > unpacked_max)
      made.error = unpack_error::too_long;
  }
  if (!made.error && !work.is_whole())
    made.error = unpack_error::broken;
  return made;
}

/// The first byte says how it is packed, and in which pieces it comes.
bool read_packed(std::string_view bytes) {
  if (bytes.empty())
    return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto from = first % 2 == 0 ? coding::gzip : coding::deflate;
  bytes.remove_prefix(1);
  const auto whole = unpack(from, bytes, unpacked_max);
  promise(whole.body.size() <= unpacked_max + 1, "no more is unpacked than is allowed");
  const auto pieces = unpack_in_pieces(from, bytes, std::size_t{1} + first / 2);
  promise(whole.error.has_value() == pieces.error.has_value(), "pieces are taken as the whole is");
  if (whole.error)
    return false;
  promise(whole.body == pieces.body, "pieces unpack to the same");
  promise(unpack(coding::gzip, gzip(whole.body), unpacked_max).body == whole.body,
          "what is packed unpacks to the same");
  return true;
}

/// As files are loaded, plain or gzipped.
bool read_file_bytes(std::string_view bytes) {
  const memory_file file{bytes};
  messages::byte_source source{file.descriptor(), false};
  std::string out;
  std::array<char, 1'000> room{};
  for (std::size_t size = 1; size != 0 && out.size() <= unpacked_max;) {
    size = source.read(room.data(), room.size());
    promise(size <= room.size(), "a read stays in its room");
    out.append(room.data(), size);
  }
  if (!source.failed().empty() || out.size() > unpacked_max)
    return false;
  if (!source.is_compressed()) {
    promise(out == bytes, "plain bytes come as they are");
    return true;
  }
  const auto whole = unpack(coding::gzip, bytes, unpacked_max);
  promise(!whole.error && whole.body == out, "a gzipped file and a gzipped body read the same");
  return true;
}

// --- small texts ---

bool read_address(std::string_view bytes) {
  const auto address = read_http_address(bytes);
  if (!address) {
    promise(!address.error().message.empty(), "a wrong address has a reason");
    return false;
  }
  const auto again = read_http_address(address->origin() + address->target);
  promise(again && again->origin() == address->origin() && again->target == address->target
            && again->is_loopback() == address->is_loopback(),
          "an address reads the same once it is written");
  return true;
}

bool read_instants(std::string_view bytes) {
  if (const auto at = read_instant(bytes))
    promise(read_instant(instant_text(*at)) == model::floor_second(*at),
            "an instant reads the same once it is written");
  const auto at = model::parse_instant(bytes);
  if (!at)
    return false;
  promise(model::parse_instant(model::format_instant(*at)) == at,
          "an instant of the engine reads the same once it is written");
  return true;
}

// --- sound ones ---

constexpr std::string_view heads[] = {
  "GET /api/lists?fields%5Blist%5D=name&page[size]=5 HTTP/1.1\r\nHost: shop.example:80\r\n"
  "Authorization: Klaviyo-API-Key pk_x\r\nX-Request-Id: a-1\r\nAccept-Encoding: gzip;q=0.5, "
  "*\r\n\r\n",
  "POST /api/events HTTP/1.1\r\nhost: [::1]\r\nContent-Length: 17\r\nContent-Encoding: gzip\r\n"
  "Expect: 100-continue\r\nConnection: keep-alive\r\n\r\n",
  "POST http://a/api/rollcall/changes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "OPTIONS * HTTP/1.0\r\nConnection: close\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"};
constexpr std::string_view targets[] = {
  "/api/lists/AbC123/relationships/profiles?page%5Bsize%5D=20&filter=any(id,[\"a\",\"b%2Bc\"])",
  "http://shop.example:8080/api/segments/50%25%20%2F%20off/?a=1+2&b&c=%C3%A9#rest", "/", "*"};
constexpr std::string_view lists[] = {"gzip", "identity, x-gzip", "gzip;q=0.5, *;q=0", "deflate"};
constexpr std::string_view addresses[] = {"https://hooks.example.com:8443/in?k=v",
                                          "http://[::1]:80/", "http://127.0.0.1",
                                          "https://a.b/%20"};
constexpr std::string_view instants[] = {"2026-07-15T12:00:00.250Z", "2024-02-29",
                                         "2024-01-31T12:00:00+02:00", "2024-01-31 12:00:00"};

std::span<const std::string_view> packed_seeds() {
  static const auto texts = [] {
    const std::string text = R"({"data":{"type":"list","attributes":{"name":"abcabcabc"}}})";
    std::string members = gzip(text) + gzip("") + gzip(text);
    return std::array{std::string(1, '\x06') + gzip(text), std::string(1, '\x40') + members,
                      std::string("\x05\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27", 12),
                      std::string("\x03\x4b\x4c\x4a\x06\x00", 6)};
  }();
  static const std::array<std::string_view, 4> seeds{texts[0], texts[1], texts[2], texts[3]};
  return seeds;
}

std::span<const std::string_view> file_seeds() {
  static const std::array texts{gzip("{\"external_id\":\"a\"}\n"), gzip("a\n") + gzip("b\n"),
                                std::string{"{\"external_id\":\"a\"}\n"}};
  static const std::array<std::string_view, 3> seeds{texts[0], texts[1], texts[2]};
  return seeds;
}

} // namespace

std::span<const fuzz_target> head_targets() {
  static const std::array all{fuzz_target{"request-heads", read_request_head, heads},
                              fuzz_target{"request-targets", read_request_target, targets},
                              fuzz_target{"header-lists", read_header_lists, lists, true},
                              fuzz_target{"packed-bodies", read_packed, packed_seeds()},
                              fuzz_target{"packed-files", read_file_bytes, file_seeds(), true},
                              fuzz_target{"addresses", read_address, addresses},
                              fuzz_target{"instants", read_instants, instants}};
  return all;
}

} // namespace fuzz_tests
