#pragma once

#include "segments/predicate.hpp"
#include "segments/rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

/// The events of one profile and one metric, wherever they come from: a profile view or the columns
/// of a block. Both sources answer the same questions, so that one piece of code judges them.
namespace segments {

/// A filter on a property of an event.
struct event_test {
  std::size_t slot = 0;  // Index into event_selection::properties.
  bool is_value = false; // The event's own value instead.
  predicate test;
};

/// Events of a metric that pass tests, and the properties that somebody will look at.
struct event_selection {
  event_selection(const event_selector& selector, const compile_context& context);

  /// The slot of a property, bound now if it is new.
  std::size_t slot_of(std::string_view property, const compile_context& context);
  [[nodiscard]] event_test make_test(const event_filter& f, const compile_context& context);
  /// True when the event passes every test that does not depend on time.
  [[nodiscard]] bool may_pass(const model::profile_view& profile,
                              const model::event_view& event) const;
  [[nodiscard]] bool uses_profile_zone() const;

  std::uint32_t metric;
  std::vector<std::uint32_t> properties;
  std::vector<event_test> where;  // Tests that never change their answer.
  std::vector<event_test> moving; // Date tests against "now".
};

inline model::value_view number_or_unset(double value) {
  return std::isnan(value) ? model::value_view{}
                           : model::value_view{model::value_kind::number, value, {}};
}

/// Bit i = flag i, each 0 or 1.
inline std::uint64_t bits_of(const std::array<std::uint8_t, 64>& flags) {
  std::uint64_t bits = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, flags.data() + 8 * byte, sizeof eight);
    // Gathers the lowest bits of the eight bytes in the highest byte.
    bits |= (eight * 0x0102040810204080U >> 56) << (8 * byte);
  }
  return bits;
}

/// Rows of a block whose newest event is at or after an instant.
class rows_since {
public:
  /// `columns` may be null: then there are none.
  rows_since(const model::event_columns* columns, std::int64_t since);
  /// One bit for each row of a word of 64.
  std::uint64_t operator[](std::size_t word) const;

private:
  const model::event_columns* columns_; // Null: nobody.
  std::int64_t since_;
  std::span<const std::uint32_t> newest_;
  std::uint32_t least_ = 1; // Among newest_.
};

/// Events as a profile view gives them.
class profile_events {
public:
  profile_events(const model::profile_view& profile, const event_selection& selection)
    : profile_(&profile), selection_(&selection), events_(profile.events(selection.metric)) {
  }

  [[nodiscard]] std::size_t size() const {
    return events_.size();
  }
  [[nodiscard]] std::int64_t time(std::size_t i) const {
    return events_[i].time;
  }
  [[nodiscard]] double value(std::size_t i) const {
    return events_[i].value;
  }
  [[nodiscard]] model::value_view property(std::size_t i, std::size_t slot) const {
    return profile_->property(selection_->metric, events_[i], selection_->properties[slot]);
  }
  [[nodiscard]] bool has_tests() const {
    return !selection_->where.empty();
  }
  [[nodiscard]] bool passes(std::size_t i) const {
    for (const auto& t : selection_->where)
      if (!t.test.matches(t.is_value ? number_or_unset(value(i)) : property(i, t.slot)))
        return false;
    return true;
  }
  /// Writes the places of those of the events begin … end - 1 that pass; returns how many.
  std::size_t collect_passing(std::size_t begin, std::size_t end, std::uint32_t* out) const {
    std::size_t count = 0;
    for (std::size_t i = begin; i < end; ++i)
      if (passes(i))
        out[count++] = static_cast<std::uint32_t>(i);
    return count;
  }
  /// Writes the values of the events begin … end - 1.
  void copy_values(std::size_t begin, std::size_t end, double* out) const {
    for (std::size_t i = begin; i < end; ++i)
      *out++ = events_[i].value;
  }
  /// How many events are earlier than `t`.
  [[nodiscard]] std::size_t earlier_than(std::int64_t t) const {
    if (events_.empty() || events_.back().time < t)
      return events_.size();
    if (events_.front().time >= t)
      return 0;
    const auto at = std::partition_point(events_.begin(), events_.end(),
                                         [t](const model::event_view& e) { return e.time < t; });
    return static_cast<std::size_t>(at - events_.begin());
  }
  [[nodiscard]] const model::event_view& event(std::size_t i) const {
    return events_[i];
  }

private:
  const model::profile_view* profile_;
  const event_selection* selection_;
  std::span<const model::event_view> events_;
};

