#include "tests/metrics/plain_report.hpp"

#include "metrics/answer.hpp"

#include <algorithm>
#include <array>

namespace plain {

using namespace metrics;

namespace {

using part = report_calendar::part;

class reporter {
public:
  reporter(const request& asked, const account_view& account)
    : asked_(asked), account_(account),
      source_(account.words.datasources.find(asked.datasource)->second),
      about_(asked, account.words, account.people, account.described, account.now),
      rows_(asked, about_, account.is_member), calendar_(asked.zone, asked.settings.week_start) {
    std::set<std::string> measures;
    for (const auto& statistic : asked.statistics)
      for (const auto& name : account.words.measures_of(statistic))
        measures.insert(name);
    made_.measures.assign(measures.begin(), measures.end());
    if (asked.time)
      time_ = range_of(*asked.time, *segments::find_zone(asked.zone), account.now,
                       asked.settings.week_start, source_.kind == datasource_kind::messages);
    made_.intervals = intervals_of(time_);
    rules_ = std::make_unique<event_rules>(
      event_rules{asked, account.words, account.people, about_, rows_, made_.measures});
    now_ = sums_of(time_, made_.intervals);
    if (asked.compare != metrics::comparison::none) {
      const auto earlier = compared();
      made_.before_intervals = intervals_of(earlier);
      before_ = sums_of(earlier, made_.before_intervals);
    }
  }

  report make() {
    for (const auto& by : asked_.rollups)
      made_.rollups.push_back(rollup(by));
    made_.tallies = now_->tallies();
    const auto all = now_->rows({});
    for (std::size_t m = 0; m < made_.measures.size(); ++m)
      made_.totals.push_back(all.empty() ? reported{}.shown(counting_of(m))
                                         : all.begin()->second[0][m].shown(counting_of(m)));
    if (const auto* events = dynamic_cast<const event_sums*>(now_.get())) {
      made_.without_send = events->without_send();
      made_.touches = events->touches(std::nullopt);
      made_.open_touches = events->touches(account_.now);
    }
    if (source_.kind == datasource_kind::messages)
      for (const auto* person : account_.people) {
        made_.conversions += about_.conversions(*person).size();
        for (const auto* conversion : about_.conversions(*person))
          made_.credited += about_.credit(*person, *conversion) ? 1 : 0;
      }
    return std::move(made_);
  }

private:
  // --- timeframes --------------------------------------------------------------------------------

  [[nodiscard]] std::vector<std::int64_t> intervals_of(time_range time) const {
    constexpr part parts[] = {part::hour, part::day, part::week, part::month};
    if (!asked_.interval)
      return {};
    return calendar_.all(parts[static_cast<std::size_t>(*asked_.interval)], time.from, time.to);
  }

  [[nodiscard]] time_range compared() const {
    const report_calendar::span range{time_.from, time_.to};
    const auto [begin, end] = asked_.compare == metrics::comparison::previous_year
                              ? calendar_.previous_year(range, asked_.by_weekday)
                              : calendar_.previous_period(range, asked_.by_weekday);
    return {begin, end};
  }

  [[nodiscard]] std::unique_ptr<timeframe_sums>
  sums_of(time_range time, const std::vector<std::int64_t>& intervals) const {
    if (source_.kind == datasource_kind::segments)
      return std::make_unique<growth_sums>(asked_, account_.words, account_.segments,
                                           made_.measures, time, intervals);
    return std::make_unique<event_sums>(*rules_, time, intervals);
  }

  // --- rows --------------------------------------------------------------------------------------

  [[nodiscard]] counting counting_of(std::size_t m) const {
    return account_.words.measures.find(made_.measures[m])->second.counts;
  }

  [[nodiscard]] row_sums nothing(const std::vector<std::int64_t>& intervals) const {
    return row_sums(std::max<std::size_t>(intervals.size(), 1),
                    std::vector<reported>(made_.measures.size()));
  }

  [[nodiscard]] shown_values statistics(const row_sums& sums) const {
    shown_values made;
    for (const auto& statistic : asked_.statistics) {
      auto& series = made.emplace_back();
      for (const auto& measures : sums)
        series.push_back(
          evaluate(account_.words, statistic, [&](const std::string& name) -> statistic_value {
            const auto m = static_cast<std::size_t>(std::ranges::find(made_.measures, name)
                                                    - made_.measures.begin());
            return measures[m].shown(counting_of(m));
          }));
    }
    return made;
  }

  [[nodiscard]] shown_row shown(const row_values& values, const std::optional<row_sums>& now,
                                const std::optional<row_sums>& before) const {
    shown_row made{values, statistics(now.value_or(nothing(made_.intervals))), {}};
    if (before_)
      made.before = statistics(before.value_or(nothing(made_.before_intervals)));
    return made;
  }

