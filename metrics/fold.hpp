#pragma once

#include "metrics/exact_sum.hpp"
#include "metrics/fold_order.hpp"
#include "metrics/person_list.hpp"
#include "model/history.hpp"
#include "model/objects.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Adding up one partition's profiles for a report.
namespace metrics {

/// Who was in a segment when, as the partition's own feeds tell.
class membership_history {
public:
  virtual ~membership_history() = default;
  [[nodiscard]] virtual bool is_member(const std::string& segment, std::uint32_t profile) const = 0;
  /// At an instant of the past, by the flips of the segment's feed.
  [[nodiscard]] virtual bool was_member(const std::string& segment, std::uint32_t profile,
                                        std::int64_t at) const = 0;
};

/// What was added up of one measure in one row. Which members count is the measure's `counts`.
struct partial {
  std::uint64_t count = 0; // Events, or distinct ones.
  exact_sum sum;
  double least = model::no_value; // NaN = there is none.
  double most = model::no_value;

  void add(const partial& other);
};

/// One row of one rollup in one partition.
struct partial_row {
  std::vector<std::string> values; // By the rollup's groupings.
  std::uint32_t interval = 0;
  std::vector<partial> measures;
};

/// Why events of a measure's streams were not counted.
enum class exclusion : std::uint8_t {
  no_message,   // They name no campaign or flow.
  other_owner,  // Of a flow where campaigns are asked for, or the other way round.
  without_send, // Nothing was sent that they could belong to.
  outside,      // Of the timeframe.
  filtered_out, // By the request's filter.
  bot,
  apple_privacy,
  other_property, // By the measure's own filters.
  not_credited,   // A conversion that no touch had led to.
};
inline constexpr std::size_t exclusions = 9;
/// "names no campaign or flow", …
std::string_view describe(exclusion why);

/// How many events of a measure were looked at, and what became of them.
struct measure_tally {
  std::uint64_t counted = 0;
  std::array<std::uint64_t, exclusions> excluded{};
  void add(const measure_tally& other);
};

/// What tells of one rollup's rows together more than the rows do, of measures that do not add up.
struct kept_rollup {
  /// A measure's people in one row.
  struct row_people {
    std::uint32_t measure = 0;
    std::uint32_t row = 0;     // Of the rollup's.
    std::uint32_t message = 0; // Of people counted once a message, its number in the partition.
    person_list people;
  };
  std::vector<row_people> people;
  /// Events that are in the same rows, where they may be in several.
  struct row_sums {
    std::vector<std::uint32_t> rows;
    std::vector<partial> measures;
  };
  std::vector<row_sums> sums;
};

struct fold_result {
  std::vector<std::vector<partial_row>> rollups;
  /// By rollup; null unless the order keeps people.
  std::shared_ptr<const std::vector<kept_rollup>> kept{};
  std::vector<measure_tally> tallies; // By measure.
  /// Events that some measure leaves out since they belong to no send, each once.
  std::uint64_t without_send = 0;
  std::uint64_t touches = 0;      // That could earn credit, of messages in the timeframe.
  std::uint64_t open_touches = 0; // Whose window is still open.
  std::uint64_t profiles = 0;     // Read.
  std::uint64_t events = 0;       // Read, every stream once.
  /// Of a collected cell: profiles that make it, each with how much of the number it makes.
  struct maker {
    std::uint32_t profile = 0;
    std::uint64_t count = 0;
  };
  std::vector<maker> makers;
};

/// What the survey of sends knows of one object. Merged over partitions.
struct surveyed_object {
  message_owner owner = message_owner::campaign;
  std::string id;
  std::int64_t first_send = INT64_MAX;
  std::int64_t last_send = INT64_MIN;
  std::int64_t first_delivery = INT64_MAX; // INT64_MAX = there is none.
  std::string name{};                      // `campaign_name` or `flow_name` of the first send.
  struct message {
    std::string id;
    std::int64_t first_send = INT64_MAX;
    std::string name{}; // `message_name` of the first send.
  };
  std::vector<message> messages{};

  /// Of two sends at the same instant the smaller name stands.
  void add(const surveyed_object& other);
};

/// Reads blocks one after the other, and single profiles of which the block would tell too late.
/// Every profile is read once, whichever way.
class block_reader {
public:
  virtual ~block_reader() = default;
  /// `first`: number of the block's first profile. Rows from `profiles` on are left alone.
  virtual void read(const model::block_view& block, std::uint32_t first,
                    std::uint32_t profiles) = 0;
  /// The profile is about to change.
  virtual void read_early(const model::profile_view& profile, std::uint32_t number) = 0;
};

/// Finds out when each campaign and flow was sent.
class survey : public block_reader {
public:
  static std::unique_ptr<survey> make(const fold_order& order, model::name_binder& names);
  [[nodiscard]] virtual std::vector<surveyed_object> result() const = 0;
};

/// Adds up. Immutable inputs; one thread.
class fold : public block_reader {
public:
  /// `memberships` may be null when no grouping asks for one; it must outlive the fold.
  static std::unique_ptr<fold> make(const fold_order& order, std::vector<fold_object> objects,
                                    model::name_binder& names,
                                    const membership_history* memberships);
  /// When everything is read, once.
  [[nodiscard]] virtual fold_result result() = 0;
};

/// Described and surveyed together: `described` has the account's words, the survey what was sent.
/// Sets every campaign's instant.
std::vector<fold_object> joined(std::span<const model::described_object> described,
                                const std::vector<surveyed_object>& surveyed,
                                const fold_order& order);

} // namespace metrics
