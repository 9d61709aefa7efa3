#pragma once

#include "model/history.hpp"
#include "model/outcome.hpp"
#include "storage/attribute_block.hpp"
#include "storage/delta.hpp"
#include "storage/environment.hpp"
#include "storage/event_block.hpp"
#include "storage/name_table.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace storage {

/// A partition's profiles: column blocks in LMDB and the delta above them, read as one. One thread.
/// Views and texts it gives live until the next change or the next question about another profile.
class profile_store {
public:
  /// Reads what `where` holds. `where` must outlive the store.
  static model::outcome<std::unique_ptr<profile_store>> open(environment& where, names& table);
  ~profile_store();

  [[nodiscard]] std::uint32_t profiles() const {
    return profiles_;
  }
  [[nodiscard]] std::uint32_t blocks() const;
  [[nodiscard]] bool is_alive(std::uint32_t profile) const;

  // --- changes; `sequence` is the log record that brings them

  /// Gives out the next number.
  std::uint32_t create();
  /// The event as views show it, or nothing: the profile has an event of this metric with this id
  /// already and nothing changed (S2). An empty id is the time in whole seconds.
  std::optional<model::event_view> add_event(std::uint32_t profile, std::uint32_t metric,
                                             std::int64_t time, double value,
                                             std::string_view unique_id,
                                             std::span<const new_property> properties,
                                             std::uint64_t sequence);
  void set_attribute(std::uint32_t profile, std::uint32_t attribute, model::value_view value,
                     std::uint64_t sequence);
  /// Forgets everything about the profile and its number is dead.
  void erase(std::uint32_t profile, std::uint64_t sequence);
  /// The same after a crash: the number is dead; `drop_data`: the columns do not know yet.
  void erase_again(std::uint32_t profile, std::uint64_t sequence, bool drop_data);

  // --- questions

  [[nodiscard]] model::value_view attribute(std::uint32_t profile, std::uint32_t attribute) const;
  [[nodiscard]] const model::profile_view& view(std::uint32_t profile) const;
  [[nodiscard]] const model::block_view& block(std::uint32_t block) const;
  /// The event's id in text, also where it came without one.
  [[nodiscard]] std::string unique_id(std::uint32_t profile, std::uint32_t metric,
                                      const model::event_view& event) const;
  [[nodiscard]] std::vector<new_property> properties(std::uint32_t profile, std::uint32_t metric,
                                                     const model::event_view& event) const;
  /// Properties that some event of a metric has in the columns of a block, ascending.
  [[nodiscard]] std::span<const std::uint32_t> event_properties(std::uint32_t block,
                                                                std::uint32_t metric) const;
  /// Events of a metric in all blocks and the delta, people who have one, and the sum of values in
  /// profile order.
  struct metric_sums {
    std::uint64_t events = 0;
    std::uint64_t profiles = 0;
    double value_sum = 0;
  };
  [[nodiscard]] metric_sums sums(std::uint32_t metric) const;

  // --- delta and merging

  [[nodiscard]] std::uint64_t delta_bytes() const;
  [[nodiscard]] std::uint64_t delta_records() const;
  /// Blocks with a delta, ascending.
  [[nodiscard]] std::vector<std::uint32_t> dirty_blocks() const;
  /// The log record up to which a block's columns are complete.
  [[nodiscard]] std::uint64_t merged_up_to(std::uint32_t block) const;
  /// The first log record that some delta still needs; nothing = none is needed.
  [[nodiscard]] std::optional<std::uint64_t> first_unmerged() const;
  /// Writes the block's delta into its columns, as of log record `sequence`.
  model::status merge_block(write_transaction& to, std::uint32_t block, std::uint64_t sequence);
  /// After the commit: the delta of these blocks is in the columns now.
  void merged(std::span<const std::uint32_t> blocks, std::uint64_t sequence);
  /// Writes the count of numbers and who is alive, as of `sequence`.
  model::status store_profiles(write_transaction& to, std::uint64_t sequence);
  /// Log record up to which `store_profiles` was done when the store was opened; later ones must be
  /// applied again.
  [[nodiscard]] std::uint64_t profiles_stored_up_to() const {
    return profiles_stored_up_to_;
  }
  /// Reads from the newest commit from here on; from the one before when that cannot be had.
  void renew();

  /// Verifies checksums and values of every block; one line per fault.
  [[nodiscard]] std::vector<std::string> check() const;

private:
  class profile_reader;
  class block_reader;
  struct block_cache;

  profile_store(environment& where, names& table);
  block_cache& cache_of(std::uint32_t block) const;
  template <class Column, class Opened>
  const Column* column_of(Opened& known, column_kind kind, std::uint32_t number,
                          std::uint32_t block) const;
  const event_block* events_of(std::uint32_t block, std::uint32_t metric) const;
  const attribute_block* attributes_of(std::uint32_t block, std::uint32_t attribute) const;
  delta_block& delta_of(std::uint32_t block, std::uint64_t sequence);
  [[nodiscard]] const delta_block* delta_at(std::uint32_t block) const;
  void set_alive(std::uint32_t profile, bool alive);

  environment& where_;
  names& names_;
  std::uint32_t profiles_ = 0;
  std::vector<std::uint64_t> alive_; // One bit a number, whole blocks.
  std::uint64_t profiles_stored_up_to_ = 0;
  std::vector<std::unique_ptr<delta_block>> deltas_; // By block; null = none.
  std::vector<std::uint64_t> merged_up_to_;          // By block.
  mutable std::optional<read_transaction> snapshot_;
  std::uint64_t snapshot_number_ = 1; // Which snapshot that is, counted.
  mutable std::vector<std::unique_ptr<block_cache>> caches_;
  std::unique_ptr<profile_reader> profile_reader_;
  std::unique_ptr<block_reader> block_reader_;
};

} // namespace storage
