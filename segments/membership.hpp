#pragma once

#include "segments/calendar.hpp"
#include "segments/definition.hpp"
#include "segments/due_index.hpp"
#include "segments/evaluate.hpp"
#include "segments/flat_rule.hpp"
#include "segments/profile_set.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace segments {

/// Where the membership finds people. A view lives until the next call.
struct people_source {
  std::function<const model::profile_view&(std::uint32_t profile)> profile;
  std::function<const model::block_view&(std::uint32_t block)> block;
  std::uint32_t blocks = 0;
};

/// Who is in which segment of one partition: the bits of every distinct criterion, the members of
/// every segment, and when to ask again. Pure: told what changed and what time it is, it says who
/// moved. Definitions share criteria; a criterion is evaluated once however many segments use it.
///
/// Flips that time brings are noted some days ahead only, or a window of a year would keep an entry
/// for every member. Long before what is noted ends, an outlook asks everybody again for the days
/// after that. Nothing may be told that happens later than what is foreseen.
class membership {
public:
  /// So far ahead is noted.
  static constexpr std::int64_t ahead_ms = 72 * hour_ms;
  /// When less than this is left, it is time for an outlook.
  static constexpr std::int64_t again_ms = 36 * hour_ms;

  struct move {
    std::uint64_t segment = 0;
    std::uint32_t profile = 0;
    bool joined = false;
  };
  /// A criterion's verdict on a profile changed: what a log must keep so that the bits can be had
  /// again without evaluating.
  struct bit_change {
    std::uint32_t criterion = 0;
    std::uint32_t profile = 0;
    bool holds = false;
  };
  /// A due instant was worked through: moves at that instant, in order.
  struct due_moves {
    std::int64_t at = 0;
    std::vector<move> moves;
    std::size_t evaluations = 0;
    bool complete = true; // Nobody is left at this instant.
  };

  using compiler = std::function<std::shared_ptr<const compiled_criterion>(const criterion&)>;

  // --- definitions and builds

  /// Puts a rule in line for `segment`; criteria that nobody computed yet start to be built.
  /// Replaces a rule that is still waiting. The rule in force stays in force until `carry_out`. A
  /// rule without criteria asks nobody anything: whoever is a member stays one until he is erased.
  void define(std::uint64_t segment, std::uint32_t version, definition rule,
              const compiler& compile);
  /// Takes back the waiting rule.
  void cancel(std::uint64_t segment);
  /// Forgets the segment; its members are not reported as leaving.
  void drop(std::uint64_t segment);

  /// The next block (profile number / block rows) that some criterion needs.
  [[nodiscard]] std::optional<std::uint32_t> next_block() const;
  /// Evaluates every criterion that waits for this block.
  void scan(std::uint32_t block, const model::block_view& view, std::int64_t now);
  /// Criteria that wait for block `blocks` or later are complete: no such block exists.
  void end_scan(std::uint32_t blocks, std::int64_t now);
  /// Segments whose waiting rule has all its criteria.
  [[nodiscard]] std::vector<std::uint64_t> ready() const;
  struct switch_plan {
    std::uint32_t old_version = 0; // 0 = there was no rule before.
    std::uint32_t version = 0;
    profile_set members;
    Roaring joined;
    Roaring left;
  };
  /// What bringing the waiting rule into force will do. Only for segments that are `ready`.
  [[nodiscard]] switch_plan plan_switch(std::uint64_t segment) const;
  /// The waiting rule comes into force; nothing may have changed since the plan was made.
  void carry_out(std::uint64_t segment, switch_plan plan);
  /// How many segments have a waiting rule.
  [[nodiscard]] std::uint32_t waiting() const;

  // --- changes: any number of touches of one profile, then finish

  void created(std::uint32_t profile);
  void touch_event(std::uint32_t profile, const model::profile_view& view, std::uint32_t metric,
                   const model::event_view& event, std::int64_t now);
  /// An event of the metric changed in a way that `touch_event` cannot tell (many at once).
  void touch_metric(std::uint32_t profile, const model::profile_view& view, std::uint32_t metric,
                    std::int64_t now);
  void touch_attribute(std::uint32_t profile, const model::profile_view& view,
                       std::uint32_t attribute, std::int64_t now);
  /// The profile is gone: leaves everything.
  void erased(std::uint32_t profile, std::vector<move>& moves);
  /// Segments that the touches may have changed are told apart once, so that nothing in between is
  /// seen.
  void finish(std::uint32_t profile, std::vector<move>& moves);

