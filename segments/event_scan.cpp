#include "segments/event_judge.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <type_traits>

/// Scans of event measures: windows become bounds on the packed times, so that events outside are
/// never decoded.
namespace segments {

namespace {

// Up to here it is quicker to look at every time than to search.
constexpr std::size_t search_from = 24;
// Of 64 rows.
constexpr int many_active = 10;

/// How many of the ascending raws are below the bound.
template <class Raw>
std::size_t count_below(const Raw* raws, std::size_t count, Raw bound) {
  if (count <= search_from) {
    std::uint32_t below = 0;
    for (std::size_t i = 0; i < count; ++i)
      below += raws[i] < bound ? 1 : 0;
    return below;
  }
  const Raw* base = raws;
  for (std::size_t left = count; left > 1;) {
    const std::size_t half = left / 2;
    base += base[half - 1] < bound ? half : 0;
    left -= half;
  }
  return static_cast<std::size_t>(base - raws) + (*base < bound ? 1 : 0);
}

/// "Earlier than t" on raw times: raw < value, or every raw when `all`.
template <class Raw>
struct raw_bound {
  Raw value = 0;
  bool all = false;
};

template <class Raw>
raw_bound<Raw> bound_of(const model::integer_column& times, std::int64_t t) {
  // base + scale * raw < t, that is raw < (t - base) / scale rounded up.
  if (t <= times.base)
    return {};
  const std::uint64_t distance = static_cast<std::uint64_t>(t)
                               - static_cast<std::uint64_t>(times.base);
  const auto scale = static_cast<std::uint64_t>(times.scale);
  const std::uint64_t first = (distance + scale - 1) / scale;
  if (first > std::numeric_limits<Raw>::max())
    return {0, true};
  return {static_cast<Raw>(first), false};
}

template <class Raw>
struct raw_window {
  raw_bound<Raw> earliest;
  raw_bound<Raw> after_latest;

  raw_window(const model::integer_column& times, const date_window::fixed& w)
    : earliest(bound_of<Raw>(times, w.earliest())),
      after_latest(bound_of<Raw>(times, w.latest() + 1)) {
  }
  /// Of ascending raws, the last of which is not before the window, how many are.
  [[nodiscard]] std::size_t first(const Raw* raws, std::size_t count) const {
    return raws[0] >= earliest.value ? 0 : count_below(raws, count, earliest.value);
  }
  [[nodiscard]] std::size_t inside_end(const Raw* raws, std::size_t count) const {
    if (after_latest.all || raws[count - 1] < after_latest.value)
      return count;
    return count_below(raws, count, after_latest.value);
  }
};

/// Which rows flip within the days that somebody asks about.
template <class Raw>
struct flip_bounds {
  bool moves;
  bool expels;
  raw_bound<Raw> leaves; // Events below leave by then,
  raw_bound<Raw> enters; // or come in, of those behind the window.

  flip_bounds(const model::integer_column& times, const date_window::fixed& w, std::int64_t until)
    : moves(w.moves()), expels(w.expels()) {
    const flips_by by{w, until};
    leaves = bound_of<Raw>(times, by.last_to_leave() + 1);
    enters = bound_of<Raw>(times, by.last_to_enter() + 1);
  }
  /// Events first … inside_end - 1 are inside, those up to `end` still to come.
  [[nodiscard]] bool none(const Raw* raws, std::size_t first, std::size_t inside_end,
                          std::size_t end) const {
    const auto is_below = [](const raw_bound<Raw>& b, Raw raw) { return b.all || raw < b.value; };
    return !moves
        || !((expels && first < inside_end && is_below(leaves, raws[first]))
             || (inside_end < end && is_below(enters, raws[inside_end])));
  }
};

/// What decides a count that has one bound: the n-th newest event.
struct decider {
  std::uint32_t newest = 1;
  bool holds_with = true; // While that event is in the window; else while it is not.
};

std::optional<decider> deciding_event(const count_range& range) {
  constexpr auto most = std::int64_t{1} << 31;
  if (range.low >= 1 && range.low < most && range.high >= most)
    return decider{static_cast<std::uint32_t>(range.low), !range.negated};
  if (range.low <= 0 && range.high >= 0 && range.high < most)
    return decider{static_cast<std::uint32_t>(range.high + 1), range.negated};
  return std::nullopt;
}

} // namespace

/// One scan of one block.
class measure_scan {
public:
  measure_scan(const event_measure& m, const model::block_view& block, std::int64_t now,
               const scan_result& result)
    : m_(m), now_(now), result_(result), rows_(block), columns_(block.events(m.selection_.metric)),
      bound_(columns_, m.selection_),
      zones_(block, m.attributes_.empty() ? nullptr : &m.attributes_[0], m.account_zone_) {
  }