  [[nodiscard]] shown_row together(const std::vector<grouping>& by,
                                   const std::set<row_values>& rows) const {
    return shown({}, now_->together(by, rows),
                 before_ ? before_->together(by, rows) : std::nullopt);
  }

  [[nodiscard]] shown_rollup rollup(const std::vector<grouping>& by) const {
    const auto now = now_->rows(by);
    const auto before = before_ ? before_->rows(by) : std::map<row_values, row_sums>{};
    std::set<row_values> all;
    for (const auto* rows : {&now, &before})
      for (const auto& [values, sums] : *rows)
        all.insert(values);
    // S34; what knows no messages has its total in any case.
    if (by.empty()) {
      const auto* events = dynamic_cast<const event_sums*>(now_.get());
      if (events && (source_.kind != datasource_kind::messages || events->was_sent()))
        all.insert(row_values{});
    }
    const auto sums_in = [](const auto& rows, const row_values& values) {
      const auto found = rows.find(values);
      return found == rows.end() ? std::nullopt : std::optional{found->second};
    };
    shown_rollup made;
    for (const auto& values : all)
      made.rows.push_back(shown(values, sums_in(now, values), sums_in(before, values)));
    std::ranges::sort(made.rows,
                      [&](const auto& a, const auto& b) { return goes_before(by, a, b); });
    if (all.empty())
      return made;
    made.all = together(by, all);
    made.gaps = gaps(by, now);
    if (made.rows.size() > asked_.limit) {
      std::set<row_values> listed;
      for (std::size_t i = 0; i < asked_.limit; ++i)
        listed.insert(made.rows[i].values);
      made.listed = together(by, listed);
      for (const auto& values : listed)
        all.erase(values);
      made.other = together(by, all);
    }
    return made;
  }

  [[nodiscard]] std::vector<shown_gap> gaps(const std::vector<grouping>& by,
                                            const std::map<row_values, row_sums>& rows) const {
    std::vector<shown_gap> found;
    if (by.empty())
      return found;
    const auto total = now_->rows({});
    for (std::size_t s = 0; s < asked_.statistics.size(); ++s) {
      const auto at = std::ranges::find(made_.measures, asked_.statistics[s]);
      const auto m = static_cast<std::size_t>(at - made_.measures.begin());
      if (at == made_.measures.end() || counting_of(m) == counting::minimum
          || counting_of(m) == counting::maximum)
        continue;
      reported in_rows;
      reported in_all;
      for (const auto& [values, sums] : rows)
        for (const auto& interval : sums)
          in_rows.add(interval[m]);
      for (const auto& [values, sums] : total)
        for (const auto& interval : sums)
          in_all.add(interval[m]);
      const shown_gap gap{s, *in_rows.shown(counting_of(m)), *in_all.shown(counting_of(m))};
      if (gap.rows != gap.all)
        found.push_back(gap);
    }
    return found;
  }

  // --- order -------------------------------------------------------------------------------------

  static std::string sort_text(const grouping& g, const std::string& value) {
    static constexpr std::array<std::string_view, 7> days{
      "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    if (g.source != group_source::time || g.part != time_part::day_of_week)
      return value;
    return std::to_string(std::ranges::find(days, value) - days.begin());
  }

  static std::optional<double> sum_of(const std::vector<std::optional<double>>& series) {
    std::optional<double> sum;
    for (const auto& v : series)
      if (v)
        sum = sum.value_or(0) + *v;
    return sum;
  }

  [[nodiscard]] bool goes_before(const std::vector<grouping>& by, const shown_row& a,
                                 const shown_row& b) const {
    for (const auto& rule : asked_.order) {
      if (rule.statistic) {
        const auto x = sum_of(a.statistics[*rule.statistic]);
        const auto y = sum_of(b.statistics[*rule.statistic]);
        if (x && y && *x != *y)
          return rule.falls ? *x > *y : *x < *y;
        if (x.has_value() != y.has_value())
          return x.has_value();
      }
      for (std::size_t g = 0; g < by.size() && !rule.statistic; ++g) {
        const auto x = sort_text(by[g], a.values[g]);
        const auto y = sort_text(by[g], b.values[g]);
        if (by[g].name == rule.grouping && x != y)
          return rule.falls ? x > y : x < y;
      }
    }
    for (std::size_t g = 0; g < by.size(); ++g)
      if (const auto x = sort_text(by[g], a.values[g]), y = sort_text(by[g], b.values[g]); x != y)
        return x < y;
    return false;
  }

  const request& asked_;
  const account_view& account_;
  const datasource& source_;
  credit_rules about_;
  row_rules rows_;
  report_calendar calendar_;
  time_range time_{};
  report made_;
  std::unique_ptr<event_rules> rules_;
  std::unique_ptr<timeframe_sums> now_;
  std::unique_ptr<timeframe_sums> before_;
};

} // namespace

report report_of(const request& asked, const account_view& account) {
  return reporter{asked, account}.make();
}

} // namespace plain
