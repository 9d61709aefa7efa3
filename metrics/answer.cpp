#include "metrics/answer.hpp"

#include "metrics/canonical_text.hpp"
#include "metrics/rows_together.hpp"
#include "metrics/settings_reader.hpp"

#include <algorithm>
#include <map>

namespace metrics {

namespace {

statistic_value value_of(const fold_measure& m, const partial& p) {
  switch (m.counts) {
  case counting::sum:
    return p.sum.value();
  case counting::minimum:
  case counting::maximum: {
    const double v = m.counts == counting::minimum ? p.least : p.most;
    return std::isnan(v) ? statistic_value{} : statistic_value{v};
  }
  default:
    return static_cast<double>(p.count);
  }
}

/// By row, everything that one timeframe holds.
class timeframe_rows {
public:
  explicit timeframe_rows(const added_timeframe& added)
    : added_(added), intervals_(std::max<std::size_t>(added.order->intervals.size(), 1)) {
  }

  [[nodiscard]] std::map<row_key, row_sums> merged(std::size_t rollup) const {
    std::map<row_key, row_sums> all;
    for (const auto& part : added_.parts)
      for (const auto& row : part.rollups[rollup]) {
        auto& to = all[row.values];
        if (to.empty())
          to = nothing();
        for (std::size_t m = 0; m < row.measures.size(); ++m)
          to[row.interval][m].add(row.measures[m]);
      }
    return all;
  }

  [[nodiscard]] row_sums nothing() const {
    return row_sums(intervals_, std::vector<partial>(added_.order->measures.size()));
  }

  [[nodiscard]] rows_apart apart(std::size_t rollup, std::size_t total,
                                 const std::set<row_key>& listed) const {
    return metrics::apart(*added_.order, added_.parts, rollup, total, listed);
  }

private:
  const added_timeframe& added_;
  std::size_t intervals_;
};

class concluder {
public:
  concluder(const request& asked, const dictionary& words, const added_timeframe& now,
            const std::optional<added_timeframe>& before, bool was_sent)
    : asked_(asked), words_(words), order_(*now.order), was_sent_(was_sent), now_(now) {
    if (before)
      before_.emplace(*before);
    for (std::size_t m = 0; m < order_.measures.size(); ++m)
      places_[order_.measures[m].name] = m;
  }

  [[nodiscard]] answer_rollup rollup(std::size_t index, std::size_t total) const {
    answer_rollup made;
    for (std::size_t g = 0; g < order_.rollups[index].size(); ++g)
      made.groupings.push_back(asked_.rollups[index][g].name);
    auto now = now_.merged(index);
    auto before = before_ ? before_->merged(index) : std::map<row_key, row_sums>{};
    // A row that only the compared timeframe has is a row of nothing now.
    for (const auto& [key, sums] : before)
      now.try_emplace(key, now_.nothing());
    if (made.groupings.empty() && was_sent_)
      now.try_emplace({}, now_.nothing());
    std::vector<sorted_row> rows;
    for (const auto& [key, sums] : now) {
      if (before_)
        before.try_emplace(key, before_->nothing());
      rows.push_back({shown(key, sums, before_ ? &before[key] : nullptr), &sums,
                      before_ ? &before[key] : nullptr});
    }
    sort(rows, made.groupings, index);
    made.rows_in_all = rows.size();
    if (!rows.empty())
      add_totals(made, rows, index, total);
    for (std::size_t i = 0; i < std::min(rows.size(), asked_.limit); ++i)
      made.rows.push_back(std::move(rows[i].row));
    return made;
  }

  /// Of every measure over all intervals.
  [[nodiscard]] std::vector<statistic_value> totals(std::size_t total) const {
    const auto merged = now_.merged(total);
    const auto& series = merged.empty() ? now_.nothing() : merged.begin()->second;
    std::vector<statistic_value> values;
    for (std::size_t m = 0; m < order_.measures.size(); ++m)
      values.push_back(total_of(m, series));
    return values;
  }

private:
  struct sorted_row {
    answer_row row;
    const row_sums* now;
    const row_sums* before; // Null when nothing is compared.
  };

