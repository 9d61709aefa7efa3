#pragma once

#include "actors/comparison.hpp"
#include "actors/listing.hpp"
#include "metrics/fold.hpp"
#include "model/change.hpp"
#include "model/flip.hpp"
#include "model/outcome.hpp"
#include "segments/definition.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// One partition without its actor: the single writer of its profiles. Decides, records, accepts
/// and announces; knows no thread, no timer and no clock. The profile actor owns one and brings the
/// when.
namespace actors {

struct partition_options {
  std::filesystem::path directory; // Of this partition alone.
  std::uint32_t index = 0;
  std::uint32_t count = 1;
  std::string account_zone = "UTC";
  std::uint64_t delta_bytes_max = std::uint64_t{256} << 20; // Merging starts above it.
  /// So many flips wait in memory at most; then a commit writes them along. Few enough that the
  /// changes in that commit hardly notice.
  std::size_t feed_flips_max = 64'000;
  /// Reads the text of a definition; nothing = segments::parse_definition. Tests bring rules that
  /// no JSON can say.
  std::function<model::outcome<segments::definition>(std::string_view)> read_definition{};
};

/// What became of one record that was not simply applied.
struct record_note {
  std::uint32_t record = 0; // Index in its batch.
  enum class what : std::uint8_t { duplicate, rejected } kind = what::duplicate;
  std::string reason{}; // Of rejected.
};

/// An identifier that no longer leads to its profile (its value changed, or the profile is gone).
struct released_identifier {
  enum class what : std::uint8_t { external_id, email, phone_number } kind{};
  std::string text;
  std::uint32_t profile = 0;
};

/// What one commit did. Everything in it is durable.
struct commit_result {
  std::uint64_t sequence = 0;                  // Of the log record.
  std::vector<std::vector<record_note>> notes; // One list a batch.
  std::vector<released_identifier> released;
  std::vector<model::flip> flips; // In order.
  std::uint64_t applied = 0;      // Records that changed something.
  std::uint64_t duplicates = 0;
};

/// A batch on its way into the log. Records carry profile numbers; a number equal to the profile
/// count makes a new profile.
struct incoming_batch {
  const model::change_batch* changes = nullptr;
  model::flip_cause
    cause = model::flip_cause::event; // `merge` for what a merge hands over and takes away.
  /// Who sent it and that sender's own count, strictly rising; a count not above the last one
  /// recorded is skipped whole (a sender that asks again after a crash). Empty = no such
  /// protection.
  std::string source{};
  std::uint64_t source_sequence = 0;
};

struct segment_status {
  std::uint64_t id = 0;
  std::uint32_t version = 0; // Of the definition in force; 0 = the first build has not finished.
  std::uint32_t pending_version = 0; // Being built; 0 = none.
  std::uint64_t members = 0;
  std::uint64_t last_sequence = 0; // Of its feed in this partition.
};

/// A definition on its way into force.
struct new_definition {
  std::uint64_t segment = 0;
  std::uint32_t version = 0;
  /// Parsed without errors by the caller, with every reference inlined (canonical form, see
  /// segments/inlined.hpp).
  std::string_view json;
};

struct build_progress {
  std::uint64_t profiles_done = 0;
  std::uint64_t profiles = 0;
  std::uint32_t segments = 0; // In this scan.
};

struct member {
  std::uint32_t profile = 0;
  model::instant joined_at{};
};

struct partition_figures {
  std::uint64_t profiles = 0;        // Living.
  std::uint64_t profile_numbers = 0; // Ever given.
  std::uint64_t log_last = 0;
  std::uint64_t log_first = 0;
  std::uint64_t delta_bytes = 0;
  std::uint64_t delta_records = 0;
  std::uint64_t due_entries = 0;
  std::optional<model::instant> next_due{};
  model::instant now{}; // The last instant the log knows.
  std::uint64_t criteria = 0;
  std::uint64_t segments = 0;
};

struct metric_figures {
  std::string name;
  std::uint64_t events = 0;
  std::uint64_t profiles = 0;
  double value_sum = 0; // In profile order, so that it is the same every time.
};

/// A profile as people read it: JSON in the shape of the input, with lists and event counts.
using json_text = std::string;

class partition {
public:
  /// Opens or makes the directory and brings memory to where the log ends.
  static model::outcome<std::unique_ptr<partition>> open(partition_options options);
  virtual ~partition() = default;

