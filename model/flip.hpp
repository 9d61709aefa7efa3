#pragma once

#include "model/instant.hpp"

#include <cstdint>
#include <string>

namespace model {

/// Why somebody joined or left a segment. Numbers are stored; never reused.
enum class flip_cause : std::uint8_t {
  event = 1,      // `detail` = the event's unique id.
  profile = 2,    // Attributes, consent or a static list changed; `detail` = the record's kind.
  clock = 3,      // Time alone.
  edit = 4,       // The segment's definition was replaced; `detail` = its version.
  build = 5,      // First computation of the segment; `detail` = its version.
  merge = 6,      // Two profiles became one.
  erasure = 7,    // The profile was forgotten.
  correction = 8, // A check found a wrong bit and put it right.
};

/// The cause as it is shown: "event", "clock", …
const char* name_of(flip_cause cause);

/// One change of one profile's membership in one segment. Sequences count from 1 without a gap
/// within (segment, partition); a segment's feed is the partitions' sequences side by side, each
/// profile's flips in one of them.
struct flip {
  std::uint64_t segment = 0;
  std::uint64_t sequence = 0;
  std::uint32_t profile = 0; // Number within the partition.
  bool joined = false;
  flip_cause cause = flip_cause::event;
  instant
    at{}; // The instant at which the new membership is true: of the clock exactly when it was due.
  std::string detail{};
};

} // namespace model
