#pragma once

#include "actors/change_applier.hpp"
#include "actors/effects.hpp"
#include "actors/feed.hpp"
#include "actors/log_record.hpp"
#include "actors/partition.hpp"
#include "actors/people_scan.hpp"
#include "actors/preview_scan.hpp"
#include "actors/report_scan.hpp"
#include "segments/definition.hpp"
#include "segments/membership.hpp"
#include "storage/embedded_log.hpp"
#include "storage/environment.hpp"
#include "storage/name_table.hpp"
#include "storage/profile_store.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace actors {

/// What a partition is made of. Its members are spread over partition_*.cpp by purpose.
///
/// The order of things: a record goes into the log and is durable; then it acts on memory; what it
/// did to memberships (its effects) goes into the environment with the next record, or with the
/// next merge. Definitions alone act first: the account keeps them. After a crash the effects that
/// were kept are put back, and records behind them are applied again, which gives the same effects.
class partition_state final : public partition {
public:
  partition_state(partition_options options, std::unique_ptr<storage::environment> where);
  /// Brings memory to the end of the log.
  model::status recover();

  model::outcome<commit_result> commit(std::span<const incoming_batch> batches,
                                       model::instant now) override;
  model::outcome<tick_result> advance(model::instant now, std::size_t evaluations_max) override;
  [[nodiscard]] std::optional<model::instant> next_due() const override;

  model::status define(std::span<const new_definition> all, model::instant now) override;
  model::status drop(std::uint64_t segment, model::instant now) override;
  model::status cancel_build(std::uint64_t segment, model::instant now) override;
  model::outcome<build_result> build_slice(model::instant now,
                                           std::chrono::microseconds budget) override;
  [[nodiscard]] std::vector<segment_status> segments() const override;

  model::outcome<std::uint64_t> begin_preview(std::string_view json, model::instant at) override;
  model::outcome<std::uint64_t> begin_comparison(std::span<const question> questions,
                                                 std::size_t listed_max) override;
  preview_result preview_slice(std::chrono::microseconds budget) override;

  std::uint64_t begin_survey(const metrics::fold_order& order) override;
  std::uint64_t begin_fold(const metrics::fold_order& order,
                           std::vector<metrics::fold_object> objects) override;
  report_result report_slice(std::chrono::microseconds budget) override;

  std::uint64_t begin_listing(listing_question asked) override;
  listing_result listing_slice(std::chrono::microseconds budget) override;

  [[nodiscard]] std::uint64_t count(std::uint64_t segment) const override;
  [[nodiscard]] std::vector<member> members(std::uint64_t segment,
                                            std::optional<std::uint32_t> after,
                                            std::size_t limit) const override;
  [[nodiscard]] std::vector<std::optional<model::instant>>
  joined_at(std::uint64_t segment, const std::vector<std::uint32_t>& profiles) const override;
  [[nodiscard]] std::vector<model::flip> feed(std::uint64_t segment, std::uint64_t after,
                                              std::size_t limit) const override;
  [[nodiscard]] model::outcome<json_text> explain(std::uint64_t segment,
                                                  std::uint32_t profile) const override;
  [[nodiscard]] model::outcome<json_text> profile_json(std::uint32_t profile,
                                                       bool with_segments) const override;
  [[nodiscard]] std::optional<event_content> event(const event_key& key) const override;
  [[nodiscard]] std::string label(std::uint32_t profile) const override;
  [[nodiscard]] std::vector<metric_figures> metrics() const override;
  void identifiers(const std::function<void(std::uint32_t, std::string_view, std::string_view,
                                            std::string_view)>& each) const override;
  [[nodiscard]] model::outcome<model::change_batch>
  export_profile(std::uint32_t profile, std::uint32_t into) const override;
  [[nodiscard]] partition_figures figures() const override;
  [[nodiscard]] std::uint64_t last_of(std::string_view source) const override;

  [[nodiscard]] bool wants_merge(bool idle) const override;
  model::outcome<bool> merge_slice(std::chrono::microseconds budget) override;
  std::vector<std::string> check(std::uint32_t step) const override;

private:
  /// A definition as it is kept in the environment.
  struct kept_definition {
    std::uint32_t version = 0; // In force; 0 = none.
    std::string json{};
    std::uint32_t waiting_version = 0;
    std::string waiting_json{};
  };

  // partition_state.cpp
  [[nodiscard]] model::instant raised(model::instant now) const;
  /// Everything a commit carries beside its own record: new names, effects of the records before.
  void put_pending(storage::write_transaction& to) const;
  void pending_put();
  /// Runs `more` in a transaction that also takes what is pending and what `define` left unwritten.
  model::status
  commit_with_pending(const std::function<model::status(storage::write_transaction&)>& more);
  /// The same with `record` appended to the log when it is not empty; its sequence.
  model::outcome<std::uint64_t> write(
    const std::string& record,
    const std::function<model::status(storage::write_transaction&, std::uint64_t sequence)>& more);
  void announce(std::span<model::flip> flips, std::uint64_t sequence);
  [[nodiscard]] segments::people_source everybody() const;
  std::vector<model::flip> tick(model::instant now, std::size_t evaluations_max);
  model::outcome<tick_result> write_tick(model::instant until, std::size_t evaluations_max);
  /// Brings the log's instant to `now` and works through what is due by then.
  model::status catch_up(model::instant now, std::vector<model::flip>& flips);
  /// What a log record says about a segment, and what is written with it.
  struct segment_note {
    std::uint64_t segment = 0;
    std::uint32_t version = 0;
    std::function<model::status(storage::write_transaction&, std::uint64_t sequence)> more;
  };
  /// One record for each note, all in one commit; `last` is called with the last one's number.
  model::outcome<std::uint64_t> write_about(
    log_record::kind what, std::span<const segment_note> notes, model::instant now,
    const std::function<model::status(storage::write_transaction&, std::uint64_t)>& last = {});
  void put_definition(storage::write_transaction& to, std::uint64_t segment,
                      const kept_definition& d) const;
  void put_source(storage::write_transaction& to, std::string_view source,
                  std::uint64_t last) const;
  /// The waiting rules of these segments come into force, all in one commit.
  model::status activate(std::span<const std::uint64_t> ready, build_result& result);
  [[nodiscard]] model::status can_compile(const segments::definition& rule) const;
  [[nodiscard]] segments::membership::compiler compiler();
  [[nodiscard]] model::outcome<segments::definition> parse(std::string_view json) const;
  void collect_effects(std::uint64_t sequence, std::span<const model::flip> flips);