  [[nodiscard]] answer_row shown(const row_key& key, const row_sums& now,
                                 const row_sums* before) const {
    answer_row made{key, statistics(now)};
    if (before != nullptr)
      made.before = statistics(*before);
    return made;
  }

  [[nodiscard]] std::vector<std::vector<statistic_value>> statistics(const row_sums& sums) const {
    std::vector<std::vector<statistic_value>> made;
    for (const auto& name : asked_.statistics) {
      auto& series = made.emplace_back();
      for (const auto& measures : sums)
        series.push_back(evaluate(words_, name, [&](const std::string& measure) {
          const auto m = places_.find(measure)->second;
          return value_of(order_.measures[m], measures[m]);
        }));
    }
    return made;
  }

  [[nodiscard]] statistic_value total_of(std::size_t m, const row_sums& series) const {
    const auto& measure = order_.measures[m];
    if (measure.counts == counting::members)
      return value_of(measure, series.back()[m]);
    if (measure.is_distinct() && series.size() > 1)
      return std::nullopt; // Somebody may be in several intervals.
    partial sum;
    for (const auto& interval : series)
      sum.add(interval[m]);
    return value_of(measure, sum);
  }

  void sort(std::vector<sorted_row>& rows, const std::vector<std::string>& groupings,
            std::size_t rollup) const {
    const auto weekday_rank = [](const std::string& text) {
      const auto names = weekday_names();
      return std::ranges::find(names, std::string_view{text}) - names.begin();
    };
    // -1, 0, 1 of two values of a grouping.
    const auto compared = [&](std::size_t g, const std::string& a, const std::string& b) {
      const auto& grouping = order_.groupings[order_.rollups[rollup][g]];
      if (grouping.source == group_source::time && grouping.part == time_part::day_of_week) {
        const auto x = weekday_rank(a);
        const auto y = weekday_rank(b);
        return x < y ? -1 : x > y ? 1 : 0;
      }
      return a < b ? -1 : a > b ? 1 : 0;
    };
    const auto sum_of = [](const std::vector<statistic_value>& series) -> statistic_value {
      statistic_value sum;
      for (const auto& v : series)
        if (v)
          sum = sum.value_or(0) + *v;
      return sum;
    };
    std::ranges::stable_sort(rows, [&](const auto& a, const auto& b) {
      for (const auto& by : asked_.order) {
        if (by.statistic) {
          const auto x = sum_of(a.row.statistics[*by.statistic]);
          const auto y = sum_of(b.row.statistics[*by.statistic]);
          if (x == y)
            continue;
          // Rows without a value come last, whichever way.
          if (!x || !y)
            return x.has_value();
          return by.falls ? *x > *y : *x < *y;
        }
        const auto found = std::ranges::find(groupings, by.grouping);
        if (found == groupings.end())
          continue;
        const auto g = static_cast<std::size_t>(found - groupings.begin());
        if (const int c = compared(g, a.row.values[g], b.row.values[g]); c != 0)
          return by.falls ? c > 0 : c < 0;
      }
      for (std::size_t g = 0; g < a.row.values.size(); ++g)
        if (const int c = compared(g, a.row.values[g], b.row.values[g]); c != 0)
          return c < 0;
      return false;
    });
  }

  void add_totals(answer_rollup& made, const std::vector<sorted_row>& rows, std::size_t index,
                  std::size_t total) const {
    const auto whole = [&](const timeframe_rows& of) {
      const auto merged = of.merged(total);
      return merged.empty() ? of.nothing() : merged.begin()->second;
    };
    const auto now = whole(now_);
    const auto before = before_ ? whole(*before_) : row_sums{};
    made.all = shown({}, now, before_ ? &before : nullptr);
    add_gaps(made, now, rows, index);
    if (rows.size() <= asked_.limit)
      return;
    std::set<row_key> listed;
    for (std::size_t i = 0; i < asked_.limit; ++i)
      listed.insert(rows[i].row.values);
    const auto parts = now_.apart(index, total, listed);
    const auto parts_before = before_ ? before_->apart(index, total, listed) : rows_apart{};
    made.listed = together(parts, &rows_apart::listed, parts_before);
    made.other = together(parts, &rows_apart::other, parts_before);
    made.lacks_people = is_lacking(parts) || (before_ && is_lacking(parts_before));
  }

