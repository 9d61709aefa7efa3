#include "gateway/webhook_store.hpp"

#include "gateway/errors.hpp"
#include "gateway/notes.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view kind = "webhook";
constexpr std::string_view at_prefix = "at.";
constexpr std::string_view start_prefix = "start.";
constexpr std::size_t start_bytes_max = 800'000; // A document has at most 1 MiB.

json::object to_json(const known_webhook& hook) {
  json::object note{{"name", hook.name},
                    {"endpoint_url", hook.endpoint_url},
                    {"secret_key", hook.secret_key},
                    {"enabled", hook.is_enabled},
                    {"topics", json::array(hook.topics.begin(), hook.topics.end())},
                    {"created", model::to_ms(hook.created)},
                    {"updated", model::to_ms(hook.updated)}};
  if (hook.description)
    note["description"] = *hook.description;
  return note;
}

known_webhook to_webhook(const std::string& id, const json::object& note) {
  const auto text = [&](std::string_view key) { return std::string{note.at(key).as_string()}; };
  const auto instant = [&](std::string_view key) {
    return model::from_ms(note.at(key).to_number<std::int64_t>());
  };
  known_webhook hook;
  hook.id = id;
  hook.name = text("name");
  if (note.contains("description"))
    hook.description = text("description");
  hook.endpoint_url = text("endpoint_url");
  hook.secret_key = text("secret_key");
  hook.is_enabled = note.at("enabled").as_bool();
  for (const auto& topic : note.at("topics").as_array())
    hook.topics.emplace_back(topic.as_string());
  hook.created = instant("created");
  hook.updated = instant("updated");
  return hook;
}

} // namespace

bool known_webhook::hears(std::string_view topic) const {
  return std::ranges::find(topics, topic) != topics.end();
}

std::vector<known_webhook> all_webhooks(const account& whose) {
  std::vector<known_webhook> all;
  for (const auto& [id, note] : notes{whose, kind}.all())
    all.push_back(to_webhook(id, note));
  return all;
}

known_webhook find_webhook(const account& whose, std::string_view id) {
  auto all = all_webhooks(whose);
  const auto found = std::ranges::find(all, id, &known_webhook::id);
  if (found == all.end())
    throw refusal{not_found(kind, id)};
  return std::move(*found);
}

void keep_webhook(const account& whose, const known_webhook& hook) {
  notes{whose, kind}.put(hook.id, to_json(hook));
}

void drop_webhook(const account& whose, const std::string& id) {
  notes{whose, kind}.drop(id);
}

// --- cursors ---

delivery_cursors::delivery_cursors(const account& whose, std::string_view webhook)
  : whose_(whose), kind_(fmt::format("webhook-cursors:{}", webhook)) {
}

void delivery_cursors::begin() const {
  forget();
  std::size_t pieces = 0;
  std::size_t bytes = 0;
  json::object cursors;
  const auto flush = [&] {
    notes{whose_, kind_}.put(fmt::format("{}{}", start_prefix, pieces++), cursors);
    cursors.clear();
    bytes = 0;
  };
  for (const auto& segment : value_of(whose_.engine->list())) {
    auto end = whose_.engine->feed_end(segment.id);
    if (!end && end.error().code == model::failure_code::not_found)
      continue;
    const auto cursor = value_of(std::move(end));
    bytes += segment.id.size() + cursor.size() + 8;
    cursors[segment.id] = cursor;
    if (bytes > start_bytes_max)
      flush();
  }
  if (!cursors.empty())
    flush();
}

std::map<std::string, std::string> delivery_cursors::read() const {
  std::map<std::string, std::string> found;
  const auto all = notes{whose_, kind_}.all();
  for (const auto& [id, note] : all)
    if (id.starts_with(start_prefix))
      for (const auto& [segment, cursor] : note)
        found.emplace(segment, cursor.as_string());
  for (const auto& [id, note] : all)
    if (id.starts_with(at_prefix))
      found.insert_or_assign(id.substr(at_prefix.size()),
                             std::string{note.at("cursor").as_string()});
  return found;
}

void delivery_cursors::put(const std::string& segment, const std::string& cursor) const {
  notes{whose_, kind_}.put(fmt::format("{}{}", at_prefix, segment), {{"cursor", cursor}});
}

void delivery_cursors::drop(const std::string& segment) const {
  notes{whose_, kind_}.drop(fmt::format("{}{}", at_prefix, segment));
}

void delivery_cursors::forget() const {
  const notes kept{whose_, kind_};
  for (const auto& [id, note] : kept.all())
    kept.drop(id);
}

} // namespace gateway