  void run() {
    if (rows_.rows() == 0)
      return;
    const bool has_bounds = !m_.asks_each_ && m_.attributes_.empty();
    if (columns_ == nullptr || columns_->first.back() == 0 || bound_.nothing_passes())
      return put_everywhere(of_nobody());
    if (!has_bounds || columns_->times.scale < 1)
      return run_each();
    switch (columns_->times.width) {
    case 1:
      return run_packed<std::uint8_t>();
    case 2:
      return run_packed<std::uint16_t>();
    case 4:
      return run_packed<std::uint32_t>();
    case 8:
      return run_packed<std::uint64_t>();
    default:
      return run_each();
    }
  }

private:
  /// Of people without events. Nothing can come in either, so it is for ever.
  [[nodiscard]] verdict of_nobody() const {
    const bound_columns nothing{nullptr, m_.selection_};
    return m_.judge_picked(column_events{nothing, 0}, m_.window_.at(now_), 0, 0, pick_from{0});
  }

  void put_everywhere(const verdict& v) const {
    if (v.holds)
      for (std::size_t w = 0; w < rows_.words(); ++w)
        result_.holds[w] |= rows_.clean(w);
  }

  void run_each() {
    const zone* last = &zones_.of(0);
    auto w = m_.window_.at(now_, *last);
    rows_.each_clean([&](std::uint32_t row) {
      const zone& in = zones_.of(row);
      if (&in != last) {
        last = &in;
        w = m_.window_.at(now_, in);
      }
      result_.put(row, m_.judge(column_events{bound_, row}, w, in));
    });
  }

  template <class Raw>
  void run_packed() const {
    const auto w = m_.window_.at(now_);
    const raw_window<Raw> window{columns_->times, w};
    if (const auto decider = m_.what_ == measure::count ? deciding_event(m_.range_) : std::nullopt;
        decider && (w.expels() || !w.moves()))
      return run_newest(w, window, *decider);
    const bool nobody_holds = of_nobody().holds;
    const flip_bounds<Raw> flips{columns_->times, w, result_.until};
    const rows_since active{columns_, w.earliest()};
    for (std::size_t word = 0; word < rows_.words(); ++word) {
      const std::uint64_t clean = rows_.clean(word);
      // Everybody else's events have all left the window.
      const std::uint64_t busy = clean & active[word];
      // Of most people there is nothing to judge.
      if (nobody_holds)
        result_.holds[word] |= clean & ~busy;
      judge_rows(w, window, flips, word, busy);
    }
  }

