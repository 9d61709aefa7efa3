#pragma once

#include "model/outcome.hpp"

#include <boost/unordered/unordered_map.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace gateway {

/// How often something may be asked for (klaviyo-api.md §1.7). 0 = as often as one likes.
struct limit_tier {
  std::string_view name; // "XS", "S", "M", "L", "XL", "reports"
  std::uint32_t in_second = 0;
  std::uint32_t in_minute = 0;
  std::uint32_t in_day = 0;
};

/// By name; null = there is none.
const limit_tier* tier_named(std::string_view name);

/// `--rate-limits off|klaviyo|FACTOR`
struct limit_setting {
  double factor = 10; // Over Klaviyo's numbers; 0 = no limits at all.
  /// Klaviyo counts an account as a whole; here, one key leaves room for three others.
  double account_factor = 40;
  bool limits_changes = false; // Whether changes to people and events count too.
};
model::outcome<limit_setting> limit_setting_of(std::string_view text);

/// Counts requests in fixed windows of a second, a minute and a day, for each key and for the
/// account that it belongs to, one route at a time. The instant is an argument. Any thread.
class rate_limits {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit rate_limits(limit_setting setting) : setting_(setting) {
  }

  struct request {
    std::string_view key;             // Or whatever tells apart who asks.
    std::string_view account;         // Its id.
    std::string_view route;           // Method and pattern.
    const limit_tier* tier = nullptr; // Null = nothing is counted.
    bool is_change = false;           // See limit_setting.
  };
  struct verdict {
    bool is_allowed = true;
    /// Until the next request has room; of a refusal.
    std::chrono::seconds retry_after{0};
    /// The window of a minute, of whoever is nearer to the end; 0 = there is no limit.
    std::uint64_t limit = 0;
    std::uint64_t remaining = 0;
    std::chrono::seconds reset{0};
  };
  /// Counts the request if it is allowed.
  verdict take(const request& asked, instant now);

  /// Who is counted at the moment.
  [[nodiscard]] std::size_t counted() const;

private:
  static constexpr std::size_t counters_kept_min = 1024;

  struct window {
    std::int64_t number = -1; // Of seconds, minutes or days since the clock's start.
    std::uint64_t used = 0;
  };
  struct counter {
    window second{};
    window minute{};
    window day{};
  };
  counter& counter_of(char kind, std::string_view who, std::string_view route);
  void forget_idle(instant now);

  limit_setting setting_;
  mutable std::mutex guard_;
  boost::unordered_map<std::string, counter> counters_;
  std::string name_; // Scratch.
  std::size_t forget_at_ = counters_kept_min;
};

} // namespace gateway
