#include "segments/attribute_rule.hpp"

#include "segments/window_flips.hpp"

#include <algorithm>

namespace segments {

namespace {

// Tables of verdicts pay while they are not much bigger than the block.
constexpr std::size_t table_slack = 1'024;
// A table of combinations must stay in a near cache.
constexpr std::size_t combinations_max = 32'768;

/// A value for people to read: the instant of joining a list is kept as a number.
std::string shown(std::string_view path, model::value_view v) {
  return path.starts_with("list['") && v.kind == model::value_kind::number
         ? model::format_instant(model::from_ms(static_cast<std::int64_t>(v.number)))
         : model::to_json(v);
}

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

std::optional<std::int64_t> attribute_rule::values::instant(std::size_t i) const {
  const auto v = (*this)[i];
  if (v.kind != model::value_kind::text)
    return std::nullopt;
  const auto t = model::parse_instant(v.text);
  return t ? std::optional{model::to_ms(*t)} : std::nullopt;
}

verdict attribute_rule::evaluate(const model::profile_view& profile, std::int64_t now) const {
  struct of_profile final : values {
    const model::profile_view* profile;
    std::span<const std::uint32_t> attributes;
    model::value_view operator[](std::size_t i) const override {
      return profile->attribute(attributes[i]);
    }
  } v;
  v.profile = &profile;
  v.attributes = attributes_;
  moment at{now};
  return judge(v, at);
}

void attribute_rule::scan(const model::block_view& block, std::int64_t now, std::int64_t until,
                          std::span<std::uint64_t> holds, std::vector<due_row>& due) const {
  const scan_result result{holds, due, until};
  scan_clean(block, now, result);
  block_rows{block}.each_unclean(
    [&](std::uint32_t row) { result.put(row, evaluate(block.profile(row), now)); });
}

void attribute_rule::scan_clean(const model::block_view& block, std::int64_t now,
                                const scan_result& result) const {
  if (attributes_.size() == 1)
    scan_one(block, now, result);
  else
    scan_many(block, now, result);
}

model::coded_column attribute_rule::column_at(const model::block_view& block, std::size_t i) const {
  const auto column = block.attribute(attributes_[i]);
  return column.dictionary == nullptr ? model::coded_column{} : column;
}

bool attribute_rule::is_asked_by_value(const model::coded_column& column, std::uint32_t rows) {
  return codes_of(column) <= std::size_t{rows} + table_slack;
}

void attribute_rule::scan_one(const model::block_view& block, std::int64_t now,
                              const scan_result& result) const {
  const block_rows rows{block};
  const auto column = column_at(block, 0);
  const std::size_t codes = codes_of(column);
  moment at{now};
  const auto judge_code = [&](std::uint32_t code) {
    struct of_code final : values {
      const model::coded_column* column;
      std::uint32_t code;
      model::value_view operator[](std::size_t) const override {
        return value_at(*column, code);
      }
    } v;
    v.column = &column;
    v.code = code;
    return judge(v, at);
  };
  if (!is_asked_by_value(column, rows.rows())) {
    rows.each_clean([&](std::uint32_t row) { result.put(row, judge_code(column.code(row))); });
    return;
  }

  if (column.dictionary != nullptr)
    if (const auto asked = as_window(*column.dictionary, now))
      return scan_window(rows, column, *asked, result);

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
  const bool any_flip = std::ranges::any_of(flips,
                                            [&](auto t) { return t < never && t <= result.until; });
  if (any_accepted) {
    words.resize(rows.words());
    bits_of_codes(column, rows.rows(), accepted, words);
    for (std::size_t w = 0; w < rows.words(); ++w)
      result.holds[w] |= words[w] & rows.clean(w);
  }
  if (any_flip)
    rows.each_clean([&](std::uint32_t row) { result.put_flip(row, flips[column.code(row)]); });
}

/// Most people are outside a window and stay there, so only those inside, or on their way in, are
/// looked at one by one.
void attribute_rule::scan_window(const block_rows& rows, const model::coded_column& column,
                                 const window_question& asked, const scan_result& result) {
  const auto& window = asked.window;
  thread_local std::vector<std::uint8_t> marked; // By code.
  thread_local std::vector<std::uint64_t> words;
  marked.resize(codes_of(column));
  words.resize(rows.words());
  asked.instants.within(window.earliest(), window.latest(), marked);
  bits_of_codes(column, rows.rows(), marked, words);
  for (std::size_t w = 0; w < rows.words(); ++w)
    result.holds[w] |= (asked.holds_inside ? words[w] : ~words[w]) & rows.clean(w);
  // Rows whose instant lies in between flip at `flip_of` it.
  const auto put_flips = [&](std::int64_t earliest, std::int64_t latest, const auto& flip_of) {
    if (earliest > latest)
      return;
    asked.instants.within(earliest, latest, marked);
    if (std::ranges::find(marked, 1) == marked.end())
      return;
    bits_of_codes(column, rows.rows(), marked, words);
    for (std::size_t w = 0; w < rows.words(); ++w)
      block_rows::each_bit(w, words[w] & rows.clean(w), [&](std::uint32_t row) {
        result.put_flip(row, flip_of(asked.instants.at(column.code(row))));
      });
  };
  const flips_by by{window, result.until};
  if (window.expels())
    put_flips(window.earliest(), by.last_to_leave(), [&](auto t) { return window.leave(t); });
  if (window.admits() && window.latest() < never)
    put_flips(window.latest() + 1, by.last_to_enter(), [&](auto t) { return window.enter(t); });
}

/// A column of a block, and what a table of verdicts knows of its codes.
struct attribute_rule::source {
  model::coded_column column;
  std::size_t codes = 0;
  bool has_digit = false;     // The table has places for "set" and "not set",
  bool is_told_apart = false; // or for each of its values.
};

/// The values of one row after another.
class attribute_rule::row_values final : public values {
public:
  explicit row_values(std::span<const source> sources) : sources_(sources) {
  }
  void go_to(std::uint32_t row) {
    row_ = row;
    looked_further_ = false;
  }
  /// At a value that the table does not tell apart.
  [[nodiscard]] bool looked_further() const {
    return looked_further_;
  }
  model::value_view operator[](std::size_t i) const override {
    return value_at(sources_[i].column, code(i));
  }
  [[nodiscard]] std::optional<std::int64_t> instant(std::size_t i) const override {
    const auto& column = sources_[i].column;
    const auto* instants = column.dictionary == nullptr ? nullptr : column.dictionary->instants();
    if (instants == nullptr)
      return values::instant(i);
    const auto at = code(i);
    return at == 0 ? std::nullopt : std::optional{instants->at(at - 1)};
  }

private:
  [[nodiscard]] std::uint32_t code(std::size_t i) const {
    const auto& from = sources_[i];
    const auto code = from.column.code(row_);
    looked_further_ = looked_further_
                   || (from.column.width != 0 && !from.is_told_apart
                       && (code != 0 || !from.has_digit));
    return code;
  }