/// The columns of a block, with every test answered once per dictionary code.
class bound_columns {
public:
  /// `columns` may be null: nobody has events then.
  bound_columns(const model::event_columns* columns, const event_selection& selection);

  [[nodiscard]] const model::event_columns* columns() const {
    return columns_;
  }
  [[nodiscard]] bool has_tests() const {
    return !tests_.empty();
  }
  /// No event of this block can pass.
  [[nodiscard]] bool nothing_passes() const {
    return nothing_passes_;
  }
  [[nodiscard]] model::value_view property(std::size_t at, std::size_t slot) const {
    const auto& column = slots_[slot];
    const std::uint32_t code = column.dictionary == nullptr ? 0 : column.code(at);
    return code == 0 ? model::value_view{} : column.dictionary->entry(code);
  }
  [[nodiscard]] bool passes(std::size_t at) const {
    for (const auto& t : tests_) {
      if (t.test->is_value) {
        if (!t.test->test.matches(number_or_unset(columns_->values.at(at))))
          return false;
      } else if (t.passing.empty()) {
        if (!t.test->test.matches(property(at, t.test->slot)))
          return false;
      } else if (!t.code_passes(t.column.code(at))) {
        return false;
      }
    }
    return true;
  }

  /// Calls `visit` with what tells whether the event at a place passes, as quick as it can be told.
  template <class Visit>
  void with_passes(const Visit& visit) const {
    if (tests_.size() == 1 && !tests_[0].passing.empty()) {
      const auto look_up = [&, &test = tests_[0]]<class Code>(const Code* codes) {
        visit([&test, codes](std::size_t at) { return test.code_passes(codes[at]); });
      };
      const auto* codes = tests_[0].column.codes;
      switch (tests_[0].column.width) {
      case 1:
        return look_up(reinterpret_cast<const std::uint8_t*>(codes));
      case 2:
        return look_up(reinterpret_cast<const std::uint16_t*>(codes));
      case 4:
        return look_up(reinterpret_cast<const std::uint32_t*>(codes));
      default:
        break;
      }
    }
    visit([this](std::size_t at) { return passes(at); });
  }

  /// Calls `visit(codes, table)`, of which table[codes[at]] is 1 for events that pass and 0 for
  /// others. False, with nothing done: there is no such table, or it would be large.
  template <class Visit>
  bool with_table(const Visit& visit) const {
    constexpr std::size_t codes_max = 1'024;
    if (tests_.size() != 1 || tests_[0].passing.empty() || tests_[0].passing.size() > codes_max)
      return false;
    const auto& test = tests_[0];
    if (!std::exchange(all_asked_, true))
      test.ask_all();
    switch (test.column.width) {
    case 1:
      visit(reinterpret_cast<const std::uint8_t*>(test.column.codes), test.passing.data());
      return true;
    case 2:
      visit(reinterpret_cast<const std::uint16_t*>(test.column.codes), test.passing.data());
      return true;
    default:
      return false;
    }
  }

  [[nodiscard]] const model::coded_column& column(std::size_t slot) const {
    return slots_[slot];
  }

  /// Writes `at - origin` of those of the events begin … end - 1 that pass; returns how many.
  std::size_t collect_passing(std::size_t begin, std::size_t end, std::size_t origin,
                              std::uint32_t* out) const;
  void copy_values(std::size_t begin, std::size_t end, double* out) const;

private:
  struct bound_test {
    static constexpr std::uint8_t not_asked = 2;

    const event_test* test;
    model::coded_column column;
    // By code: 0, 1 or `not_asked`, which many never are. Empty = too many codes, ask the test.
    mutable std::vector<std::uint8_t> passing;

    [[nodiscard]] bool code_passes(std::uint32_t code) const {
      const auto known = passing[code];
      return known == not_asked ? ask(code) : known != 0;
    }
    [[nodiscard]] bool ask(std::uint32_t code) const;
    void ask_all() const {
      for (std::uint32_t code = 0; code < passing.size(); ++code)
        static_cast<void>(code_passes(code));
    }
  };

  const model::event_columns* columns_;
  std::vector<model::coded_column> slots_;
  std::vector<bound_test> tests_;  // Those that tell events apart.
  mutable bool all_asked_ = false; // About the codes of the first test.
  bool nothing_passes_ = false;
};

