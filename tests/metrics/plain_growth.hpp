#pragma once

#include "metrics/timeframe.hpp"
#include "tests/metrics/plain_sums.hpp"

#include <span>

/// How segments grow.
namespace plain {

/// Somebody's time in a segment: from `joined` on, before `left`.
struct stay {
  std::int64_t joined = 0;
  std::optional<std::int64_t> left{};
};

struct segment {
  std::string id;
  std::string name;
  std::vector<std::vector<stay>> people; // By person.
};

class growth_sums final : public timeframe_sums {
public:
  growth_sums(const metrics::request& asked, const metrics::dictionary& words,
              std::span<const segment> segments, const std::vector<std::string>& measures,
              metrics::time_range time, const std::vector<std::int64_t>& intervals);

  [[nodiscard]] std::map<row_values, row_sums> rows(const groupings& by) const override;
  [[nodiscard]] std::optional<row_sums> together(const groupings& by,
                                                 const std::set<row_values>& of) const override;
  [[nodiscard]] std::vector<tally> tallies() const override;

private:
  /// In [from, to); of members: at `to`.
  static std::uint64_t count(metrics::counting what, const segment& of, std::int64_t from,
                             std::int64_t to);
  [[nodiscard]] bool passes(const segment& s) const;
  [[nodiscard]] row_sums sums_of(const segment& s) const;

  const metrics::request& asked_;
  std::span<const segment> segments_;
  std::vector<metrics::counting> counts_; // By measure.
  metrics::time_range time_;
  const std::vector<std::int64_t>& intervals_;
};

} // namespace plain
