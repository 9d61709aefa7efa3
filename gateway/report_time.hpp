#pragma once

#include "gateway/body.hpp"
#include "metrics/timeframe.hpp"
#include "segments/calendar.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// Timeframes and intervals of report requests (klaviyo-api.md §2.15).
namespace gateway {

/// What of a body tells the time.
struct report_time {
  boost::json::object timeframe; // As the engine's requests have it.
  std::string interval;          // Empty = no series.
};

struct time_rules {
  const segments::zone& zone; // The account's.
  std::int64_t now = 0;       // Milliseconds since 1970.
  bool is_series = false;     // Whether there is an interval.
};

/// Reads `timeframe` and `interval`. A timeframe has at most a year; of hours at most 7 days, of
/// days 60 days, of months 52 weeks, where whole months count as they are.
report_time read_report_time(object_reader& attributes, const time_rules& rules);

} // namespace gateway