  [[nodiscard]] answer_row together(const rows_apart& now, row_sums rows_apart::*which,
                                    const rows_apart& before) const {
    answer_row made{{}, known_statistics(now, which)};
    if (before_)
      made.before = known_statistics(before, which);
    return made;
  }

  /// None where only the people of the rows could tell.
  [[nodiscard]] std::vector<std::vector<statistic_value>>
  known_statistics(const rows_apart& of, row_sums rows_apart::*which) const {
    auto made = statistics(of.*which);
    for (std::size_t s = 0; s < made.size(); ++s)
      for (const auto& measure : words_.measures_of(asked_.statistics[s]))
        if (of.lacks_people[places_.find(measure)->second])
          made[s].assign(made[s].size(), std::nullopt);
    return made;
  }

  static bool is_lacking(const rows_apart& parts) {
    return std::ranges::find(parts.lacks_people, true) != parts.lacks_people.end();
  }

  /// Rows against their total, of statistics that count.
  void add_gaps(answer_rollup& made, const row_sums& all, const std::vector<sorted_row>& rows,
                std::size_t index) const {
    if (made.groupings.empty())
      return;
    for (std::size_t s = 0; s < asked_.statistics.size(); ++s) {
      const auto measure = places_.find(asked_.statistics[s]);
      if (measure == places_.end())
        continue;
      const auto m = measure->second;
      const auto& counted = order_.measures[m];
      if (counted.counts == counting::minimum || counted.counts == counting::maximum)
        continue;
      partial added;
      partial total;
      for (std::size_t t = 0; t < all.size(); ++t) {
        total.add(all[t][m]);
        for (const auto& row : rows)
          added.add((*row.now)[t][m]);
      }
      const auto rows_value = value_of(counted, added).value_or(0);
      const auto total_value = value_of(counted, total).value_or(0);
      if (rows_value == total_value)
        continue;
      made.gaps.push_back({s, rows_value, total_value, reason(counted, index)});
    }
  }

  [[nodiscard]] std::string reason(const fold_measure& m, std::size_t index) const {
    const auto tagged = std::ranges::any_of(order_.rollups[index],
                                            [&](auto g) { return is_by_tag(order_.groupings[g]); });
    if (m.counts == counting::people)
      return "people who are in several rows are counted once in the total";
    if (tagged)
      return "messages with several tags are in a row for each";
    return "a person who is in several rows with one message is counted once in the total";
  }

