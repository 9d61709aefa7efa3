#pragma once

#include "model/change.hpp"
#include "model/flip.hpp"
#include "model/instant.hpp"
#include "model/objects.hpp"
#include "model/outcome.hpp"

#include <rollcall/operation_order.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Rollcall as a library: who is in which segment at this second.
///
///     auto opened = rollcall::engine::open({.directory = "store"});
///     if (!opened) return complain(opened.error());
///     auto& engine = **opened;
///     engine.apply(std::move(batch));
///     engine.create("Buyers", R"({"condition_groups": …})");
///
/// Every call may be made from any thread, waits for its answer and has a deadline; none throws.
/// Callbacks run on a thread of the engine or of the caller as said with each, and must not throw.
namespace rollcall {

enum class clock_kind : std::uint8_t {
  as_stored, // What the directory was last opened with; a new one gets `real`.
  real,      // The system's clock, plus what `advance` has added.
  manual,    // Stands still; only `advance` moves it. For trials, tests and data of the past.
};

struct options {
  std::filesystem::path directory;
  /// Taken when the directory is made; an existing one keeps what it has (another number here is
  /// refused as a conflict).
  std::optional<std::uint32_t> partitions{}; // 1 to 256; a new directory gets 4.
  std::optional<std::string> account_zone{}; // IANA name; a new directory gets UTC.
  clock_kind clock = clock_kind::as_stored;
  /// Where a manual clock starts in a new directory; without it, the system's time. Ignored
  /// elsewhere: a clock never goes back.
  std::optional<model::instant> start{};
  /// Batches that `submit` lets wait for their commit before it makes its caller wait. 1 to 1,024.
  std::uint32_t batches_in_flight_max = 16;
  /// Files of the user's own data dictionary (TOML, see metrics/README.md), read after those that
  /// come with Rollcall and those in the folder `dictionary` of the directory.
  std::vector<std::filesystem::path> dictionary{};
  /// A partition's changes in memory before they are folded into blocks, in bytes.
  std::uint64_t delta_bytes_max = std::uint64_t{256} << 20;
  /// Where changes are put in order before they are made. Needs a manual clock: time passes in the
  /// order too. Builds end before what comes behind them in the order, so that every engine that
  /// follows it tells the same feeds; cancelling one comes too late then.
  std::shared_ptr<operation_order> order{};
};

/// Why one record was not taken.
struct rejected_record {
  std::uint32_t record = 0; // Index in its batch.
  std::uint32_t line = 0;   // As the record says; 0 = unknown.
  std::string reason;
};

/// What became of a batch. All of it is durable.
struct receipt {
  std::uint64_t applied = 0;    // Records that changed something.
  std::uint64_t duplicates = 0; // Records that were known already, or that a batch of this source
                                // had brought before.
  std::vector<rejected_record> rejected;
  std::vector<std::uint32_t> duplicate_records; // Their indices in the batch, rising.
};

/// One mistake in a definition.
struct definition_fault {
  std::string pointer; // JSON pointer to the exact place, "" = the whole document.
  std::string found;
  std::string allowed;
};

/// An outcome of something that takes a definition: a failure with `invalid_input` lists every
/// mistake.
template <class T>
class [[nodiscard]] definition_outcome : public model::outcome<T> {
public:
  using model::outcome<T>::outcome;
  definition_outcome(model::failure why, std::vector<definition_fault> faults)
    : model::outcome<T>(std::move(why)), faults_(std::move(faults)) {
  }
  [[nodiscard]] const std::vector<definition_fault>& faults() const {
    return faults_;
  }

private:
  std::vector<definition_fault> faults_;
};

enum class segment_state : std::uint8_t {
  building = 1,  // The first definition is not in force yet.
  live = 2,      // What was defined last is in force.
  updating = 3,  // An older definition is in force while the last one is being built.
  cancelled = 4, // Somebody stopped the build; an older definition is in force, if there ever was
                 // one.
};

/// "building", "live", "updating", "cancelled".
const char* name_of(segment_state state);

struct segment_version {
  std::uint32_t version = 0;
  model::instant at{};
  std::string reason; // "created", "edited", "segment Buyers was edited".
  std::string json;   // As given.
};

/// A segment that is to be.
struct new_segment {
  std::string name;
  std::string json; // Its definition.
};

struct segment_info {
  std::string id; // Six characters.
  std::string name;
  segment_state state = segment_state::building;
  std::uint32_t version = 0;
  model::instant created{};
  std::uint64_t members = 0;
  bool is_active = true; // Otherwise nobody joins or leaves.
  /// As given last; a segment that it speaks of and that was renamed since has its new name here.
  std::string json;
  std::vector<std::string> references;  // Names of the segments that the definition speaks of.
  std::vector<segment_version> history; // Of `show`; oldest first.
};

struct build_report {
  double percent = 0; // 0 to 100.
  std::uint64_t profiles_done = 0;
  std::uint64_t profiles = 0;
  std::uint32_t segments = 0;                      // Built in the same scan.
  std::optional<std::chrono::milliseconds> left{}; // Expected; nothing = too early to tell.
};

/// A build that is not at its end.
struct running_build {
  std::string segment; // Name.
  std::string segment_id;
  std::uint32_t version = 0;
  build_report progress{};
  std::string trouble; // Why it does not get on at the moment; empty = it does.
};

/// Where a profile is kept: its name inside the engine, never given to another one. Identifiers as
/// text have it as "#<partition>:<number>".
struct profile_place {
  std::uint32_t partition = 0;
  std::uint32_t number = 0;
  friend auto operator<=>(const profile_place&, const profile_place&) = default;
};

struct member {
  std::string profile; // What it is called outside, see `flip_record::profile`.
  model::instant joined_at{};
  profile_place place{};
};

struct member_page {
  std::vector<member> members;
  std::string cursor; // Goes on after the last one; empty = there is no more.
};

/// Members in the order of joining, earliest first, and of equal instants by place.
struct member_order {
  bool is_descending = false;
  std::optional<model::instant> from{}; // Joined then or later.
  std::optional<model::instant> to{};   // Joined before.
};

/// Who would be a member by a definition that is not saved, at an instant.
struct preview_question {
  std::string json;
  model::instant at{};
};

/// What one question of a comparison finds.
struct preview_step {
  std::uint64_t members = 0;
  std::uint64_t joined = 0; // Members by it and not by the question before; of the first one all.
  std::uint64_t left = 0;   // Members by the question before and not by it.
  std::vector<profile_place> some_joined; // The first ones, in order of place.
  std::vector<profile_place> some_left;
};

/// One membership change, as feeds tell it.
struct flip_record {
  std::string segment; // Name.
  std::string segment_id;
  std::uint32_t partition = 0;
  std::uint64_t sequence = 0; // Counts from 1 without a gap within (segment, partition).
  std::string profile; // External id, else e-mail, else phone number, else "#<partition>:<number>".
  bool joined = false;
  model::flip_cause cause = model::flip_cause::event;
  model::instant at{};
  std::string detail; // See model::flip_cause.
  profile_place place{};
};

struct feed_page {
  std::vector<flip_record> flips;
  /// One sequence per partition: "12.7.0.3". Give it back to go on; the same text = there is
  /// nothing new yet.
  std::string cursor;
};

struct metric_info {
  std::string name;
  std::string id; // Six characters; definitions may name a metric by either.
  std::uint64_t events = 0;
  std::uint64_t profiles = 0; // With at least one event.
  double value_sum = 0;
};

struct partition_info {
  std::uint32_t index = 0;
  std::uint64_t profiles = 0;        // Living.
  std::uint64_t profile_numbers = 0; // Ever given.
  std::uint64_t log_first = 0;
  std::uint64_t log_last = 0;
  std::uint64_t delta_bytes = 0;
  std::uint64_t delta_records = 0;
  std::uint64_t due_entries = 0;
  std::optional<model::instant> next_due{};
  model::instant now{}; // The last instant its log knows.
  std::uint64_t criteria = 0;
  std::uint64_t segments = 0;
  std::string trouble;               // Why it does not take changes at the moment; empty = it does.
  std::uint64_t waiting_records = 0; // Came, and go into the next commit.
  bool is_merging = false;           // The delta is being folded into blocks.
  bool is_building = false;          // Definitions are being built.
};

/// Up to where answers are true.
struct freshness {
  model::instant as_of{};                   // Whatever time alone moves, was moved up to here.
  std::vector<std::uint64_t> log_positions; // Of each partition: the last change that counts.
  friend bool operator==(const freshness&, const freshness&) = default;
};

struct engine_figures {
  model::instant now{};
  clock_kind clock = clock_kind::real;
  std::string account_zone;
  std::uint64_t profiles = 0;
  std::uint64_t segments = 0;
  std::vector<partition_info> partitions;
};

/// One actor, as an inspector sees it.
struct actor_info {
  std::uint64_t id = 0;
  std::uint64_t parent = 0; // 0 = the engine itself.
  std::string kind;         // "profile", "segment", "account", …
  std::string name;         // "profile/2".
  bool alive = true;
  std::uint64_t mailbox_depth = 0;
  std::uint64_t mailbox_depth_max = 0;
  std::uint64_t messages_in = 0;
  double messages_per_second = 0;                                      // Over the last seconds.
  std::vector<std::pair<std::string, std::uint64_t>> messages_by_type; // Most frequent first.
  std::chrono::nanoseconds busy{0};
  double busy_share = 0;                                  // Over the last seconds, 0 to 1.
  std::optional<std::chrono::milliseconds> running_for{}; // The message it is at now.
  std::chrono::milliseconds age{0};
  std::string last_error; // Empty = none.
};

/// Which profiles, and in which order.
struct profile_query {
  std::string list{}; // Only members of this static list (name or id); empty = everybody.
  /// Orders by this attribute of time or text ("created", "email"); who has none comes last, both
  /// ways, and equal ones come by place. Empty = by place. With a list, "joined_at" is the instant
  /// of joining. Instants are "created", "updated", the expected date of the next order and the
  /// times of consent; everything else is text, of which the first 256 bytes count.
  std::string order_by{};
  bool is_descending = false;
  /// Only with `order_by` an instant: from (inclusive) and to (exclusive).
  std::optional<model::instant> from{};
  std::optional<model::instant> to{};
};

struct profile_page {
  struct line {
    profile_place place{};
    std::optional<model::instant> joined_at{}; // Of a list.
  };
  std::vector<line> profiles;
  std::string cursor; // Goes on after the last one, stable under changes; empty = there is no more.
};

/// An event as it was sent.
struct event_info {
  std::string id; // Finds it again (`engine::event`), until its profile is merged or erased.
  profile_place place{};
  std::string metric;
  model::instant time{};
  std::optional<double> value{};
  std::string unique_id;
  std::string properties; // JSON object.
};

struct event_query {
  std::vector<std::string> metrics{};     // Names or ids; empty = all.
  std::optional<profile_place> profile{}; // Who is gone has no events.
  std::optional<model::instant> from{};   // Inclusive.
  std::optional<model::instant> to{};     // Exclusive.
  bool newest_first = false;
};

struct event_page {
  std::vector<event_info> events;
  std::string cursor; // As of profiles.
};

struct list_info {
  std::string id; // Six characters.
  std::string name;
};

/// A property that a metric's events have.
struct metric_property {
  std::string name;
  std::string kind;                   // "String", "Number", "Boolean", "Date", "List".
  std::vector<std::string> samples{}; // Up to ten of its values, as text; none above 256 bytes.
};

enum class report_format : std::uint8_t {
  json,
  csv,
  table,
  plot, // Of the first statistic, for a terminal.
  svg,
  explanation, // How the numbers came about, for people.
  explanation_json
};

/// One number of a report, to be opened as the people who make it.
struct report_cell {
  std::uint32_t rollup = 0;                // Index of the grouping; 0 without `rollups`.
  std::vector<std::string> values;         // The row's, by the grouping's dimensions.
  std::optional<std::uint32_t> interval{}; // Of a series; nothing = the first.
  std::string statistic;                   // A measure of the report.
};

/// Somebody who makes a number, and how much of it. Over all makers `count` adds up to the number
/// where it counts something; for sums, minima and maxima it is the events behind it.
struct report_maker {
  std::string profile; // See `flip_record::profile`.
  std::uint64_t count = 0;
  profile_place place{};
};

/// Why two numbers differ: from the first to the second, one thing changed at a time.
struct report_difference {
  std::optional<double> first; // Nothing = it has no value.
  std::optional<double> second;
  struct step {
    std::string axis;            // "timezone", "time basis of clicks", "formula".
    std::optional<double> value; // After it.
  };
  std::vector<step> steps; // The last one's value is the second number.
};

/// A word of the data dictionary and what it fixes.
struct dictionary_entry {
  /// "datasource", "report", "events", "measure", "derived", "conversion", "dimension".
  std::string kind;
  std::string name;
  std::string description;
  std::string detail; // In a few words: the formula, or what is counted.
  std::string unit;   // Of measures and derived metrics.
  std::vector<std::string> synonyms;
  std::string json; // An object with everything.
};

/// Hears flips until it is destroyed, or the engine is.
class subscription {
public:
  subscription() = default;
  explicit subscription(std::shared_ptr<void> keep) : keep_(std::move(keep)) {
  }

private:
  std::shared_ptr<void> keep_;
};

class engine {
public:
  /// Opens the directory, or makes it. Fails with `in_use`, `newer_format`, `conflict`,
  /// `storage_broken`, `invalid_input`; `conflict` too for a directory with other things in it and
  /// no account. What a crash left unfinished (builds, merges of profiles) goes on by itself.
  static model::outcome<std::unique_ptr<engine>> open(options wanted);

