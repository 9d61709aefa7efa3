#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace segments {

/// The question whether events form a chain (semantics S20), free of where events come from:
/// distinct events, one per positive step, at non-decreasing times, none later than the first one
/// plus the window, and for each negative step no event from the positive step before it up to the
/// window's end.
class chain_search {
public:
  /// An event that may serve positive step `step`; the same event has the same `key` in every step.
  struct candidate {
    std::int64_t time;
    std::uint32_t step;
    std::uint64_t key;
  };
  /// Events that must not follow positive step `step`.
  struct ban {
    std::uint32_t step;
    std::optional<std::int64_t> within;
    std::vector<std::int64_t> times; // Ascending.
  };

  std::vector<candidate> candidates; // In any order.
  std::vector<std::optional<std::int64_t>>
    within; // One per positive step: at most so long after the step before.
  std::vector<ban> bans;
  std::optional<std::int64_t> window;

  /// Forgets everything but the memory, for the next question.
  void clear();
  /// Sorts the candidates and searches.
  [[nodiscard]] bool exists();

private:
  struct group {
    std::size_t begin;
    std::size_t end;
  };
  [[nodiscard]] group group_at(std::size_t begin) const;
  [[nodiscard]] bool is_banned(std::size_t step, std::int64_t time, std::int64_t window_end) const;
  /// How many steps from `step` on the group's events can serve at once, each with an event of its
  /// own.
  [[nodiscard]] std::size_t served(const group& g, std::size_t step, std::int64_t window_end);
  [[nodiscard]] bool serve(const group& g, std::size_t step);
  [[nodiscard]] bool from_latest_start();
  /// `starts_anywhere`: any group may begin the chain, else only the one at `begin`.
  [[nodiscard]] bool from(std::size_t begin, std::int64_t window_end, bool starts_anywhere);

  std::vector<std::size_t> holder_; // By candidate of a group: the step that its event serves.
  std::vector<bool> tried_;
  std::vector<std::int64_t> reached_;
  std::vector<std::int64_t> started_;
};

} // namespace segments
