#pragma once

#include "segments/code_bits.hpp"
#include "segments/code_instants.hpp"
#include "segments/date_window.hpp"
#include "segments/rule.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace segments {

/// A criterion that looks at a few attributes of a profile and at nothing else. Heirs say what they
/// think of the values; this class fetches them, one profile or a block of codes at a time.
class attribute_rule : public rule {
public:
  [[nodiscard]] verdict evaluate(const model::profile_view& profile,
                                 std::int64_t now) const override;
  void scan(const model::block_view& block, std::int64_t now, std::int64_t until,
            std::span<std::uint64_t> holds, std::vector<due_row>& due) const override;
  [[nodiscard]] bool concerns(const model::profile_view&, std::uint32_t,
                              const model::event_view&) const override {
    return false;
  }
  void gather(const model::profile_view& profile, std::int64_t now, evidence& e) const override;

protected:
  /// A person's values in the order of `look_at`, fetched when they are asked for: most people are
  /// told by the first.
  class values {
  public:
    virtual model::value_view operator[](std::size_t i) const = 0;
    /// The instant that the value at place `i` names, milliseconds; nothing when it names none.
    [[nodiscard]] virtual std::optional<std::int64_t> instant(std::size_t i) const;

  protected:
    ~values() = default;
  };

  /// Binds `path` and returns its place among the values.
  std::size_t look_at(std::string path, model::name_binder& names);
  void set_moves(bool moves) {
    depends_on_time_ = moves;
  }
  /// How many values `judge` may ask for.
  [[nodiscard]] std::size_t looked_at() const {
    return paths_.size();
  }
  /// The verdict about values in the order of `look_at`. Depends on nothing but the moment and the
  /// values that it asks for.
  [[nodiscard]] virtual verdict judge(const values& v, moment& at) const = 0;
  struct code_verdicts {
    std::span<std::uint8_t> holds;      // 0 or 1, by code - 1.
    std::span<std::int64_t> next_flips; // `never`, or empty when the rule does not move.
  };
  /// The same for every value of a dictionary at once, when the rule looks at one attribute only.
  /// False, with nothing done: ask `judge`.
  virtual bool judge_all(const model::value_dictionary&, std::int64_t, const code_verdicts&) const {
    return false;
  }

  /// A rule that says of each value only whether its instant lies in a window.
  struct window_question {
    date_window::fixed window; // An interval.
    code_instants instants;
    bool holds_inside = true; // False: the rule holds for everybody else, who has none included.
  };
  /// Nothing: ask `judge_all`. Of rules that look at one attribute.
  [[nodiscard]] virtual std::optional<window_question> as_window(const model::value_dictionary&,
                                                                 std::int64_t) const {
    return std::nullopt;
  }

  /// Judges the living rows that the columns tell the truth about.
  virtual void scan_clean(const model::block_view& block, std::int64_t now,
                          const scan_result& result) const;

  using row_bits = std::vector<std::uint64_t>; // Words of 64 rows.
  /// Whether a column's values are few enough to be asked about one by one before its rows are.
  static bool is_asked_by_value(const model::coded_column& column, std::uint32_t rows);
  /// Writes which rows have a value at place `i` that `accepts(value)` accepts. False, with nothing
  /// done: too many values.
  template <class Accepts>
  bool rows_with(const model::block_view& block, std::size_t i, const Accepts& accepts,
                 row_bits& to) const {
    const auto column = column_at(block, i);
    const auto rows = block.profiles();
    if (!is_asked_by_value(column, rows))
      return false;
    const std::uint32_t codes = column.dictionary == nullptr ? 0 : column.dictionary->size();
    std::vector<std::uint8_t> accepted(std::size_t{codes} + 1);
    accepted[0] = accepts(model::value_view{}) ? 1 : 0;
    for (std::uint32_t code = 1; code <= codes; ++code)
      accepted[code] = accepts(column.dictionary->entry(code)) ? 1 : 0;
    bits_of_codes(column, rows, accepted, to);
    return true;
  }
  /// The column at place `i`; one without a dictionary has no value anywhere.
  [[nodiscard]] model::coded_column column_at(const model::block_view& block, std::size_t i) const;
  /// Judges these rows one by one by their columns. `judge` need only ask what is not yet known of
  /// them.
  using judgement = std::function<verdict(const values&, moment&)>;
  void judge_rows(const model::block_view& block, std::int64_t now, const row_bits& rows,
                  const scan_result& result, const judgement& judge) const;

private:
  struct source;
  class row_values;

  void scan_one(const model::block_view& block, std::int64_t now, const scan_result& result) const;
  static void scan_window(const block_rows& rows, const model::coded_column& column,
                          const window_question& asked, const scan_result& result);
  void scan_many(const model::block_view& block, std::int64_t now, const scan_result& result) const;

  std::vector<std::string> paths_; // Parallel to attributes().
};

} // namespace segments
