#pragma once

#include "metrics/formula.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The data dictionary: every number that a report can show, written down once in TOML files and
/// computed from what is written there. metrics/README.md explains the entries.
namespace metrics {

/// Where an entry stands.
struct source_place {
  std::string file;
  std::uint32_t line = 0; // From 1.
};

/// What every entry says about itself.
struct entry_facts {
  std::string name;
  std::string description;
  std::string owner;
  std::uint32_t version = 1;
  std::vector<std::string> synonyms;     // Requests may use them.
  std::string disagreement;              // Where sources differ, and what was chosen.
  std::vector<std::string> alternatives; // Names of the entries that answer the other way.
  source_place at;
};

/// Channels as reports spell them; `any` = the event's `send_channel` alone tells.
enum class channel : std::uint8_t { any, email, sms, push, whatsapp };
/// "email", "sms", "push-notification", "whatsapp"; "" of `any`.
std::string_view name_of(channel c);

/// A named set of event metrics that mean the same: "delivered" is Received Email, Received SMS and
/// Received Push.
struct event_set {
  entry_facts facts;
  struct member {
    std::string metric;
    channel by = channel::any; // Of events that name no `send_channel`.
  };
  std::vector<member> members;
};

/// The sets that a request fills in: its `conversion_metric` and its `metric`.
inline constexpr std::string_view conversion_set = "conversion";
inline constexpr std::string_view metric_set = "metric";

/// Events of one metric that are conversions.
struct conversion_events {
  std::string metric;
  std::string where{}; // As of a measure; empty = all of them.
  std::string value{}; // A numeric property that says what one is worth; empty = the event's value.
};

/// What a request may name as its conversion metric: events of several metrics, filtered.
struct conversion_metric {
  entry_facts facts;
  std::vector<conversion_events> events; // Each metric once.
};

/// What a measure counts.
enum class counting : std::uint8_t {
  events,         // Every event.
  message_people, // Distinct (message, person), added over the row's messages (S31).
  people,         // Distinct people of the row; not additive.
  sum,
  minimum,
  maximum,  // Of a number; without events there is none (a sum is 0).
  profiles, // Living profiles, whether or not they did anything.
  members,  // Of a segment at the end of the interval.
  joins,    // Of a segment.
  leaves,
};

/// Which instant puts an event into a timeframe or an interval.
enum class time_basis : std::uint8_t {
  send,  // That of the send that it belongs to (S29).
  event, // Its own.
  none,  // The measure knows no time; it goes with either.
};

/// What a number is about; ratios are taken within one population only.
enum class population : std::uint8_t {
  message_sends,   // Sends of campaign or flow messages and what they brought about.
  account_people,  // The account's profiles and what they did.
  form_views,      // Views of forms and what came of them.
  segment_members, // People in a segment.
};

enum class policy : std::uint8_t { include, exclude, not_applicable };

enum class unit : std::uint8_t { events, people, messages, money, fraction, number, credits };

/// A number that is read from events, profiles or feeds.
struct measure {
  entry_facts facts;
  unit in = unit::events;
  counting counts = counting::events;
  std::string events;   // Name of an event set; empty for profiles and segments.
  std::string property; // Of sum, minimum, maximum: a numeric event property; empty = the value.
  /// JSON array of `{"property": …, "filter": {…}}` in the segment grammar; every one must hold.
  /// Empty = none.
  std::string where;
  population of = population::message_sends;
  time_basis basis = time_basis::send;
  std::string zone = "account"; // "account", or "request" = the account's unless the request says.
  policy bot_clicks = policy::not_applicable;
  policy apple_privacy_opens = policy::not_applicable;
};

/// A formula over measures and other derived metrics, worked out per row after everything is added
/// up.
struct derived_metric {
  entry_facts facts;
  unit in = unit::fraction;
  formula value;
  std::string formula_text;
  bool is_share = false; // Between 0 and 1 by its meaning.
  /// What a division by 0 gives; nothing = no value (JSON null).
  std::optional<double> when_zero = 0.0;
};

/// Where a dimension's values come from.
enum class dimension_source : std::uint8_t {
  message,           // `key`: one of the message facts, see message_fact in metrics/dimension.hpp.
  time,              // `key`: hour, day, week, month, quarter, year, day_of_week, hour_of_day.
  event_property,    // `key`: the property.
  profile_attribute, // `key`: the attribute's path, as in the segment grammar.
  segment,           // `key`: "id" or "name" of the segment that the row is about.
};

struct dimension {
  entry_facts facts;
  dimension_source source = dimension_source::message;
  std::string key;
};

enum class datasource_kind : std::uint8_t { messages, events, segments };
/// Whose messages a datasource of that kind tells about.
enum class message_owner : std::uint8_t { campaign, flow };

struct datasource {
  entry_facts facts;
  datasource_kind kind = datasource_kind::events;
  message_owner owner = message_owner::campaign;
  std::vector<std::string> sends; // Of messages: the event sets that are sends.
  /// Touches that earn credit, of messages (S30): an event set's events of a channel, and for how
  /// long, in hours, both ends included.
  struct touch {
    std::string events;
    channel by = channel::any;
    std::int64_t window_hours = 0;
  };
  std::vector<touch> touches;
  std::string clicks; // The set whose `Bot Click` events the bot policy leaves out.
  std::string opens;  // The set whose `Apple Privacy Open` events the other policy concerns.
  std::vector<std::string> group_by; // When a request says nothing.
};

/// A report that is ready to be asked for by name. `request` is its request as JSON.
struct ready_report {
  entry_facts facts;
  std::string title;
  std::string request;
};

/// A mistake in a dictionary file.
struct dictionary_fault {
  source_place at;
  std::string message; // A sentence: what stands there, what may.
};

struct dictionary_file {
  std::string name; // As faults show it.
  std::string text;
};

/// By their own names.
template <class Entry>
using entries_of = std::map<std::string, Entry, std::less<>>;

/// Everything that is known by a name. Names are unique over measures and derived metrics, synonyms
/// included.
class dictionary {
public:
  entries_of<event_set> event_sets;
  entries_of<measure> measures;
  entries_of<derived_metric> derived;
  entries_of<conversion_metric> conversions;
  entries_of<dimension> dimensions;
  entries_of<datasource> datasources;
  entries_of<ready_report> reports;

