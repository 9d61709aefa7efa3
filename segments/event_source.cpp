#include "segments/event_source.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace segments {

namespace {

// A table of answers pays while it has not many more entries than there are events to ask about.
constexpr std::size_t table_slack = 1'024;

/// Without a branch per event: people's events pass and fail in no order that could be foreseen.
template <class Code>
std::size_t collect(const std::byte* codes, const std::uint8_t* passing, std::size_t begin,
                    std::size_t end, std::size_t origin, std::uint32_t* out) {
  const auto* of = reinterpret_cast<const Code*>(codes);
  std::size_t count = 0;
  for (std::size_t at = begin; at < end; ++at) {
    out[count] = static_cast<std::uint32_t>(at - origin);
    count += passing[of[at]];
  }
  return count;
}

/// Without a branch: who was active lately follows no pattern. Of no type: all times are late
/// enough.
template <class Raw>
std::uint64_t active_rows(const model::event_columns& columns, std::size_t word,
                          std::int64_t since) {
  const auto* raws = reinterpret_cast<const Raw*>(columns.times.raws);
  const auto* first_of = columns.first.data() + 64 * word;
  const auto rows = std::min<std::size_t>(64, columns.first.size() - 1 - 64 * word);
  std::array<std::uint8_t, 64> active{};
  for (std::size_t i = 0; i < rows; ++i) {
    const auto end = first_of[i + 1];
    bool is_late = true;
    if constexpr (!std::is_void_v<Raw>) {
      // Of a row without events this is some other row's, and does not count.
      const auto last = static_cast<std::int64_t>(raws[end - (end != 0 ? 1 : 0)]);
      is_late = columns.times.base + columns.times.scale * last >= since;
    }
    active[i] = static_cast<std::uint8_t>((first_of[i] != end) & is_late);
  }
  return bits_of(active);
}

/// What number_column::at says, for many.
template <class Raw>
void decode(const model::number_column& column, std::size_t begin, std::size_t end, double* out) {
  const auto* raws = reinterpret_cast<const Raw*>(column.integers.raws);
  const auto none = static_cast<Raw>(~Raw{0});
  for (std::size_t at = begin; at < end; ++at) {
    const double number = static_cast<double>(column.integers.base
                                              + column.integers.scale
                                                  * static_cast<std::int64_t>(raws[at]))
                        / column.divisor;
    *out++ = column.has_none && raws[at] == none ? model::no_value : number;
  }
}

} // namespace

rows_since::rows_since(const model::event_columns* columns, std::int64_t since)
  : columns_(columns), since_(since) {
  if (columns == nullptr || columns->first.back() == 0 || since > never) {
    columns_ = nullptr;
    return;
  }
  newest_ = columns->newest();
  if (newest_.empty())
    return;
  // base + scale * raw >= since, that is raw >= (since - base) / scale rounded up.
  const auto& times = columns->times;
  std::uint64_t least = 0;
  if (since > times.base) {
    const auto scale = static_cast<std::uint64_t>(times.scale);
    least = (static_cast<std::uint64_t>(since) - static_cast<std::uint64_t>(times.base) + scale - 1)
          / scale;
  }
  if (least >= *std::ranges::max_element(newest_))
    columns_ = nullptr;
  else
    least_ = static_cast<std::uint32_t>(least) + 1;
}

std::uint64_t rows_since::operator[](std::size_t word) const {
  if (columns_ == nullptr)
    return 0;
  if (!newest_.empty()) {
    const auto rows = newest_.subspan(64 * word,
                                      std::min<std::size_t>(64, newest_.size() - 64 * word));
    std::array<std::uint8_t, 64> active{};
    for (std::size_t i = 0; i < rows.size(); ++i)
      active[i] = rows[i] >= least_ ? 1 : 0;
    return bits_of(active);
  }
  switch (columns_->times.width) {
  case 1:
    return active_rows<std::uint8_t>(*columns_, word, since_);
  case 2:
    return active_rows<std::uint16_t>(*columns_, word, since_);
  case 4:
    return active_rows<std::uint32_t>(*columns_, word, since_);
  case 8:
    return active_rows<std::uint64_t>(*columns_, word, since_);
  default: // All are at one time.
    return columns_->times.base < since_ ? 0 : active_rows<void>(*columns_, word, since_);
  }
}