  /// Ends all work in order; what was acknowledged is durable already.
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  // --- changes

  /// Takes a batch and answers when it is durable, in the feeds and seen by every question. With a
  /// `source`, a batch whose `sequence` (strictly rising, below 2^43) the engine has already taken
  /// from it is counted as duplicates and changes nothing: a sender asks again after a crash
  /// without counting twice. At most 1,000,000 records a batch.
  model::outcome<receipt> apply(model::change_batch batch, std::string_view source = {},
                                std::uint64_t sequence = 0);

  /// The same without waiting: returns as soon as there is room for another batch in flight, calls
  /// `done` on a thread of the engine once the batch is durable or refused. Batches keep their
  /// order.
  model::status submit(model::change_batch batch, std::string_view source, std::uint64_t sequence,
                       std::function<void(const model::outcome<receipt>&)> done);

  /// Waits for everything submitted so far. Fails when a batch failed since the last flush, with
  /// the first reason.
  model::status flush();

  /// The sequence up to which the batches of a source have been taken wholly; 0 = none.
  model::outcome<std::uint64_t> last_sequence(std::string_view source);
  /// The highest sequence of which even a part was taken, as a crash may leave one. Who does not
  /// send exactly the same batches again begins above it: a number that is used again for other
  /// changes would pass some of them off as known. 0 = none.
  model::outcome<std::uint64_t> highest_sequence(std::string_view source);

