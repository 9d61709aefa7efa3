#pragma once

#include "metrics/fold.hpp"
#include "model/flip.hpp"
#include "segments/profile_set.hpp"
#include "storage/profile_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace actors {

/// Who was in which segment when, as of the instant at which a report began.
class membership_snapshot final : public metrics::membership_history {
public:
  /// `flips`: the segment's feed, in order; may be left out where only "now" is asked for.
  void add(const std::string& segment, const segments::profile_set* members,
           std::span<const model::flip> flips);

  [[nodiscard]] bool is_member(const std::string& segment, std::uint32_t profile) const override;
  [[nodiscard]] bool was_member(const std::string& segment, std::uint32_t profile,
                                std::int64_t at) const override;

private:
  struct move {
    std::uint32_t profile = 0;
    std::int64_t at = 0;
    bool joined = false;
  };
  struct known_segment {
    Roaring members;
    std::vector<move> moves; // By profile, then in the order of the feed.
  };
  std::map<std::string, known_segment, std::less<>> segments_;
};

/// Reads a partition's profiles for a report, block by block, while changes go on. What it reads is
/// what there was when it began: a profile that is about to change is read before it does.
class report_scan {
public:
  report_scan(std::unique_ptr<metrics::survey> survey, const storage::profile_store& people);
  report_scan(std::unique_ptr<metrics::fold> fold, std::unique_ptr<membership_snapshot> members,
              const storage::profile_store& people);

  /// Reads blocks until `end`, at least one; true = all are read.
  bool go_on(const storage::profile_store& people, std::chrono::steady_clock::time_point end);
  /// The profile is going to be changed or erased.
  void will_change(const storage::profile_store& people, std::uint32_t profile);

  /// Null when it is the other of the two.
  [[nodiscard]] const metrics::survey* survey() const {
    return survey_.get();
  }
  [[nodiscard]] metrics::fold* fold() const {
    return fold_.get();
  }

private:
  [[nodiscard]] metrics::block_reader& reader() {
    return survey_ ? static_cast<metrics::block_reader&>(*survey_) : *fold_;
  }

  std::unique_ptr<membership_snapshot> members_; // Outlives the fold.
  std::unique_ptr<metrics::survey> survey_;
  std::unique_ptr<metrics::fold> fold_;
  std::uint32_t profiles_ = 0; // When it began.
  std::uint32_t next_block_ = 0;
};

} // namespace actors