  template <class Raw>
  void judge_rows(const date_window::fixed& w, const raw_window<Raw>& window,
                  const flip_bounds<Raw>& flips, std::size_t word, std::uint64_t busy) const {
    const auto* raws = reinterpret_cast<const Raw*>(columns_->times.raws);
    const std::uint32_t* first_of = columns_->first.data();
    const bool only_counts = m_.what_ == measure::count && !bound_.has_tests();
    const bool admits = w.admits();
    block_rows::each_bit(word, busy, [&](std::uint32_t row) {
      const std::uint32_t begin = first_of[row];
      const std::size_t count = first_of[row + 1] - begin;
      const std::size_t first = window.first(raws + begin, count);
      const std::size_t inside_end = std::max(first, window.inside_end(raws + begin, count));
      const std::size_t end = admits ? count : inside_end;
      const column_events events{bound_, row};
      if (flips.none(raws + begin, first, inside_end, end)) {
        result_.put_holds(row, m_.holds_in_range(events, first, inside_end));
        return;
      }
      result_.put(row, only_counts ? m_.judge_count(events, w, first, inside_end, end)
                                   : m_.judge_range(events, w, first, inside_end, end));
    });
  }

  /// Counts of which the n-th newest event decides: they hold, or not, while it is in the window,
  /// and flip when it leaves. So nothing is counted. Where events are still to come the rule does
  /// not apply; those rows are judged like any other.
  template <class Raw>
  void run_newest(const date_window::fixed& w, const raw_window<Raw>& window,
                  const decider& d) const {
    const rows_since active{columns_, w.earliest()};
    const rows_since late{columns_, w.latest() + 1};
    const auto newest = columns_->newest();
    const flip_bounds<Raw> flips{columns_->times, w, result_.until};
    std::array<Raw, 64> deciding{}; // Raw times of events, by row of the word.
    const auto settle = [&](std::size_t word, std::uint64_t reached, const auto& raw_of) {
      const std::uint64_t clean = rows_.clean(word);
      const std::uint64_t sure = clean & ~late[word];
      result_.holds[word] |= sure & (d.holds_with ? reached : ~reached);
      if (w.moves() && (reached & sure) != 0)
        block_rows::each_bit(
          word, reached & sure & rows_below(flips.leaves, word, raw_of), [&](std::uint32_t row) {
            result_.put_flip(
              row, w.leave(columns_->times.base
                           + columns_->times.scale * static_cast<std::int64_t>(raw_of(row))));
          });
      if (sure != clean)
        judge_rows(w, window, flips, word, clean & ~sure);
    };
    const auto of_word = [&](std::uint32_t row) { return deciding[row % 64]; };
    if (bound_.has_tests())
      bound_.with_passes([&](const auto& passes) {
        for (std::size_t word = 0; word < rows_.words(); ++word) {
          const auto busy = rows_.clean(word) & active[word];
          std::uint64_t reached = 0;
          // Where many are active, all events of the word are sooner looked at than theirs one by
          // one, which pass and fail in no order that could be foreseen.
          if (std::popcount(busy) < many_active
              || !bound_.with_table([&](const auto* codes, const std::uint8_t* table) {
                   reached = busy
                           & rows_with_events(window, word, d.newest, codes, table, deciding);
                 }))
            reached = passing_rows_reached(window, word, busy, d.newest, passes, deciding);
          settle(word, reached, of_word);
        }
      });
    else if (d.newest == 1 && !newest.empty())
      for (std::size_t word = 0; word < rows_.words(); ++word)
        settle(word, active[word], [&](std::uint32_t row) { return newest[row] - 1; });
    else
      for (std::size_t word = 0; word < rows_.words(); ++word)
        settle(word, window.earliest.all ? 0 : rows_reached(window, word, d.newest, deciding),
               of_word);
  }

  /// Rows of which the raw time is below the bound.
  template <class Raw, class RawOf>
  [[nodiscard]] std::uint64_t rows_below(const raw_bound<Raw>& bound, std::size_t word,
                                         const RawOf& raw_of) const {
    if (bound.all)
      return ~std::uint64_t{0};
    const auto first = static_cast<std::uint32_t>(64 * word);
    const auto rows = std::min<std::uint32_t>(64, rows_.rows() - first);
    std::array<std::uint8_t, 64> below{};
    for (std::uint32_t i = 0; i < rows; ++i)
      below[i] = raw_of(first + i) < bound.value ? 1 : 0;
    return bits_of(below);
  }

