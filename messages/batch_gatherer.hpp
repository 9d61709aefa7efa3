#pragma once

#include "messages/name_table.hpp"
#include "model/change.hpp"

#include <vector>

namespace messages {

/// Puts batches together into one, in the order in which they come. Names that several pieces have
/// are written once, and are remembered from batch to batch.
class batch_gatherer {
public:
  /// From now on pieces go into `whole`, which must be empty and stay where it is.
  void begin(model::change_batch& whole);
  /// `piece` must hold together (model::holds_together), and the arena of the whole must stay below
  /// 4 GiB.
  void append(const model::change_batch& piece);

private:
  model::change_batch* whole_ = nullptr;
  name_table names_;
  std::vector<std::uint32_t> numbers_; // Of the piece's names in the whole.
};

} // namespace messages
