#pragma once

#include "model/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cluster {

/// Operations in the payloads of records. A payload holds several, or a piece of one that is too
/// large for a record; the pieces of one stand in neighbouring records of the same epoch.
class operation_packer {
public:
  explicit operation_packer(std::size_t payload_bytes_max) : bytes_max_(payload_bytes_max) {
  }

  /// Takes as much of `operation` from `offset` on as there is room for, and says how much that
  /// was.
  std::size_t add(std::string_view operation, std::size_t offset);
  [[nodiscard]] bool empty() const {
    return payload_.empty();
  }
  /// The payload; the packer is empty afterwards.
  std::string take();

private:
  std::size_t bytes_max_;
  std::string payload_;
};

/// Reads what a packer made.
class operation_unpacker {
public:
  /// Calls `each` with every operation that is whole now, and its index among those of this record.
  /// Pieces of another epoch are forgotten: their writer gave up in the middle. Fails with
  /// storage_broken for what no packer makes.
  model::status
  take(std::uint64_t epoch, std::string_view payload,
       const std::function<void(std::uint32_t index, std::string_view operation)>& each);
  /// Nothing is waiting for its next piece.
  [[nodiscard]] bool is_between() const {
    return piece_.empty();
  }

private:
  std::uint64_t epoch_ = 0;
  std::string piece_;
};

} // namespace cluster
