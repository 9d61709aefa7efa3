#pragma once

#include "model/history.hpp"
#include "model/limits.hpp"
#include "model/value.hpp"
#include "storage/attribute_block.hpp"
#include "storage/event_block.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

/// What was written about one block's profiles since it was last merged: events in chains by
/// (metric, row) in time order, the latest value of attributes, rows whose stored past no longer
/// counts.
class delta_block {
public:
  struct event {
    std::int64_t time = 0;
    double value = model::no_value;
    std::uint32_t next = none; // In the chain.
    std::uint32_t id_at = 0;   // Unique id; size 0 = the time in whole seconds.
    std::uint32_t properties_at = 0;
    std::uint16_t id_size = 0;
    std::uint16_t property_count = 0;
  };
  static constexpr std::uint32_t none = UINT32_MAX;

  /// `unique_id` must not be there already. Returns the event's place for `at`.
  std::uint32_t add_event(std::uint32_t row, std::uint32_t metric, std::int64_t time, double value,
                          std::string_view unique_id, std::span<const new_property> properties);
  [[nodiscard]] bool has_event(std::uint32_t row, std::uint32_t metric,
                               std::string_view unique_id) const;
  void set_attribute(std::uint32_t row, std::uint32_t attribute, model::value_view value);
  /// From here on nothing older counts for this row.
  void drop(std::uint32_t row);

  [[nodiscard]] bool is_dirty(std::uint32_t row) const {
    return (dirty_[row / 64] >> (row % 64) & 1) != 0;
  }
  [[nodiscard]] bool is_dropped(std::uint32_t row) const {
    return (dropped_[row / 64] >> (row % 64) & 1) != 0;
  }
  [[nodiscard]] std::span<const std::uint64_t> dirty() const {
    return dirty_;
  }
  [[nodiscard]] std::span<const std::uint64_t> dropped() const {
    return dropped_;
  }
  [[nodiscard]] bool any_dropped() const {
    return any_dropped_;
  }

  /// First event of the chain, or `none`.
  [[nodiscard]] std::uint32_t chain(std::uint32_t row, std::uint32_t metric) const;
  [[nodiscard]] const event& at(std::uint32_t index) const {
    return events_[index];
  }
  [[nodiscard]] std::string_view unique_id(const event& e) const {
    return std::string_view{bytes_}.substr(e.id_at, e.id_size);
  }
  [[nodiscard]] model::value_view property(const event& e, std::uint32_t number) const;
  [[nodiscard]] std::vector<new_property> properties(const event& e) const;
  /// Nothing = not written here.
  [[nodiscard]] std::optional<model::value_view> attribute(std::uint32_t row,
                                                           std::uint32_t number) const;

  /// Metrics and attributes that are written here, ascending.
  [[nodiscard]] std::vector<std::uint32_t> metrics() const;
  [[nodiscard]] std::vector<std::uint32_t> attributes() const;
  /// One metric's events as a merge wants them; `store` keeps their properties alive.
  [[nodiscard]] std::vector<new_event>
  sorted_events(std::uint32_t metric, std::vector<std::vector<new_property>>& store) const;
  [[nodiscard]] std::vector<new_value> sorted_values(std::uint32_t attribute) const;

  [[nodiscard]] std::uint64_t memory() const;
  [[nodiscard]] std::uint64_t records() const {
    return events_.size() + attributes_.size();
  }
  /// Of the first log record that wrote here.
  std::uint64_t first_sequence = 0;

private:
  struct chain_ends {
    std::uint32_t first = none;
    std::uint32_t last = none;
  };
  struct kept_value {
    model::value_kind kind = model::value_kind::unset;
    std::uint32_t at = 0;
    std::uint32_t size = 0;
    double number = 0;
  };
  static std::uint64_t key(std::uint32_t row, std::uint32_t number) {
    return std::uint64_t{number} << 32 | row;
  }
  void mark(std::uint32_t row) {
    dirty_[row / 64] |= std::uint64_t{1} << (row % 64);
  }

  std::vector<event> events_;
  std::string bytes_; // Unique ids, property lists, attribute texts.
  boost::unordered_flat_map<std::uint64_t, chain_ends> chains_;
  boost::unordered_flat_map<std::uint64_t, kept_value> attributes_;
  boost::unordered_flat_set<std::uint64_t>
    ids_; // Hashes of (row, metric, unique id): "surely new" without walking a chain.
  std::array<std::uint64_t, model::block_rows / 64> dirty_{};
  std::array<std::uint64_t, model::block_rows / 64> dropped_{};
  bool any_dropped_ = false;
};

} // namespace storage
