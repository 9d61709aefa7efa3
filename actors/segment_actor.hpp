#pragma once

#include "actors/profile_actor.hpp"

#include <span>

namespace actors {

/// Whose segment it is, and where its flips come from.
struct segment_identity {
  std::uint64_t number = 0;
  std::string id;
  std::string name;
};

/// One sequence per partition.
using feed_cursor = std::vector<std::uint64_t>;

/// "12.7.0.3". Empty text is the start. Nothing for text that is no cursor of so many partitions.
std::optional<feed_cursor> parse_cursor(std::string_view text, std::size_t partitions);
std::string format_cursor(const feed_cursor& cursor);

/// Flips of one partition that stand side by side in a message which others read too: subscribers
/// share what the partition said.
struct flip_piece {
  std::uint32_t partition = 0;
  std::shared_ptr<const std::vector<named_flip>> all;
  std::size_t first = 0;
  std::size_t count = 0;

  [[nodiscard]] std::span<const named_flip> flips() const {
    return std::span{*all}.subspan(first, count);
  }
};

/// Flips of one segment in order, for one subscriber.
struct segment_flips {
  std::shared_ptr<const segment_identity> segment;
  std::vector<flip_piece> pieces;
};
struct placed_flip {
  std::uint32_t partition = 0;
  named_flip flip;
};

/// The segment has another name from now on.
struct be_renamed {
  std::shared_ptr<const segment_identity> becomes;
};
struct count_all {};
struct list_all {
  std::uint32_t partition = 0; // Where to begin, and after whom there.
  std::optional<std::uint32_t> after{};
  std::size_t limit = 0;
};
struct all_members {
  std::vector<named_member> members;
  /// Where the next page begins; nothing = there is none.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> next{};
};
struct read_all {
  feed_cursor after;
  std::size_t limit = 0;
};
struct all_flips {
  std::vector<placed_flip> flips;
  feed_cursor next;
};
struct ask_feed_end {};
struct feed_end_answer {
  feed_cursor end;
};
/// INTERNAL
struct look_unused {};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::segment_flips)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::be_renamed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::count_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::all_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::all_flips)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ask_feed_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::feed_end_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::look_unused)

namespace actors {

/// Takes flips, one piece at a time: the reply asks for the next.
using subscriber_actor = caf::typed_actor<caf::replies_to<segment_flips>::with<finished>>;

struct subscribe_to_flips {
  subscriber_actor who;
  std::optional<feed_cursor> after{}; // Nothing = from now on.
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::subscribe_to_flips)

namespace actors {

/// A SEGMENT ACTOR speaks for one segment over all partitions. Activated when somebody asks,
/// passivated when nobody has for a minute; it keeps nothing that the partitions do not have. Flips
/// of a partition go to subscribers in the order of its feed without a gap: what a subscriber was
/// too slow for, or what was too many for messages, is read from the feed.
using segment_actor = caf::typed_actor<
  // What goes to subscribers afterwards tells the new name.
  caf::reacts_to<be_renamed>, caf::replies_to<count_all>::with<std::uint64_t>,
  caf::replies_to<list_all>::with<all_members>, caf::replies_to<read_all>::with<all_flips>,
  caf::replies_to<ask_feed_end>::with<feed_end_answer>,
  // Replies when nothing that happens from now on can be missed. Ends with the subscriber.
  caf::replies_to<subscribe_to_flips>::with<finished>, caf::reacts_to<flips_happened>,
  caf::reacts_to<look_unused>,
  // Asks the partitions anew from where its subscribers have been told.
  caf::replies_to<begin_anew>::with<finished>>;

struct segment_actor_state {
  static constexpr const char* name = "segment";
  using steady = std::chrono::steady_clock;

  std::shared_ptr<const segment_identity> segment;
  std::vector<profile_actor> profiles;
  steady::time_point last_asked{};

  struct subscriber {
    subscriber_actor who;
    feed_cursor told;              // Up to here, in each partition, it has been sent.
    feed_cursor known;             // Up to here the feed goes, as far as we heard.
    std::vector<flip_piece> ready; // Goes next; continues `told`.
    std::size_t ready_flips = 0;
    bool is_busy = false;
    bool is_reading = false;
  };
  std::map<caf::actor_addr, subscriber> subscribers;
  bool is_watching = false;
  feed_cursor watched_from;
  std::size_t watch_answers = 0;
  std::uint64_t
    watches = 0; // How often the partitions were asked; answers to earlier ones are void.
  std::vector<std::pair<subscribe_to_flips, caf::typed_response_promise<finished>>> wait_for_watch;
};

segment_actor::behavior_type segment(observed_pointer<segment_actor, segment_actor_state> self,
                                     std::shared_ptr<const segment_identity> whose,
                                     std::vector<profile_actor> profiles);

} // namespace actors
