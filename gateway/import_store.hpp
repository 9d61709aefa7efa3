#pragma once

#include "gateway/account.hpp"
#include "gateway/errors.hpp"
#include "model/instant.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <rollcall/rollcall.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

inline constexpr std::size_t import_jobs_max = 1'000; // Kept of one account.
inline constexpr std::chrono::days import_jobs_kept{7};

/// An import of profiles that is done.
struct import_job {
  std::string id;
  model::instant started{};
  model::instant completed{};
  std::size_t total = 0;
  std::size_t failed = 0; // Profiles that were not taken.
  std::vector<std::string> lists{};
  std::vector<std::size_t> error_counts{}; // Errors lie in pieces.

  [[nodiscard]] model::instant expires() const {
    return started + import_jobs_kept;
  }
};

/// What is told about a profile that was not taken.
struct import_error {
  error_entry why;
  boost::json::value original; // As it came; null = too long, or told with the error before.
};

/// Import jobs as documents.
class import_store {
public:
  explicit import_store(const account& whose) : whose_(whose) {
  }

  /// Those that are not over.
  [[nodiscard]] std::vector<import_job> all() const;
  /// Refuses with 404.
  [[nodiscard]] import_job find(std::string_view id) const;
  /// Whom it created or changed, by place.
  [[nodiscard]] std::vector<rollcall::profile_place> people_of(const import_job& job) const;
  /// Attributes of errors, from the one of this number on.
  [[nodiscard]] boost::json::array errors_of(const import_job& job, std::size_t first,
                                             std::size_t count) const;

  /// Keeps it, and forgets jobs that are over or too many.
  void put(import_job job, std::vector<rollcall::profile_place> people,
           const std::vector<import_error>& errors) const;

private:
  void forget(const import_job& job) const;

  const account& whose_;
};

} // namespace gateway
