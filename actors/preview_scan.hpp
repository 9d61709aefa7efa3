#pragma once

#include "model/history.hpp"
#include "model/instant.hpp"
#include "segments/definition.hpp"
#include "segments/evaluate.hpp"
#include "storage/profile_store.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace actors {

/// Finds the members of a definition that nobody has saved, block by block, while changes go on.
/// Rows that change after their block was read are asked again at the end, so the answer is true at
/// that moment.
class preview_scan {
public:
  using compiled_criteria = std::vector<std::shared_ptr<const segments::compiled_criterion>>;

  /// `compiled` has one entry for each criterion of `rule`, in its order.
  preview_scan(segments::definition rule, compiled_criteria compiled, model::instant at);

  /// Reads blocks until `end`, at least one; true = all are read.
  bool go_on(const storage::profile_store& people, std::chrono::steady_clock::time_point end);
  /// The profile was changed, made or erased.
  void changed(std::uint32_t profile);
  /// The members as bits by number. Only after `go_on` was true.
  const std::vector<std::uint64_t>& bits(const storage::profile_store& people);
  /// The members by number, ascending. Only after `go_on` was true.
  std::vector<std::uint32_t> members(const storage::profile_store& people);

private:
  void read(std::uint32_t block, const model::block_view& view);

  segments::definition rule_;
  compiled_criteria compiled_;
  std::int64_t at_;
  std::uint32_t next_block_ = 0;
  std::vector<std::uint64_t> bits_;               // By profile, of the blocks that were read.
  std::vector<std::uint32_t> changed_;            // In blocks that were read before.
  std::vector<std::vector<std::uint64_t>> words_; // Scratch: a block's bits by criterion.
  std::vector<segments::compiled_criterion::due_row> due_; // Scratch, empty.
};

} // namespace actors