  /// Folds everything recent into blocks and waits until that is done.
  model::status fold();

  // --- people. `identifier` is an external id, else an e-mail address, else a phone number, else
  // "#<partition>:<number>".

  /// JSON in the shape of the input, with lists and event counts.
  model::outcome<std::string> profile(std::string_view identifier);
  /// Where the profile of an identifier is.
  model::outcome<profile_place> find_profile(std::string_view identifier);
  /// Many at once, in the given order: JSON as of `profile` without segments, nothing for who is
  /// not there any more.
  model::outcome<std::vector<std::optional<std::string>>>
  profiles(std::span<const profile_place> places);
  /// Living profiles from `cursor` on (empty = from the start), at most `limit` (1 to 10,000). With
  /// an order or a list everybody is looked through, beside what else goes on.
  model::outcome<profile_page> list_profiles(const profile_query& query, std::string_view cursor,
                                             std::size_t limit);
  /// Events in the order of time from `cursor` on, at most `limit` (1 to 10,000). Without a profile
  /// the events of everybody are looked through.
  model::outcome<event_page> events(const event_query& query, std::string_view cursor,
                                    std::size_t limit);
  /// An event by its id; `not_found` when it is not there any more.
  model::outcome<event_info> event(std::string_view id);

  /// Moves what `from` did, and knows where `into` knows nothing, to `into`, and forgets `from`.
  /// Consents and places go in one piece (model::unit_of).
  model::status merge_profiles(std::string_view from, std::string_view into);
  model::status erase_profile(std::string_view identifier);

