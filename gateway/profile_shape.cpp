#include "gateway/profile_shape.hpp"

#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"
#include "model/limits.hpp"
#include "segments/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> identifier_names = {"external_id", "email",
                                                              "phone_number"};
constexpr std::array<std::string_view, 6> text_names = {"first_name", "last_name", "organization",
                                                        "locale",     "title",     "image"};
constexpr std::array<std::string_view, 10> location_names = {
  "address1",  "address2", "city", "country",  "latitude",
  "longitude", "region",   "zip",  "timezone", "ip"};

/// Null = there is none, or it is of another kind.
const json::object* object_in(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// Moves it out; null = there is none.
json::value take(json::object& from, std::string_view key) {
  auto* value = from.if_contains(key);
  return value == nullptr ? json::value() : std::move(*value);
}

json::value instant_or_null(std::string_view text) {
  const auto at = read_instant(text);
  return at ? json::value(instant_text(*at)) : json::value();
}

/// The newest event of whatever metric.
json::value last_event_date(const json::object& profile) {
  std::optional<model::instant> newest;
  if (const auto* metrics = object_in(profile, "events"))
    for (const auto& [name, figures] : *metrics)
      if (figures.is_object())
        newest = std::max(newest, read_instant(text_in(figures.get_object(), "last")));
  return newest ? json::value(instant_text(*newest)) : json::value();
}

json::object location_of(json::object& profile) {
  auto known = take(profile, "location");
  json::object location;
  for (const auto name : location_names)
    location[name] = known.is_object() ? take(known.get_object(), name) : json::value();
  return location;
}

// --- subscriptions ---

/// One consent: what it is called outside and in the engine, and what it shows beside `consent` and
/// whether the profile can receive anything.
struct consent_shape {
  std::string_view channel;
  std::string_view purpose;
  std::string_view can_receive;
  std::vector<std::string_view> fields;
};

const std::vector<consent_shape>& consent_shapes() {
  static const std::vector<std::string_view> permission = {
    "consent_timestamp", "last_updated", "created_timestamp", "metadata", "valid_until"};
  static const std::vector<std::string_view> whatsapp = {"consent_timestamp", "last_updated",
                                                         "created_timestamp", "metadata",
                                                         "valid_until",       "phone_number"};
  static const std::vector<std::string_view> sms = {"consent_timestamp", "method", "method_detail",
                                                    "last_updated"};
  static const std::vector<consent_shape> shapes = {
    {"email",
     "marketing",
     "can_receive_email_marketing",
     {"consent_timestamp", "last_updated", "method", "method_detail", "custom_method_detail",
      "double_optin", "suppression", "list_suppressions"}},
    {"email", "open_tracking", "can_receive", permission},
    {"sms", "marketing", "can_receive_sms_marketing", sms},
    {"sms", "transactional", "can_receive_sms_transactional", sms},
    {"mobile_push", "marketing", "can_receive_push_marketing", {"consent_timestamp"}},
    {"whatsapp", "marketing", "can_receive", whatsapp},
    {"whatsapp", "transactional", "can_receive", whatsapp},
    {"whatsapp", "conversational", "can_receive", whatsapp},
  };
  return shapes;
}

bool is_date(std::string_view field) {
  return field.ends_with("_timestamp") || field == "last_updated" || field == "valid_until";
}

json::array suppressions_of(const json::object& kept) {
  json::array all;
  const auto* list = kept.if_contains("suppression");
  if (list == nullptr || !list->is_array())
    return all;
  for (const auto& item : list->get_array()) {
    if (!item.is_object())
      continue;
    json::object one;
    one["reason"] = text_in(item.get_object(), "reason");
    one["timestamp"] = instant_or_null(text_in(item.get_object(), "timestamp"));
    all.push_back(std::move(one));
  }
  return all;
}

/// E-mail may be sent until somebody objects, everything else needs consent (semantics S22).
bool can_receive(const consent_shape& shape, const json::object& kept, std::string_view consent) {
  if (shape.channel == "email" && shape.purpose == "marketing")
    return consent != "UNSUBSCRIBED" && suppressions_of(kept).empty();
  return consent == "SUBSCRIBED";
}

json::object consent_of(const consent_shape& shape, const json::object& kept) {
  const auto given = text_in(kept, "consent");
  const auto consent = given.empty() ? std::string_view{"NEVER_SUBSCRIBED"} : given;
  json::object out;
  out[shape.can_receive] = can_receive(shape, kept, consent);
  out["consent"] = consent;
  for (const auto field : shape.fields) {
    const auto* value = kept.if_contains(field);
    if (field == "suppression")
      out[field] = suppressions_of(kept);
    else if (field == "list_suppressions")
      out[field] = value == nullptr ? json::value(json::array_kind) : *value;
    else if (is_date(field))
      out[field] = instant_or_null(text_in(kept, field));
    else
      out[field] = value == nullptr ? json::value() : *value;
  }
  return out;
}

json::object subscriptions_of(const json::object& profile) {
  static const json::object nothing;
  const auto* channels = object_in(profile, "subscriptions");
  json::object out;
  for (const auto& shape : consent_shapes()) {
    const auto* channel = channels == nullptr ? nullptr : object_in(*channels, shape.channel);
    const auto* kept = channel == nullptr ? nullptr : object_in(*channel, shape.purpose);
    auto& into = out.emplace(shape.channel, json::object{}).first->value().get_object();
    into[shape.purpose] = consent_of(shape, kept == nullptr ? nothing : *kept);
  }
  return out;
}

json::object predictions_of(json::object& profile) {
  constexpr std::array<std::string_view, 10> names = {
    "historic_clv",
    "predicted_clv",
    "total_clv",
    "historic_number_of_orders",
    "predicted_number_of_orders",
    "average_days_between_orders",
    "average_order_value",
    "churn_probability",
    "expected_date_of_next_order",
    "ranked_channel_affinity",
  };
  auto known = take(profile, "predictive_analytics");
  if (!known.is_object())
    known = json::object{};
  json::object out;
  for (const auto name : names)
    out[name] = name == "expected_date_of_next_order"
                ? instant_or_null(text_in(known.get_object(), name))
                : take(known.get_object(), name);
  return out;
}

// --- lines ---

std::string& member_of(profile_identifiers& who, std::string_view name) {
  return name == "external_id" ? who.external_id : name == "email" ? who.email : who.phone_number;
}

const std::string& member_of(const profile_identifiers& who, std::string_view name) {
  return member_of(const_cast<profile_identifiers&>(who), name);
}

/// Null for every field of it.
json::object no_location() {
  json::object location;
  for (const auto name : location_names)
    location[name] = nullptr;
  return location;
}

void put_identifiers(object_reader& given, const profile_identifiers& known, json::object& line,
                     profile_line& out) {
  for (const auto name : identifier_names) {
    const auto text = given.text(name, presence::nullable, {model::identifier_bytes_max, true, {}});
    auto& who = member_of(out.who, name);
    who = text.is_there ? text.value_or({}) : member_of(known, name);
    out.names_known = out.names_known || (!who.empty() && who == member_of(known, name));
    if (text.is_null())
      line[name] = nullptr;
    else if (!who.empty())
      line[name] = who;
  }
}

/// Of `meta`, what a line knows too.
void put_patches(const json::object& meta, json::object& line, mistakes& found,
                 const std::string& pointer) {
  object_reader reader{meta, pointer, "profile", found};
  if (const auto* patches = reader.object("patch_properties", presence::nullable))
    line["patch_properties"] = *patches;
  if (const auto* patches = reader.object("patch_identifiers", presence::nullable);
      patches != nullptr && !patches->empty())
    reader.refuse("patch_identifiers", "is not supported: a profile has one e-mail address");
  reader.finish();
}

// --- pointers of errors ---

/// The longest key of `in` that `path` begins with, and takes it off `path`; empty = none.
std::string_view take_key(const json::object& in, std::string_view& path) {
  std::string_view longest;
  for (const auto& [name, value] : in) {
    const std::string_view key{name};
    if (key.size() > longest.size() && path.starts_with(key)
        && (path.size() == key.size() || path[key.size()] == '.'))
      longest = key;
  }
  path.remove_prefix(std::min(longest.size() + 1, path.size()));
  return longest;
}

/// The item of `in` whose number `path` begins with; null = there is none.
const json::value* take_item(const json::array& in, std::string_view& path, std::string& pointer) {
  const auto end = std::min(path.find('.'), path.size());
  std::size_t index = 0;
  const auto read = std::from_chars(path.data(), path.data() + end, index);
  if (read.ec != std::errc{} || read.ptr != path.data() + end || index >= in.size())
    return nullptr;
  path.remove_prefix(std::min(end + 1, path.size()));
  pointer += fmt::format("/{}", index);
  return &in[index];
}

/// Follows the dotted path, whose keys may have dots themselves, as far as it goes.
std::string followed(const json::value& from, std::string_view path, std::string pointer) {
  const auto* at = &from;
  while (at != nullptr && !path.empty()) {
    if (const auto* object = at->if_object()) {
      const auto key = take_key(*object, path);
      if (key.empty())
        break;
      pointer = segments::pointer_to(pointer, key);
      at = object->if_contains(key);
    } else if (const auto* array = at->if_array()) {
      at = take_item(*array, path, pointer);
    } else {
      break;
    }
  }
  return pointer;
}

} // namespace

