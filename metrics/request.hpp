#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/report_settings.hpp"
#include "metrics/timeframe.hpp"
#include "segments/parse.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// Where the values of one grouping come from.
enum class group_source : std::uint8_t {
  message,           // A fact of the message, see message_fact.
  time,              // Of the send or the event, as the measure's time basis says.
  event_property,    // `key`.
  profile_attribute, // `key`: the attribute's path.
  membership,        // `key`: a segment's id; "member" or "not a member".
  segment            // The segment that the row is about: "id" or "name".
};

/// In the order of `message_keys` in metrics/words.hpp.
enum class message_fact : std::uint8_t {
  object_id,
  object_name,
  message_id,
  message_name,
  variation,
  variation_name,
  channel,
  tag_id,
  tag_name,
  send_strategy
};

/// In the order of `time_keys`.
enum class time_part : std::uint8_t {
  hour,
  day,
  week,
  month,
  quarter,
  year,
  day_of_week,
  hour_of_day
};

/// When somebody must have been in a segment.
enum class membership_moment : std::uint8_t { now, send, event };

struct grouping {
  std::string name; // As it was asked for; rows show it.
  group_source source = group_source::message;
  std::string key{};
  message_fact fact{};        // Of message.
  time_part part{};           // Of time.
  membership_moment moment{}; // Of membership.

  /// Same values, whatever it is called.
  [[nodiscard]] bool same_values(const grouping& o) const {
    return source == o.source && key == o.key && fact == o.fact && part == o.part
        && moment == o.moment;
  }
};

enum class filter_operator : std::uint8_t {
  equals,
  not_equals,
  contains, // A piece of the text.
  starts_with,
  any, // Equals one of the values.
  contains_any,
  contains_all, // Of dimensions with several values, as tags are.
  is_set,
  not_set
};

/// A boolean tree over groupings' values.
struct row_filter {
  enum class kind : std::uint8_t {
    all,
    any,
    none,
    leaf
  } what = kind::all; // `all` of nothing holds.
  std::vector<row_filter> parts{};
  std::size_t grouping = 0; // Of a leaf: index into request::filtered.
  filter_operator op{};
  std::vector<std::string> values{};
};

/// How a campaign's instant is chosen. Everything but `event` keeps a campaign whole.
enum class send_moment : std::uint8_t {
  send, // The described send time, else the first send.
  event,
  created,
  scheduled,
  first_batch_due,
  first_batch_started,
  first_delivery,
  send_completed
};
std::span<const std::string_view> send_moment_names();

enum class comparison : std::uint8_t { none, previous_period, previous_year };

struct order_by {
  bool falls = false;
  std::optional<std::size_t> statistic{}; // Index into request::statistics,
  std::string grouping{};                 // or the name of a grouping.
};

/// Rows that are listed when a request says nothing.
inline constexpr std::size_t limit_preset = 10'000;

/// A request that was read without mistakes.
struct request {
  std::string datasource;
  std::vector<std::string> statistics; // The dictionary's own names, each once.
  std::vector<std::string> shown_as;   // As asked for.
  std::optional<timeframe> time{};
  std::string zone;           // IANA.
  report_settings settings{}; // In force: the account's, and what the request says otherwise.
  std::optional<period> interval{};
  std::vector<std::vector<grouping>> rollups; // At least one.
  bool has_rollups = false;                   // `rollups` was written, even if with one grouping.
  row_filter filter{};
  std::vector<grouping> filtered{}; // What the filter looks at.
  std::vector<order_by> order{};
  std::size_t limit = limit_preset;
  comparison compare = comparison::none;
  bool by_weekday = false;
  send_moment moment = send_moment::send;
  std::string metric{};
  std::string conversion_metric = "Placed Order"; // What it is called; empty = nothing.
  std::vector<conversion_events> conversions;     // What it is.
  std::string conversion_where{};                 // JSON array as measure::where.
  /// Names that nobody has events of; perhaps misspelled.
  std::vector<std::string> unknown_metrics{};
};

/// What reading a request asks the account about.
struct request_context {
  const dictionary* words = nullptr;
  std::string account_zone = "UTC";
  report_settings settings{}; // The account's.
  /// Name of the metric with this id or name; nothing = unknown, then the text is a name that has
  /// no events yet.
  std::function<std::optional<std::string>(std::string_view)> metric_name{};
  /// Id of the segment with this id or name; nothing = unknown (an error).
  std::function<std::optional<std::string>(std::string_view)> segment_id{};
};

struct request_result {
  std::optional<request> read; // Nothing when there are errors.
  std::vector<segments::definition_error> errors;
};

inline constexpr std::size_t request_bytes_max = 1 << 20;
inline constexpr std::size_t statistics_max = 200;
inline constexpr std::size_t rollups_max = 32;
inline constexpr std::size_t groupings_max = 16;
inline constexpr std::size_t limit_max = 100'000;
inline constexpr std::size_t intervals_max = 10'000;

/// Reads the JSON of docs/reports.md and collects every mistake. Total: never throws on any text.
request_result read_request(std::string_view json, const request_context& context);

} // namespace metrics
