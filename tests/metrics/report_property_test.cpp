#include "tests/metrics/random_reports.hpp"
#include "tests/metrics/report_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

/// What must hold of every report, whatever the people did.
BOOST_AUTO_TEST_SUITE(report_property_test)

namespace {

using namespace metrics;
using report_run::asked_case;
using report_run::for_all_seeds;

using series = std::vector<statistic_value>;

/// A statistic by row; the total under "all".
std::map<std::vector<std::string>, series> values_of(const answer_rollup& rollup, std::size_t s) {
  std::map<std::vector<std::string>, series> made;
  for (const auto& row : rollup.rows)
    made[row.values] = row.statistics[s];
  if (rollup.all)
    made[{"all", "of", "it"}] = rollup.all->statistics[s];
  return made;
}

bool is_nothing(const series& values) {
  return std::ranges::all_of(values, [](const auto& v) { return v.value_or(0) == 0; });
}

double number(const statistic_value& v) {
  return v.value_or(0);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "\"" : ", \"") + name + "\"";
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_statistic_does_not_depend_on_what_else_is_asked) {
  for_all_seeds(600, [](std::uint64_t seed) -> std::string {
    asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto together = c.concluded_whole();
    const auto all = c.asked;
    for (std::size_t s = 0; s < all.statistics.size(); ++s) {
      auto alone = all;
      alone.statistics = {all.statistics[s]};
      alone.shown_as = {all.shown_as[s]};
      alone.order.clear();
      c.ask(alone);
      const auto answered = c.concluded_whole();
      for (std::size_t r = 0; r < together.rollups.size(); ++r) {
        auto here = values_of(together.rollups[r], s);
        for (const auto& [row, values] : values_of(answered.rollups[r], 0)) {
          if (here[row] != values)
            return all.statistics[s] + " is another alone\n" + c.described();
          here.erase(row);
        }
        for (const auto& [row, values] : here)
          if (!is_nothing(values))
            return all.statistics[s] + " lacks a row alone\n" + c.described();
      }
    }
    return {};
  });
}

BOOST_AUTO_TEST_CASE(partitions_in_any_order_give_the_same_bytes) {
  for_all_seeds(600, [](std::uint64_t seed) -> std::string {
    asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto first = to_json(c.concluded());
    std::ranges::reverse(c.parts);
    if (to_json(c.concluded()) != first)
      return "other bytes backwards\n" + c.described();
    c.ask(c.asked); // Other profiles are read early.
    std::ranges::rotate(c.parts, c.parts.begin() + 1);
    if (to_json(c.concluded()) != first)
      return "other bytes when read again\n" + c.described();
    return {};
  });
}

BOOST_AUTO_TEST_CASE(no_share_exceeds_one_when_engagement_follows_delivery) {
  std::vector<std::string> shares;
  for (const auto& name : random_reports::statistics("message"))
    if (const auto d = random_reports::words().derived.find(name);
        d != random_reports::words().derived.end() && d->second.is_share)
      shares.push_back(name);
  BOOST_TEST(shares.size() > 10);
  for_all_seeds(600, [&](std::uint64_t seed) -> std::string {
    asked_case c{seed, true};
    const std::string source = c.drawn.chance(0.5) ? "campaign" : "flow";
    const std::string dimensions[] = {source + "_id", "message_id", "tag_id", "country", "day"};
    auto text = R"({"datasource": ")" + source + R"(", "statistics": [)" + joined(shares)
              + R"(], "timeframe": {"key": "last_30_days"}, "rollups": [[], [")"
              + c.drawn.one_of(dimensions) + R"("], [")" + c.drawn.one_of(dimensions) + R"("]])";
    if (c.drawn.chance(0.3))
      text += R"(, "interval": "day")";
    if (auto wrong = c.ask(text + "}"); !wrong.empty())
      return wrong;
    const auto answered = c.concluded_whole();
    for (const auto& rollup : answered.rollups)
      for (std::size_t s = 0; s < shares.size(); ++s)
        for (const auto& [row, values] : values_of(rollup, s))
          for (const auto& v : values)
            if (number(v) > 1 || number(v) < 0)
              return shares[s] + " is " + std::to_string(number(v)) + "\n" + c.described();
    return {};
  });
}

