#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/fold.hpp"
#include "metrics/request.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What the partitions added up, as a report.
namespace metrics {

/// A statistic's value; nothing = there is none (a minimum of nothing).
using statistic_value = std::optional<double>;

struct answer_row {
  std::vector<std::string> values; // By the rollup's groupings.
  /// By statistic, then interval; one interval when no series was asked for.
  std::vector<std::vector<statistic_value>> statistics;
  /// The compared timeframe's, which may have more or fewer intervals; empty when nothing is
  /// compared.
  std::vector<std::vector<statistic_value>> before{};
};

/// Why a rollup's rows do not add up to its total.
struct row_gap {
  std::size_t statistic = 0;
  double rows = 0;  // Added up.
  double total = 0; // Of everything.
  std::string because;
};

struct answer_rollup {
  std::vector<std::string> groupings; // Names.
  std::vector<answer_row> rows;       // In order, at most `limit`.
  std::uint64_t rows_in_all = 0;
  std::optional<answer_row> all{};    // Everything in one row; nothing when there are no rows.
  std::optional<answer_row> listed{}; // What `rows` makes together; set when some are not listed.
  std::optional<answer_row> other{};  // The rest.
  bool lacks_people = false;          // See `answer`.
  std::vector<row_gap> gaps{};
};

struct answer_statistic {
  std::string name;  // As asked for.
  std::string entry; // The dictionary's own name.
  std::uint32_t version = 1;
  std::string definition; // Its hash.
  unit in = unit::number;
  std::string formula{}; // Of derived metrics.
};

/// What the request or else the account has settled.
struct answer_settings {
  std::string week_start;
  std::string bots;
  std::string apple_privacy;
  std::string attribution_model;
  /// In hours, by the fields of requests; of datasources of messages.
  std::vector<std::pair<std::string, std::int64_t>> windows{};
  // Where conversions are asked for:
  std::string conversion_metric{}; // Its name; empty = the request says itself what it is.
  std::string conversion_definition{};
  /// Of everything above and the zone.
  std::string hash{};
};

struct answer {
  std::string datasource;
  std::int64_t as_of = 0;
  std::string zone;
  bool is_timeless = false;
  time_range time{};
  std::optional<time_range> before{};    // The compared timeframe.
  std::vector<std::int64_t> intervals{}; // Starts; empty = no series.
  std::vector<std::int64_t> before_intervals{};
  std::string moment; // Time basis: "send", …
  answer_settings settings;
  std::vector<answer_statistic> statistics;
  std::vector<answer_rollup> rollups;
  bool has_rollups = false; // They were asked for; otherwise there is one grouping.
  std::uint64_t events_read = 0;
  std::uint64_t profiles_read = 0;
  std::uint64_t touches = 0;
  std::uint64_t open_touches = 0;         // Conversions may still come.
  std::uint64_t without_send = 0;         // Events that belong to no send.
  std::vector<std::uint64_t> positions{}; // Of the partitions' logs.
  std::uint64_t catalogue_reads = 0;      // Questions to the account, whatever there is to report.
  std::vector<measure_tally> tallies{};   // By the order's measures.
  std::vector<std::string> measures{};    // Their names.
  /// `listed` and `other` have no values where only the people of the rows could tell; an order
  /// that keeps people tells.
  bool lacks_people = false;
  /// A grouping by nothing has no row, and would have one if anything was sent (S34).
  bool lacks_sends = false;
  std::vector<std::string> notes{}; // What whoever asked may have meant otherwise; sentences.
  /// Their values over everything; none of what intervals cannot tell together.
  std::vector<statistic_value> totals{};
};

/// The order with one more rollup, the empty one at the end, when it has none: the total of every
/// other.
fold_order with_total(fold_order order);

/// What partitions added up for an order that `with_total` has completed.
struct added_timeframe {
  const fold_order* order = nullptr;
  std::span<const fold_result> parts;
};

/// Merges, fills gaps, applies formulas, sorts and cuts. The same parts in any order give the same
/// answer. `before` is of the compared timeframe. `was_sent`: whether the order of `sends_of` found
/// anything; nothing = nobody has asked.
answer conclude(const request& asked, const dictionary& words, const added_timeframe& now,
                const std::optional<added_timeframe>& before = std::nullopt,
                std::optional<bool> was_sent = std::nullopt);
/// What tells `conclude` whether anything was sent, from the parts of `sends_of`'s order.
bool has_rows(std::span<const fold_result> parts);

/// The answer as JSON: stable order, shortest numbers. docs/reports.md describes it.
std::string to_json(const answer& a);
/// One line a row, a header first; every rollup after the other with its own header.
std::string to_csv(const answer& a);

/// How the numbers came about, for people: of each statistic its words, formula and definition, its
/// inputs with their totals, how many events were counted and why others were not.
std::string explain(const answer& a, const dictionary& words);
/// The same as JSON.
std::string explain_json(const answer& a, const dictionary& words);

/// For people: columns as wide as their widest cell, fractions in percent, totals below.
std::string to_table(const answer& a);
/// Bars for each row of a statistic in a terminal of `width` columns, or, of a series, one line of
/// bars over time for each row.
std::string to_plot(const answer& a, std::size_t statistic, std::size_t width);
/// The same as an SVG picture: bars, or lines over time.
std::string to_svg(const answer& a, std::size_t statistic);

/// The value of a statistic from its measures' values. `value_of`: by a measure's name.
statistic_value evaluate(const dictionary& words, std::string_view statistic,
                         const std::function<statistic_value(const std::string&)>& value_of);

} // namespace metrics