  // --- changes and time

  /// Takes the batches as one log record at `now` (raised to the last logged instant when earlier;
  /// cut to whole seconds). On failure nothing was kept. Due work at or before `now` that is still
  /// waiting is settled for the touched profiles first.
  virtual model::outcome<commit_result> commit(std::span<const incoming_batch> batches,
                                               model::instant now) = 0;

  /// Moves members whose time has come, at most about `flips_max` evaluations; `done` = nothing due
  /// at or before `now` is left.
  struct tick_result {
    bool done = true;
    std::vector<model::flip> flips;
  };
  virtual model::outcome<tick_result> advance(model::instant now, std::size_t evaluations_max) = 0;
  [[nodiscard]] virtual std::optional<model::instant> next_due() const = 0;

  // --- segments

  /// Registers (or replaces) definitions, all or none, and starts their builds; the old ones stay
  /// in force until the builds are through. Written with the next commit: who kept the definitions
  /// asks again after a crash.
  virtual model::status define(std::span<const new_definition> all, model::instant now) = 0;
  /// An unknown segment is dropped already.
  virtual model::status drop(std::uint64_t segment, model::instant now) = 0;
  /// Stops a build; a segment that was never built stays defined without members until it is edited
  /// or built again.
  virtual model::status cancel_build(std::uint64_t segment, model::instant now) = 0;
  /// Scans some blocks for everything that is being built; what is complete is switched to and its
  /// flips returned.
  struct build_result {
    bool done = true; // No build is left.
    build_progress progress;
    /// Of switches of at most 1,000 flips (larger ones are read from the feed), and of the clock
    /// on the way.
    std::vector<model::flip> flips;
    std::vector<std::uint64_t> switched;
  };
  virtual model::outcome<build_result> build_slice(model::instant now,
                                                   std::chrono::microseconds budget) = 0;
  [[nodiscard]] virtual std::vector<segment_status> segments() const = 0;

  // --- previews

  /// Begins to find the exact members of an unsaved definition at `at`; `json` as in
  /// `new_definition`. Returns the preview's number, by which `preview_slice` hands over what was
  /// found.
  virtual model::outcome<std::uint64_t> begin_preview(std::string_view json, model::instant at) = 0;
  /// The same for several questions, of which each is held against the one before it: everybody is
  /// asked all of them at one moment.
  struct question {
    std::string_view json;
    model::instant at{};
  };
  virtual model::outcome<std::uint64_t> begin_comparison(std::span<const question> questions,
                                                         std::size_t listed_max) = 0;
  /// Goes on with the previews that were begun, between changes. What is found is true for what the
  /// partition holds when it is handed over.
  struct found_members {
    std::uint64_t preview = 0;
    std::vector<std::uint32_t> profiles;  // Numbers, ascending; none of a comparison.
    std::vector<comparison_step> steps{}; // Of a comparison.
  };
  struct preview_result {
    bool done = true; // No preview is left.
    std::vector<found_members> found;
  };
  virtual preview_result preview_slice(std::chrono::microseconds budget) = 0;

  // --- reports

  /// Begin to read everybody for a report, as they are now; the number by which `report_slice`
  /// hands over what was found.
  virtual std::uint64_t begin_survey(const metrics::fold_order& order) = 0;
  virtual std::uint64_t begin_fold(const metrics::fold_order& order,
                                   std::vector<metrics::fold_object> objects) = 0;
  /// Goes on with the reports that were begun, between changes.
  struct report_part {
    std::uint64_t report = 0;
    std::vector<metrics::surveyed_object> surveyed; // Of a survey.
    metrics::fold_result added_up;                  // Of a fold.
    std::uint64_t position = 0;                     // Of the log, when it ended.
  };
  struct report_result {
    bool done = true; // No report is left.
    std::vector<report_part> found;
  };
  virtual report_result report_slice(std::chrono::microseconds budget) = 0;

