#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

namespace storage {

/// The changes of one partition in the order in which they count. Sequences count from 1 without
/// gaps.
class change_log {
public:
  virtual ~change_log() = default;

  /// Makes one record durable and returns its sequence. Failures: storage_full, storage_broken,
  /// unavailable.
  virtual model::outcome<std::uint64_t> append(std::string_view bytes) = 0;

  /// Hands over the records from sequence `from` on, in order, until the end or until `each`
  /// returns false. `bytes` live during the call and start 8-byte aligned. Failures: storage_broken
  /// (a checksum or the chain does not hold), not_found (`from` was cut).
  virtual model::status
  read(std::uint64_t from,
       const std::function<bool(std::uint64_t sequence, std::string_view bytes)>& each) const = 0;

  /// The last sequence ever appended, cut ones included; 0 = none.
  [[nodiscard]] virtual std::uint64_t last() const = 0;

  /// The first sequence that can be read; last() + 1 when there is none.
  [[nodiscard]] virtual std::uint64_t first() const = 0;

  /// Cuts every record up to and including `up_to`.
  virtual model::status trim(std::uint64_t up_to) = 0;

  /// Waits until last() > `after`; false when `patience` ran out.
  virtual bool wait(std::uint64_t after, std::chrono::milliseconds patience) const = 0;
};

} // namespace storage
