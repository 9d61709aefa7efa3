#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/timeframe.hpp"
#include "segments/parse.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metrics {

inline constexpr std::int64_t window_hours_max = 90 * 24;

/// A touch's window that differs from the dictionary's.
struct touch_window {
  std::string events; // Event set.
  channel by = channel::any;
  std::int64_t window_hours = 0; // 0 = earns nothing.
};

/// How an account's reports are made unless a request says otherwise.
struct report_settings {
  weekday week_start = 0;
  std::vector<touch_window> windows{}; // Each touch at most once.
  bool with_bots = false;
  bool apple_earns_credit = true;
};

/// Fields that `changes`, an object, names; null stands for what there is when nobody has said
/// anything. Nothing, with every mistake, when it cannot be read.
std::optional<report_settings> changed(report_settings settings, std::string_view changes,
                                       std::vector<segments::definition_error>& errors);
/// What `changed` makes the same of again.
std::string kept_json(const report_settings& settings);

/// Every window by its field ("email_open_hours"), in hours; what nobody has changed is as the
/// touches say.
std::vector<std::pair<std::string_view, std::int64_t>>
windows_in_force(const std::vector<datasource::touch>& touches,
                 const std::vector<touch_window>& windows);
/// Everything in force as the JSON that requests write, of the first datasource of messages.
std::string shown_json(const report_settings& settings, const dictionary& words);

} // namespace metrics