  /// Rows whose n-th newest event is not before the window; its raw time goes to `deciding`.
  template <class Raw>
  [[nodiscard]] std::uint64_t rows_reached(const raw_window<Raw>& window, std::size_t word,
                                           std::uint32_t n, std::array<Raw, 64>& deciding) const {
    const auto* raws = reinterpret_cast<const Raw*>(columns_->times.raws);
    const auto* first_of = columns_->first.data() + 64 * word;
    const auto rows = std::min<std::size_t>(64, columns_->first.size() - 1 - 64 * word);
    std::array<std::uint8_t, 64> reached{};
    for (std::size_t i = 0; i < rows; ++i) {
      const bool has = first_of[i + 1] - first_of[i] >= n;
      deciding[i] = raws[has ? first_of[i + 1] - n : 0];
      reached[i] = static_cast<std::uint8_t>(has & (deciding[i] >= window.earliest.value));
    }
    return bits_of(reached);
  }

  /// The same among the events that pass by their codes.
  template <class Raw, class Code>
  [[nodiscard]] std::uint64_t rows_with_events(const raw_window<Raw>& window, std::size_t word,
                                               std::uint32_t n, const Code* codes,
                                               const std::uint8_t* table,
                                               std::array<Raw, 64>& deciding) const {
    thread_local std::vector<std::uint32_t> found;
    const auto* raws = reinterpret_cast<const Raw*>(columns_->times.raws);
    const auto* first_of = columns_->first.data() + 64 * word;
    const auto rows = std::min<std::size_t>(64, columns_->first.size() - 1 - 64 * word);
    const auto begin = first_of[0];
    const auto end = first_of[rows];
    if (window.earliest.all)
      return 0;
    if (found.size() < end - begin)
      found.resize(end - begin);
    std::size_t count = 0;
    for (auto at = begin; at < end; ++at) {
      found[count] = at;
      count += static_cast<std::size_t>(table[codes[at]] & (raws[at] >= window.earliest.value));
    }
    std::uint64_t reached = 0;
    std::size_t row = 0;
    for (std::size_t k = 0; k < count;) {
      while (first_of[row + 1] <= found[k])
        ++row;
      auto behind = k + 1;
      while (behind < count && found[behind] < first_of[row + 1])
        ++behind;
      if (behind - k >= n) {
        deciding[row] = raws[found[behind - n]];
        reached |= std::uint64_t{1} << row;
      }
      k = behind;
    }
    return reached;
  }

  /// The same among the events that pass, of these rows.
  template <class Raw, class Passes>
  [[nodiscard]] std::uint64_t
  passing_rows_reached(const raw_window<Raw>& window, std::size_t word, std::uint64_t of,
                       std::uint32_t n, const Passes& passes, std::array<Raw, 64>& deciding) const {
    const auto* raws = reinterpret_cast<const Raw*>(columns_->times.raws);
    const std::uint32_t* first_of = columns_->first.data();
    std::uint64_t reached = 0;
    block_rows::each_bit(word, of, [&](std::uint32_t row) {
      auto left = n;
      for (auto at = first_of[row + 1]; at-- > first_of[row] && raws[at] >= window.earliest.value;)
        if (passes(at) && --left == 0) {
          deciding[row % 64] = raws[at];
          reached |= std::uint64_t{1} << (row % 64);
          return;
        }
    });
    return reached;
  }

  const event_measure& m_;
  std::int64_t now_;
  const scan_result& result_;
  block_rows rows_;
  const model::event_columns* columns_;
  bound_columns bound_;
  row_zones zones_;
};

void event_measure::scan(const model::block_view& block, std::int64_t now, std::int64_t until,
                         std::span<std::uint64_t> holds, std::vector<due_row>& due) const {
  const scan_result result{holds, due, until};
  measure_scan{*this, block, now, result}.run();
  block_rows{block}.each_unclean(
    [&](std::uint32_t row) { result.put(row, evaluate(block.profile(row), now)); });
}

} // namespace segments