  // --- segments; a segment is called by its name or its id

  /// Checks and records a definition and starts its build.
  definition_outcome<segment_info> create(std::string_view name, std::string_view json);
  /// Many at once, all or none: recorded in one commit and built in one scan, which costs far less
  /// than one after the other. Later ones may refer to earlier ones. A refusal says which one is
  /// meant; a fault's pointer begins with the index of its definition.
  definition_outcome<std::vector<segment_info>> create(std::vector<new_segment> segments);
  /// Replaces the definition; the old one stays in force until the new one is built. Segments that
  /// refer to this one are built anew too.
  definition_outcome<segment_info> edit(std::string_view segment, std::string_view json);
  /// Stops or begins the processing of a segment. One that is not active keeps its definition and
  /// its members: nobody joins, and only who is erased leaves. Made active again it is built anew,
  /// and the difference goes to the feed. Segments that refer to it go by its definition always.
  definition_outcome<segment_info> set_active(std::string_view segment, bool is_active);
  /// Gives it another name; refused as a conflict when that is taken. Its id stays, and definitions
  /// that refer to it go on doing so.
  model::outcome<segment_info> rename(std::string_view segment, std::string_view name);
  /// Refused as a conflict while other segments refer to it; the message names them.
  model::status drop(std::string_view segment);
  model::outcome<std::vector<segment_info>> list();
  model::outcome<segment_info> show(std::string_view segment);
  /// Waits until the definition is in force. `progress` is called on the caller's thread a few
  /// times a second; when it answers false, the wait ends with `cancelled` and the build is
  /// cancelled.
  model::status wait_built(std::string_view segment,
                           const std::function<bool(const build_report&)>& progress = {});
  model::status cancel_build(std::string_view segment);
  /// The builds that go on now, in the order in which the segments were made.
  model::outcome<std::vector<running_build>> builds();