  // --- time

  /// The earliest instant at which somebody may move.
  [[nodiscard]] std::optional<std::int64_t> next_flip() const {
    return due_.next();
  }
  /// The same, or when it is time for an outlook.
  [[nodiscard]] std::optional<std::int64_t> next_due() const;
  /// Every flip up to here is noted. A change at a later instant may only come when `advance` up to
  /// that instant has nothing to do any more.
  [[nodiscard]] std::int64_t foreseen() const {
    return foreseen_;
  }
  /// Works the earliest due instant at or before `now` through, or goes on with an outlook, at most
  /// about `evaluations_max` evaluations. Nothing = nothing is due.
  std::optional<due_moves> advance(std::int64_t now, std::size_t evaluations_max,
                                   const people_source& people);
  /// Works through what is due at or before `now` for one profile, instant by instant.
  void settle(std::uint32_t profile, const model::profile_view& view, std::int64_t now,
              std::vector<due_moves>& moves);

  // --- questions

  [[nodiscard]] const profile_set* members(std::uint64_t segment) const;
  [[nodiscard]] const profile_set& alive() const {
    return alive_;
  }
  struct state {
    std::uint64_t segment = 0;
    std::uint32_t version = 0;
    std::uint32_t pending_version = 0;
    std::uint64_t members = 0;
  };
  [[nodiscard]] std::vector<state> states() const;
  [[nodiscard]] const definition* rule_in_force(std::uint64_t segment) const;
  [[nodiscard]] const compiled_criterion* compiled(const criterion_id& id) const;
  [[nodiscard]] std::size_t criteria() const;
  [[nodiscard]] std::uint64_t due_entries() const {
    return due_.size();
  }

  // --- keeping and restoring

  /// Verdict changes since the last call, of criteria that are in force.
  std::vector<bit_change> take_bit_changes();

  struct criterion_state {
    criterion_id id{};
    criterion what{};
    std::shared_ptr<const compiled_criterion> compiled;
    profile_set bits;
    std::uint32_t users = 0;      // Rules that use it, in force or waiting.
    std::uint32_t next_block = 0; // While it is built: rows below are live.
    bool complete = false;
    bool holds_for_nobody_known = false; // Verdict on a profile without any data.
    bool dirty = true;                   // Bits differ from what is stored.
    std::vector<std::uint32_t> segments; // Slots of segments in force that use it.
    /// Flips of everybody who is live are in the due index up to here; INT64_MAX = all of them.
    std::int64_t foreseen = INT64_MAX;
    std::int64_t noted = INT64_MAX; // Flips up to here are put into it.
    bool is_outlook_new = true;     // `foreseen` differs from what is stored.
  };
  /// By number; a number whose criterion was dropped is null.
  [[nodiscard]] const std::vector<std::unique_ptr<criterion_state>>& criterion_states() const {
    return criteria_;
  }
  void stored(std::uint32_t number) {
    criteria_[number]->dirty = criteria_[number]->is_outlook_new = false;
  }
  /// Some criterion foresees more than is stored.
  [[nodiscard]] bool has_new_outlook() const;
  [[nodiscard]] bool members_dirty(std::uint64_t segment) const;
  void members_stored(std::uint64_t segment);
  [[nodiscard]] due_index& due() {
    return due_;
  }