  /// The entry's own name for a name or synonym of a measure or derived metric; nothing = unknown.
  [[nodiscard]] std::optional<std::string> statistic(std::string_view name) const;
  /// The same for dimensions.
  [[nodiscard]] std::optional<std::string> dimension_name(std::string_view name) const;

  /// The conversion metric with a name or synonym; null = unknown.
  [[nodiscard]] const conversion_metric* conversion(std::string_view name) const;

  /// Every measure that a statistic rests on, each once, sorted.
  [[nodiscard]] std::vector<std::string> measures_of(std::string_view statistic) const;
  /// 16 hex digits over everything that decides the statistic's value (its measures, sets, filters
  /// and formulas, not its words): equal hash, equal definition.
  [[nodiscard]] std::string hash_of(std::string_view statistic) const;
};

/// 16 hex digits of what conversions are, whatever the order and words.
std::string hash_of(std::span<const conversion_events> conversions);

/// The files that come with Rollcall, in reading order.
std::span<const dictionary_file> standard_files();

struct dictionary_result {
  std::optional<dictionary> read; // Nothing when there are faults.
  std::vector<dictionary_fault> faults;
};

/// Reads and lints: unknown names, names given twice, cycles, units that do not go together, ratios
/// whose sides differ in population or time basis, shares that could exceed 1 by their units. A
/// later file may replace an entry of a standard file only with a higher `version`. Total: never
/// throws on any text.
dictionary_result read_dictionary(std::span<const dictionary_file> files);

} // namespace metrics
