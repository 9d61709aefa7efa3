#pragma once

#include "tests/metrics/plain_rows.hpp"

#include <span>

/// Events that a report counts in one timeframe, and why it leaves others out.
namespace plain {

/// What every timeframe of a report shares.
struct event_rules {
  const metrics::request& asked;
  const metrics::dictionary& words;
  std::span<const profile* const> people;
  const credit_rules& about;
  const row_rules& rows;
  std::vector<std::string> measures; // Sorted.
};

class event_sums final : public timeframe_sums {
public:
  /// `intervals`: starts; empty = no series.
  event_sums(const event_rules& rules, metrics::time_range time,
             const std::vector<std::int64_t>& intervals);

  [[nodiscard]] std::map<row_values, row_sums> rows(const groupings& by) const override;
  [[nodiscard]] std::optional<row_sums> together(const groupings& by,
                                                 const std::set<row_values>& of) const override;
  [[nodiscard]] std::vector<tally> tallies() const override {
    return tallies_;
  }

  /// Whether any message of the datasource was sent in the timeframe.
  [[nodiscard]] bool was_sent() const;
  /// Events that belong to no send, and so are in none of the numbers by send time.
  [[nodiscard]] std::uint64_t without_send() const {
    return without_send_.size();
  }
  /// Of the datasource's messages, in the timeframe; those whose window is open at `now`.
  [[nodiscard]] std::uint64_t touches(std::optional<std::int64_t> open_at) const;

private:
  struct counted {
    counted_event event;
    std::size_t interval = 0;
  };
  /// Which rows an event adds to.
  using row_namer = std::function<std::set<row_values>(const counted_event& e)>;

  void judge(std::size_t m);
  void judge(std::size_t m, counted_event e);
  /// Fills the event's instant in, unless it has none.
  std::optional<metrics::exclusion> why_not(const metrics::measure& m, counted_event& e) const;
  [[nodiscard]] bool is_about_messages() const;
  [[nodiscard]] std::optional<std::int64_t> time_of(const counted_event& e, bool by_event) const;
  [[nodiscard]] std::map<row_values, row_sums> add_up(const row_namer& rows) const;

  const event_rules& rules_;
  metrics::time_range time_;
  const std::vector<std::int64_t>& intervals_;
  std::vector<std::vector<counted>> counted_; // By measure.
  std::vector<tally> tallies_;
  std::set<const event*> without_send_;
};

} // namespace plain
