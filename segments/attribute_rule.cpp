#include "segments/attribute_rule.hpp"

#include "segments/code_bits.hpp"

#include <algorithm>

namespace segments {

namespace {

// Tables of verdicts pay while they are not much bigger than the block.
constexpr std::size_t table_slack = 1'024;
// A table of combinations must stay in a near cache.
constexpr std::size_t combinations_max = 32'768;

model::value_view value_at(const model::coded_column& column, std::uint32_t code) {
  return code == 0 || column.dictionary == nullptr ? model::value_view{}
                                                   : column.dictionary->entry(code);
}

std::size_t codes_of(const model::coded_column& column) {
  return column.dictionary == nullptr ? 1 : std::size_t{column.dictionary->size()} + 1;
}

template <class Code>
void add_digit(const Code* codes, std::uint32_t digits, bool is_told_apart,
               std::span<std::uint32_t> places) {
  for (std::size_t row = 0; row < places.size(); ++row) {
    const std::uint32_t code = codes[row];
    places[row] = places[row] * digits + (is_told_apart ? code : code != 0 ? 1 : 0);
  }
}

/// Appends a digit to every row's place: its code, or only whether it is set.
void add_digit(const model::coded_column& column, std::uint32_t digits, bool is_told_apart,
               std::span<std::uint32_t> places) {
  switch (column.width) {
  case 1:
    return add_digit(reinterpret_cast<const std::uint8_t*>(column.codes), digits, is_told_apart,
                     places);
  case 2:
    return add_digit(reinterpret_cast<const std::uint16_t*>(column.codes), digits, is_told_apart,
                     places);
  default:
    return add_digit(reinterpret_cast<const std::uint32_t*>(column.codes), digits, is_told_apart,
                     places);
  }
}

} // namespace

std::size_t attribute_rule::look_at(std::string path, model::name_binder& names) {
  attributes_.push_back(names.attribute(path));
  paths_.push_back(std::move(path));
  return attributes_.size() - 1;
}

verdict attribute_rule::evaluate(const model::profile_view& profile, std::int64_t now) const {
  const auto fetch = [&](std::size_t i) { return profile.attribute(attributes_[i]); };
  return judge(values{fetch}, now);
}

void attribute_rule::scan(const model::block_view& block, std::int64_t now,
                          std::span<std::uint64_t> holds, std::vector<due_row>& due) const {
  const scan_result result{holds, due};
  if (attributes_.size() == 1)
    scan_one(block, now, result);
  else
    scan_many(block, now, result);
  block_rows{block}.each_unclean(
    [&](std::uint32_t row) { result.put(row, evaluate(block.profile(row), now)); });
}

void attribute_rule::scan_one(const model::block_view& block, std::int64_t now,
                              const scan_result& result) const {
  const block_rows rows{block};
  model::coded_column column = block.attribute(attributes_[0]);
  if (column.dictionary == nullptr)
    column = {};
  const std::size_t codes = codes_of(column);
  const auto judge_code = [&](std::uint32_t code) {
    const auto fetch = [&](std::size_t) { return value_at(column, code); };
    return judge(values{fetch}, now);
  };
  if (codes > std::size_t{rows.rows()} + table_slack) {
    rows.each_clean([&](std::uint32_t row) { result.put(row, judge_code(column.code(row))); });
    return;
  }

  thread_local std::vector<std::uint8_t> accepted;
  thread_local std::vector<std::int64_t> flips;
  thread_local std::vector<std::uint64_t> words;
  accepted.assign(codes, 0);
  flips.assign(depends_on_time_ ? codes : 0, never);
  const auto ask = [&](std::uint32_t code) {
    const verdict v = judge_code(code);
    accepted[code] = v.holds ? 1 : 0;
    if (depends_on_time_)
      flips[code] = v.next_flip;
  };
  if (column.width == 0) {
    ask(column.constant);
  } else {
    ask(0);
    const code_verdicts others{std::span{accepted}.subspan(1),
                               std::span{flips}.subspan(depends_on_time_ ? 1 : 0)};
    if (!judge_all(*column.dictionary, now, others))
      for (std::uint32_t code = 1; code < codes; ++code)
        ask(code);
  }
  const bool any_accepted = std::ranges::find(accepted, 1) != accepted.end();
  const bool any_flip = std::ranges::any_of(flips, [](auto t) { return t < never; });
  if (any_accepted) {
    words.resize(rows.words());
    bits_of_codes(column, rows.rows(), accepted, words);
    for (std::size_t w = 0; w < rows.words(); ++w)
      result.holds[w] |= words[w] & rows.clean(w);
  }
  if (any_flip)
    rows.each_clean([&](std::uint32_t row) {
      if (const std::int64_t flip = flips[column.code(row)]; flip < never)
        result.due.push_back({row, flip});
    });
}

/// Most people are told by columns with few values. A table has a place for every combination of
/// these, and of "set or not" for the other columns; it holds the verdict where that does not
/// depend on the value of one of the others.
void attribute_rule::scan_many(const model::block_view& block, std::int64_t now,
                               const scan_result& result) const {
  const block_rows rows{block};
  struct source {
    model::coded_column column;
    std::size_t codes = 0;
    bool has_digit = false;     // The table has places for "set" and "not set",
    bool is_told_apart = false; // or for each of its values.
  };
  std::vector<source> sources;
  std::size_t combinations = 1;
  for (const std::uint32_t attribute : attributes_) {
    auto& from = sources.emplace_back();
    from.column = block.attribute(attribute);
    if (from.column.dictionary == nullptr)
      from.column = {};
    from.codes = codes_of(from.column);
    from.has_digit = from.column.width != 0 && 2 * combinations <= combinations_max;
    combinations *= from.has_digit ? 2 : 1;
  }
  std::vector<source*> by_codes;
  for (auto& from : sources)
    by_codes.push_back(&from);
  std::ranges::sort(by_codes, {}, &source::codes);
  for (auto* from : by_codes) {
    if (!from->has_digit)
      continue;
    const auto with = combinations / 2 * from->codes;
    if (with > combinations_max)
      break;
    from->is_told_apart = true;
    combinations = with;
  }

  thread_local std::vector<std::uint32_t> places;
  places.assign(rows.rows(), 0);
  for (const auto& from : sources)
    if (from.has_digit)
      add_digit(from.column, from.is_told_apart ? static_cast<std::uint32_t>(from.codes) : 2,
                from.is_told_apart, places);

  // The place of a verdict, or one of these.
  constexpr std::uint32_t unknown = 0;
  constexpr std::uint32_t not_told = 1;
  thread_local std::vector<std::uint32_t> table;
  thread_local std::vector<verdict> told;
  table.assign(combinations, unknown);
  told.assign(2, {});
  bool looked_further = false; // At a value that the table does not tell apart.
  std::uint32_t row = 0;
  const auto fetch = [&](std::size_t i) {
    const auto& from = sources[i];
    const auto code = from.column.code(row);
    if (from.column.width != 0 && !from.is_told_apart && (code != 0 || !from.has_digit))
      looked_further = true;
    return value_at(from.column, code);
  };
  rows.each_clean([&](std::uint32_t r) {
    auto& known = table[places[r]];
    if (known > not_told)
      return result.put(r, told[known]);
    row = r;
    looked_further = false;
    const verdict v = judge(values{fetch}, now);
    result.put(r, v);
    if (known == unknown && !looked_further) {
      known = static_cast<std::uint32_t>(told.size());
      told.push_back(v);
    } else {
      known = not_told;
    }
  });
}

void attribute_rule::gather(const model::profile_view& profile, std::int64_t, evidence& e) const {
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    const auto v = profile.attribute(attributes_[i]);
    if (i != 0)
      e.found += ", ";
    e.found += paths_[i] + (v.is_set() ? " is " + model::to_json(v) : " is not set");
  }
}

} // namespace segments