  /// Exact members of an unsaved definition at `at`, from what the engine holds now: their number,
  /// and, when `each` is given, what they are called, in pieces, on the caller's thread.
  definition_outcome<std::uint64_t>
  preview(std::string_view json, model::instant at,
          const std::function<void(std::span<const std::string>)>& each = {});
  /// Several previews, each held against the one before it. Everybody is asked all of them at one
  /// moment, so that whatever differs is due to the questions. Lists at most `listed_max` profiles
  /// of each kind. A fault's pointer begins with the index of its question. At most 400 questions.
  definition_outcome<std::vector<preview_step>>
  compare_previews(std::span<const preview_question> questions, std::size_t listed_max);
  model::outcome<std::uint64_t> count(std::string_view segment);
  /// Members from `cursor` on (empty = from the start), at most `limit` (1 to 100,000).
  model::outcome<member_page> members(std::string_view segment, std::string_view cursor,
                                      std::size_t limit);
  /// The same by the instant of joining. Looks through all members for each page.
  model::outcome<member_page> members(std::string_view segment, const member_order& order,
                                      std::string_view cursor, std::size_t limit);
  /// When each of these joined; nothing = is no member.
  model::outcome<std::vector<std::optional<model::instant>>>
  joined_at(std::string_view segment, std::span<const profile_place> places);
  /// JSON of why a profile is in or not: {"member":…,"flips_at":…,"conditions":[…]}.
  model::outcome<std::string> explain(std::string_view segment, std::string_view identifier);
  /// Flips after `cursor` (empty = from the first), at most `limit` (1 to 100,000).
  model::outcome<feed_page> feed(std::string_view segment, std::string_view cursor,
                                 std::size_t limit);
  /// Where a segment's feed ends now, as a cursor.
  model::outcome<std::string> feed_end(std::string_view segment);
  /// Calls `heard` on a thread of the engine with every flip from now on, each once, in the order
  /// of its feed. `segment` empty = all segments, later ones too. With a `cursor` (of one segment)
  /// it starts there instead. A slow listener holds up nobody else.
  model::outcome<subscription> subscribe(std::string_view segment,
                                         std::function<void(const flip_record&)> heard,
                                         std::string_view cursor = {});

  // --- reports; docs/reports.md describes requests and answers