  // partition_recovery.cpp
  model::status restore_definitions(const storage::transaction& from);
  model::status restore_bits(const storage::transaction& from,
                             const std::map<segments::criterion_id, segments::criterion>& known);
  model::status restore_log(const storage::transaction& from);
  void restore_settled(const std::function<std::int64_t(std::uint32_t)>& touched_at);
  void replay(const log_record& r, std::uint64_t sequence);

  /// The blocks are read from a newer snapshot, so that the pages of older ones can be used again.
  void read_anew_at_times();

  // partition_checkpoint.cpp
  /// What the feeds have in memory, up to the last applied record; `feed_put` after the commit.
  void put_feed(storage::write_transaction& to);
  void feed_put();
  /// The same once it is much. Whether it was.
  bool put_long_feed(storage::write_transaction& to);
  void put_members(storage::write_transaction& to, std::uint64_t segment,
                   const segments::profile_set& members, std::uint64_t sequence) const;
  void put_criterion(storage::write_transaction& to, std::uint32_t number, std::uint64_t sequence);
  void criterion_put(std::uint32_t number);
  /// Criteria that are complete and were never stored.
  void put_new_criteria(storage::write_transaction& to, std::uint64_t sequence);
  void new_criteria_put();
  /// Erases, with the next write, what is stored of criteria that nobody uses any more.
  void forget_criteria();
  model::status merge_blocks(std::chrono::steady_clock::time_point end);
  model::status checkpoint(std::chrono::steady_clock::time_point end);
  model::status finish_merge();

  partition_options options_;
  std::unique_ptr<storage::environment> where_;
  std::unique_ptr<storage::embedded_log> log_;
  mutable storage::names names_;
  std::unique_ptr<storage::profile_store> store_;
  segments::membership members_;
  std::unique_ptr<change_applier> applier_;
  actors::feed feed_;

  model::instant now_ = model::instant_min; // Of the last record.
  std::uint64_t applied_ = 0;               // Last record whose effects are kept or pending.
  // Effects that are not durable yet, encoded, by record.
  std::map<std::uint64_t, std::vector<storage::word>> pending_;
  std::int64_t settled_key_ = INT64_MIN; // Due instants below are worked through for everybody.
  std::map<std::uint64_t, kept_definition> definitions_;
  // Definitions wait for the next commit, which their own switch is at the latest: the account
  // keeps them, and defines again what a crash took.
  std::vector<std::string> unwritten_records_;
  std::set<std::uint64_t> unwritten_definitions_;
  std::map<std::string, std::uint64_t, std::less<>> sources_;
  std::uint64_t commits_read_ = 0;        // Since the start.
  std::size_t flips_expected_ = 0;        // As many as the last commit had.
  std::uint64_t feed_stored_ = 0;         // Record up to which feeds are in runs.
  std::uint64_t log_bytes_ = 0;           // Appended since the last checkpoint.
  std::set<std::uint32_t> kept_criteria_; // Numbers that are stored.
  std::map<std::uint32_t, segments::criterion_id> kept_ids_;
  std::vector<std::uint32_t> new_criteria_;    // In the open transaction.
  std::vector<segments::criterion_id> unused_; // Stored, to be erased.
  std::map<std::uint32_t, std::uint64_t>
    bits_true_at_; // While recovering: log record of the stored bits.
  std::map<std::uint64_t, std::uint64_t> members_true_at_;

  struct running_preview {
    std::vector<preview_scan> scans;
    std::optional<std::size_t> listed_max{}; // Of a comparison.
  };
  model::outcome<preview_scan> make_scan(const question& asked);
  std::map<std::uint64_t, running_preview> previews_; // By number.
  std::uint64_t last_preview_ = 0;

  std::map<std::uint64_t, report_scan> reports_; // Running, by number.
  std::vector<report_part> grown_;               // Counted, and not handed over yet.
  std::uint64_t last_report_ = 0;

  struct running_listing {
    std::uint64_t number = 0;
    std::unique_ptr<people_scan> scan;
  };
  std::deque<running_listing> listings_;     // The front one has its turn next.
  std::vector<found_listing> told_listings_; // Answered, and not handed over yet.
  std::uint64_t last_listing_ = 0;

  // The running merge.
  bool merging_ = false;
  std::uint64_t merge_started_ = 0; // Last record when it began.
  std::deque<std::uint32_t> blocks_to_merge_;
  std::deque<std::uint32_t> criteria_to_keep_;
  std::deque<std::uint64_t> segments_to_keep_;
};

} // namespace actors