  /// Puts back what was stored, in this order: alive, then criteria, then rules.
  void restore_alive(profile_set alive) {
    alive_ = std::move(alive);
  }
  void restore_criterion(std::uint32_t number, const criterion& what, const Roaring& bits,
                         const compiler& compile);
  void restore_foreseen(std::uint32_t number, std::int64_t foreseen);
  /// Of criteria that foresee less than was worked through, up to `settled`, because what they
  /// foresaw was not stored: asks everybody again, as of then, or of his last touch when that is
  /// later.
  void restore_outlook(std::int64_t settled, std::int64_t now, const people_source& people,
                       std::span<const std::pair<std::uint32_t, std::int64_t>> touched);
  void restore_rule(std::uint64_t segment, std::uint32_t version, definition rule,
                    const Roaring& members, const compiler& compile);
  void restore_bit(std::uint32_t number, std::uint32_t profile, bool holds);
  void restore_move(std::uint64_t segment, std::uint32_t profile, bool joined);
  void restore_created(std::uint32_t profile) {
    alive_.set(profile, true);
  }
  void restore_erased(std::uint32_t profile);
  /// Asks the criteria again that these names touch and notes when they are due; bits are not
  /// changed. Returns how many verdicts differ from the bits (only overdue ones may).
  std::size_t restore_due(std::uint32_t profile, const model::profile_view& view,
                          std::span<const std::uint32_t> metrics,
                          std::span<const std::uint32_t> attributes, std::int64_t now);

private:
  struct rule {
    std::uint32_t version = 0;
    definition what;
    std::vector<std::uint32_t> numbers; // Of the criteria, by leaf.
    flat_rule tree;                     // `what` over those.
  };
  struct segment_state {
    std::uint64_t number = 0;
    bool used = false;
    std::optional<rule> in_force;
    std::optional<rule> waiting;
    profile_set members;
    bool dirty = true;
    bool holds_for_nobody_known = false;
  };

  std::uint32_t criterion_number(const criterion& what, const criterion_id& id,
                                 const compiler& compile);
  void index(std::uint32_t number);
  void unindex(std::uint32_t number);
  void release(const rule& r);
  segment_state& segment_of(std::uint64_t segment);
  [[nodiscard]] const segment_state* find(std::uint64_t segment) const;
  [[nodiscard]] bool is_live(const criterion_state& c, std::uint32_t profile) const;
  void put_in_force(std::uint32_t slot);
  void take_out_of_force(std::uint32_t slot);
  void evaluate(std::uint32_t number, std::uint32_t profile, const model::profile_view& view,
                std::int64_t now);
  void flip_bit(std::uint32_t number, std::uint32_t profile, bool holds);
  void touch(std::uint32_t slot);
  void bring_near(std::span<const std::uint32_t> criteria, std::uint32_t profile) const;
  void look_up_bits(std::uint32_t profile);
  void note_due(std::uint32_t number, std::uint32_t profile, const verdict& v, std::int64_t now);
  /// True: time went on over what the criterion foresees while it was built; it begins anew.
  bool begins_anew(std::uint32_t number, std::int64_t now);
  [[nodiscard]] bool wants_outlook(std::int64_t now) const {
    return outlook_ || foreseen_ - again_ms <= now;
  }
  due_moves look_ahead(std::int64_t now, std::size_t evaluations_max, const people_source& people);
  /// Adds flips of the block's people, as of `at`, that are noted but not foreseen.
  void foresee(std::uint32_t number, std::uint32_t block, const model::block_view& view,
               std::int64_t at);
  void work_out_foreseen();

  std::vector<std::unique_ptr<criterion_state>> criteria_;
  std::map<criterion_id, std::uint32_t> numbers_;
  std::vector<std::vector<std::uint32_t>> by_metric_;
  std::vector<std::vector<std::uint32_t>> by_attribute_;
  std::vector<std::uint32_t> any_event_;
  std::vector<segment_state> segments_;
  std::unordered_map<std::uint64_t, std::uint32_t> slots_;
  std::vector<std::uint32_t> hold_for_nobody_known_; // Slots of segments in force.
  profile_set alive_;
  due_index due_;
  /// Everybody is being asked, block by block, for flips up to `until`.
  struct outlook {
    std::vector<std::uint32_t> criteria;
    std::uint32_t next_block = 0;
    std::int64_t until = 0;
  };
  std::optional<outlook> outlook_;
  std::int64_t foreseen_ = INT64_MAX; // The least of all criteria that are complete.
  std::uint64_t epoch_ = 1;
  std::vector<std::uint32_t> touched_;    // Slots touched since the last finish.
  std::vector<std::uint64_t> touched_in_; // By slot: the epoch of its last touch.
  // While `finish` works: of each criterion that it needs, twice the epoch, plus the bit.
  std::vector<std::uint64_t> bit_in_;
  std::vector<std::uint32_t> needed_; // Scratch: those criteria.
  std::vector<bit_change> bit_changes_;
  std::vector<compiled_criterion::due_row> due_rows_; // Scratch.
  std::vector<std::uint64_t> unused_bits_;            // Scratch.
};

} // namespace segments
