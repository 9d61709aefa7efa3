#pragma once

#include "metrics/event_reader.hpp"
#include "metrics/fold.hpp"
#include "metrics/value_table.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

// Inside the folder only: what a fold adds up.
namespace metrics {

/// A message as rows may show it. Value numbers of texts; 0 = there is none.
struct message_row {
  message_owner owner = message_owner::campaign;
  std::uint32_t identity = 0; // Same object and message, whatever the variation and channel.
  std::uint32_t object_id = 0;
  std::uint32_t object_name = 0;
  std::uint32_t message_id = 0;
  std::uint32_t message_name = 0;
  std::uint32_t variation = 0;
  std::uint32_t variation_name = 0;
  std::uint32_t channel_name = 0;
  std::uint32_t send_strategy = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> tags{}; // Id, name.
};

/// People of a row.
struct row_people {
  std::uint32_t last = 0; // The last profile counted, plus one.
  std::uint32_t count = 0;
};

/// Where people of one measure are counted, laid bare for a tight loop. Good until there is a new
/// cell.
struct people_view {
  std::uint32_t* seen = nullptr; // By cell: the last profile, plus one.
  bool are_kept = false;         // Of some rollup; then more than counting is to be done.
  struct rollup {
    const std::uint32_t* only_row = nullptr; // By cell.
    row_people* rows = nullptr;
    // Of people counted once a message:
    const std::uint32_t* only_place = nullptr; // By cell.
    const std::uint32_t* places = nullptr;     // Row and message of each.
    std::uint32_t* last_at_place = nullptr;    // The last profile, plus one.
  };
  std::vector<rollup> rollups{};
};

/// Cells are the finest groups: a message, an interval and the values of every grouping that the
/// message does not tell. Sums are kept by cell and handed on to the rollups' rows at the end;
/// distinct people cannot be added up and are counted in every rollup at once.
class cells {
public:
  cells(const fold_order& order, value_table& values, const std::vector<message_row>& messages);

  static constexpr std::uint32_t no_message = UINT32_MAX;
  static constexpr std::uint32_t filtered_out = UINT32_MAX;

  /// The groupings whose values make a cell, as indices into the order's groupings.
  [[nodiscard]] std::span<const std::uint32_t> groupings() const {
    return groupings_;
  }
  /// The cell's number, or `filtered_out`. `values`: by `groupings()`.
  std::uint32_t cell(std::uint32_t message, std::uint32_t interval,
                     std::span<const std::uint32_t> values);

  void add_event(std::uint32_t cell, std::uint32_t measure, double value, std::uint32_t profile);
  /// So many events of a measure that counts events, whosever they are.
  void add_events(std::uint32_t cell, std::uint32_t measure, std::uint64_t count) {
    sums_[std::size_t{cell} * order_.measures.size() + measure].count += count;
  }
  void add_distinct(std::uint32_t cell, std::uint32_t measure, std::uint32_t profile) {
    auto& seen = seen_in_cell_[measure];
    if (cell >= seen.size())
      seen.resize(cells_.size());
    // Whoever was counted in the cell was counted in all its rows.
    if (seen[cell] != profile + 1) {
      seen[cell] = profile + 1;
      add_to_rows(cell, measure, profile);
    }
  }

  /// How to count people of a measure with `add_person`, or `add_person_of_message` once a message.
  void view_people(std::uint32_t measure, people_view& view);
  void add_person(const people_view& view, std::uint32_t cell, std::uint32_t measure,
                  std::uint32_t profile) {
    if (view.seen[cell] == profile + 1)
      return;
    view.seen[cell] = profile + 1;
    if (view.are_kept) {
      add_to_rows(cell, measure, profile);
      return;
    }
    for (const auto& r : view.rollups) {
      const auto row = r.only_row[cell];
      if (row == several) {
        add_to_rows(cell, measure, profile);
        return;
      }
      auto& people = r.rows[row];
      people.count += people.last != profile + 1 ? 1 : 0;
      people.last = profile + 1;
    }
  }

