#pragma once

#include "actors/first_lines.hpp"
#include "actors/listing.hpp"
#include "actors/people_scan.hpp"
#include "storage/name_table.hpp"

namespace actors {

/// Finds the first so many events in the order of time, of everybody or of one profile.
class event_listing final : public people_scan {
public:
  event_listing(event_question asked, std::uint32_t partition, const storage::profile_store& people,
                const storage::names& names);
  [[nodiscard]] listing_answer answer(const storage::profile_store& people) override;

  /// All that a question about one profile needs; no scan.
  void read_one(const storage::profile_store& people);

protected:
  void read_columns(const storage::profile_store& people, const model::block_view& columns,
                    std::uint32_t first, const row_bits& wanted) override;
  void read_profile(const storage::profile_store& people, std::uint32_t profile) override;

private:
  struct by_time {
    bool newest_first;
    bool operator()(const event_key& a, const event_key& b) const {
      return newest_first ? comes_before(b, a) : comes_before(a, b);
    }
  };
  /// Events [begin, end) of one profile and metric, in order of time: `time_of(i)`, `event_at(i)`.
  template <class TimeOf, class EventAt>
  void offer_all(const storage::profile_store& people, std::uint32_t profile, std::uint32_t metric,
                 std::uint32_t begin, std::uint32_t end, const TimeOf& time_of,
                 const EventAt& event_at);
  /// While as many as are wanted are found: looks at all times for one that comes before the last.
  void read_times(const storage::profile_store& people, const model::event_columns& events,
                  std::uint32_t metric, std::uint32_t first, const row_bits& wanted);
  /// False: no later one of this profile and metric is wanted either.
  bool offer(const storage::profile_store& people, std::uint32_t profile, std::uint32_t metric,
             const model::event_view& event);

  event_question asked_;
  std::uint32_t partition_;
  std::vector<std::uint32_t> metrics_; // Numbers, ascending.
  std::int64_t from_;                  // With the cursor's share.
  std::int64_t to_;
  by_time before_;
  first_lines<event_key, by_time> found_;
};

/// The event with this key; nothing when it is not there any more.
std::optional<event_content> read_event(const storage::profile_store& people,
                                        const storage::names& names, const event_key& key);

} // namespace actors