json::object profile_attributes(std::string_view engine_json, profile_parts parts) {
  auto parsed = own_json(engine_json);
  auto& profile = parsed.as_object();
  json::object out;
  out.reserve(18);
  for (const auto name : {"email", "phone_number", "external_id"})
    out[name] = take(profile, name);
  for (const auto name : text_names)
    out[name] = take(profile, name);
  for (const auto name : {"created", "updated"})
    out[name] = instant_or_null(text_in(profile, name));
  out["last_event_date"] = last_event_date(profile);
  out["location"] = location_of(profile);
  auto properties = take(profile, "properties");
  out["properties"] = properties.is_object() ? std::move(properties) : json::object{};
  if (parts.subscriptions)
    out["subscriptions"] = subscriptions_of(profile);
  if (parts.predictive_analytics)
    out["predictive_analytics"] = predictions_of(profile);
  return out;
}

profile_identifiers identifiers_of(const json::object& attributes) {
  profile_identifiers who;
  for (const auto name : identifier_names)
    member_of(who, name) = text_in(attributes, name);
  return who;
}

profile_identifiers identifiers_of(std::string_view engine_json) {
  return identifiers_of(own_json(engine_json).as_object());
}

std::optional<model::instant> joined_list_at(std::string_view engine_json, std::string_view list) {
  const auto parsed = own_json(engine_json);
  for (const auto& one : parsed.at("lists").as_array())
    if (one.at("id").as_string() == list)
      return read_instant(one.at("joined_at").as_string());
  return std::nullopt;
}

