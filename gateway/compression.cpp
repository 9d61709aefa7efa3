#include "gateway/compression.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <new>

namespace gateway {

namespace {

namespace beast = boost::beast;

constexpr int gzip_frame = 16 + MAX_WBITS;
constexpr int zlib_frame = MAX_WBITS;
constexpr int no_frame = -MAX_WBITS;
constexpr int gzip_level = 4; // Half the time of the usual 6, and a few percent longer.
constexpr std::size_t room_bytes = 1 << 16;

bool is_gzip(std::string_view name) {
  return beast::iequals(name, "gzip") || beast::iequals(name, "x-gzip");
}

uInt clamped(std::size_t n) {
  return static_cast<uInt>(std::min<std::size_t>(n, std::numeric_limits<uInt>::max()));
}

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

/// Whether two bytes begin a zlib stream; otherwise it is deflate without a frame.
bool begins_zlib(std::string_view in) {
  const auto first = static_cast<unsigned char>(in[0]);
  const auto second = static_cast<unsigned char>(in[1]);
  return (first & 0x0FU) == Z_DEFLATED && (first * 256U + second) % 31 == 0;
}

} // namespace

std::optional<coding> coding_of(std::string_view content_encoding) {
  std::optional<coding> found = coding::identity;
  std::size_t codings = 0;
  for (const auto& [name, ignored] : beast::http::ext_list{
         beast::string_view{content_encoding.data(), content_encoding.size()}}) {
    if (beast::iequals(name, "identity"))
      continue;
    ++codings;
    if (is_gzip({name.data(), name.size()}))
      found = coding::gzip;
    else if (beast::iequals(name, "deflate"))
      found = coding::deflate;
    else
      return std::nullopt;
  }
  return codings > 1 ? std::nullopt : found;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> named;
  bool any = false;
  while (!accept_encoding.empty()) {
    const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
    auto entry = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const auto semicolon = std::min(entry.find(';'), entry.size());
    const auto weight = entry.find("q=", semicolon);
    const auto is_wanted = weight == std::string_view::npos
                        || std::strtod(std::string{entry.substr(weight + 2)}.c_str(), nullptr) > 0;
    entry = entry.substr(0, semicolon);
    const auto begin = std::min(entry.find_first_not_of(" \t"), entry.size());
    entry = entry.substr(begin, entry.find_last_not_of(" \t") + 1 - begin);
    if (is_gzip(entry))
      named = is_wanted;
    else if (entry == "*")
      any = is_wanted;
  }
  return named.value_or(any);
}

bool is_compressible(std::string_view content_type) {
  if (content_type.starts_with("text/"))
    return true;
  return std::ranges::any_of(
    std::array<std::string_view, 4>{"json", "javascript", "xml", "svg"},
    [&](std::string_view word) { return content_type.find(word) != std::string_view::npos; });
}

struct inflater::state {
  z_stream stream{};
  coding from;
  std::string begun{}; // Of deflate: the first byte, until the second tells the frame.
  bool is_open = false;
  bool is_at_end = false;

