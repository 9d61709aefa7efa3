#include "storage/column_merge.hpp"
#include "storage/event_block.hpp"
#include "storage/event_ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace storage {

namespace {

constexpr std::int64_t integer_max = std::int64_t{1}
                                  << 53; // Doubles hold every integer up to here.
constexpr std::array<double, 3> divisors{1, 100, 1000};
constexpr std::int64_t no_integer = std::numeric_limits<std::int64_t>::min();

/// What becomes of the values.
struct number_layout {
  messages::NumberColumn::Form form = messages::NumberColumn::Form::ALL_NONE;
  double divisor = 1;
  integer_layout integers;
  std::vector<std::int64_t> added; // Of form integers; no_integer = none.
};

/// The integer that gives back v when divided by the divisor, or no_integer.
std::int64_t integer_of(double v, double divisor) {
  const double n = std::nearbyint(v * divisor);
  if (!(std::fabs(n) <= static_cast<double>(integer_max)) || n / divisor != v)
    return no_integer;
  return static_cast<std::int64_t>(n);
}

} // namespace

/// One merge: first everything is measured, then one piece of memory is filled, column by column.
class event_merge {
public:
  event_merge(const event_block* old, std::uint32_t rows, std::span<const new_event> added,
              std::span<const std::uint64_t> dropped)
    : old_(old), rows_(rows), added_(added), dropped_(dropped) {
  }

  model::outcome<std::vector<word>> block(std::uint64_t applied_sequence);

private:
  struct property_column {
    std::uint32_t number = 0;
    const model::coded_column* old = nullptr;
    const dictionary_reader* old_dictionary = nullptr;
    value_collector values;
    std::vector<std::uint32_t>
      added; // The collector's number of each new event, 0 = not set; empty: none is set.
    std::uint32_t added_set = 0;
    std::optional<dictionary_merge> dictionary;
    std::uint8_t width = 0;
  };

  [[nodiscard]] model::status check() const;
  [[nodiscard]] bool is_dropped(std::uint32_t row) const {
    return row / 64 < dropped_.size() && (dropped_[row / 64] >> (row % 64) & 1) != 0;
  }
  void plan_runs();
  void push(std::uint32_t from, std::uint32_t count, bool added);
  void interleave(std::uint32_t from, std::uint32_t to, std::size_t& next, std::size_t end);
  void plan_times();
  void plan_values();
  void collect_properties();
  void plan_property(property_column& c);
  property_column& column_of(std::uint32_t property);
  [[nodiscard]] std::vector<std::uint8_t> used_codes(const model::coded_column& c,
                                                     std::uint32_t size) const;

  [[nodiscard]] std::uint64_t value_bytes() const;
  void write_first(messages::EventBlock::Builder to) const;
  void write_times(messages::EventBlock::Builder to) const;
  void write_values(messages::NumberColumn::Builder to) const;
  void write_property(const property_column& c, messages::CodedColumn::Builder to) const;

  const event_block* old_; // Null when nothing of it stays.
  std::uint32_t rows_;
  std::span<const new_event> added_;
  std::span<const std::uint64_t> dropped_;

  std::vector<run> runs_;
  std::vector<std::uint32_t> first_;
  std::uint32_t events_ = 0;
  std::uint32_t rows_with_events_ = 0;
  std::uint32_t events_of_row_max_ = 0;
  bool some_dropped_ = false;
  integer_layout times_;
  number_layout values_;
  std::optional<unique_id_merge> ids_;
  std::deque<property_column> properties_;
  std::unordered_map<std::uint32_t, property_column*> by_number_;
};

model::status event_merge::check() const {
  const auto refuse = [](std::string what) {
    return model::failure{model::failure_code::invalid_input,
                          "cannot merge events into a block: " + what};
  };
  if (rows_ > block_rows_max || (old_ && rows_ < old_->rows()))
    return refuse(fmt::format("{} profiles are too many, or fewer than before", rows_));
  std::uint64_t events = old_ ? old_->size() : 0;
  if (events + added_.size() > std::numeric_limits<std::uint32_t>::max() / 2)
    return refuse("they are too many");
  for (std::size_t i = 0; i < added_.size(); ++i) {
    const auto& e = added_[i];
    if (e.row >= rows_)
      return refuse(fmt::format("profile {} is not in the block", e.row));
    if (e.time < model::to_ms(model::instant_min) || e.time > model::to_ms(model::instant_max))
      return refuse(fmt::format("the time {} ms is out of range", e.time));
    if (i != 0
        && (e.row < added_[i - 1].row
            || (e.row == added_[i - 1].row && e.time < added_[i - 1].time)))
      return refuse("they are not sorted by profile and time");
  }
  return model::nothing{};
}

