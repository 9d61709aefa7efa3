#pragma once

#include "metrics/fold_order.hpp"
#include "metrics/value_table.hpp"
#include "model/history.hpp"
#include "segments/predicate.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Inside the folder only: events of one metric with their properties as numbers of a value table,
// from the columns of a block or from a profile's view.
namespace metrics {

class event_reader {
public:
  event_reader(std::string_view metric, model::name_binder& names, value_table& values)
    : metric_(names.metric(metric)), values_(&values) {
  }

  /// The slot of a property; the same for the same property.
  std::size_t slot_of(std::string_view property, model::name_binder& names);

  void turn_to_block(const model::block_view& block);
  /// The events of a row of the block that its columns tell the truth about.
  void turn_to_row(std::uint32_t row) {
    view_ = nullptr;
    if (columns_ == nullptr) {
      begin_ = size_ = 0;
      return;
    }
    begin_ = columns_->first[row];
    size_ = columns_->first[row + 1] - begin_;
  }
  void turn_to_profile(const model::profile_view& profile) {
    view_ = &profile;
    events_ = profile.events(metric_);
    size_ = static_cast<std::uint32_t>(events_.size());
  }
  [[nodiscard]] const model::event_columns* columns() const {
    return columns_;
  }
  /// Of the block.
  [[nodiscard]] const model::coded_column& column(std::size_t slot) const {
    return slots_[slot].column;
  }

  /// The code of an event of the row in one of the columns; not of a profile's view.
  [[nodiscard]] std::uint32_t code(std::uint32_t i, const model::coded_column& of) const {
    return of.code(begin_ + i);
  }
  [[nodiscard]] bool reads_columns() const {
    return view_ == nullptr;
  }

  // Of the row or profile: events 0 to size() - 1, in time order.
  [[nodiscard]] std::uint32_t size() const {
    return size_;
  }
  [[nodiscard]] std::int64_t time(std::uint32_t i) const {
    return view_ ? events_[i].time : columns_->times.at(begin_ + i);
  }
  /// NaN = none.
  [[nodiscard]] double value(std::uint32_t i) const {
    return view_ ? events_[i].value : columns_->values.at(begin_ + i);
  }
  /// Number in the value table of a code of the block's column.
  std::uint32_t number_of_code(std::size_t slot, std::uint32_t code) {
    auto& s = slots_[slot];
    if (s.column.dictionary == nullptr)
      return 0;
    auto& number = s.numbers[code];
    if (number == unknown)
      number = values_->number_of(s.column.dictionary->entry(code));
    return number;
  }
  /// Number in the value table.
  std::uint32_t property(std::uint32_t i, std::size_t slot) {
    auto& s = slots_[slot];
    if (view_)
      return values_->number_of(view_->property(metric_, events_[i], s.property));
    if (s.column.dictionary == nullptr)
      return 0;
    return number_of_code(slot, s.column.code(begin_ + i));
  }

private:
  static constexpr std::uint32_t unknown = UINT32_MAX;
  struct slot_state {
    std::uint32_t property = 0;
    model::coded_column column{};
    std::vector<std::uint32_t> numbers; // By code.
  };

  std::uint32_t metric_;
  value_table* values_;
  std::vector<slot_state> slots_;
  const model::event_columns* columns_ = nullptr;
  const model::profile_view* view_ = nullptr;
  std::span<const model::event_view> events_;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

/// The message that an event names, as numbers.
struct message_facts {
  message_owner owner = message_owner::campaign;
  std::uint32_t object = 0; // Value numbers of texts.
  std::uint32_t message = 0;
  std::uint32_t variation = 0;
  channel by = channel::any;
  friend bool operator==(const message_facts&, const message_facts&) = default;
};

/// Tells the message of events of one stream.
class message_reader {
public:
  static constexpr std::uint32_t none = UINT32_MAX;

  message_reader(event_reader& events, channel by, model::name_binder& names, value_table& values);
  /// Number in `known`, whose tuples are those of `facts_of`; none = the event names no campaign or
  /// flow.
  std::uint32_t message(std::uint32_t i, tuple_table& known);
  /// After the events have turned to a block: where one property alone tells the message, as
  /// `campaign_id` mostly does, each of its codes is looked up once.
  void turn_to_block();

  /// The slots of the properties that decide.
  [[nodiscard]] std::array<std::size_t, 5> slots() const {
    return {campaign_, flow_, message_, channel_, variation_};
  }

  static constexpr std::size_t tuple_width = 5;
  static message_facts facts_of(const std::uint32_t* tuple);

private:
  std::uint32_t look_up(std::uint32_t i, tuple_table& known);
  [[nodiscard]] channel channel_of(std::uint32_t number) const;

  event_reader& events_;
  value_table& values_;
  channel by_;
  std::size_t campaign_;
  std::size_t flow_;
  std::size_t message_;
  std::size_t channel_;
  std::size_t variation_;
  // What the last event named, and what that was.
  std::uint32_t last_[5] = {UINT32_MAX, 0, 0, 0, 0};
  std::uint32_t last_message_ = none;
  const model::coded_column* only_ = nullptr; // The one column that tells, of a block.
  std::vector<std::uint32_t> by_code_;        // Message, by its codes; plus one, 0 = not known yet.
};

/// Tests on properties or values of one stream's events, each value asked once.
class event_tests {
public:
  /// `where` as of fold_measure; what cannot be read passes nothing (readers refuse it before).
  event_tests(const std::string& where, event_reader& events, model::name_binder& names,
              const segments::zone& zone, std::int64_t now);
  bool pass(std::uint32_t i, event_reader& events, const value_table& values);
  [[nodiscard]] bool is_empty() const {
    return tests_.empty();
  }

private:
  struct test {
    std::size_t slot = 0;
    bool is_value = false;
    segments::predicate predicate;
    std::vector<std::int8_t> verdicts; // By value number; -1 = not asked yet.
  };
  [[nodiscard]] bool holds(const test& t, model::value_view v) const;

  std::vector<test> tests_;
  const segments::zone* zone_;
  std::int64_t now_;
};

} // namespace metrics
