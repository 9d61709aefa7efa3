#include "gateway/named_profile.hpp"

#include "gateway/account.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> identifier_names = {"external_id", "email",
                                                              "phone_number"};

json::object* object_in(json::object* from, std::string_view key) {
  auto* value = from == nullptr ? nullptr : from->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// Takes a member out.
std::optional<json::value> take(json::object& from, std::string_view key) {
  const auto found = from.find(key);
  if (found == from.end())
    return std::nullopt;
  std::optional<json::value> value{std::move(found->value())};
  from.erase(found);
  return value;
}

/// The operations on properties, wherever they stood.
struct patches {
  std::optional<json::value> meta{};
  bool is_among_attributes = false;
};

patches take_patches(json::object& data, json::object* attributes, const std::string& pointer,
                     mistakes& found) {
  patches all{take(data, "meta")};
  auto inner = attributes == nullptr ? std::nullopt : take(*attributes, "meta");
  if (inner && all.meta)
    found.add(pointer + "/data/meta", "'meta' is given twice: attributes.meta is there too");
  if (inner && !all.meta) {
    all.meta = std::move(inner);
    all.is_among_attributes = true;
  }
  if (all.meta && all.meta->is_null())
    all.meta.reset();
  if (all.meta && !all.meta->is_object()) {
    found.add(pointer + (all.is_among_attributes ? "/data/attributes/meta" : "/data/meta"),
              "'meta' must be an object");
    all.meta.reset();
  }
  return all;
}

/// What names nobody says nothing; and nobody but Klaviyo's scripts knows whose an anonymous id is.
/// True when there was one.
bool drop_what_names_nobody(json::object& attributes, const std::string& pointer, mistakes& found) {
  for (const auto name : identifier_names)
    if (const auto* value = attributes.if_contains(name);
        value != nullptr
        && (value->is_null() || (value->is_string() && value->get_string().empty())))
      attributes.erase(name);
  for (const auto name : {"_kx", "anonymous_id"})
    if (const auto* value = attributes.if_contains(name); value != nullptr && value->is_null())
      attributes.erase(name);
  const auto anonymous = take(attributes, "anonymous_id");
  if (anonymous && !anonymous->is_string())
    found.add(pointer + "/data/attributes/anonymous_id", "'anonymous_id' must be text");
  return anonymous.has_value();
}

/// What the engine calls the profile of an id.
std::optional<profile_identifiers> identifiers_at(const account& whose,
                                                  rollcall::profile_place place) {
  const auto shown = value_of(whose.engine->profiles(std::span{&place, 1}));
  if (!shown.front())
    return std::nullopt;
  return identifiers_of(*shown.front());
}

profile_identifiers known_by_id(const call& c, const std::string& id, const std::string& pointer,
                                mistakes& found) {
  const auto place = profile_place_of(id);
  const auto known = place ? identifiers_at(*c.whose, *place) : std::nullopt;
  if (!known)
    found.add(pointer + "/data/id", fmt::format("a profile with id '{}' does not exist", id));
  else if (known->is_empty())
    found.add(pointer + "/data/id",
              fmt::format("the profile with id '{}' has no external_id, email or phone_number by "
                          "which changes could find it",
                          id));
  return known.value_or(profile_identifiers{});
}

std::string_view text_of(const json::object& attributes, std::string_view name) {
  const auto* value = attributes.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                : std::string_view{};
}

/// Whose identifiers a browser must leave alone: those of the profile that its first one names.
std::optional<profile_identifiers> first_named(const account& whose,
                                               const json::object& attributes) {
  for (const auto name : identifier_names) {
    const auto text = text_of(attributes, name);
    if (text.empty())
      continue;
    const auto place = whose.engine->find_profile(text);
    if (!place)
      continue;
    // Any kind of identifier may have been found by that text.
    if (auto who = identifiers_at(whose, *place); who
                                                  && text
                                                       == (name == "external_id" ? who->external_id
                                                           : name == "email"     ? who->email
                                                                             : who->phone_number))
      return who;
  }
  return std::nullopt;
}

/// Takes off the identifiers by which a browser would change those of a profile that is there.
void leave_identifiers(const account& whose, json::object& attributes,
                       const profile_identifiers& known) {
  auto who = known;
  if (who.is_empty()) {
    std::size_t given = 0;
    for (const auto name : identifier_names)
      given += text_of(attributes, name).empty() ? 0 : 1;
    if (given < 2) // One alone names, and changes nothing.
      return;
    const auto found = first_named(whose, attributes);
    if (!found)
      return;
    who = *found;
  }
  for (const auto name : identifier_names) {
    const auto text = text_of(attributes, name);
    const auto& own = name == "external_id" ? who.external_id
                    : name == "email"       ? who.email
                                            : who.phone_number;
    if (!text.empty() && text != own && (!own.empty() || whose.engine->find_profile(text)))
      attributes.erase(name);
  }
}

/// The line's mistakes, with `meta` where it stood.
void pass_on(const mistakes& own, const patches& taken, const std::string& pointer,
             mistakes& found) {
  const auto written = pointer + "/data/meta";
  for (auto mistake : own.all()) {
    if (taken.is_among_attributes && mistake.pointer.starts_with(written))
      mistake.pointer.insert(pointer.size() + std::string_view{"/data"}.size(), "/attributes");
    found.add(std::move(mistake));
  }
}

void check_who(const profile_line& line, const profile_identifiers& known, bool is_anonymous,
               const std::string& pointer, mistakes& found) {
  if (!found.is_empty())
    return;
  if (line.who.is_empty())
    found.add(pointer + "/data/attributes",
              is_anonymous ? "an external_id, email or phone_number is needed beside anonymous_id, "
                             "which is not kept"
                           : "an identifier is needed: external_id, email or phone_number, or the "
                             "profile's id");
  else if (!known.is_empty() && !line.names_known)
    found.add(pointer + "/data/attributes",
              "the identifiers name another profile than 'id' does; one of them must be the "
              "profile's own");
}

} // namespace

profile_line read_named_profile(const call& c, json::value& from, const std::string& pointer,
                                speaker by, mistakes& found) {
  mistakes own;
  auto* data = object_in(from.if_object(), "data");
  auto* attributes = object_in(data, "attributes");
  patches taken;
  if (data != nullptr)
    taken = take_patches(*data, attributes, pointer, own);
  const bool is_anonymous = attributes != nullptr
                         && drop_what_names_nobody(*attributes, pointer, own);
  data_rule rule{"profile"};
  rule.may_have_id = true;
  rule.needs_attributes = false;
  data_reader reader{from, rule, own, pointer};
  if (reader.data().has("relationships"))
    reader.data().refuse("relationships", "is not allowed here");
  reader.data().finish();
  profile_line line;
  if (data != nullptr) {
    const auto known = reader.id().empty() ? profile_identifiers{}
                                           : known_by_id(c, reader.id(), pointer, own);
    if (by == speaker::browser && attributes != nullptr && own.is_empty())
      leave_identifiers(*c.whose, *attributes, known);
    line = make_profile_line(reader.attributes().content(),
                             taken.meta ? &taken.meta->get_object() : nullptr, known, own,
                             pointer + "/data");
    check_who(line, known, is_anonymous, pointer, own);
  }
  pass_on(own, taken, pointer, found);
  return line;
}

} // namespace gateway