  void add_person_of_message(const people_view& view, std::uint32_t cell, std::uint32_t measure,
                             std::uint32_t profile) {
    if (view.seen[cell] == profile + 1)
      return;
    view.seen[cell] = profile + 1;
    if (view.are_kept) {
      add_to_rows(cell, measure, profile);
      return;
    }
    for (const auto& r : view.rollups) {
      const auto place = r.only_place[cell];
      if (place == several) {
        add_to_rows(cell, measure, profile);
        return;
      }
      if (r.last_at_place[place] == profile + 1)
        continue;
      r.last_at_place[place] = profile + 1;
      ++r.rows[r.places[std::size_t{place} * 2]].count;
    }
  }

  /// By rollup.
  [[nodiscard]] std::vector<std::vector<partial_row>> rows() const;
  /// Hands over what was kept besides rows; null when nothing was to be.
  std::shared_ptr<const std::vector<kept_rollup>> kept();
  [[nodiscard]] const std::vector<fold_result::maker>& makers() const {
    return makers_;
  }

private:
  struct rollup {
    explicit rollup(std::size_t width) : rows(width), places(2) {
    }
    tuple_table rows;                 // Interval, values.
    tuple_table places;               // Row, identity of the message.
    std::vector<std::uint32_t> first; // By cell: where its places begin in `pool`; one more.
    std::vector<std::uint32_t> pool;
    std::vector<std::uint32_t> only_row;   // By cell; `several` = it is in several rows, or none.
    std::vector<std::uint32_t> only_place; // The same with its place.
  };
  static constexpr std::uint32_t several = UINT32_MAX;
  struct distinct_count {
    std::vector<row_people> rows;
    std::vector<std::uint32_t> last_at_place; // Of people counted once a message, by place.
    bool are_kept = false;
    std::vector<person_list> kept; // By place where people are counted once a message, else by row.
  };

  void add_to_rows(std::uint32_t cell, std::uint32_t measure, std::uint32_t profile);
  void add_to_row(std::uint32_t measure, std::size_t r, std::uint32_t row, std::uint32_t profile);
  void note_distinct(std::uint32_t measure, std::size_t r, std::uint32_t row,
                     std::uint32_t profile);
  void place_cell(std::uint32_t message, std::uint32_t interval,
                  std::span<const std::uint32_t> values);
  void place_in(std::size_t r, std::uint32_t message, std::uint32_t interval,
                std::span<const std::uint32_t> values);
  /// The values of a grouping; several for tags.
  void values_of(std::uint32_t grouping, std::uint32_t message,
                 std::span<const std::uint32_t> values, std::vector<std::uint32_t>& out) const;
  [[nodiscard]] bool passes(const row_filter& f, std::uint32_t message,
                            std::span<const std::uint32_t> values) const;
  void note_maker(std::uint32_t row, std::uint32_t profile);
  static void keep(distinct_count& d, std::uint32_t at, std::uint32_t profile) {
    if (!d.are_kept)
      return;
    if (at >= d.kept.size())
      d.kept.resize(std::size_t{at} + 1);
    d.kept[at].add(profile);
  }
  void hand_over_people(std::size_t index, kept_rollup& to);
  void add_kept_sums(std::size_t index, kept_rollup& to) const;

  const fold_order& order_;
  value_table& values_;
  const std::vector<message_row>& messages_;
  std::vector<std::uint32_t> groupings_;
  std::vector<std::uint32_t> place_of_grouping_; // In a cell's values; of message groupings: none.
  tuple_table cells_;
  std::vector<std::uint8_t> passes_;      // By cell.
  std::vector<std::uint32_t> last_tuple_; // Of the cell that was asked for last.
  std::uint32_t last_cell_ = filtered_out;
  std::vector<rollup> rollups_;
  std::vector<partial> sums_;                            // Cells by measures.
  std::vector<std::vector<distinct_count>> distincts_;   // By measure, then rollup.
  std::vector<std::vector<std::uint32_t>> seen_in_cell_; // By measure: the last profile, plus one.
  std::vector<std::uint32_t> collected_;                 // Values of the collected row.
  std::vector<fold_result::maker> makers_;
};

} // namespace metrics
