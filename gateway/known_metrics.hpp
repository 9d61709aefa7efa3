#pragma once

#include "gateway/account.hpp"

#include <rollcall/rollcall.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// The metrics of an account as they were when this was made.
class known_metrics {
public:
  explicit known_metrics(const account& whose);
  explicit known_metrics(std::vector<rollcall::metric_info> all);

  /// Null = there is none.
  [[nodiscard]] const rollcall::metric_info* by_id(std::string_view id) const;
  [[nodiscard]] const rollcall::metric_info* by_name(std::string_view name) const;
  /// The id of an event's metric; empty = it has vanished.
  [[nodiscard]] std::string id_of(std::string_view name) const;
  [[nodiscard]] const std::vector<rollcall::metric_info>& all() const {
    return all_;
  }

private:
  std::vector<rollcall::metric_info> all_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

} // namespace gateway
