#include "segments/event_source.hpp"

#include <array>

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

std::uint64_t rows_with_events(const model::event_columns* columns, std::size_t word) {
  if (columns == nullptr)
    return 0;
  const auto* first_of = columns->first.data() + 64 * word;
  const auto rows = std::min<std::size_t>(64, columns->first.size() - 1 - 64 * word);
  std::array<std::uint8_t, 64> has{};
  for (std::size_t i = 0; i < rows; ++i)
    has[i] = first_of[i] != first_of[i + 1] ? 1 : 0;
  return bits_of(has);
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
    if (codes <= events + table_slack) {
      made.passing.resize(codes);
      made.passing[0] = t.test.matches({}) ? 1 : 0;
      for (std::uint32_t code = 1; code < codes; ++code)
        made.passing[code] = t.test.matches(column.dictionary->entry(code)) ? 1 : 0;
    }
    tests_.push_back(std::move(made));
  }
}

std::size_t bound_columns::collect_passing(std::size_t begin, std::size_t end, std::size_t origin,
                                           std::uint32_t* out) const {
  if (tests_.size() == 1 && !tests_[0].passing.empty()) {
    const auto& t = tests_[0];
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
