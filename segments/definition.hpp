#pragma once

#include "model/instant.hpp"
#include "model/value.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The rules language as data. `parse.hpp` makes it from JSON, `evaluate.hpp` gives it meaning.
namespace segments {

enum class comparison : std::uint8_t { equal, not_equal, greater, greater_equal, less, less_equal };

enum class text_operator : std::uint8_t {
  equals,
  not_equals,
  contains,
  not_contains,
  starts_with,
  not_starts_with,
  ends_with,
  not_ends_with,
  matches,
  not_matches, // RE2, unanchored (S12).
  in,
  not_in,
  phone_country_in,
  phone_country_not_in, // S8.
};

/// On text; `contains`/`not_contains` also on lists as exact item (S7). A null operand never
/// matches.
struct text_filter {
  text_operator op{};
  std::vector<std::string> operands; // Sorted and unique for in / not_in / phone.
  friend bool operator==(const text_filter&, const text_filter&) = default;
};

struct number_filter {
  comparison op{};
  double operand = 0;
  std::optional<double>
    upper{}; // With it: operand <= x <= upper, `op` unused (wider form's "between").
  friend bool operator==(const number_filter&, const number_filter&) = default;
};

struct boolean_filter {
  bool operand = false;
  friend bool operator==(const boolean_filter&, const boolean_filter&) = default;
};

struct existence_filter {
  bool is_set = true;
  friend bool operator==(const existence_filter&, const existence_filter&) = default;
};

enum class list_operator : std::uint8_t {
  contains,
  not_contains, // One typed item (S13).
  contains_all,
  contains_any,
  not_contains_all,
  not_contains_any,
  contains_substring,
  not_contains_substring, // Text items only.
};

struct list_filter {
  list_operator op{};
  std::vector<model::value> operands;
  friend bool operator==(const list_filter&, const list_filter&) = default;
};

struct list_length_filter {
  comparison op{};
  std::int64_t operand = 0;
  friend bool operator==(const list_length_filter&, const list_length_filter&) = default;
};

enum class date_operator : std::uint8_t {
  alltime,
  before,
  after,
  between_static, // `start`, `end`: instants (S17).
  at_least,
  in_the_last,
  in_the_next,
  between, // `from`, `to` in `unit` (S15, S16, S18).
  anniversary,
  anniversary_month,
  anniversary_last,
  anniversary_next,
  calendar_month, // S14, S19.
};

enum class date_unit : std::uint8_t {
  hour,
  day,
  week,
  second,
  minute, // Wider form only: rolling like hour.
};

/// A test of an instant against "now". Exact intervals: klaviyo-api.md 4.2 and semantics S14–S19.
struct date_filter {
  date_operator op = date_operator::alltime;
  date_unit unit = date_unit::day;
  std::int64_t from = 0;  // Quantity; `between`: the smaller one. calendar_month: 1–12.
  std::int64_t to = 0;    // `between`: the larger one.
  model::instant start{}; // Of the static forms, exactly as written: before/after use `start` only.
  model::instant end{};
  bool rolling = false; // Wider form: days and weeks count back from now by 24 h, not by midnights.
  std::string zone{}; // "" = UTC; "account"; "profile" (location['timezone'], account's where unset
                      // or unknown); or an IANA name.
  friend bool operator==(const date_filter&, const date_filter&) = default;
};

using filter = std::variant<text_filter, number_filter, boolean_filter, existence_filter,
                            list_filter, list_length_filter, date_filter>;

// --- criteria ------------------------------------------------------------

/// A profile attribute passes a filter. Predictive fields come here too (`predictive['…']`). The
/// derived attributes `last_event_date` and `first_event_date` are instants of events, not stored
/// text.
struct attribute_criterion {
  std::string attribute;
  filter test;
  friend bool operator==(const attribute_criterion&, const attribute_criterion&) = default;
};

struct event_filter {
  std::string
    property;  // "$value" = the event's value as a number, "$event_id" is refused at parse.
  filter test; // Date filters are legal in the wider form only.
  friend bool operator==(const event_filter&, const event_filter&) = default;
};

/// Events of a metric that pass every filter.
struct event_selector {
  std::string metric; // Name, ids already resolved.
  std::vector<event_filter> where;
  friend bool operator==(const event_selector&, const event_selector&) = default;
};

enum class measure : std::uint8_t {
  count,
  sum, // Klaviyo's two. `sum` adds 0 for an event without value; no events = 0 (S11).
  average,
  minimum,
  maximum,  // Over events that have the number; none = matches no comparison.
  distinct, // Different set values of `property`.
  first,
  last, // The earliest / latest event in the window must pass `picked` too.
};

/// A measure over events in a window compares with a number; or, for first/last, the picked event
/// passes filters.
struct event_criterion {
  event_selector events;
  date_filter during; // Which events count, by their time.
  measure what = measure::count;
  std::string
    property{}; // Of sum … distinct: numeric event property instead of the value; "" = value.
  number_filter holds{};              // Unused for first/last.
  std::vector<event_filter> picked{}; // Of first/last: what the picked event must be.
  friend bool operator==(const event_criterion&, const event_criterion&) = default;
};

struct sequence_step {
  bool exists = true; // false: no such event between the step before and the window's end (S20).
  event_selector events;
  std::optional<std::int64_t>
    within_ms{}; // Wider form: at most this long after the previous positive step (inclusive).
  friend bool operator==(const sequence_step&, const sequence_step&) = default;
};

/// Steps in order (S20). The first step is positive.
struct sequence_criterion {
  std::vector<sequence_step> steps;
  date_filter during;
  std::optional<std::int64_t>
    window_ms{}; // From the first step's event, inclusive; none = no limit.
  std::string
    equal_property{}; // Wider form: the chain's events (and the events a negative step looks for)
                      // share this property's value, typed and set; "" = no link.
  friend bool operator==(const sequence_criterion&, const sequence_criterion&) = default;
};

/// Static lists by name (S21).
struct list_criterion {
  bool is_member = true;
  std::vector<std::string> lists; // Any of; sorted and unique.
  std::optional<date_filter> joined{};
  friend bool operator==(const list_criterion&, const list_criterion&) = default;
};

enum class channel : std::uint8_t { email, sms, push, whatsapp };

enum class subscription : std::uint8_t { any, subscribed, unsubscribed, never_subscribed };

struct consent_filter {
  std::string field; // method, status_date, bounce_date, manual_suppression_date,
                     // invalid_email_date, custom_source, is_double_opt_in, is_rcs_capable.
  std::string method{};
  std::optional<filter> test{};
  friend bool operator==(const consent_filter&, const consent_filter&) = default;
};

/// Marketing consent (S22, S23): all filters must hold.
struct consent_criterion {
  channel on{};
  bool can_receive = true;
  subscription state = subscription::any;
  std::vector<consent_filter> filters;
  friend bool operator==(const consent_criterion&, const consent_criterion&) = default;
};

enum class reachability : std::uint8_t {
  explicitly_reachable,
  implicitly_reachable,
  implicitly_or_explicitly_reachable,
  explicitly_unreachable,
  implicitly_unreachable,
  implicitly_or_explicitly_unreachable,
};

/// WhatsApp permissions (3.9), over `subscriptions['whatsapp'|'whatsapp_transactional'][…]`.
/// Explicit = a consent record (SUBSCRIBED or UNSUBSCRIBED) exists; implicit = none does. Without a
/// record nobody is reachable implicitly on WhatsApp.
struct permission_criterion {
  bool transactional = false;
  reachability status{};
  std::vector<consent_filter> filters; // effective_date, recorded_date, subscribe_method.
  friend bool operator==(const permission_criterion&, const permission_criterion&) = default;
};

/// Great-circle distance from a point (S24). The ZIP was resolved at parse.
struct distance_criterion {
  double latitude = 0;
  double longitude = 0;
  double miles = 0;
  bool nearer = true; // less-than; else greater-than.
  friend bool operator==(const distance_criterion&, const distance_criterion&) = default;
};

enum class region : std::uint8_t { european_union, united_states };

struct region_criterion {
  bool inside = true;
  region area{};
  friend bool operator==(const region_criterion&, const region_criterion&) = default;
};

/// Place of a channel in predictive['ranked_channel_affinity'] (S25).
struct affinity_criterion {
  std::string predicted_channel; // email, push, sms, whatsapp.
  bool by_rank = false;          // false: priority, a number; true: rank, high/medium/low.
  filter test;                   // number_filter or text_filter.
  friend bool operator==(const affinity_criterion&, const affinity_criterion&) = default;
};

using criterion = std::variant<attribute_criterion, event_criterion, sequence_criterion,
                               list_criterion, consent_criterion, permission_criterion,
                               distance_criterion, region_criterion, affinity_criterion>;

/// Names a criterion for ever: 128 bits of its canonical text. Equal conditions have equal ids.
using criterion_id = std::array<std::uint64_t, 2>;

/// Canonical text: same meaning written differently gives the same text (order of object keys, of
/// AND-ed event filters, of set operands; weeks as days; numbers in shortest form).
std::string canonical_text(const criterion& c);
criterion_id id_of(const criterion& c);

// --- definitions ------------------------------------------------------------

enum class boolean_kind : std::uint8_t { all_of, any_of, none_of, leaf };

/// A boolean tree over criteria. An empty all_of holds, an empty any_of does not (never parsed,
/// S27; simplification may make them).
struct expression {
  boolean_kind kind = boolean_kind::leaf;
  std::uint32_t leaf = 0; // Index into definition::criteria.
  std::vector<expression> children;
  std::string pointer{}; // Where it stood in the JSON, for explanations. Not part of equality.
};

/// A segment's rule: every distinct criterion once, and the tree over them. Segments it refers to
/// are already folded in; `references` lists them (directly or through others) for cycle checks and
/// rebuilds.
struct definition {
  std::vector<criterion> criteria;
  std::vector<criterion_id> ids; // Parallel to criteria.
  expression root;
  std::vector<std::string> references;
};

} // namespace segments