void event_merge::push(std::uint32_t from, std::uint32_t count, bool added) {
  if (count == 0)
    return;
  events_ += count;
  if (!runs_.empty() && runs_.back().added == added
      && runs_.back().from + runs_.back().count == from)
    runs_.back().count += count;
  else
    runs_.push_back({from, count, added});
}

/// One row's old events [from, to) and its new ones [next, end): by time, old ones first.
void event_merge::interleave(std::uint32_t from, std::uint32_t to, std::size_t& next,
                             std::size_t end) {
  for (; next < end; ++next) {
    const auto time = added_[next].time;
    // New events are mostly the latest, so look from the end: at one place, then by halves.
    auto place = to;
    if (from != to && old_->times.at(to - 1) > time) {
      auto low = from;
      auto high = to - 1;
      while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (old_->times.at(middle) > time)
          high = middle;
        else
          low = middle + 1;
      }
      place = low;
    }
    push(from, place - from, false);
    from = place;
    push(static_cast<std::uint32_t>(next), 1, true);
  }
  push(from, to - from, false);
}

void event_merge::plan_runs() {
  first_.resize(std::size_t{rows_} + 1);
  std::size_t next = 0;
  const auto old_rows = old_ ? old_->rows() : 0;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    first_[row] = events_;
    auto from = row < old_rows ? old_->first[row] : 0;
    const auto to = row < old_rows ? old_->first[row + 1] : 0;
    if (from != to && is_dropped(row)) {
      some_dropped_ = true;
      from = to;
    }
    if (next < added_.size() && added_[next].row == row) {
      auto end = next + 1;
      while (end < added_.size() && added_[end].row == row)
        ++end;
      interleave(from, to, next, end);
    } else {
      push(from, to - from, false);
    }
    const auto here = events_ - first_[row];
    rows_with_events_ += here != 0 ? 1 : 0;
    events_of_row_max_ = std::max(events_of_row_max_, here);
  }
  first_[rows_] = events_;
  if (old_ && events_ == added_.size())
    old_ = nullptr; // Nothing of it stays.
}

void event_merge::plan_times() {
  integer_sides sides;
  // The scale divides every distance from some instant; 0 = all times are the same so far.
  std::uint64_t scale = 0;
  std::int64_t origin = 0;
  if (old_) {
    sides.old = &old_->times;
    sides.old_rows = old_->size();
    origin = old_->times.base;
    scale = old_->times.width == 0 ? 0 : static_cast<std::uint64_t>(old_->times.scale);
  } else if (!added_.empty()) {
    origin = added_.front().time;
  }
  for (const auto& e : added_) {
    sides.least = sides.any_added ? std::min(sides.least, e.time) : e.time;
    sides.most = sides.any_added ? std::max(sides.most, e.time) : e.time;
    sides.any_added = true;
    if (scale == 1)
      continue;
    const auto distance = static_cast<std::uint64_t>(e.time > origin ? e.time - origin
                                                                     : origin - e.time);
    if (scale == 0 || distance % scale != 0)
      scale = std::gcd(scale, distance);
  }
  sides.scale = scale == 0 ? 1 : scale;
  times_ = plan_integers(sides);
}

void event_merge::plan_values() {
  using form = messages::NumberColumn::Form;
  auto& v = values_;
  const auto* const old = old_ && !old_->values.all_none ? &old_->values : nullptr;
  bool any = false;
  bool has_none = old_ && (!old || old->has_none);
  std::size_t divisor = 0;
  bool integers = !old || !old->doubles;
  if (old && integers) {
    while (divisor < divisors.size() && divisors[divisor] != old->divisor)
      ++divisor;
    integers = divisor < divisors.size();
  }
  for (const auto& e : added_) {
    if (std::isnan(e.value)) {
      has_none = true;
      continue;
    }
    any = true;
    while (integers && integer_of(e.value, divisors[divisor]) == no_integer)
      integers = ++divisor < divisors.size();
  }
  if (!old && !any)
    return;
  v.form = form::DOUBLES;
  if (!integers)
    return;

  v.divisor = divisors[divisor];
  integer_sides sides;
  sides.has_none = has_none;
  if (old) {
    sides.old = &old->integers;
    sides.old_rows = old_->size();
    sides.old_has_none = old->has_none;
    sides.multiplier = static_cast<std::int64_t>(v.divisor / old->divisor);
    if (sides.multiplier != 1) {
      // Finer units make larger integers; beyond 2^53 they would lose digits.
      const auto& i = old->integers;
      const auto bound = integer_max / sides.multiplier;
      const auto reach = greatest_integer(sides);
      if (i.base < -bound || i.base > bound || reach > static_cast<std::uint64_t>(bound - i.base))
        return;
    }
  }
  v.added.reserve(added_.size());
  for (const auto& e : added_) {
    const auto n = std::isnan(e.value) ? no_integer : integer_of(e.value, v.divisor);
    v.added.push_back(n);
    if (n == no_integer) {
      if (!std::isnan(e.value))
        return; // It fitted into coarser units only.
      continue;
    }
    sides.least = sides.any_added ? std::min(sides.least, n) : n;
    sides.most = sides.any_added ? std::max(sides.most, n) : n;
    sides.any_added = true;
  }
  v.integers = plan_integers(sides);
  v.form = form::INTEGERS;
}

