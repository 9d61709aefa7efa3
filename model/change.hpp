#pragma once

#include "model/instant.hpp"
#include "model/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace model {

/// What a record of a batch asks for.
enum class change_kind : std::uint8_t {
  event = 1,       // Somebody did something: name = metric.
  profile = 2,     // Attributes set, unset, appended to, removed from.
  list_add = 3,    // Joined a static list: name = list.
  list_remove = 4, // Left it.
  merge = 5,       // `who` goes into `into`; its events and unset attributes follow.
  erase = 6,       // Everything about `who` is forgotten.
  describe = 7,    // A campaign, flow or tag was described; nobody is meant, see change_batch.
};

/// True when records of that kind speak of a metric, a list or a kind of object.
constexpr bool has_name(change_kind kind) {
  return kind == change_kind::event || kind == change_kind::list_add
      || kind == change_kind::list_remove || kind == change_kind::describe;
}

/// How a property entry of a profile record acts on the attribute. Event properties are always
/// `set`.
enum class property_action : std::uint8_t {
  set = 0,
  unset = 1,
  append = 2, // To a list attribute; items that are there already are not repeated.
  remove = 3, // Every equal item of a list attribute.
  fill = 4,   // Set only where nothing of the attribute's unit is set; how a merged profile hands
              // over what it knew.
};

/// What belongs together with an attribute and goes from one profile to another as one, so that
/// nobody gets half of a consent: all of one channel's consent, all of a place (without the time
/// zone); else the attribute alone. Gives the same text for all attributes of a unit.
std::string_view unit_of(std::string_view attribute);

/// A piece of the batch's byte arena.
struct text_ref {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

/// The identifiers that a record names; empty text = not named. Any of them identifies (external id
/// first, then e-mail, then phone).
struct identifier_refs {
  text_ref external_id{};
  text_ref email{};
  text_ref phone_number{};
};

/// One property of an event or one attribute update of a profile.
struct property_entry {
  std::uint32_t name = 0; // Index into change_batch::names.
  value_kind kind = value_kind::unset;
  property_action action = property_action::set;
  double number = 0; // Of number and boolean.
  text_ref text{};   // Of text, list (encoded items) and nested.
};

inline constexpr std::uint32_t no_profile = UINT32_MAX;

/// One change. Plain data, so that a batch is three arrays and an arena, cheap to build, log and
/// send.
struct change_record {
  change_kind kind = change_kind::event;
  bool has_value = false; // Of an event.
  bool has_time = false;  // No time = the instant at which the log takes it.
  std::uint32_t name = 0; // Metric, list or kind of object: index into change_batch::names.
  std::uint32_t line = 0; // Where it came from, for error reports; 0 = unknown.
  std::int64_t time = 0;  // Milliseconds since 1970 UTC. Of events and list changes.
  double value = 0;       // Of an event.
  identifier_refs who{};
  identifier_refs into{}; // Of a merge.
  text_ref unique_id{};   // Of an event; empty = its time in whole seconds (S2). Of a description:
                          // the object's id.
  std::uint32_t first_property = 0;
  std::uint32_t property_count = 0;
  /// Set by the account actor before the batch reaches a partition: the profile's number there.
  std::uint32_t profile = no_profile;
};

/// Many changes in the order in which they count. Names (metrics, lists, event property keys and
/// attribute paths) are written once per batch; records and properties refer to them by index.
///
/// Attribute paths are spelled as in the segment grammar: `email`, `first_name`,
/// `location['city']`, `properties['loyalty_points']`; and beside it
/// `predictive['churn_probability']`, `subscriptions['email']['consent']` (channels email, sms,
/// mobile_push, whatsapp; fields consent, consent_timestamp, method, method_detail,
/// custom_method_detail, double_optin, suppression, is_rcs_capable).
/// `subscriptions['email']['suppression']` is a list of text items `REASON|timestamp`.
/// A list's membership is the attribute `list['<name>']`: a number, the join instant in
/// milliseconds.
///
/// A description has one property, of kind nested and under the record's own name: the JSON object
/// that messages/object_reader.hpp reads. It belongs to the account, not to a partition.
struct change_batch {
  std::vector<change_record> records;
  std::vector<property_entry> properties;
  std::vector<text_ref> names;
  std::string bytes; // The arena that every text_ref points into.

  [[nodiscard]] std::string_view text(text_ref r) const {
    return std::string_view{bytes}.substr(r.at, r.size);
  }
  [[nodiscard]] std::string_view name(std::uint32_t index) const {
    return text(names[index]);
  }
  [[nodiscard]] value_view view(const property_entry& p) const {
    return {p.kind, p.number, text(p.text)};
  }
  /// Copies `t` into the arena.
  text_ref add_text(std::string_view t) {
    const text_ref r{static_cast<std::uint32_t>(bytes.size()),
                     static_cast<std::uint32_t>(t.size())};
    bytes.append(t);
    return r;
  }
  void clear() {
    records.clear();
    properties.clear();
    names.clear();
    bytes.clear();
  }
};

/// True when names, records and properties refer only to what the batch holds. Everything else
/// relies on it.
bool holds_together(const change_batch& batch);

} // namespace model
