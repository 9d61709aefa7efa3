#pragma once

#include "actors/listing.hpp"
#include "model/history.hpp"
#include "model/limits.hpp"
#include "storage/profile_store.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace actors {

/// Reads everybody in a partition in slices while changes go on. What it reads is what there was
/// when it began: a profile that is about to change is read before it does.
class people_scan {
public:
  virtual ~people_scan() = default;
  people_scan(const people_scan&) = delete;
  people_scan& operator=(const people_scan&) = delete;

  /// Reads blocks until `end`, at least one; true = nothing is left to read.
  bool go_on(const storage::profile_store& people, std::chrono::steady_clock::time_point end);
  /// The profile is going to be changed or erased.
  void will_change(const storage::profile_store& people, std::uint32_t profile);
  /// Only after `go_on` was true; once.
  [[nodiscard]] virtual listing_answer answer(const storage::profile_store& people) = 0;

protected:
  /// One bit a row of a block.
  using row_bits = std::array<std::uint64_t, model::block_rows / 64>;

  /// Begins with the block of profile `from`.
  explicit people_scan(const storage::profile_store& people, std::uint32_t from = 0);

  /// Profile `first` stands in row 0. Of the rows in `wanted`, the columns tell everything.
  virtual void read_columns(const storage::profile_store& people, const model::block_view& columns,
                            std::uint32_t first, const row_bits& wanted) = 0;
  virtual void read_profile(const storage::profile_store& people, std::uint32_t profile) = 0;
  /// No profile from this number on can change the answer.
  [[nodiscard]] virtual bool is_decided(std::uint32_t /*from*/) const {
    return false;
  }

private:
  void read(const storage::profile_store& people, std::uint32_t block);

  std::uint32_t profiles_; // When it began.
  std::uint32_t next_block_;
  boost::unordered_flat_map<std::uint32_t, row_bits> early_; // Rows that were read, by block.
};

/// Calls `each(row)` for every bit that is set.
template <class Bits, class Each>
void each_row(const Bits& bits, const Each& each) {
  for (std::size_t word = 0; word < bits.size(); ++word)
    for (auto left = bits[word]; left != 0; left &= left - 1)
      each(static_cast<std::uint32_t>(word * 64)
           + static_cast<std::uint32_t>(std::countr_zero(left)));
}

} // namespace actors