  // --- listings

  /// Begins to find pieces of everybody, as they are now; the number by which `listing_slice` hands
  /// over what was found.
  virtual std::uint64_t begin_listing(listing_question asked) = 0;
  /// Goes on with the listings that were begun, in turns, between changes.
  struct found_listing {
    std::uint64_t listing = 0;
    listing_answer answer;
  };
  struct listing_result {
    bool done = true; // No listing is left.
    std::vector<found_listing> found;
  };
  virtual listing_result listing_slice(std::chrono::microseconds budget) = 0;

  // --- questions (pure reads; answers are as of the last commit)

  [[nodiscard]] virtual std::uint64_t count(std::uint64_t segment) const = 0;
  /// Members by profile number above `after` (no value = from the start), with the instant of their
  /// latest join.
  [[nodiscard]] virtual std::vector<member>
  members(std::uint64_t segment, std::optional<std::uint32_t> after, std::size_t limit) const = 0;
  /// The instants at which these joined last, in their order; nothing = is no member.
  [[nodiscard]] virtual std::vector<std::optional<model::instant>>
  joined_at(std::uint64_t segment, const std::vector<std::uint32_t>& profiles) const = 0;
  /// Flips with a sequence above `after`, at most `limit`.
  [[nodiscard]] virtual std::vector<model::flip> feed(std::uint64_t segment, std::uint64_t after,
                                                      std::size_t limit) const = 0;
  /// JSON of why a profile is in or not: {"member":…,"flips_at":…,"conditions":[…]}.
  [[nodiscard]] virtual model::outcome<json_text> explain(std::uint64_t segment,
                                                          std::uint32_t profile) const = 0;
  /// In the shape of the input, with lists and event counts; if wanted with `segments`, the numbers
  /// of those it is in, which costs a look at every segment.
  [[nodiscard]] virtual model::outcome<json_text> profile_json(std::uint32_t profile,
                                                               bool with_segments) const = 0;
  /// Nothing = the event is not there any more.
  [[nodiscard]] virtual std::optional<event_content> event(const event_key& key) const = 0;
  /// What a profile is called outside: its external id, else e-mail, else phone number, else
  /// "#<partition>:<number>".
  [[nodiscard]] virtual std::string label(std::uint32_t profile) const = 0;
  [[nodiscard]] virtual std::vector<metric_figures> metrics() const = 0;
  /// Calls back once for every living profile, in order of numbers, with its identifiers (empty =
  /// none).
  virtual void identifiers(
    const std::function<void(std::uint32_t profile, std::string_view external_id,
                             std::string_view email, std::string_view phone)>& each) const = 0;
  /// Everything a profile knows and did, as changes that make another profile know it: attributes
  /// as `fill`, events as they are.
  [[nodiscard]] virtual model::outcome<model::change_batch>
  export_profile(std::uint32_t profile, std::uint32_t into) const = 0;
  [[nodiscard]] virtual partition_figures figures() const = 0;
  /// Last count recorded for a source of batches; 0 = none.
  [[nodiscard]] virtual std::uint64_t last_of(std::string_view source) const = 0;

  // --- upkeep

  /// True when the delta is large enough (or `idle` and not empty) that folding it into blocks
  /// pays.
  [[nodiscard]] virtual bool wants_merge(bool idle) const = 0;
  /// Folds some blocks, then, when all are done, writes the checkpoint and trims the log; true =
  /// nothing left.
  virtual model::outcome<bool> merge_slice(std::chrono::microseconds budget) = 0;

  /// Verifies checksums, the log chain, and bits against re-evaluation of every `step`-th profile;
  /// one line per fault found.
  virtual std::vector<std::string> check(std::uint32_t step) const = 0;
};

} // namespace actors
