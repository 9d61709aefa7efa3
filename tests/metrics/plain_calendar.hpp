#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Days, weeks and hours of a zone, as plainly as one can ask the date library for them.
namespace plain {

class report_calendar {
public:
  /// `week_start`: Monday = 0 … Sunday = 6.
  report_calendar(const std::string& zone, int week_start);

  enum class part { hour, day, week, month, quarter, year, day_of_week, hour_of_day };
  /// What a row shows of an instant.
  [[nodiscard]] std::string text(part p, std::int64_t t) const;
  /// First instant of the hour, day, week or month that `t` is in. An hour ends where the clock is
  /// set, and the next one begins there.
  [[nodiscard]] std::int64_t begin(part p, std::int64_t t) const;
  [[nodiscard]] std::int64_t end(part p, std::int64_t t) const;
  /// Beginnings of all that touch [from, to).
  [[nodiscard]] std::vector<std::int64_t> all(part p, std::int64_t from, std::int64_t to) const;

  struct span {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  /// What a timeframe is compared with.
  [[nodiscard]] span previous_period(span range, bool by_weekday) const;
  [[nodiscard]] span previous_year(span range, bool by_weekday) const;

private:
  const void* zone_;
  int week_start_;
};

} // namespace plain
