#pragma once

#include "cluster/partition_log.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

/// What every log of a cluster partition has to do, whatever it stands on.
namespace cluster_tests {

/// Opens one log, empty at first, as often as it is called.
using log_opener = std::function<std::unique_ptr<cluster::partition_log>()>;

void an_empty_log_has_nothing_to_read(const log_opener& open);
void appends_come_back_as_they_went(const log_opener& open);
void an_append_elsewhere_than_at_the_end_is_a_conflict(const log_opener& open);
void records_without_bytes_and_too_large_ones_are_refused(const log_opener& open);
void submitted_records_are_each_answered_once(const log_opener& open);
void nothing_follows_a_record_that_was_refused(const log_opener& open);
void of_three_who_append_at_one_place_one_succeeds(const log_opener& open, int rounds);
void reading_stops_when_told_and_goes_on_from_there(const log_opener& open);
void a_reader_gets_what_is_appended_while_it_reads(const log_opener& open);
void to_read_behind_the_end_is_a_conflict(const log_opener& open);
void what_was_trimmed_is_not_found(const log_opener& open);
void a_trim_never_moves_the_end(const log_opener& open);
void a_reader_that_was_overtaken_by_a_trim_hears_of_it(const log_opener& open);

/// Counts what becomes of submitted records.
class answers {
public:
  /// For the record that is sent behind `last`.
  cluster::partition_log::appended expect(std::uint64_t last);
  /// False when some are missing after `patience`.
  bool wait(std::chrono::seconds patience = std::chrono::seconds{30});

  [[nodiscard]] std::size_t expected() const;
  /// How often records were answered.
  [[nodiscard]] std::size_t answered() const;
  /// By number of the submission, from 0.
  [[nodiscard]] const std::vector<std::vector<model::outcome<std::uint64_t>>>& all() const {
    return all_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t unanswered_ = 0;
  std::vector<std::vector<model::outcome<std::uint64_t>>> all_;
};

struct read_record {
  std::uint64_t sequence;
  std::string bytes;
};

/// Everything from `from` on, up to `count` records.
std::vector<read_record>
read_all(cluster::partition_log& log, std::uint64_t from, std::size_t count,
         std::chrono::milliseconds patience = std::chrono::milliseconds{300});

/// What an outcome is called when it is no failure.
inline constexpr model::failure_code success{};

template <class T>
model::failure_code failure_of(const model::outcome<T>& told) {
  return told ? success : told.error().code;
}

/// What a failure says.
template <class T>
std::string reason_of(const model::outcome<T>& told) {
  return told ? "success" : told.error().message;
}

/// Whether the reader of a failure is told `part`.
bool says(const auto& told, std::string_view part) {
  return reason_of(told).find(part) != std::string::npos;
}

} // namespace cluster_tests

namespace model {
inline std::ostream& operator<<(std::ostream& out, failure_code code) {
  return code == cluster_tests::success ? out << "success"
                                        : out << "failure " << static_cast<int>(code);
}
} // namespace model