std::uint64_t event_merge::value_bytes() const {
  using form = messages::NumberColumn::Form;
  if (values_.form == form::ALL_NONE)
    return 0;
  const auto width = values_.form == form::DOUBLES ? sizeof(double) : values_.integers.width;
  return width * std::uint64_t{events_};
}

event_merge::property_column& event_merge::column_of(std::uint32_t property) {
  auto& place = by_number_[property];
  if (!place) {
    place = &properties_.emplace_back();
    place->number = property;
  }
  return *place;
}

void event_merge::collect_properties() {
  if (old_)
    for (std::size_t i = 0; i < old_->property_numbers_.size(); ++i) {
      auto& c = column_of(old_->property_numbers_[i]);
      c.old = &old_->property_columns_[i];
      c.old_dictionary = &old_->dictionaries_[i];
    }
  // Events of one metric mostly have the same properties in the same order.
  std::vector<property_column*> expected;
  for (std::size_t i = 0; i < added_.size(); ++i) {
    const auto properties = added_[i].properties;
    if (expected.size() < properties.size())
      expected.resize(properties.size());
    for (std::size_t p = 0; p < properties.size(); ++p) {
      const auto& entry = properties[p];
      if (!entry.value.is_set())
        continue;
      if (!expected[p] || expected[p]->number != entry.property)
        expected[p] = &column_of(entry.property);
      auto& c = *expected[p];
      if (c.added.empty())
        c.added.resize(added_.size());
      c.added_set += c.added[i] == 0 ? 1 : 0;
      c.added[i] = c.values.add(normalized(entry.value));
    }
  }
}

/// Which codes the staying rows have, one flag a code; empty when no row was dropped and so all may
/// be used.
std::vector<std::uint8_t> event_merge::used_codes(const model::coded_column& c,
                                                  std::uint32_t size) const {
  if (!some_dropped_)
    return {};
  std::vector<std::uint8_t> used(std::size_t{size} + 1);
  for (const auto& r : runs_)
    for (std::uint32_t i = 0; !r.added && i < r.count; ++i)
      used[c.code(r.from + i)] = 1;
  return used;
}

void event_merge::plan_property(property_column& c) {
  const auto used = c.old ? used_codes(*c.old, c.old_dictionary->size())
                          : std::vector<std::uint8_t>{};
  c.dictionary.emplace(c.old_dictionary, c.values, used);
  const bool old_set = !old_ || (c.old && c.old->width == 0 && c.old->constant != 0);
  const bool every = old_set && c.added_set == added_.size();
  c.width = c.dictionary->size() == 1 && every ? std::uint8_t{0} : code_width(c.dictionary->size());
}

void event_merge::write_first(messages::EventBlock::Builder to) const {
  const auto dense = sizeof(std::uint32_t) * first_.size();
  const auto width = code_width(events_of_row_max_);
  const auto sparse = std::size_t{rows_with_events_} * (sizeof(std::uint16_t) + width);
  // The dense form is read in place; the sparse one must save something for being expanded.
  if (sparse * 2 >= dense) {
    auto first = to.initFirst(static_cast<unsigned>(dense));
    std::memcpy(first.begin(), first_.data(), dense);
    return;
  }
  to.setSparseWidth(width);
  auto numbers = to.initSparseRows(
    static_cast<unsigned>(sizeof(std::uint16_t) * rows_with_events_));
  auto counts = to.initSparseCounts(width * rows_with_events_);
  auto* number = reinterpret_cast<std::uint16_t*>(numbers.begin());
  auto* count = counts.begin();
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const auto here = first_[row + 1] - first_[row];
    if (here == 0)
      continue;
    *number++ = static_cast<std::uint16_t>(row);
    std::memcpy(count, &here, width);
    count += width;
  }
}

void event_merge::write_times(messages::EventBlock::Builder to) const {
  auto times = to.initTimes();
  times.setBase(times_.base);
  times.setScale(static_cast<std::int64_t>(times_.scale));
  times.setWidth(times_.width);
  auto raws = times.initRaws(times_.width * events_);
  write_raws(times_, old_ ? &old_->times : nullptr, false, runs_,
             reinterpret_cast<std::byte*>(raws.begin()),
             [&](std::uint32_t i) { return times_.raw_of(added_[i].time); });
}

