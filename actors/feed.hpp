#pragma once

#include "actors/effects.hpp"
#include "model/flip.hpp"
#include "storage/environment.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace actors {

/// The feeds of a partition's segments: stored runs, and above them the flips since they were last
/// stored. Sequences count from 1 for each segment, without a gap.
class feed {
public:
  explicit feed(storage::environment& where) : where_(where) {
  }

  /// Reads how far a segment's stored feed has come.
  model::status load(const storage::transaction& from, std::uint64_t segment);

  /// Gives the flip its sequence and keeps it.
  void append(model::flip& f);
  /// The whole tail goes into runs.
  void store(storage::write_transaction& to);
  /// A build's flips go straight into a run; the segment's tail must have been stored before (in
  /// this transaction).
  void store(storage::write_transaction& to, std::uint64_t segment, const flip_run& run);
  /// What `store` wrote is durable.
  void stored();
  void erase(storage::write_transaction& to, std::uint64_t segment);
  void erased(std::uint64_t segment);

  [[nodiscard]] std::uint64_t last_sequence(std::uint64_t segment) const;
  [[nodiscard]] std::size_t tail_size() const {
    return tail_size_;
  }
  /// Flips with a sequence above `after`.
  [[nodiscard]] std::vector<model::flip> read(std::uint64_t segment, std::uint64_t after,
                                              std::size_t limit) const;
  /// The instants at which these profiles (ascending) joined last.
  [[nodiscard]] std::vector<model::instant>
  joined_at(std::uint64_t segment, const std::vector<std::uint32_t>& profiles) const;

private:
  /// A flip in memory: there are millions, and all that one change made share why and when.
  struct kept {
    std::uint32_t profile;
    std::uint32_t reason : 31; // Place in reasons_.
    std::uint32_t joined : 1;
  };
  struct reason {
    model::flip_cause cause;
    model::instant at;
    std::string detail;
  };
  struct tail {
    std::uint64_t stored = 0;  // Sequence up to which runs are durable.
    std::uint64_t written = 0; // Up to which runs are in the open transaction.
    std::vector<kept> flips;
  };
  /// Flip number `at` of the tail.
  [[nodiscard]] model::flip flip_of(std::uint64_t segment, const tail& t, std::size_t at) const;

  storage::environment& where_;
  boost::unordered_flat_map<std::uint64_t, tail> tails_;
  std::vector<reason> reasons_;
  std::size_t tail_size_ = 0;
};

} // namespace actors
