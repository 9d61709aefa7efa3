#include "storage/event_block.hpp"

#include "storage/block_codec.hpp"
#include "storage/column_merge.hpp"
#include "storage/event_ids.hpp"

#include <algorithm>
#include <utility>

namespace storage {

namespace {

constexpr std::string_view block_kind = "events";
// With fewer events a table by row takes more memory than it saves time.
constexpr std::uint32_t rows_per_event_max = 8;

/// Brings the sparse form of `first` into the form that readers want.
const char* expand_first(messages::EventBlock::Reader from, std::uint32_t rows,
                         std::uint32_t events, std::vector<std::uint32_t>& first) {
  const auto sparse_rows = from.getSparseRows();
  const auto counts = from.getSparseCounts();
  const auto width = from.getSparseWidth();
  const auto present = sparse_rows.size() / sizeof(std::uint16_t);
  if (width != 1 && width != 2 && width != 4)
    return "the counts of events have an unknown width";
  if (sparse_rows.size() % sizeof(std::uint16_t) != 0 || counts.size() != width * present)
    return "the counts of events have the wrong length";
  const auto* const numbers = reinterpret_cast<const std::uint16_t*>(sparse_rows.begin());
  const model::integer_column sizes{reinterpret_cast<const std::byte*>(counts.begin()), width};
  first.resize(std::size_t{rows} + 1);
  std::uint64_t sum = 0;
  std::uint32_t row = 0;
  for (std::size_t i = 0; i < present; ++i) {
    if (numbers[i] < row || numbers[i] >= rows)
      return "the profiles with events are out of order";
    while (row <= numbers[i])
      first[row++] = static_cast<std::uint32_t>(sum);
    sum += sizes.raw(i);
    if (sum > events)
      break;
  }
  if (sum != events)
    return "the counts of events do not add up";
  while (row <= rows)
    first[row++] = events;
  return nullptr;
}

} // namespace

event_block::event_block() = default;
event_block::event_block(event_block&&) noexcept = default;
event_block& event_block::operator=(event_block&&) noexcept = default;
event_block::~event_block() = default;

model::outcome<event_block> event_block::open(words_view words) {
  event_block b;
  b.words_ = words;
  b.ids_ = std::make_unique<unique_id_columns>();
  const auto read = [&](messages::EventBlock::Reader from) -> const char* {
    b.applied_sequence_ = from.getAppliedSequence();
    const auto rows = from.getRows();
    const auto events = from.getEvents();
    if (rows > block_rows_max)
      return "it has too many profiles";
    if (const auto first = from.getFirst(); first.size() != 0) {
      if (first.size() != sizeof(std::uint32_t) * (std::size_t{rows} + 1))
        return "the places of events have the wrong length";
      b.first = {reinterpret_cast<const std::uint32_t*>(first.begin()), std::size_t{rows} + 1};
      if (b.first.back() != events)
        return "the places of events do not add up";
    } else {
      if (const char* wrong = expand_first(from, rows, events, b.first_))
        return wrong;
      b.first = b.first_;
    }
    if (const char* wrong = read_integers(from.getTimes(), events, b.times))
      return wrong;
    if (const char* wrong = read_numbers(from.getValues(), events, b.values))
      return wrong;
    if (const char* wrong = b.ids_->read(from.getIds(), events))
      return wrong;
    const auto properties = from.getProperties();
    b.property_numbers_.reserve(properties.size());
    b.property_columns_.resize(properties.size());
    b.dictionaries_.resize(properties.size());
    for (unsigned i = 0; i < properties.size(); ++i) {
      const auto property = properties[i];
      if (i != 0 && property.getName() <= b.property_numbers_.back())
        return "the properties are out of order";
      b.property_numbers_.push_back(property.getName());
      if (const char* wrong = read_dictionary(property.getDictionary(), b.dictionaries_[i]))
        return wrong;
      auto& column = b.property_columns_[i];
      column.dictionary = &b.dictionaries_[i];
      if (const char* wrong = read_codes(property.getWidth(), property.getConstant(),
                                         property.getCodes(), events, column))
        return wrong;
    }
    return nullptr;
  };
  if (auto opened = read_block<messages::EventBlock>(words, block_kind, read); !opened)
    return opened.error();
  if (checks_on_open && !checksum_holds(words))
    return broken_block(block_kind, "its checksum does not hold");
  return b;
}

model::status event_block::validate() const {
  const auto wrong = [](std::string_view what) { return broken_block(block_kind, what); };
  if (!checksum_holds(words_))
    return wrong("its checksum does not hold");
  if (first[0] != 0 || !std::is_sorted(first.begin(), first.end()))
    return wrong("the places of events are out of order");
  if (!integers_hold(times, greatest_raw(times, size())))
    return wrong("a time is out of range");
  for (std::uint32_t row = 0; row < rows(); ++row)
    for (std::uint32_t i = first[row] + 1; i < first[row + 1]; ++i)
      if (times.raw(i) < times.raw(i - 1))
        return wrong("the events of a profile are out of order");
  if (!values.all_none && !values.doubles) {
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < size(); ++i) {
      const auto raw = values.integers.raw(i);
      if (!values.has_none || values.integers.width == 0 || raw != all_ones(values.integers.width))
        most = std::max(most, raw);
    }
    if (!integers_hold(values.integers, most))
      return wrong("a value is out of range");
  }
  if (const char* what = ids_->fault(size()))
    return wrong(what);
  for (std::size_t i = 0; i < property_columns_.size(); ++i) {
    if (const char* what = dictionaries_[i].fault())
      return wrong(what);
    if (!codes_within(property_columns_[i], size(), dictionaries_[i].size()))
      return wrong("a property has a value that its dictionary does not have");
  }
  return model::nothing{};
}