bool bound_columns::bound_test::ask(std::uint32_t code) const {
  const bool does = test->test.matches(code == 0 ? model::value_view{}
                                                 : column.dictionary->entry(code));
  passing[code] = does ? 1 : 0;
  return does;
}

event_selection::event_selection(const event_selector& selector, const compile_context& context)
  : metric(context.names.metric(selector.metric)) {
  for (const auto& f : selector.where) {
    auto made = make_test(f, context);
    (made.test.moves() || made.test.uses_profile_zone() || made.test.is_date() ? moving : where)
      .push_back(std::move(made));
  }
}

std::size_t event_selection::slot_of(std::string_view property, const compile_context& context) {
  const std::uint32_t number = context.names.event_property(property);
  const auto known = std::find(properties.begin(), properties.end(), number);
  if (known != properties.end())
    return static_cast<std::size_t>(known - properties.begin());
  properties.push_back(number);
  return properties.size() - 1;
}

event_test event_selection::make_test(const event_filter& f, const compile_context& context) {
  const bool is_value = f.property == "$value";
  return {is_value ? 0 : slot_of(f.property, context), is_value,
          predicate{f.test, context.account_zone}};
}

bool event_selection::may_pass(const model::profile_view& profile,
                               const model::event_view& event) const {
  return std::all_of(where.begin(), where.end(), [&](const event_test& t) {
    return t.test.matches(t.is_value ? number_or_unset(event.value)
                                     : profile.property(metric, event, properties[t.slot]));
  });
}

bool event_selection::uses_profile_zone() const {
  return std::any_of(moving.begin(), moving.end(),
                     [](const event_test& t) { return t.test.uses_profile_zone(); });
}

bound_columns::bound_columns(const model::event_columns* columns, const event_selection& selection)
  : columns_(columns) {
  if (columns == nullptr)
    return;
  for (const std::uint32_t property : selection.properties) {
    slots_.push_back(columns->property(property));
    if (slots_.back().dictionary == nullptr)
      slots_.back() = {};
  }
  const std::size_t events = columns->first.empty() ? 0 : columns->first.back();
  for (const auto& t : selection.where) {
    if (t.is_value) {
      tests_.push_back({&t, {}, {}});
      continue;
    }
    const auto& column = slots_[t.slot];
    if (column.width == 0) {
      nothing_passes_ = nothing_passes_ || !t.test.matches(property(0, t.slot));
      continue;
    }
    bound_test made{&t, column, {}};
    const std::size_t codes = std::size_t{column.dictionary->size()} + 1;
    if (codes <= events + table_slack)
      made.passing.assign(codes, bound_test::not_asked);
    tests_.push_back(std::move(made));
  }
}

std::size_t bound_columns::collect_passing(std::size_t begin, std::size_t end, std::size_t origin,
                                           std::uint32_t* out) const {
  if (tests_.size() == 1 && !tests_[0].passing.empty()) {
    const auto& t = tests_[0];
    if (!std::exchange(all_asked_, true))
      t.ask_all();
    switch (t.column.width) {
    case 1:
      return collect<std::uint8_t>(t.column.codes, t.passing.data(), begin, end, origin, out);
    case 2:
      return collect<std::uint16_t>(t.column.codes, t.passing.data(), begin, end, origin, out);
    case 4:
      return collect<std::uint32_t>(t.column.codes, t.passing.data(), begin, end, origin, out);
    default:
      break;
    }
  }
  std::size_t count = 0;
  for (std::size_t at = begin; at < end; ++at)
    if (passes(at))
      out[count++] = static_cast<std::uint32_t>(at - origin);
  return count;
}

void bound_columns::copy_values(std::size_t begin, std::size_t end, double* out) const {
  if (columns_ == nullptr)
    return;
  const auto& values = columns_->values;
  if (!values.all_none && values.doubles == nullptr) {
    switch (values.integers.width) {
    case 1:
      return decode<std::uint8_t>(values, begin, end, out);
    case 2:
      return decode<std::uint16_t>(values, begin, end, out);
    case 4:
      return decode<std::uint32_t>(values, begin, end, out);
    case 8:
      return decode<std::uint64_t>(values, begin, end, out);
    default:
      break;
    }
  }
  for (std::size_t at = begin; at < end; ++at)
    *out++ = values.at(at);
}

} // namespace segments
