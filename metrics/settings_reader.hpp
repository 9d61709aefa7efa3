#pragma once

#include "metrics/report_settings.hpp"
#include "segments/place.hpp"

#include <array>
#include <string_view>

// Inside the folder only: fields that requests and the account's settings share.
namespace metrics {

inline constexpr std::array<std::string_view, 2> bots_words{"exclude", "include"};
inline constexpr std::array<std::string_view, 2> apple_privacy_words{"credit", "no_credit"};
/// How credit is given; there is one way.
inline constexpr std::string_view attribution_model = "last_touch";

/// Takes over what the fields `week_start`, `bots`, `apple_privacy` and `attribution` of an object
/// say. `otherwise`: what null stands for.
void read_settings(const segments::place& from, const report_settings& otherwise,
                   report_settings& into);

} // namespace metrics
