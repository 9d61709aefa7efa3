#include "gateway/key_routes.hpp"

#include "gateway/body.hpp"
#include "gateway/document.hpp"
#include "gateway/door.hpp"
#include "gateway/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view key_type = "rollcall-key";
constexpr std::string_view account_type = "rollcall-account";
constexpr std::size_t scopes_max = 2 * scope_subjects.size() + 2;

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

resource resource_of(const key_record& kept) {
  return {.type = std::string{key_type},
          .id = kept.id,
          .attributes = {{"name", kept.name},
                         {"scopes", texts(kept.scopes)},
                         {"created", model::format_instant(kept.created)},
                         {"expires", our_instant(kept.expires)},
                         {"revoked", our_instant(kept.revoked)}},
          .collection = "/api/rollcall/keys"};
}

/// The only time that the key itself is shown.
resource resource_of(const made_key& made) {
  auto r = resource_of(made.kept);
  r.attributes.emplace("key", made.key);
  return r;
}

resource resource_of(std::string_view name, const account* open) {
  return {.type = std::string{account_type},
          .id = open != nullptr ? open->id : std::string{},
          .attributes = {{"name", name}, {"open", open != nullptr}},
          .collection = "/api/rollcall/accounts"};
}

// --- keys ----------------------------------------------------------------------------------------

new_key read_new_key(const request& asked) {
  mistakes found;
  const auto body = read_body(asked);
  data_reader read{body, {.type = std::string{key_type}}, found};
  auto& attributes = read.attributes();
  new_key wanted;
  wanted.name = attributes.text("name", presence::required, {.bytes_max = key_name_bytes_max})
                  .value_or({});
  if (const auto scopes = attributes.texts("scopes", presence::optional, scopes_max)) {
    wanted.scopes = *scopes;
    for (std::size_t i = 0; i < scopes->size(); ++i)
      if (!is_scope((*scopes)[i]))
        found.add(fmt::format("{}/{}", attributes.pointer_to("scopes"), i),
                  fmt::format("'{}' is no scope; allowed are {}.", (*scopes)[i], allowed_scopes()));
  }
  wanted.expires = attributes.instant("expires", presence::nullable).value;
  read.finish();
  found.refuse_if_any();
  return wanted;
}

answer list_keys(const call& c) {
  json::array all;
  for (const auto& kept : c.whose->keys->all())
    all.push_back(resource_object(c.asked, resource_of(kept)));
  return document_answer(200, collection_document(c.asked, std::move(all)));
}

answer show_key(const call& c) {
  for (const auto& kept : c.whose->keys->all())
    if (kept.id == c.captured.front())
      return document_answer(200,
                             single_document(c.asked, resource_object(c.asked, resource_of(kept))));
  throw refusal{not_found(key_type, c.captured.front())};
}

answer create_key(const call& c, accounts& all) {
  const auto made = value_of(
    all.create_key(c.whose, read_new_key(c.asked), moment::now().calendar));
  return document_answer(201,
                         single_document(c.asked, resource_object(c.asked, resource_of(made))));
}

answer revoke_key(const call& c) {
  value_of(c.whose->keys->revoke(c.captured.front(), moment::now().calendar));
  return empty_answer(204);
}

// --- accounts ------------------------------------------------------------------------------------

answer list_accounts(const call& c, accounts& all) {
  only_for_default_account(c);
  json::array list;
  for (const auto& one : all.all())
    list.push_back(resource_object(c.asked, resource_of(one->name, one.get())));
  for (const auto& one : all.closed())
    list.push_back(resource_object(c.asked, resource_of(one.name, nullptr)));
  return document_answer(200, collection_document(c.asked, std::move(list)));
}

/// With a first key, for there would be no other way to one.
answer create_account(const call& c, accounts& all) {
  only_for_default_account(c);
  mistakes found;
  const auto body = read_body(c.asked);
  data_reader read{body, {.type = std::string{account_type}}, found};
  const auto name = read.attributes().text("name", presence::required,
                                           {.bytes_max = account_name_characters_max});
  read.finish();
  found.refuse_if_any();
  const auto made = value_of(all.create(*name));
  const auto key = value_of(
    all.create_key(made, {.name = std::string{first_key_name}}, moment::now().calendar));
  auto shown = resource_of(made->name, made.get());
  shown.attributes.emplace("key", key.key);
  return document_answer(201, single_document(c.asked, resource_object(c.asked, std::move(shown))));
}

} // namespace

void add_key_routes(route_table& table, accounts& all) {
  table.add("GET", "/api/rollcall/keys", {"admin:read"}, list_keys);
  table.add("GET", "/api/rollcall/keys/{id}", {"admin:read"}, show_key);
  table.add("POST", "/api/rollcall/keys", {"admin:write"},
            [&all](const call& c) { return create_key(c, all); });
  table.add("DELETE", "/api/rollcall/keys/{id}", {"admin:write"}, revoke_key);
  table.add("GET", "/api/rollcall/accounts", {"admin:read"},
            [&all](const call& c) { return list_accounts(c, all); });
  table.add("POST", "/api/rollcall/accounts", {"admin:write"},
            [&all](const call& c) { return create_account(c, all); });
}

} // namespace gateway
