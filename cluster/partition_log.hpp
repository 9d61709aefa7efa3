#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cluster {

/// Where a log stands. Sequences count from 1 without a gap; first = last + 1 when nothing is left.
struct log_extent {
  std::uint64_t first = 1;
  std::uint64_t last = 0; // Cut ones included.
  friend bool operator==(const log_extent&, const log_extent&) = default;
};

/// The replicated log of one cluster partition: the same order for everybody who reads it. Every
/// append says behind which record it belongs, so that of several writers one goes on and the
/// others hear of it.
///
/// Failures of appends: `conflict` (the log ends elsewhere; nothing was written), `storage_full`
/// (nothing was written; room may come back), `invalid_input` (the record is too large), and
/// `unavailable`, after which the record may be in the log or not, or come into it later: whoever
/// hears that gives up its epoch.
class partition_log {
public:
  /// Called once for each append, on a thread of the log: with the record's sequence.
  using appended = std::function<void(const model::outcome<std::uint64_t>&)>;

  static constexpr std::size_t record_bytes_max = std::size_t{1} << 20;

  virtual ~partition_log() = default;

  /// Appends behind `last`, which is what the log then must end with, and waits until a majority
  /// has it on disk.
  virtual model::outcome<std::uint64_t> append(std::uint64_t last, std::string_view bytes) = 0;

  /// The same without waiting. Several may be on their way, each behind the one before it; calls
  /// `done` in any order.
  virtual void submit(std::uint64_t last, std::string bytes, appended done) = 0;

  /// Hands over the records from `from` on, in order, until `each` returns false or none came for
  /// `patience`. Failures: not_found (`from` was cut), conflict (the log ends before `from` - 1, so
  /// it is not the log that the caller knows), unavailable.
  virtual model::status
  read(std::uint64_t from, std::chrono::milliseconds patience,
       const std::function<bool(std::uint64_t sequence, std::string_view bytes)>& each) = 0;

  /// Where the log stands; may be a little old by the time it is here.
  virtual model::outcome<log_extent> extent() = 0;

  /// Cuts every record up to and including `up_to`.
  virtual model::status trim(std::uint64_t up_to) = 0;
};

} // namespace cluster
