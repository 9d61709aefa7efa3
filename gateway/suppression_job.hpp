#pragma once

#include "gateway/account.hpp"
#include "gateway/suppression.hpp"
#include "model/instant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Jobs that suppress people, or end that, and their documents.
namespace gateway {

inline constexpr std::size_t suppression_jobs_max = 1'000; // Kept of either kind.
inline constexpr std::size_t suppressed_at_once = 1'000;   // Of a list or a segment.

struct suppression_job {
  suppressing what = suppressing::begin;
  std::string id;
  std::string status = "queued"; // processing, complete, cancelled.
  model::instant created{};
  std::optional<model::instant> completed{};
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  std::uint64_t skipped = 0;
  std::string list{};    // Id; whose members it is about. Empty = not of a list.
  std::string segment{}; // The same.
  std::string cursor{};  // Where the next piece begins.

  [[nodiscard]] bool is_over() const {
    return completed.has_value();
  }
};

/// "profile-suppression-bulk-create-job": the type of the resource, and the kind of its documents.
std::string_view type_of(suppressing what);

std::vector<suppression_job> suppression_jobs(const account& whose, suppressing what);
void keep(const account& whose, const suppression_job& job);
/// Forgets the oldest of those that are over, as long as there are too many.
void forget_old_jobs(const account& whose, suppressing what);

/// Changes these addresses; done when it returns. Whom nobody knows is created to be suppressed.
void suppress_addresses(const account& whose, suppression_job& job,
                        const std::vector<std::string>& emails);
/// The next piece of a job about a list or a segment. Ends the job after the last one, and when the
/// list or the segment is gone.
void suppress_piece(const account& whose, suppression_job& job);

} // namespace gateway
