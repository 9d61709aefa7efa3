#include "gateway/event_changes.hpp"

#include "gateway/account.hpp"
#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"
#include "messages/ndjson.hpp"
#include "model/limits.hpp"
#include "model/value.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t body_bytes_max = std::size_t{5} << 20;
constexpr std::size_t events_max = 1'000; // Of one request.
constexpr model::instant earliest{std::chrono::sys_days{std::chrono::year{1990} / 1 / 1}};
constexpr std::chrono::days ahead_max{366};

json::value read_event_body(const call& c) {
  if (c.asked.body.size() > body_bytes_max) {
    error_entry e{413, "body_too_long", "Body too long."};
    e.detail = fmt::format("a body of {} bytes; at most {} are allowed", c.asked.body.size(),
                           body_bytes_max);
    throw refusal{std::move(e)};
  }
  return read_body(c.asked);
}

/// What may stand as an attribute or as a property, where Klaviyo keeps it.
struct property_names {
  std::string_view attribute;
  std::string_view property;
};
constexpr property_names value_names{"value", "$value"};
constexpr property_names currency_names{"value_currency", "$value_currency"};
constexpr property_names unique_id_names{"unique_id", "$event_id"};

bool is_same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

void append_member(std::string& line, std::string_view key, std::string_view text) {
  line += ",\"";
  line += key;
  line += "\":";
  model::append_json_string(line, text);
}

/// Puts the lines of one request together and reads them.
class event_lines {
public:
  event_lines(const call& c, mistakes& found)
    : latest_(c.whose->engine->now() + ahead_max), found_(found) {
  }

  /// One event. `person` is what the line says of its profile, which must outlive this.
  void add(object_reader& attributes, const named_profile& profile, std::string_view person) {
    if (places_.size() == events_max) {
      found_.add(attributes.pointer(),
                 fmt::format("more than {} events; send them in several requests", events_max));
      return;
    }
    const auto metric = read_metric(attributes);
    text_ += places_.empty() ? "" : "\n";
    text_ += "{\"metric\":";
    model::append_json_string(text_, metric);
    text_ += ",\"profile\":";
    text_ += person;
    append_time(attributes);
    append_value(attributes);
    attributes.boolean("backfill", presence::nullable);
    append_properties(attributes);
    text_ += '}';
    attributes.finish();
    places_.push_back({attributes.pointer(), &profile});
    if (wants_unique_ids_ && !unique_id_.empty())
      note_unique_id(profile.line.who, metric, attributes);
  }

  /// A profile that stays until the lines are taken.
  named_profile& keep(named_profile profile) {
    return profiles_.emplace_back(std::move(profile));
  }
  /// A unique id that comes twice is a mistake from now on.
  void want_unique_ids() {
    wants_unique_ids_ = true;
  }

  /// Throws every mistake.
  model::change_batch take() {
    found_.refuse_if_any();
    // Remembers what it has learnt, so each thread has one of its own.
    thread_local messages::ndjson_reader reader;
    messages::line_block block{text_};
    model::change_batch batch;
    std::vector<messages::line_error> errors;
    reader.read(block, batch, errors);
    for (const auto& error : errors)
      found_.add(to_mistake(error));
    found_.refuse_if_any();
    return batch;
  }

private:
  struct place {
    std::string attributes; // Pointer.
    const named_profile* profile;
  };

  std::string read_metric(object_reader& attributes) {
    const auto* given = attributes.any("metric", presence::required);
    if (given == nullptr)
      return {};
    data_reader reader{*given, {"metric"}, found_, attributes.pointer_to("metric")};
    auto name = reader.attributes().text("name", presence::required,
                                         {4 * model::metric_name_characters_max, false, {}});
    reader.attributes().text("service", presence::nullable);
    reader.finish();
    return name.value_or({});
  }