BOOST_AUTO_TEST_CASE(every_conversion_with_an_open_touch_is_credited_once) {
  for_all_seeds(600, [](std::uint64_t seed) -> std::string {
    const bool orderly = seed % 2 == 0;
    asked_case c{seed, orderly};
    // An orphan of no send has a date of its own only.
    const auto
      settings = std::string{R"(, "statistics": ["conversions"], "group_by": [], )"}
               + R"("timeframe": {"start": "2000-01-01", "end": "2099-12-31"}, "time_basis": ")"
               + (orderly ? "send" : "event") + "\"}";
    double credits = 0;
    for (const std::string source : {"campaign", "flow"}) {
      if (auto wrong = c.ask(R"({"datasource": ")" + source + "\"" + settings); !wrong.empty())
        return wrong;
      const auto answered = c.concluded();
      for (const auto& row : answered.rollups[0].rows)
        credits += number(row.statistics[0][0]);
    }
    const auto plainly = c.plainly();
    if (credits != static_cast<double>(plainly.credited))
      return std::to_string(credits) + " credits for " + std::to_string(plainly.credited) + " of "
           + std::to_string(plainly.conversions) + " conversions\n" + c.described();
    return {};
  });
}

BOOST_AUTO_TEST_CASE(people_of_all_rows_are_those_of_disjoint_rows_and_at_most_those_of_others) {
  for_all_seeds(600, [](std::uint64_t seed) -> std::string {
    asked_case c{seed};
    const std::string sources[] = {"campaign", "flow", "account", "form"};
    const auto source = c.drawn.one_of(sources);
    const std::string names = source == "account" ? R"("unique", "buyers")"
                            : source == "form"    ? R"("viewed_form_uniques", "submits_uniques")"
                                                  : R"("people_reached", "people_converted")";
    const std::string other = source == "account" || source == "form" ? "device" : "message_id";
    if (auto wrong = c.ask(R"({"datasource": ")" + source + R"(", "metric": "Active on Site", )"
                           + R"("statistics": [)" + names
                           + R"(], "timeframe": {"key": "last_90_days"}, "rollups": [["country"], )"
                           + R"(["segment:S1", "country"], [")" + other + R"("], ["day"]]})");
        !wrong.empty())
      return wrong;
    const auto answered = c.concluded_whole();
    for (std::size_t r = 0; r < answered.rollups.size(); ++r)
      for (std::size_t s = 0; s < 2 && answered.rollups[r].all; ++s) {
        double rows = 0;
        for (const auto& row : answered.rollups[r].rows)
          rows += number(row.statistics[s][0]);
        const auto all = number(answered.rollups[r].all->statistics[s][0]);
        if (r < 2 ? all != rows : all > rows)
          return std::to_string(all) + " people in all, in the rows " + std::to_string(rows) + "\n"
               + c.described();
      }
    return {};
  });
}

BOOST_AUTO_TEST_CASE(a_limit_lists_the_first_rows_of_all) {
  for_all_seeds(600, [](std::uint64_t seed) -> std::string {
    asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto whole = c.concluded_whole();
    const auto cut = c.concluded();
    for (std::size_t r = 0; r < cut.rollups.size(); ++r) {
      const auto& all = whole.rollups[r].rows;
      const auto& some = cut.rollups[r].rows;
      if (some.size() != std::min(all.size(), c.asked.limit)
          || cut.rollups[r].rows_in_all != all.size())
        return "not so many rows\n" + c.described();
      for (std::size_t i = 0; i < some.size(); ++i)
        if (some[i].values != all[i].values)
          return "other rows\n" + c.described();
      if (c.asked.order.empty() || !c.asked.order[0].statistic || c.asked.interval)
        continue;
      const auto by = *c.asked.order[0].statistic;
      for (std::size_t i = 1; i < all.size(); ++i) {
        const auto before = all[i - 1].statistics[by][0];
        const auto after = all[i].statistics[by][0];
        if (!before ? after.has_value()
                    : after && (c.asked.order[0].falls ? *before < *after : *after < *before))
          return "not in order\n" + c.described();
      }
    }
    return {};
  });
}

BOOST_AUTO_TEST_SUITE_END()
