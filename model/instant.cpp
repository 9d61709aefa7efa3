#include "model/instant.hpp"

#include <cstdio>

namespace model {

namespace {

using namespace std::chrono;

/// Reads exactly `count` digits; -1 when one is missing.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size())
    return -1;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

/// What stands behind the seconds: nothing, `Z`, or an offset. Minutes to subtract, or nothing for
/// other text.
std::optional<int> offset_minutes(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z")
    return 0;
  if (text[0] != '+' && text[0] != '-')
    return std::nullopt;
  const int hours = digits(text, 1, 2);
  int minutes = 0;
  if (text.size() == 6 && text[3] == ':')
    minutes = digits(text, 4, 2);
  else if (text.size() == 5)
    minutes = digits(text, 3, 2);
  else if (text.size() != 3)
    return std::nullopt;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

} // namespace

instant floor_second(instant t) {
  return floor<seconds>(t);
}

instant ceil_second(instant t) {
  return ceil<seconds>(t);
}

std::optional<instant> parse_instant(std::string_view text) {
  const int y = digits(text, 0, 4);
  const int m = digits(text, 5, 2);
  const int d = digits(text, 8, 2);
  if (y < 0 || m < 0 || d < 0 || text[4] != '-' || text[7] != '-')
    return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok())
    return std::nullopt;
  const instant midnight = sys_days{date};
  if (text.size() == 10)
    return midnight;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ')
    return std::nullopt;
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text[13] != ':')
    return std::nullopt;
  std::size_t at = 16;
  int second = 0;
  int millisecond = 0;
  if (at < text.size() && text[at] == ':') {
    second = digits(text, at + 1, 2);
    if (second < 0 || second > 59)
      return std::nullopt;
    at += 3;
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
      const std::size_t first = ++at;
      int weight = 100;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10)
        millisecond += weight * (text[at] - '0');
      if (at == first)
        return std::nullopt;
    }
  }
  const auto offset = offset_minutes(text.substr(at));
  if (!offset)
    return std::nullopt;
  return midnight + hours{hour} + minutes{minute - *offset} + seconds{second}
       + milliseconds{millisecond};
}

std::string format_instant(instant t) {
  const auto midnight = floor<days>(t);
  const year_month_day date{midnight};
  const hh_mm_ss<milliseconds> time{t - midnight};
  char text[40];
  int size = std::snprintf(
    text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
    static_cast<int>(time.seconds().count()));
  if (time.subseconds().count() != 0)
    size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), ".%03d",
                          static_cast<int>(time.subseconds().count()));
  return std::string(text, static_cast<std::size_t>(size)) + 'Z';
}

} // namespace model
