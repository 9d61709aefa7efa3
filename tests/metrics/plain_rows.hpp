#pragma once

#include "tests/metrics/plain_calendar.hpp"
#include "tests/metrics/plain_credit.hpp"
#include "tests/metrics/plain_sums.hpp"

#include <functional>

/// Which rows an event is in.
namespace plain {

/// Whether a person is in a segment now, or was at an instant.
using member_rule = std::function<bool(const std::string& segment, const profile& person,
                                       std::optional<std::int64_t> at)>;

/// An event as one measure counts it: whose, when, and of which message.
struct counted_event {
  const profile* person = nullptr;
  const event* what = nullptr; // Null for the person.
  std::optional<message> of{};
  std::int64_t at = 0; // The instant that puts it into the timeframe.
};

/// Whether a filter holds, given the values of its groupings by index.
bool passes(const metrics::row_filter& f,
            const std::function<std::vector<std::string>(std::size_t)>& values_of);

class row_rules {
public:
  row_rules(const metrics::request& asked, const credit_rules& about, const member_rule& is_member);

  /// The rows of an event: several when it has several tags.
  [[nodiscard]] std::set<row_values> rows_of(const std::vector<metrics::grouping>& by,
                                             const counted_event& e) const;
  /// By the request's filter.
  [[nodiscard]] bool passes(const counted_event& e) const;

private:
  [[nodiscard]] std::string value_of(const metrics::grouping& g, const counted_event& e) const;

  const metrics::request& asked_;
  const credit_rules& about_;
  const member_rule& is_member_;
  report_calendar calendar_;
};

} // namespace plain