  const request& asked_;
  const dictionary& words_;
  const fold_order& order_;
  bool was_sent_;
  timeframe_rows now_;
  std::optional<timeframe_rows> before_;
  std::map<std::string, std::size_t, std::less<>> places_; // Of measures.
};

} // namespace

fold_order with_total(fold_order order) {
  if (std::ranges::none_of(order.rollups, [](const auto& r) { return r.empty(); }))
    order.rollups.emplace_back();
  return order;
}

statistic_value evaluate(const dictionary& words, std::string_view statistic,
                         const std::function<statistic_value(const std::string&)>& value_of) {
  const auto derived = words.derived.find(statistic);
  if (derived == words.derived.end())
    return value_of(std::string{statistic});
  const auto& d = derived->second;
  return d.value.value(
    [&](std::size_t name) -> statistic_value {
      const auto entry = words.statistic(d.value.names()[name]);
      return entry ? evaluate(words, *entry, value_of) : statistic_value{};
    },
    d.when_zero);
}

namespace {

/// Whether a statistic rests on a measure that answers yes.
template <class Answer>
bool rests_on(const dictionary& words, const std::string& statistic, const Answer& answer) {
  return std::ranges::any_of(words.measures_of(statistic), [&](const auto& name) {
    return answer(words.measures.find(name)->second);
  });
}

bool is_of_conversions(const measure& m) {
  return m.events == conversion_set;
}

bool leaves_bots_out(const measure& m) {
  return m.bot_clicks == policy::exclude;
}

bool is_by_send(const measure& m) {
  return m.basis == time_basis::send;
}

/// Shares that are above 1, which none is while all sends are there.
void note_broken_shares(answer& made, const request& asked, const dictionary& words) {
  for (std::size_t s = 0; s < asked.statistics.size(); ++s) {
    const auto& name = asked.statistics[s];
    const auto found = words.derived.find(name);
    if (found == words.derived.end() || !found->second.is_share)
      continue;
    const auto is_broken = [&](const answer_row& row) {
      return std::ranges::any_of(row.statistics[s], [](const auto& v) { return v && *v > 1; });
    };
    std::ptrdiff_t rows = 0;
    for (const auto& rollup : made.rollups)
      rows += std::ranges::count_if(rollup.rows, is_broken);
    if (rows != 0)
      made.notes.push_back('"' + asked.shown_as[s] + "\" is above 1 in " + std::to_string(rows)
                           + (rows == 1 ? " row" : " rows")
                           + ": events are counted there whose sends are not, since nobody told "
                             "them or they belong to another row or time.");
  }
}

/// Another instant than the one that the dictionary means; empty = none was asked for.
std::string_view other_moment(const request& asked, const dictionary& words) {
  const auto& source = words.datasources.find(asked.datasource)->second;
  return source.kind == datasource_kind::messages && asked.moment != send_moment::send
         ? send_moment_names()[static_cast<std::size_t>(asked.moment)]
         : std::string_view{};
}

/// What conversions are and who gets the credit.
void add_credit(canonical_text& to, const request& asked, const answer_settings& settings) {
  to.add("credit").add(settings.attribution_model).add(settings.conversion_definition);
  to.add(canonical_of(asked.conversion_where));
  for (const auto& [field, hours] : settings.windows)
    to.add(field).add(std::to_string(hours));
  to.add(settings.bots).add(settings.apple_privacy);
}

/// The dictionary's hash, together with what has been settled where that decides the value.
std::string definition_of(const request& asked, const dictionary& words,
                          const answer_settings& settings, const std::string& statistic) {
  auto hash = words.hash_of(statistic);
  canonical_text with;
  with.add(hash);
  bool is_as_written = true;
  if (rests_on(words, statistic, is_of_conversions)) {
    add_credit(with, asked, settings);
    is_as_written = false;
  } else if (asked.settings.with_bots && rests_on(words, statistic, leaves_bots_out)) {
    with.add("bots").add(settings.bots);
    is_as_written = false;
  }
  if (const auto moment = other_moment(asked, words);
      !moment.empty() && rests_on(words, statistic, is_by_send)) {
    with.add("time_basis").add(moment);
    is_as_written = false;
  }
  return is_as_written ? hash : with.hash();
}

answer_settings settled(const request& asked, const dictionary& words) {
  answer_settings made;
  const auto& settings = asked.settings;
  made.week_start = weekday_names()[static_cast<std::size_t>(settings.week_start)];
  made.bots = bots_words.at(settings.with_bots ? 1 : 0);
  made.apple_privacy = apple_privacy_words.at(settings.apple_earns_credit ? 0 : 1);
  made.attribution_model = attribution_model;
  const auto& source = words.datasources.find(asked.datasource)->second;
  for (const auto& [field, hours] : windows_in_force(source.touches, settings.windows))
    made.windows.emplace_back(field, hours);
  if (std::ranges::any_of(asked.statistics, [&](const auto& statistic) {
        return rests_on(words, statistic, is_of_conversions);
      })) {
    made.conversion_metric = asked.conversion_metric;
    made.conversion_definition = hash_of(asked.conversions);
  }
  canonical_text all;
  add_credit(all, asked, made);
  all.add(made.week_start).add(asked.zone);
  if (const auto moment = other_moment(asked, words); !moment.empty())
    all.add("time_basis").add(moment);
  made.hash = all.hash();
  return made;
}

std::vector<answer_statistic> described(const request& asked, const dictionary& words,
                                        const answer_settings& settings) {
  std::vector<answer_statistic> all;
  for (std::size_t s = 0; s < asked.statistics.size(); ++s) {
    const auto& entry = asked.statistics[s];
    answer_statistic about{asked.shown_as[s], entry, 1,
                           definition_of(asked, words, settings, entry)};
    if (const auto m = words.measures.find(entry); m != words.measures.end()) {
      about.version = m->second.facts.version;
      about.in = m->second.in;
    } else if (const auto d = words.derived.find(entry); d != words.derived.end()) {
      about.version = d->second.facts.version;
      about.in = d->second.in;
      about.formula = d->second.formula_text;
    }
    all.push_back(std::move(about));
  }
  return all;
}

void add_completeness(answer& made, const added_timeframe& now) {
  for (const auto& m : now.order->measures)
    made.measures.push_back(m.name);
  made.tallies.resize(made.measures.size());
  for (const auto& part : now.parts) {
    made.events_read += part.events;
    made.profiles_read += part.profiles;
    made.touches += part.touches;
    made.open_touches += part.open_touches;
    made.without_send += part.without_send;
    for (std::size_t m = 0; m < made.tallies.size(); ++m)
      made.tallies[m].add(part.tallies[m]);
  }
}

} // namespace

bool has_rows(std::span<const fold_result> parts) {
  return std::ranges::any_of(parts, [](const auto& part) { return !part.rollups[0].empty(); });
}

answer conclude(const request& asked, const dictionary& words, const added_timeframe& now,
                const std::optional<added_timeframe>& before, std::optional<bool> was_sent) {
  const auto& order = *now.order;
  answer made;
  made.datasource = asked.datasource;
  made.as_of = order.now;
  made.zone = order.zone;
  made.is_timeless = order.is_timeless;
  made.time = order.time;
  made.intervals = order.intervals;
  if (before) {
    made.before = before->order->time;
    made.before_intervals = before->order->intervals;
  }
  const auto moment = order.kind == datasource_kind::messages ? order.moment : send_moment::event;
  made.moment = send_moment_names()[static_cast<std::size_t>(moment)];
  made.settings = settled(asked, words);
  made.statistics = described(asked, words, made.settings);
  for (const auto& metric : asked.unknown_metrics)
    made.notes.push_back("No event is called \"" + metric
                         + "\"; names of metrics are told apart by upper and lower case.");
  made.has_rollups = asked.has_rollups;
  // The total of what knows no messages is a row in any case.
  const bool is_of_messages = order.kind == datasource_kind::messages;
  const concluder work{asked, words, now, before,
                       was_sent.value_or(order.kind == datasource_kind::events)};
  const auto empty = std::ranges::find_if(order.rollups, [](const auto& r) { return r.empty(); });
  const auto total = static_cast<std::size_t>(empty - order.rollups.begin());
  for (std::size_t r = 0; r < asked.rollups.size(); ++r)
    made.rollups.push_back(work.rollup(r, total));
  made.lacks_people = std::ranges::any_of(made.rollups, &answer_rollup::lacks_people);
  made.lacks_sends = is_of_messages && !was_sent
                  && std::ranges::any_of(made.rollups, [](const auto& r) {
                       return r.groupings.empty() && r.rows.empty();
                     });
  made.totals = work.totals(total);
  note_broken_shares(made, asked, words);
  add_completeness(made, now);
  return made;
}

} // namespace metrics
