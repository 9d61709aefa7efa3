#include "segments/attribute_rule.hpp"

#include "segments/code_bits.hpp"

#include <algorithm>

namespace segments {

namespace {

// Tables of verdicts pay while they are not much bigger than the block.
constexpr std::size_t table_slack = 1'024;

model::value_view value_at(const model::coded_column& column, std::uint32_t code) {
  return code == 0 || column.dictionary == nullptr ? model::value_view{}
                                                   : column.dictionary->entry(code);
}

std::size_t codes_of(const model::coded_column& column) {
  return column.dictionary == nullptr ? 1 : std::size_t{column.dictionary->size()} + 1;
}

std::uint32_t code_at(const model::coded_column& column, std::uint32_t row) {
  return column.dictionary == nullptr ? 0 : column.code(row);
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
  bool any_accepted = false;
  bool any_flip = false;
  for (std::uint32_t code = 0; code < codes; ++code) {
    if (column.width == 0 && code != column.constant)
      continue;
    const verdict v = judge_code(code);
    accepted[code] = v.holds ? 1 : 0;
    any_accepted = any_accepted || v.holds;
    if (v.next_flip < never) {
      flips[code] = v.next_flip;
      any_flip = true;
    }
  }
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

void attribute_rule::scan_many(const model::block_view& block, std::int64_t now,
                               const scan_result& result) const {
  const block_rows rows{block};
  struct source {
    model::coded_column column;
    std::size_t codes; // 1 when every row has the same.
  };
  std::vector<source> sources;
  sources.reserve(attributes_.size());
  // People with equal codes in every column have equal verdicts; remember them while there are few
  // combinations.
  const std::size_t combinations_max = std::size_t{rows.rows()} + table_slack;
  std::size_t combinations = 1;
  for (const std::uint32_t attribute : attributes_) {
    const auto column = block.attribute(attribute);
    sources.push_back({column, column.width == 0 ? 1 : codes_of(column)});
    if (combinations <= combinations_max)
      combinations *= std::min(sources.back().codes, combinations_max + 1);
  }
  const auto judge_row = [&](std::uint32_t row) {
    const auto fetch = [&](std::size_t i) {
      return value_at(sources[i].column, code_at(sources[i].column, row));
    };
    return judge(values{fetch}, now);
  };
  if (combinations > combinations_max) {
    rows.each_clean([&](std::uint32_t row) { result.put(row, judge_row(row)); });
    return;
  }
  std::vector<verdict> known(combinations);
  std::vector<std::uint8_t> is_known(combinations, 0);
  rows.each_clean([&](std::uint32_t row) {
    std::size_t at = 0;
    for (const auto& from : sources)
      at = at * from.codes + (from.codes == 1 ? 0 : from.column.code(row));
    if (is_known[at] == 0) {
      known[at] = judge_row(row);
      is_known[at] = 1;
    }
    result.put(row, known[at]);
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
