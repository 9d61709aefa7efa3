#pragma once

#include "actors/clock_actor.hpp"

namespace actors {

/// Definitions are to come into force everywhere, built in one scan. Partitions that have one
/// already, or are building it, are not asked for it again.
struct begin_builds {
  struct definition {
    std::uint64_t segment = 0;
    std::uint32_t version = 0;
    std::shared_ptr<const std::string> json; // Inlined.
    std::vector<segment_status>
      known{}; // By partition, as they said at open; empty = nobody knows it.
  };
  std::vector<definition> all;
  /// These are all there are, and what is known of builds is forgotten; except of those that were
  /// cancelled, which are not begun again.
  bool is_everything = false;
};
struct cancel_build {
  std::uint64_t segment = 0;
};
/// The segment is gone.
struct forget_build {
  std::uint64_t segment = 0;
};
/// How far a build is, told when it ends (by success, cancelling or trouble), or after a while.
struct await_build {
  std::uint64_t segment = 0;
};
struct build_state {
  bool is_going = false;
  bool is_cancelled = false;
  std::uint32_t version_in_force = 0; // Everywhere; 0 = none.
  double share = 0;                   // Done, from 0 to 1.
  std::uint64_t profiles_done = 0;
  std::uint64_t profiles = 0;
  std::uint32_t segments = 0; // In the same scan.
  std::optional<std::chrono::milliseconds> left{};
  std::string trouble; // Why it does not get on at the moment.
};
/// The builds that are not at their end, and how far they are.
struct list_builds {};
struct build_list {
  struct line {
    std::uint64_t segment = 0;
    std::uint32_t version = 0;
    build_state state{};
  };
  std::vector<line> builds; // By segment.
};
/// INTERNAL: whoever has waited since `number` or earlier is told now.
struct end_wait {
  std::uint64_t number = 0;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::begin_builds)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::cancel_build)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::forget_build)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::await_build)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::build_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_builds)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::build_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::end_wait)

namespace actors {

/// The BUILD COORDINATOR brings definitions into force: fans them out to the partitions, follows
/// their builds, tells how long it takes and what keeps them, cancels. A crash loses nothing:
/// partitions go on by themselves and the ACCOUNT begins again what they never heard of.
using build_coordinator_actor = caf::typed_actor<
  caf::reacts_to<meet_profiles>,
  // Replies when every partition was asked; a first failure is told.
  caf::replies_to<begin_builds>::with<finished>, caf::replies_to<cancel_build>::with<finished>,
  caf::replies_to<forget_build>::with<finished>, caf::replies_to<await_build>::with<build_state>,
  caf::replies_to<list_builds>::with<build_list>, caf::reacts_to<build_moved>,
  caf::reacts_to<end_wait>>;

struct build_coordinator_state {
  static constexpr const char* name = "build_coordinator";
  using steady = std::chrono::steady_clock;

  struct build {
    std::uint32_t version = 0;
    std::shared_ptr<const std::string> json;
    std::vector<std::uint32_t> in_force; // Version by partition.
    std::vector<bool> is_asked;          // By partition: it has the definition.
    bool is_cancelled = false;
    steady::time_point began{};
    std::string trouble; // Some partition refused the definition.
  };
  std::map<std::uint64_t, build> builds; // By segment, finished ones too.
  std::vector<profile_actor> profiles;
  std::vector<build_progress> progress; // By partition, of the scan that goes on there.
  std::vector<std::string> troubles;    // By partition: why nothing gets on there.

  struct waiter {
    std::uint64_t segment = 0;
    caf::typed_response_promise<build_state> reply;
  };
  std::map<std::uint64_t, waiter> waiters; // By number, in the order in which they came.
  std::uint64_t last_waiter = 0;
};

build_coordinator_actor::behavior_type
build_coordinator(observed_pointer<build_coordinator_actor, build_coordinator_state> self,
                  std::uint32_t partitions);

} // namespace actors