  void append_time(object_reader& attributes) {
    const auto time = attributes.instant("time", presence::nullable);
    if (!time)
      return;
    if (*time < earliest || *time > latest_)
      return attributes.refuse(
        "time", fmt::format("must lie between 1990 and {}, a year ahead", instant_text(latest_)));
    text_ += fmt::format(",\"time\":{}", model::to_ms(model::floor_second(*time)) / 1'000);
  }

  void append_value(object_reader& attributes) {
    // Left out where it stands twice; that is a mistake anyway.
    const auto* properties = attributes.object("properties", presence::required);
    const auto* as_property = lifted(attributes, properties, value_names);
    const auto value = attributes.number("value", presence::nullable);
    if (as_property != nullptr || value) {
      text_ += ",\"value\":";
      text_ += as_property != nullptr ? json_text(*as_property) : model::format_number(*value);
    }
    auto currency = text_or_property(attributes, properties, currency_names, 3);
    if (!currency.empty())
      append_member(text_, "value_currency", currency);
    unique_id_ = text_or_property(attributes, properties, unique_id_names,
                                  model::unique_id_bytes_max);
    if (!unique_id_.empty())
      append_member(text_, "unique_id", unique_id_);
  }

  /// The property that says what an attribute could; null = there is none, or it is of another kind
  /// and a property like any other.
  static const json::value* lifted(object_reader& attributes, const json::object* properties,
                                   const property_names& names) {
    const auto* found = properties == nullptr ? nullptr : properties->if_contains(names.property);
    if (found == nullptr
        || !(names.attribute == value_names.attribute ? found->is_number() : found->is_string()))
      return nullptr;
    const auto* attribute = attributes.content().if_contains(names.attribute);
    if (attribute != nullptr && !attribute->is_null() && !is_same(*attribute, *found))
      attributes.refuse(names.attribute,
                        fmt::format("says something else than properties.{}", names.property));
    return found;
  }

  static std::string text_or_property(object_reader& attributes, const json::object* properties,
                                      const property_names& names, std::size_t bytes_max) {
    const auto text = attributes.text(names.attribute, presence::nullable, {bytes_max, true, {}});
    const auto* as_property = lifted(attributes, properties, names);
    return as_property != nullptr ? std::string{as_property->get_string()} : text.value_or({});
  }

  void append_properties(object_reader& attributes) {
    const auto* properties = attributes.content().if_contains("properties");
    if (properties == nullptr || !properties->is_object())
      return;
    text_ += ",\"properties\":{";
    bool is_first = true;
    for (const auto& [key, value] : properties->get_object()) {
      const std::string_view name{key};
      if ((name == value_names.property && value.is_number())
          || ((name == currency_names.property || name == unique_id_names.property)
              && value.is_string()))
        continue;
      text_ += std::exchange(is_first, false) ? "" : ",";
      model::append_json_string(text_, name);
      text_ += ':';
      append_json(text_, value);
    }
    text_ += '}';
  }

  void note_unique_id(const profile_identifiers& who, const std::string& metric,
                      object_reader& attributes) {
    bool is_new = true;
    const auto note = [&](char kind, const std::string& identifier) {
      if (!identifier.empty())
        is_new &= unique_ids_
                    .insert(fmt::format("{}{}:{}{}:{}{}", kind, identifier.size(), identifier,
                                        metric.size(), metric, unique_id_))
                    .second;
    };
    note('x', who.external_id);
    note('e', who.email);
    note('p', who.phone_number);
    if (!is_new)
      attributes.refuse("unique_id", fmt::format("'{}' comes twice for the same profile and "
                                                 "metric; nothing was stored",
                                                 unique_id_));
  }

  [[nodiscard]] error_entry to_mistake(const messages::line_error& error) const {
    constexpr std::string_view above = "profile";
    const auto& where = places_[error.line - 1];
    if (!error.field.starts_with(above)
        || (error.field.size() > above.size() && error.field[above.size()] != '.')) {
      // What has `attributes`.
      const auto data = std::string_view{where.attributes}.substr(0, where.attributes.rfind('/'));
      auto mistake = to_error(error, error.text, data);
      if (error.field == "metric")
        mistake.pointer += "/data/attributes/name";
      return mistake;
    }
    auto inside = error;
    inside.field.erase(0, above.size() + 1);
    const auto line = own_json(error.text);
    return to_error(inside, json_text(line.at(above)), *where.profile);
  }

  model::instant latest_;
  mistakes& found_;
  std::string text_;
  std::vector<place> places_; // By line.
  std::deque<named_profile> profiles_;
  std::string unique_id_; // Of the event that is being added; empty = none.
  bool wants_unique_ids_ = false;
  /// Identifier, metric and unique id, the first two with their lengths before them.
  boost::unordered_flat_set<std::string> unique_ids_;
};

/// Null = there is none.
json::value* member(json::value* from, std::string_view key) {
  auto* object = from == nullptr ? nullptr : from->if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

/// The identifiers alone, for what comes after the first event of a profile.
std::string identifiers_json(const profile_identifiers& who) {
  json::object out;
  if (!who.external_id.empty())
    out["external_id"] = who.external_id;
  if (!who.email.empty())
    out["email"] = who.email;
  if (!who.phone_number.empty())
    out["phone_number"] = who.phone_number;
  return json_text(out);
}

/// `{type, attributes}` at `pointer`: the attributes. Nothing, and a mistake, when it is none.
std::optional<object_reader> attributes_of(const json::value& item, const std::string& pointer,
                                           std::string_view type, mistakes& found) {
  const auto* object = item.if_object();
  if (object == nullptr) {
    found.add(pointer, fmt::format("an object with type '{}' is needed", type));
    return std::nullopt;
  }
  object_reader reader{*object, pointer, std::string{type}, found};
  reader.text("type", presence::required, {1'000, true, {type}});
  auto attributes = reader.nested("attributes", presence::required);
  reader.finish();
  return attributes;
}

/// The list in `{"data": […]}` below `key`.
const json::array* list_below(object_reader& attributes, std::string_view key,
                              std::string& pointer) {
  auto holder = attributes.nested(key, presence::required);
  if (!holder)
    return nullptr;
  const auto* list = holder->array("data", presence::required);
  pointer = holder->pointer_to("data");
  holder->finish();
  if (list != nullptr && list->empty()) {
    holder->refuse("data", "must not be empty");
    return nullptr;
  }
  return list;
}

/// One group `{type, attributes: {profile, events: {data: […]}, backfill}}`.
void add_group(const call& c, json::value& group, const std::string& pointer, speaker by,
               event_lines& lines, mistakes& found) {
  auto& profile = lines.keep({});
  if (auto* given = member(member(&group, "attributes"), "profile"))
    profile = read_named_profile(c, *given, pointer + "/attributes/profile", by, found);
  auto attributes = attributes_of(group, pointer, "event-bulk-create", found);
  if (!attributes)
    return;
  attributes->any("profile", presence::required);
  attributes->boolean("backfill", presence::nullable);
  std::string events_pointer;
  const auto* events = list_below(*attributes, "events", events_pointer);
  attributes->finish();
  if (events == nullptr)
    return;
  const auto later = identifiers_json(profile.line.who);
  for (std::size_t i = 0; i < events->size(); ++i) {
    const auto at = fmt::format("{}/{}", events_pointer, i);
    if (auto event = attributes_of((*events)[i], at, "event", found))
      lines.add(*event, profile, i == 0 ? profile.line.text : later);
  }
}

} // namespace

model::change_batch read_event(const call& c, speaker by) {
  auto body = read_event_body(c);
  mistakes found;
  event_lines lines{c, found};
  named_profile profile;
  if (auto* given = member(member(member(&body, "data"), "attributes"), "profile"))
    profile = read_named_profile(c, *given, "/data/attributes/profile", by, found);
  data_reader reader{body, {"event"}, found};
  if (reader.attributes().content().empty())
    found.refuse_if_any(); // What is missing inside would be said too.
  reader.attributes().any("profile", presence::required);
  lines.add(reader.attributes(), profile, profile.line.text);
  reader.data().finish();
  return lines.take();
}

model::change_batch read_event_groups(const call& c) {
  auto body = read_event_body(c);
  mistakes found;
  event_lines lines{c, found};
  lines.want_unique_ids();
  constexpr std::string_view key = "events-bulk-create";
  std::string pointer;
  data_reader reader{body, {"event-bulk-create-job"}, found};
  const auto* groups = list_below(reader.attributes(), key, pointer);
  reader.finish();
  // Written to, so reached again by another way.
  auto* list = member(member(member(member(&body, "data"), "attributes"), key), "data");
  for (std::size_t i = 0; groups != nullptr && i < groups->size(); ++i)
    add_group(c, list->get_array()[i], fmt::format("{}/{}", pointer, i), speaker::server, lines,
              found);
  return lines.take();
}

model::change_batch read_event_group(const call& c) {
  auto body = read_event_body(c);
  mistakes found;
  event_lines lines{c, found};
  lines.want_unique_ids();
  static_cast<void>(data_reader{body, {"event-bulk-create"}, found});
  found.refuse_if_any();
  add_group(c, body.at("data"), "/data", speaker::browser, lines, found);
  return lines.take();
}

} // namespace gateway