profile_line make_profile_line(const json::object& attributes, const json::object* meta,
                               const profile_identifiers& known, mistakes& found,
                               std::string_view pointer) {
  const std::string above{pointer};
  object_reader given{attributes, above + "/attributes", "profile", found};
  json::object line;
  profile_line out;
  put_identifiers(given, known, line, out);
  for (const auto name : text_names) {
    const auto text = given.text(name, presence::nullable, {model::text_bytes_max, true, {}});
    if (text.is_there)
      line[name] = text ? json::value(*text) : json::value();
  }
  if (const auto* location = given.object("location", presence::nullable))
    line["location"] = *location;
  else if (given.has("location"))
    line["location"] = no_location();
  if (const auto* properties = given.object("properties", presence::nullable))
    line["properties"] = *properties;
  if (given.any("_kx", presence::nullable) != nullptr)
    given.refuse("_kx", "is not supported, because only Klaviyo can read it; name the profile by "
                        "external_id, email or phone_number");
  given.finish();
  if (meta != nullptr)
    put_patches(*meta, line, found, above + "/meta");
  append_json(out.text, line);
  return out;
}

void read_profile_line(messages::ndjson_reader& reader, const profile_line& line,
                       model::change_batch& batch, std::string_view pointer) {
  messages::line_block block{line.text};
  std::vector<messages::line_error> errors;
  reader.read(block, batch, errors);
  assert(block.is_empty()); // The batch was full before.
  if (!errors.empty())
    throw refusal{to_error(errors.front(), line.text, pointer)};
}

error_entry to_error(const messages::line_error& why, std::string_view line,
                     std::string_view pointer) {
  const bool is_meta = why.field.starts_with("patch_properties");
  auto where = std::string{pointer} + (is_meta ? "/meta" : "/attributes");
  if (why.field.empty())
    return invalid_body(std::move(where), why.reason);
  return invalid_body(followed(own_json(line), why.field, std::move(where)),
                      fmt::format("'{}': {}", why.field, why.reason));
}

} // namespace gateway
