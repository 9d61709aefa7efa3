#pragma once

#include "model/history.hpp"
#include "model/outcome.hpp"
#include "storage/dictionary.hpp"
#include "storage/unique_id.hpp"
#include "storage/words.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

struct unique_id_columns;

/// One metric's events of the profiles of one block, as columns, read where they lie (see
/// messages/block.capnp). Keeps pointers into the words it was opened on: they must outlive it (the
/// read transaction that gave them).
class event_block final : public model::event_columns {
public:
  /// Checks that every column is as long as it must be (a few hundred nanoseconds), in debug builds
  /// the checksum too. Failure: storage_broken.
  static model::outcome<event_block> open(words_view words);

  event_block(event_block&&) noexcept;
  event_block& operator=(event_block&&) noexcept;
  ~event_block() override;

  /// Checksum and every single value: afterwards nothing in here can make a reader leave the block.
  /// Failure: storage_broken.
  [[nodiscard]] model::status validate() const;

  [[nodiscard]] std::uint32_t rows() const {
    return static_cast<std::uint32_t>(first.size()) - 1;
  }
  /// How many events there are.
  [[nodiscard]] std::uint32_t size() const {
    return first.back();
  }
  /// The log is folded in up to here.
  [[nodiscard]] std::uint64_t applied_sequence() const {
    return applied_sequence_;
  }

  /// The column of an event property; without dictionary when no event has it.
  [[nodiscard]] model::coded_column property(std::uint32_t event_property) const override;
  /// Worked out when it is first asked for, and kept: most questions about events are whether the
  /// newest one is new enough. Empty when few profiles have events.
  [[nodiscard]] std::span<const std::uint32_t> newest() const override;
  /// Every property that some event has, ascending.
  [[nodiscard]] std::span<const std::uint32_t> properties() const {
    return property_numbers_;
  }

  /// The id of an event, by its place (first[row] <= event < first[row + 1]).
  [[nodiscard]] std::string unique_id(std::uint32_t event) const;

  /// Finds a row's event by its id without decoding the others; about a nanosecond an event.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t row,
                                                  std::string_view unique_id) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t row,
                                                  const split_id& unique_id) const;

private:
  friend class event_merge;
  event_block();

  words_view words_;
  std::uint64_t applied_sequence_ = 0;
  std::vector<std::uint32_t> first_; // Backs `first` when the block keeps it in its sparse form.
  std::vector<std::uint32_t> property_numbers_;
  std::vector<model::coded_column> property_columns_;
  std::vector<dictionary_reader> dictionaries_;
  std::unique_ptr<unique_id_columns> ids_;
  mutable std::vector<std::uint32_t> newest_;
  mutable bool is_newest_known_ = false;
};

struct new_property {
  std::uint32_t property = 0;
  model::value_view value{};
};

/// An event to fold in. Everything it points to must live during the merge.
struct new_event {
  std::uint32_t row = 0;
  std::int64_t time = 0; // Milliseconds since 1970, from model::instant_min to instant_max.
  double value = model::no_value; // NaN = none.
  std::string_view unique_id{};   // Empty = its time in whole seconds.
  std::span<const new_property>
    properties{}; // The last one of a property counts; unset ones are skipped.
};

/// The old block's events without those of `dropped` rows (one bit a row; may be empty), and the
/// new ones: by row, by time, old before new at equal times. `old` null = none. `rows`: how many
/// profiles the new block covers, not fewer than the old one. `added` is sorted by row, then time,
/// then arrival, and rows may have both dropped old and added new events. Values that only dropped
/// rows used are gone from the dictionaries too. Failure: invalid_input when a column would outgrow
/// 512 MiB.
model::outcome<std::vector<word>> merge_events(const event_block* old, std::uint32_t rows,
                                               std::span<const new_event> added,
                                               std::span<const std::uint64_t> dropped,
                                               std::uint64_t applied_sequence);

} // namespace storage