model::coded_column event_block::property(std::uint32_t event_property) const {
  const auto at = std::lower_bound(property_numbers_.begin(), property_numbers_.end(),
                                   event_property);
  if (at == property_numbers_.end() || *at != event_property)
    return {};
  return property_columns_[static_cast<std::size_t>(at - property_numbers_.begin())];
}

std::span<const std::uint32_t> event_block::newest() const {
  if (!std::exchange(is_newest_known_, true) && size() >= rows() / rows_per_event_max
      && times.scale >= 1 && times.width <= sizeof(std::uint32_t)
      && greatest_raw(times, size()) < UINT32_MAX) {
    newest_.resize(rows());
    for (std::uint32_t row = 0; row < rows(); ++row)
      if (first[row] != first[row + 1])
        newest_[row] = static_cast<std::uint32_t>(times.raw(first[row + 1] - 1)) + 1;
  }
  return newest_;
}

std::string event_block::unique_id(std::uint32_t event) const {
  const auto parts = ids_->at(event);
  return parts.shape == id_shape::seconds ? seconds_id(times.at(event)) : join(parts);
}

std::optional<std::uint32_t> event_block::find(std::uint32_t row,
                                               std::string_view unique_id) const {
  return find(row, split(unique_id));
}

std::optional<std::uint32_t> event_block::find(std::uint32_t row, const split_id& unique_id) const {
  if (row >= rows() || first[row] == first[row + 1])
    return std::nullopt;
  if (const auto at = ids_->find(first[row], first[row + 1], unique_id))
    return at;
  // An id that looks like a time may be that of an event that came without one.
  if (unique_id.shape != id_shape::decimal || unique_id.digits != 0 || unique_id.prefix.size() > 1)
    return std::nullopt;
  for (std::uint32_t i = first[row]; i < first[row + 1]; ++i)
    if (is_seconds_id(unique_id, times.at(i)) && ids_->template_of(i).shape == id_shape::seconds)
      return i;
  return std::nullopt;
}

} // namespace storage
