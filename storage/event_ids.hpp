#pragma once

#include "model/history.hpp"
#include "storage/block_codec.hpp"
#include "storage/column_merge.hpp"
#include "storage/dictionary.hpp"
#include "storage/unique_id.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The column of unique ids inside event blocks; only their sources include this.
namespace storage {

struct new_event;

/// A template is kept as the text shape (one byte), digits (one byte), prefix.
struct unique_id_columns {
  dictionary_reader templates;
  model::coded_column codes; // Template of an event; never 0.
  model::integer_column high;
  model::integer_column low;

  const char* read(messages::UniqueIds::Reader from, std::uint64_t events);
  [[nodiscard]] const char* fault(std::uint32_t events) const;
  /// The shape, digits and prefix of an event's id.
  [[nodiscard]] split_id template_of(std::uint32_t event) const;
  /// The parts of an event's id; shape seconds has no number.
  [[nodiscard]] split_id at(std::uint32_t event) const;
  /// The first event in [from, to) with this id, those left out that are named by their time.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t from, std::uint32_t to,
                                                  const split_id& id) const;
};

/// Folds the ids of new events into the column.
class unique_id_merge {
public:
  /// `used`: one flag an old template code, or empty = all are used.
  unique_id_merge(const unique_id_columns* old, std::uint32_t old_events,
                  std::span<const new_event> added, std::span<const std::uint8_t> used);

  /// Bytes of the largest column, and words of all, for so many events.
  [[nodiscard]] std::uint64_t largest(std::uint64_t events) const;
  [[nodiscard]] std::uint64_t words(std::uint64_t events) const;
  void write(std::span<const run> runs, std::uint64_t events,
             messages::UniqueIds::Builder to) const;

private:
  struct parts {
    std::uint32_t template_number = 0;
    bool has_number = false;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
  };

  std::uint32_t template_number(const split_id& id);
  [[nodiscard]] std::uint8_t code_bytes() const;

  const unique_id_columns* old_;
  std::vector<parts> added_;
  std::deque<std::string> keys_; // What the collector's views point to.
  value_collector collector_;
  std::optional<dictionary_merge> templates_;
  integer_layout high_;
  integer_layout low_;
};

} // namespace storage