  std::span<const source> sources_;
  std::uint32_t row_ = 0;
  mutable bool looked_further_ = false;
};

/// Most people are told by columns with few values. A table has a place for every combination of
/// these, and of "set or not" for the other columns; it holds the verdict where that does not
/// depend on the value of one of the others.
void attribute_rule::scan_many(const model::block_view& block, std::int64_t now,
                               const scan_result& result) const {
  const block_rows rows{block};
  std::vector<source> sources;
  std::size_t combinations = 1;
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    auto& from = sources.emplace_back();
    from.column = column_at(block, i);
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
  moment at{now};
  row_values of_row{sources};
  rows.each_clean([&](std::uint32_t r) {
    auto& known = table[places[r]];
    if (known > not_told)
      return result.put(r, told[known]);
    of_row.go_to(r);
    const verdict v = judge(of_row, at);
    result.put(r, v);
    if (known == unknown && !of_row.looked_further()) {
      known = static_cast<std::uint32_t>(told.size());
      told.push_back(v);
    } else {
      known = not_told;
    }
  });
}

void attribute_rule::judge_rows(const model::block_view& block, std::int64_t now,
                                const row_bits& rows, const scan_result& result,
                                const judgement& judge) const {
  std::vector<source> sources(attributes_.size());
  for (std::size_t i = 0; i < sources.size(); ++i)
    sources[i].column = column_at(block, i);
  row_values of_row{sources};
  moment at{now};
  for (std::size_t w = 0; w < rows.size(); ++w)
    block_rows::each_bit(w, rows[w], [&](std::uint32_t row) {
      of_row.go_to(row);
      result.put(row, judge(of_row, at));
    });
}

void attribute_rule::gather(const model::profile_view& profile, std::int64_t, evidence& e) const {
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    const auto v = profile.attribute(attributes_[i]);
    if (i != 0)
      e.found += ", ";
    e.found += paths_[i] + (v.is_set() ? " is " + shown(paths_[i], v) : " is not set");
  }
}

} // namespace segments
