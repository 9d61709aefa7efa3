#pragma once

#include "cluster/record.hpp"
#include "model/outcome.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// What becomes of a record. A function of the log alone, so every replica says the same.
enum class decision : std::uint8_t {
  apply,  // In force.
  drop,   // Known already, or of an epoch that is over. Nobody applies it.
  broken, // This replica and the log do not belong together; it must start from a snapshot.
};

/// Where a reader of a partition's log stands. It goes into the replica's state file in the same
/// transaction as what the records did.
///
/// A record is in force when it belongs to the epoch of the latest marker and every record since
/// that marker is in force too. The second half matters: appends of an epoch are on their way
/// together, each behind the one before, by number. When a stale record takes the place of the
/// first, the second finds the log as long as it expects and gets in. Its writer has given up by
/// then, and what it says without the first must not count.
///
/// A marker whose writer has another past than this reader breaks the replica. Either of them may
/// be wrong, so the replica starts from a snapshot and reads the log again; when it comes to the
/// same marker, it knows that its writer is wrong, and may overrule it.
class chain {
public:
  /// A marker that does not follow what was read in front of it.
  struct dispute {
    std::uint64_t sequence = 0;
    std::uint64_t checksum = 0;
    friend bool operator==(const dispute&, const dispute&) = default;
  };

  explicit chain(std::uint32_t partition) : partition_(partition) {
  }

  /// Takes the record at `sequence`. Whatever was decided except `broken`, the reader has then read
  /// up to there. The record at position() itself is compared with what was read before, so that a
  /// replica that starts can find out whether the log is still the one it knows.
  [[nodiscard]] decision accept(std::uint64_t sequence, const record& r);

  /// Why the last record was not applied, in words. Empty when it was.
  [[nodiscard]] const std::string& reason() const {
    return reason_;
  }

  /// Of the record that broke the replica, if it was such a marker.
  [[nodiscard]] const std::optional<dispute>& disputed() const {
    return disputed_;
  }
  /// For a replica that starts anew because of a dispute: that marker begins an epoch in which
  /// nothing counts.
  void overrule(const dispute& marker) {
    overruled_ = marker;
  }

  [[nodiscard]] std::uint32_t partition() const {
    return partition_;
  }
  /// The last record that was read; 0 = none.
  [[nodiscard]] std::uint64_t position() const {
    return position_;
  }
  /// What all records up to position() add up to, those dropped included.
  [[nodiscard]] std::uint64_t hash() const {
    return hash_;
  }
  /// Of the latest marker; 0 = there was none.
  [[nodiscard]] std::uint64_t epoch() const {
    return epoch_;
  }
  /// Where that marker stands.
  [[nodiscard]] std::uint64_t marker_position() const {
    return marker_position_;
  }
  /// Who wrote it.
  [[nodiscard]] const std::string& owner() const {
    return owner_;
  }
  [[nodiscard]] std::uint64_t incarnation() const {
    return incarnation_;
  }
  /// Whether the epoch can still have records in force. Not after a stale record came in between,
  /// and not after a release.
  [[nodiscard]] bool open() const {
    return open_;
  }
  /// Whether it ended with a release; to whom, if to anybody.
  [[nodiscard]] bool released() const {
    return released_;
  }
  [[nodiscard]] const std::string& successor() const {
    return successor_;
  }

  /// What hash() is behind a record with this checksum.
  static std::uint64_t next_hash(std::uint64_t hash, std::uint64_t checksum);

  [[nodiscard]] std::string encoded() const;
  /// Failures: storage_broken, newer_format.
  static model::outcome<chain> decoded(std::string_view bytes);

  friend bool operator==(const chain& a, const chain& b) {
    return a.encoded() == b.encoded();
  }

private:
  decision because(decision d, std::string why);
  decision accept_marker(std::uint64_t sequence, const record& r);
  decision accept_other(std::uint64_t sequence, const record& r);
  void advance(std::uint64_t sequence, const record& r);
  void begin_epoch(std::uint64_t sequence, const record& marker);

  std::uint32_t partition_;
  std::uint64_t position_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t hash_before_ = 0; // In front of the record at position_.
  std::uint64_t epoch_ = 0;
  std::uint64_t marker_position_ = 0;
  std::string owner_;
  std::uint64_t incarnation_ = 0;
  bool open_ = false;
  bool released_ = false;
  std::string successor_;

  // Not part of the state.
  std::string reason_;
  std::optional<dispute> disputed_;
  std::optional<dispute> overruled_;
};

} // namespace cluster
