#pragma once

#include "model/outcome.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// How a body is packed on its way.
enum class coding : std::uint8_t { identity, gzip, deflate };

/// By the header Content-Encoding; nothing = one that we do not know, or several on top of each
/// other.
std::optional<coding> coding_of(std::string_view content_encoding);

/// Whether the header Accept-Encoding lets us answer with gzip.
bool accepts_gzip(std::string_view accept_encoding);

/// Whether it is worth packing: texts are, images and archives are packed already.
bool is_compressible(std::string_view content_type);

/// Unpacks piece by piece. Deflate is taken with and without zlib's frame, gzip in several members
/// too.
class inflater {
public:
  explicit inflater(coding from);
  ~inflater();
  inflater(inflater&&) noexcept;
  inflater& operator=(inflater&&) noexcept;

  /// Takes packed bytes off the front of `in` and appends what they hold to `out`, at most
  /// `bytes_max`; what is left in `in` is for the next call. Fails when they are broken.
  model::status unpack(std::string_view& in, std::string& out, std::size_t bytes_max);
  /// Whether everything that was begun is complete.
  [[nodiscard]] bool is_whole() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

enum class unpack_error : std::uint8_t { broken, too_long };

/// A whole body; `bytes_max` is how long it may get, so that a few bytes cannot fill the memory.
struct unpacked {
  std::string body;
  std::optional<unpack_error> error{};
};
unpacked unpack(coding from, std::string_view packed, std::size_t bytes_max);

/// Packs piece by piece, as gzip.
class deflater {
public:
  deflater();
  ~deflater();
  deflater(deflater&&) noexcept;
  deflater& operator=(deflater&&) noexcept;

  /// Appends the packed piece to `out`, all of it, so that the reader sees it at once.
  void pack(std::string_view piece, std::string& out);
  /// Appends what ends the whole.
  void finish(std::string& out);

private:
  friend std::string gzip(std::string_view body);
  struct state;
  std::unique_ptr<state> state_;
};

std::string gzip(std::string_view body);

} // namespace gateway