void event_merge::write_values(messages::NumberColumn::Builder to) const {
  using form = messages::NumberColumn::Form;
  to.setForm(values_.form);
  const auto* const old = old_ ? &old_->values : nullptr;
  if (values_.form == form::DOUBLES) {
    auto doubles = to.initDoubles(static_cast<unsigned>(sizeof(double) * events_));
    auto* const out = reinterpret_cast<double*>(doubles.begin());
    const auto added = [&](std::uint32_t i) {
      return added_[i].value == 0 ? 0.0 : added_[i].value;
    };
    if (old && old->doubles)
      copy_runs(runs_, out, old->doubles, added);
    else
      fill_runs(
        runs_, out, [&](std::uint32_t i) { return old->at(i); }, added);
  }
  if (values_.form != form::INTEGERS)
    return;
  const auto& layout = values_.integers;
  to.setDivisor(values_.divisor);
  to.setHasNone(layout.has_none);
  auto integers = to.initIntegers();
  integers.setBase(layout.base);
  integers.setWidth(layout.width);
  auto raws = integers.initRaws(layout.width * events_);
  const bool from_old = old && !old->all_none;
  write_raws(layout, from_old ? &old->integers : nullptr, from_old && old->has_none, runs_,
             reinterpret_cast<std::byte*>(raws.begin()), [&](std::uint32_t i) {
               const auto n = values_.added[i];
               return n == no_integer ? UINT64_MAX : layout.raw_of(n);
             });
}

void event_merge::write_property(const property_column& c,
                                 messages::CodedColumn::Builder to) const {
  to.setName(c.number);
  to.setWidth(c.width);
  write_dictionary(*c.dictionary, to.initDictionary());
  if (c.width == 0) {
    to.setConstant(1);
    return;
  }
  auto codes = to.initCodes(c.width * events_);
  const auto new_codes = c.dictionary->added_codes();
  write_codes(c.width, c.old, c.dictionary->old_codes(), runs_,
              reinterpret_cast<std::byte*>(codes.begin()),
              [&](std::uint32_t i) { return c.added.empty() ? 0 : new_codes[c.added[i]]; });
}

model::outcome<std::vector<word>> event_merge::block(std::uint64_t applied_sequence) {
  if (auto checked = check(); !checked)
    return checked.error();
  plan_runs();
  plan_times();
  plan_values();
  std::uint64_t words = 256 + words_for(sizeof(std::uint32_t) * first_.size())
                      + words_for(times_.width * std::uint64_t{events_}) + words_for(value_bytes());
  auto largest = std::max(times_.width * std::uint64_t{events_}, value_bytes());
  {
    const auto* const old_ids = old_ ? old_->ids_.get() : nullptr;
    const auto used = old_ids ? used_codes(old_ids->codes, old_ids->templates.size())
                              : std::vector<std::uint8_t>{};
    ids_.emplace(old_ids, old_ ? old_->size() : 0, added_, used);
    words += ids_->words(events_);
    largest = std::max(largest, ids_->largest(events_));
  }
  collect_properties();
  std::vector<property_column*> columns;
  for (auto& c : properties_) {
    plan_property(c);
    if (c.dictionary->size() == 0)
      continue; // Only dropped events had it.
    columns.push_back(&c);
    words += 32 + dictionary_words(*c.dictionary) + words_for(c.width * std::uint64_t{events_});
    largest = std::max(largest, c.dictionary->text_bytes());
  }
  if (largest > column_bytes_max || words > block_bytes_max / sizeof(word))
    return model::failure{model::failure_code::invalid_input,
                          fmt::format("cannot merge {} events into a block: {} bytes are more than "
                                      "one block holds",
                                      added_.size(), words * sizeof(word))};
  std::sort(columns.begin(), columns.end(),
            [](const auto* a, const auto* b) { return a->number < b->number; });

  block_builder message{words};
  auto root = message.initRoot<messages::EventBlock>();
  root.setAppliedSequence(applied_sequence);
  root.setRows(rows_);
  root.setEvents(events_);
  write_first(root);
  write_times(root);
  write_values(root.initValues());
  ids_->write(runs_, events_, root.initIds());
  auto properties = root.initProperties(static_cast<unsigned>(columns.size()));
  for (unsigned i = 0; i < columns.size(); ++i)
    write_property(*columns[i], properties[i]);
  return message.finish();
}

model::outcome<std::vector<word>> merge_events(const event_block* old, std::uint32_t rows,
                                               std::span<const new_event> added,
                                               std::span<const std::uint64_t> dropped,
                                               std::uint64_t applied_sequence) {
  return event_merge{old, rows, added, dropped}.block(applied_sequence);
}

} // namespace storage