/// Events of one row of a block.
class column_events {
public:
  column_events(const bound_columns& bound, std::uint32_t row) : bound_(&bound) {
    if (const auto* columns = bound.columns()) {
      begin_ = columns->first[row];
      size_ = columns->first[row + 1] - columns->first[row];
    }
  }

  [[nodiscard]] std::size_t size() const {
    return size_;
  }
  [[nodiscard]] std::int64_t time(std::size_t i) const {
    return bound_->columns()->times.at(begin_ + i);
  }
  [[nodiscard]] double value(std::size_t i) const {
    return bound_->columns()->values.at(begin_ + i);
  }
  [[nodiscard]] model::value_view property(std::size_t i, std::size_t slot) const {
    return bound_->property(begin_ + i, slot);
  }
  /// The column of a property when its codes tell values apart, else null.
  [[nodiscard]] const model::coded_column* distinct_codes(std::size_t slot) const {
    if (bound_->columns() == nullptr)
      return nullptr;
    const auto& column = bound_->column(slot);
    return column.dictionary != nullptr && column.dictionary->is_distinct() ? &column : nullptr;
  }
  /// Where event 0 stands in the columns.
  [[nodiscard]] std::size_t begin() const {
    return begin_;
  }
  [[nodiscard]] bool has_tests() const {
    return bound_->has_tests() || bound_->nothing_passes();
  }
  [[nodiscard]] bool passes(std::size_t i) const {
    return !bound_->nothing_passes() && bound_->passes(begin_ + i);
  }
  std::size_t collect_passing(std::size_t begin, std::size_t end, std::uint32_t* out) const {
    return bound_->nothing_passes()
           ? 0
           : bound_->collect_passing(begin_ + begin, begin_ + end, begin_, out);
  }
  void copy_values(std::size_t begin, std::size_t end, double* out) const {
    bound_->copy_values(begin_ + begin, begin_ + end, out);
  }
  [[nodiscard]] std::size_t earlier_than(std::int64_t t) const {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (time(middle) < t)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

private:
  const bound_columns* bound_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

/// Counts the different codes among many, of one dictionary after another, without clearing a table
/// for each.
class code_counter {
public:
  /// Codes are at most `codes_max`. Code 0 is not counted.
  void start(std::uint32_t codes_max) {
    if (seen_.size() <= codes_max)
      seen_.resize(std::size_t{codes_max} + 1, 0);
    if (++turn_ == 0) {
      std::fill(seen_.begin(), seen_.end(), 0);
      turn_ = 1;
    }
    seen_[0] = turn_;
    different_ = 0;
  }
  void add(std::uint32_t code) {
    different_ += seen_[code] != turn_ ? 1 : 0;
    seen_[code] = turn_;
  }
  [[nodiscard]] std::size_t different() const {
    return different_;
  }

private:
  std::vector<std::uint32_t> seen_; // By code: the turn in which it came last.
  std::uint32_t turn_ = 0;
  std::size_t different_ = 0;
};

/// Whether event `i` passes the tests that depend on time, and until when.
template <class Source>
standing stands(const Source& events, std::size_t i, const std::vector<event_test>& tests,
                std::int64_t now, const zone& in) {
  standing all{true, never};
  for (const auto& t : tests) {
    const auto v = t.is_value ? number_or_unset(events.value(i)) : events.property(i, t.slot);
    const auto s = t.test.test(v, now, in);
    if (s.is_never_inside())
      return s;
    all.inside = all.inside && s.inside;
    all.next = std::min(all.next, s.next);
  }
  return all;
}

/// The zones of the rows of a block, for windows in the zone "profile".
class row_zones {
public:
  /// `zone_attribute` is null when no filter asks for the profile's zone.
  row_zones(const model::block_view& block, const std::uint32_t* zone_attribute,
            const zone& account)
    : account_(&account) {
    if (zone_attribute == nullptr)
      return;
    column_ = block.attribute(*zone_attribute);
    known_.assign(column_.dictionary == nullptr ? 0 : std::size_t{column_.dictionary->size()} + 1,
                  nullptr);
  }
  [[nodiscard]] const zone& of(std::uint32_t row) {
    const std::uint32_t code = known_.empty() ? 0 : column_.code(row);
    if (code == 0)
      return *account_;
    if (known_[code] == nullptr)
      known_[code] = &zone_of(column_.dictionary->entry(code), *account_);
    return *known_[code];
  }

private:
  const zone* account_;
  model::coded_column column_;
  std::vector<const zone*> known_;
};

} // namespace segments