  explicit state(coding c) : from(c) {
  }
  ~state() {
    if (is_open)
      inflateEnd(&stream);
  }
  void open(int frame) {
    if (inflateInit2(&stream, frame) != Z_OK)
      throw std::bad_alloc{};
    is_open = true;
  }
  /// Whether it is known by now how the bytes are framed.
  bool is_ready(std::string_view& in, std::string_view& first) {
    if (is_open)
      return true;
    if (from == coding::gzip) {
      open(gzip_frame);
      return true;
    }
    while (begun.size() < 2 && !in.empty()) {
      begun += in.front();
      in.remove_prefix(1);
    }
    if (begun.size() < 2)
      return false;
    open(begins_zlib(begun) ? zlib_frame : no_frame);
    first = begun;
    return true;
  }
  /// Unpacks until `in` or the room is used up.
  int run(std::string_view& in, std::string& out, std::size_t room) {
    const auto before = out.size();
    out.resize(before + room);
    stream.next_in = bytes_of(in);
    stream.avail_in = clamped(in.size());
    stream.next_out = bytes_of(std::string_view{out}.substr(before));
    stream.avail_out = clamped(room);
    const auto code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    in.remove_prefix(static_cast<std::size_t>(stream.next_in - bytes_of(in)));
    return code;
  }
};

inflater::inflater(coding from) : state_(std::make_unique<state>(from)) {
}
inflater::~inflater() = default;
inflater::inflater(inflater&&) noexcept = default;
inflater& inflater::operator=(inflater&&) noexcept = default;

model::status inflater::unpack(std::string_view& in, std::string& out, std::size_t bytes_max) {
  std::string_view first;
  if (!state_->is_ready(in, first))
    return model::nothing{};
  const auto broken = [] {
    return model::failure{model::failure_code::invalid_input, "the packed bytes are broken"};
  };
  const auto limit = out.size() + bytes_max;
  while (out.size() < limit && (!first.empty() || !in.empty() || !state_->is_at_end)) {
    if (state_->is_at_end) {
      auto& rest = first.empty() ? in : first;
      if (state_->from == coding::gzip && rest.front() == '\0') { // Some tools fill up with zeros.
        rest.remove_prefix(1);
        continue;
      }
      // Another member may follow in gzip; behind deflate there is nothing more.
      if (state_->from != coding::gzip || inflateReset(&state_->stream) != Z_OK)
        return broken();
      state_->is_at_end = false;
    }
    auto& source = first.empty() ? in : first;
    const auto code = state_->run(source, out, std::min(room_bytes, limit - out.size()));
    if (code == Z_STREAM_END)
      state_->is_at_end = true;
    else if (code == Z_BUF_ERROR && source.empty())
      return model::nothing{};
    else if (code != Z_OK && code != Z_BUF_ERROR)
      return broken();
  }
  return model::nothing{};
}

bool inflater::is_whole() const {
  return state_->is_at_end || (!state_->is_open && state_->begun.empty());
}

unpacked unpack(coding from, std::string_view packed, std::size_t bytes_max) {
  unpacked made;
  inflater work{from};
  const auto done = work.unpack(packed, made.body, bytes_max + 1);
  if (!done)
    made.error = unpack_error::broken;
  else if (made.body.size() > bytes_max)
    made.error = unpack_error::too_long;
  else if (!work.is_whole())
    made.error = unpack_error::broken;
  return made;
}

struct deflater::state {
  z_stream stream{};

  state() {
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, gzip_frame, MAX_MEM_LEVEL - 1,
                     Z_DEFAULT_STRATEGY)
        != Z_OK)
      throw std::bad_alloc{};
  }
  ~state() {
    deflateEnd(&stream);
  }
  void run(std::string_view in, std::string& out, int flush) {
    stream.next_in = bytes_of(in);
    do {
      // A piece beyond 4 GiB is taken in several turns.
      const auto turn = clamped(in.size());
      stream.avail_in = turn;
      const auto is_last = turn == in.size();
      do {
        const auto before = out.size();
        const auto room = std::clamp<std::size_t>(deflateBound(&stream, stream.avail_in), 64,
                                                  std::size_t{1} << 20);
        out.resize(before + room);
        stream.next_out = bytes_of(std::string_view{out}.substr(before));
        stream.avail_out = clamped(room);
        deflate(&stream, is_last ? flush : Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
      } while (stream.avail_out == 0);
      in.remove_prefix(turn);
    } while (!in.empty());
  }
};

deflater::deflater() : state_(std::make_unique<state>()) {
}
deflater::~deflater() = default;
deflater::deflater(deflater&&) noexcept = default;
deflater& deflater::operator=(deflater&&) noexcept = default;

void deflater::pack(std::string_view piece, std::string& out) {
  if (!piece.empty())
    state_->run(piece, out, Z_SYNC_FLUSH);
}

void deflater::finish(std::string& out) {
  state_->run({}, out, Z_FINISH);
}

std::string gzip(std::string_view body) {
  // Its tables take a quarter of a megabyte, which need not be made anew for every answer.
  thread_local deflater::state work;
  deflateReset(&work.stream);
  std::string out;
  work.run(body, out, Z_FINISH);
  return out;
}

} // namespace gateway
