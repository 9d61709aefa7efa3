#pragma once

#include "model/history.hpp"
#include "model/outcome.hpp"
#include "storage/dictionary.hpp"
#include "storage/words.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace storage {

/// One attribute of the profiles of one block, read where it lies (see messages/block.capnp). Keeps
/// pointers into the words it was opened on: they must outlive it.
class attribute_block {
public:
  /// Checks sizes, in debug builds the checksum too. Failure: storage_broken.
  static model::outcome<attribute_block> open(words_view words);

  /// Checksum and every single value. Failure: storage_broken.
  [[nodiscard]] model::status validate() const;

  [[nodiscard]] std::uint32_t rows() const {
    return rows_;
  }
  /// The log is folded in up to here.
  [[nodiscard]] std::uint64_t applied_sequence() const {
    return applied_sequence_;
  }
  [[nodiscard]] const model::coded_column& column() const {
    return column_;
  }
  [[nodiscard]] const dictionary_reader& dictionary() const {
    return *dictionary_;
  }
  /// Unset for rows that the block does not cover.
  [[nodiscard]] model::value_view value(std::uint32_t row) const {
    const auto code = row < rows_ ? column_.code(row) : 0;
    return code == 0 ? model::value_view{} : column_.dictionary->entry(code);
  }
  /// True when some row is set.
  [[nodiscard]] bool any() const {
    return column_.dictionary != nullptr && column_.dictionary->size() != 0;
  }

private:
  attribute_block() = default;

  words_view words_;
  std::uint32_t rows_ = 0;
  std::uint64_t applied_sequence_ = 0;
  std::unique_ptr<dictionary_reader> dictionary_;
  model::coded_column column_{};
};

struct new_value {
  std::uint32_t row = 0;
  model::value_view value{}; // Unset clears.
};

/// The old block with the new values written over it, in order: the last one of a row counts. `old`
/// null = none. `rows` as in merge_events. Values that no row has any more are gone from the
/// dictionary. Failure: invalid_input when the values outgrow 512 MiB.
model::outcome<std::vector<word>> merge_attributes(const attribute_block* old, std::uint32_t rows,
                                                   std::span<const new_value> written,
                                                   std::uint64_t applied_sequence);

} // namespace storage