  /// The data dictionary that reports are made by.
  model::outcome<std::vector<dictionary_entry>> dictionary();
  /// A report by the data dictionary. `invalid_input` lists every mistake in the request. The same
  /// request on the same data gives the same bytes.
  definition_outcome<std::string> report(std::string_view request,
                                         report_format format = report_format::json);
  /// The request of a report that the dictionary has ready.
  definition_outcome<std::string> ready_request(std::string_view name);
  /// A request with the fields of `changes`, a JSON object, put over its own.
  static definition_outcome<std::string> changed_request(std::string_view request,
                                                         std::string_view changes);
  /// How the account's reports are made unless a request says otherwise, as the JSON that requests
  /// write: `week_start`, `attribution`, `bots`, `apple_privacy`.
  model::outcome<std::string> report_settings();
  /// Changes what `changes`, a JSON object, names; null takes back what was changed. Durable when
  /// it returns, and gives what is in force then. Reports that begin later go by it, about all
  /// times.
  definition_outcome<std::string> change_report_settings(std::string_view changes);
  /// Splits the difference between two numbers over everything: `first` by `request`, and `second`
  /// by the same request with `changes` (a JSON object, or empty) over its fields. First the fields
  /// change, one by one, then what makes the statistics different.
  definition_outcome<report_difference> explain_difference(std::string_view request,
                                                           std::string_view first,
                                                           std::string_view second,
                                                           std::string_view changes = {});
  /// Who makes one number.
  definition_outcome<std::vector<report_maker>> open_cell(std::string_view request,
                                                          const report_cell& cell);

  // --- time

  [[nodiscard]] model::instant now() const;
  /// Moves the clock forward and every member whose time comes, at the exact due instants. Waits
  /// until that is done and stores the clock, so that the next open goes on from there. Going back
  /// is refused. `progress`: share from 0 to 1, on the caller's thread.
  model::status advance(model::instant to, const std::function<void(double)>& progress = {});

  // --- described objects

  /// Every campaign, flow and tag that changes have described, by kind and id.
  model::outcome<std::vector<model::described_object>> objects();

  // --- small things of the account that mean nothing to the engine: keys, webhooks, tags of
  // segments. `kind` and `id` are 1 to 64 bytes; a document has at most 1 MiB.

  struct document {
    std::string id;
    std::string json;
  };
  /// Every document of a kind, by id.
  model::outcome<std::vector<document>> documents(std::string_view kind);
  /// Durable when it returns. Replaces the document of that id.
  model::status put_document(std::string_view kind, std::string_view id, std::string_view json);
  /// False = there was none.
  model::outcome<bool> drop_document(std::string_view kind, std::string_view id);

  // --- following an order, see `options::order`

  /// Performs an operation at its place, which rises from call to call. One thread calls this, and
  /// goes on behind `order_position` after an opening: operations that were performed before are
  /// known, or change nothing. `done` (may be empty) hears what it came to, on any thread. A batch
  /// may still be at work when this returns; whatever else comes then waits for it. What the disk
  /// refuses is tried again until it has room. Fails only for bytes that are no operation, and with
  /// `unavailable` when the engine is stopping.
  model::status perform(std::string_view operation, std::uint64_t position,
                        std::function<void(performed_operation)> done = {});
  /// Up to where the order was performed, durably. 0 = nothing of it.
  model::outcome<std::uint64_t> order_position() const;
  /// Waits for what is at work, and keeps that the order was performed up to `position`.
  model::status settle_order(std::uint64_t position);
  /// Makes `perform` give up what the disk refuses.
  void stop_performing();

  // --- looking inside

  model::outcome<std::vector<metric_info>> metrics();
  /// Of the metric's events (name or id), by name.
  model::outcome<std::vector<metric_property>> metric_properties(std::string_view metric);
  /// Static lists that somebody ever joined or that were added, in the order in which they came.
  model::outcome<std::vector<list_info>> lists();
  /// A list that nobody has joined yet. `conflict` when there is one of that name.
  model::outcome<list_info> add_list(std::string_view name);
  model::outcome<engine_figures> figures();
  /// What every question that is asked from now on will have seen at least.
  model::outcome<rollcall::freshness> freshness();
  [[nodiscard]] std::vector<actor_info> inspect() const;
  /// Has an actor drop what it has in memory and come back from the disk and from what others tell,
  /// under its name of `inspect`. Changes that are on their way are taken afterwards, members and
  /// feeds stay exact; previews and reports that it was at are refused as `unavailable`. Returns
  /// when it is at work again. Refused as `conflict` for an actor that cannot be restarted while
  /// the engine runs.
  model::status restart_actor(std::string_view name);
  /// Ends an actor that others can do without: a report. Whoever waits for it hears `cancelled`.
  model::status stop_actor(std::string_view name);
  /// Verifies checksums, the log chain, and bits against re-evaluation of every `step`-th profile
  /// (1 = all); one line per fault.
  model::outcome<std::vector<std::string>> check(std::uint32_t step);

  struct parts; // The insides; of no use outside.

private:
  explicit engine(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

} // namespace rollcall
