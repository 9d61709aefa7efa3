#include "gateway/webhooks.hpp"

#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/http_client.hpp"
#include "gateway/new_id.hpp"
#include "gateway/notes.hpp"
#include "gateway/webhook_sender.hpp"
#include "gateway/webhook_store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t webhooks_max = 20; // Of one account; each is told on its own.
constexpr std::size_t topics_max = 100;
constexpr std::size_t url_bytes_max = 2'000;
constexpr std::size_t secret_bytes_min = 16;
const text_rule webhook_name_rule{256, false, {}};
const text_rule description_rule{1'000, true, {}};
const text_rule secret_rule{256, true, {}};

/// The senders of all accounts that have an enabled webhook.
class sender_room {
public:
  /// After every change of webhooks, and once for each account.
  void attend(const std::shared_ptr<account>& whose) {
    const std::lock_guard lock{guard_};
    attend_locked(whose);
  }

  /// The same, unless somebody has done it before.
  void take_over(const std::shared_ptr<account>& whose) {
    const std::lock_guard lock{guard_};
    if (!seats_.contains(whose.get()) && !whose->is_dismissed)
      attend_locked(whose);
  }

  /// Somebody else tells from now on.
  void leave(const std::shared_ptr<account>& whose) {
    std::map<const account*, seat>::node_type left;
    const std::lock_guard lock{guard_};
    left = seats_.extract(whose.get());
  }

  [[nodiscard]] std::optional<delivery_state> state_of(const account& whose,
                                                       std::string_view webhook) const {
    const std::lock_guard lock{guard_};
    const auto found = seats_.find(&whose);
    return found == seats_.end() || !found->second.sender ? std::nullopt
                                                          : found->second.sender->state_of(webhook);
  }

private:
  struct seat {
    std::shared_ptr<account> whose;
    std::unique_ptr<webhook_sender> sender; // Null = has nobody to tell.
  };

  void attend_locked(const std::shared_ptr<account>& whose) {
    const auto hooks = all_webhooks(*whose);
    auto& here = seats_[whose.get()];
    here.whose = whose;
    if (std::ranges::none_of(hooks, &known_webhook::is_enabled))
      here.sender.reset();
    else if (here.sender)
      here.sender->reload();
    else
      here.sender = std::make_unique<webhook_sender>(*whose);
  }

  mutable std::mutex guard_;
  std::map<const account*, seat> seats_;
};

using shared_room = std::shared_ptr<sender_room>;

// --- as they are shown ---

json::object topic_object(const request& asked, std::string_view id) {
  auto written = resource_object(asked, {"webhook-topic", std::string{id}});
  written.erase("attributes");
  return written;
}

/// Paths and queries may hold what is secret.
std::string truncated(const std::string& url) {
  const auto address = value_of(read_http_address(url));
  return address.origin() + (address.target == "/" ? "/" : "/...");
}

json::object delivery_json(const std::optional<delivery_state>& state) {
  if (!state)
    return {{"status", "off"}};
  return {{"status", state->failures == 0 ? "on" : "failing"},
          {"failures", state->failures},
          {"last_error", text_or_null(state->last_error)},
          {"last_failure_at", instant_or_null(state->last_failure)},
          {"next_attempt_at", instant_or_null(state->next_attempt)},
          {"last_delivery_at", instant_or_null(state->last_delivery)}};
}

resource webhook_resource(const known_webhook& hook) {
  resource r{"webhook", hook.id};
  r.attributes = {
    {"name", hook.name},
    {"description", hook.description ? json::value(*hook.description) : json::value()},
    {"endpoint_url", truncated(hook.endpoint_url)},
    {"enabled", hook.is_enabled},
    {"created_at", instant_text(hook.created)},
    {"updated_at", instant_text(hook.updated)}};
  json::array topics;
  for (const auto& topic : hook.topics)
    topics.emplace_back(resource_identifier("webhook-topic", topic));
  r.relationships = {{"webhook-topics", std::move(topics)}};
  return r;
}

json::object webhook_object(const call& c, const known_webhook& hook, const parsed_query& query,
                            const sender_room& room) {
  auto written = resource_object(c.asked, webhook_resource(hook), query);
  written["meta"] = {{"delivery", delivery_json(room.state_of(*c.whose, hook.id))}};
  return written;
}

query_rules webhook_rules() {
  query_rules rules;
  rules.includes = {"webhook-topics"};
  rules.fields.emplace("webhook", field_names("webhook"));
  rules.fields.emplace("webhook-topic", field_names("webhook-topic"));
  return rules;
}

void include_topics(const call& c, const parsed_query& query, const known_webhook& hook,
                    included_resources& into) {
  if (query.includes("webhook-topics"))
    for (const auto& topic : hook.topics)
      into.add(topic_object(c.asked, topic));
}

answer show(const call& c, const known_webhook& hook, const parsed_query& query,
            const sender_room& room, unsigned status) {
  included_resources included;
  include_topics(c, query, hook, included);
  return document_answer(
    status, single_document(c.asked, webhook_object(c, hook, query, room), std::move(included)));
}

answer list_webhooks(const call& c, const sender_room& room) {
  static const auto rules = webhook_rules();
  const auto query = parse_query(c.asked, rules);
  json::array data;
  included_resources included;
  for (const auto& hook : all_webhooks(*c.whose)) {
    data.emplace_back(webhook_object(c, hook, query, room));
    include_topics(c, query, hook, included);
  }
  return document_answer(200,
                         collection_document(c.asked, std::move(data), {}, std::move(included)));
}

answer get_webhook(const call& c, const sender_room& room) {
  static const auto rules = webhook_rules();
  const auto query = parse_query(c.asked, rules);
  return show(c, find_webhook(*c.whose, c.captured[0]), query, room, 200);
}

// --- changing them ---

struct webhook_update {
  given<std::string> name;
  given<std::string> description;
  given<std::string> endpoint_url;
  given<std::string> secret_key;
  given<bool> is_enabled;
  std::optional<std::vector<std::string>> topics;
};

void check_url(object_reader& attributes, const given<std::string>& url) {
  if (!url)
    return;
  const auto address = read_http_address(*url);
  if (!address)
    attributes.refuse("endpoint_url", address.error().message);
  else if (!address->is_secure && !address->is_loopback())
    attributes.refuse("endpoint_url", "must begin with https://; http is for 127.0.0.1, ::1 and "
                                      "localhost only");
}

void check_topics(std::vector<std::string>& topics, mistakes& found) {
  const std::string pointer = "/data/relationships/webhook-topics/data";
  if (topics.empty())
    found.add(pointer, "At least one topic is needed.");
  for (std::size_t i = 0; i < topics.size(); ++i)
    if (std::ranges::find(webhook_topics, topics[i]) == webhook_topics.end())
      found.add(fmt::format("{}/{}/id", pointer, i),
                fmt::format("'{}' is not a topic that is told; allowed: {}", topics[i],
                            fmt::join(webhook_topics, ", ")));
  std::ranges::sort(topics);
  const auto [first, last] = std::ranges::unique(topics);
  topics.erase(first, last);
}

webhook_update read_update(const request& asked, std::optional<std::string> path_id) {
  const auto body = read_body(asked);
  mistakes found;
  const bool is_new = !path_id;
  const auto needed = is_new ? presence::required : presence::optional;
  data_reader read{
    body, {.type = "webhook", .path_id = std::move(path_id), .needs_attributes = is_new}, found};
  auto& attributes = read.attributes();
  webhook_update update;
  update.name = attributes.text("name", needed, webhook_name_rule);
  update.description = attributes.text("description", presence::nullable, description_rule);
  update.endpoint_url = attributes.text("endpoint_url", needed, {url_bytes_max, false, {}});
  update.secret_key = attributes.text("secret_key", needed, secret_rule);
  if (!is_new)
    update.is_enabled = attributes.boolean("enabled", presence::optional);
  check_url(attributes, update.endpoint_url);
  if (update.secret_key && update.secret_key->size() < secret_bytes_min)
    attributes.refuse("secret_key", fmt::format("has {} bytes; at least {} are needed",
                                                update.secret_key->size(), secret_bytes_min));
  update.topics = read.related_many("webhook-topics", "webhook-topic", needed, topics_max);
  if (update.topics)
    check_topics(*update.topics, found);
  read.finish();
  found.refuse_if_any();
  return update;
}

void apply(webhook_update& update, known_webhook& hook) {
  if (update.name)
    hook.name = *update.name;
  if (update.description.is_there)
    hook.description = update.description.value;
  if (update.endpoint_url)
    hook.endpoint_url = *update.endpoint_url;
  if (update.secret_key)
    hook.secret_key = *update.secret_key;
  if (update.is_enabled)
    hook.is_enabled = *update.is_enabled;
  if (update.topics)
    hook.topics = std::move(*update.topics);
}

answer create_webhook(const call& c, sender_room& room) {
  static const auto rules = webhook_rules();
  const auto query = parse_query(c.asked, rules);
  auto update = read_update(c.asked, std::nullopt);
  known_webhook hook;
  {
    const auto writing = lock_notes(*c.whose);
    if (all_webhooks(*c.whose).size() >= webhooks_max) {
      error_entry e{409, "conflict", "Too many webhooks."};
      e.detail = fmt::format("There are {} webhooks already, and no more are allowed.",
                             webhooks_max);
      throw refusal{std::move(e)};
    }
    apply(update, hook);
    hook.created = hook.updated = c.whose->engine->now();
    hook.id = new_ulid(hook.created);
    delivery_cursors{*c.whose, hook.id}.begin();
    keep_webhook(*c.whose, hook);
  }
  room.attend(c.whose);
  return show(c, hook, query, room, 201);
}

answer update_webhook(const call& c, sender_room& room) {
  static const auto rules = webhook_rules();
  const auto query = parse_query(c.asked, rules);
  auto update = read_update(c.asked, c.captured[0]);
  known_webhook hook;
  {
    const auto writing = lock_notes(*c.whose);
    hook = find_webhook(*c.whose, c.captured[0]);
    apply(update, hook);
    hook.updated = c.whose->engine->now();
    keep_webhook(*c.whose, hook);
  }
  room.attend(c.whose);
  return show(c, hook, query, room, 200);
}

answer delete_webhook(const call& c, sender_room& room) {
  {
    const auto writing = lock_notes(*c.whose);
    drop_webhook(*c.whose, find_webhook(*c.whose, c.captured[0]).id);
  }
  room.attend(c.whose);
  delivery_cursors{*c.whose, c.captured[0]}.forget();
  return empty_answer(204);
}

// --- topics ---

query_rules topic_rules() {
  query_rules rules;
  rules.fields.emplace("webhook-topic", field_names("webhook-topic"));
  return rules;
}

answer list_topics(const call& c) {
  parse_query(c.asked, topic_rules());
  json::array data;
  for (const auto topic : webhook_topics)
    data.emplace_back(topic_object(c.asked, topic));
  return document_answer(200, collection_document(c.asked, std::move(data)));
}

answer get_topic(const call& c) {
  parse_query(c.asked, topic_rules());
  if (std::ranges::find(webhook_topics, c.captured[0]) == webhook_topics.end())
    throw refusal{not_found("webhook-topic", c.captured[0])};
  return document_answer(200, single_document(c.asked, topic_object(c.asked, c.captured[0])));
}

} // namespace

void add_webhook_routes(route_table& routes) {
  const auto room = std::make_shared<sender_room>();
  routes.at_opening([room](const std::shared_ptr<account>& whose) { room->attend(whose); });
  routes.at_closing([room](const std::shared_ptr<account>& whose) { room->leave(whose); });
  const auto with_room = [room](auto act) {
    return [room, act](const call& c) {
      room->take_over(c.whose);
      return act(c, *room);
    };
  };
  const std::string one = "/api/webhooks/{id}";
  const std::vector<std::string> read{"webhooks:read"};
  const std::vector<std::string> write{"webhooks:write"};
  routes.add("GET", "/api/webhooks", read, with_room(list_webhooks), "XS");
  routes.add("POST", "/api/webhooks", write, with_room(create_webhook), "XS");
  routes.add("GET", one, read, with_room(get_webhook), "XS");
  routes.add("PATCH", one, write, with_room(update_webhook), "XS");
  routes.add("DELETE", one, write, with_room(delete_webhook), "XS");
  routes.add("GET", "/api/webhook-topics", read, list_topics, "XS");
  routes.add("GET", "/api/webhook-topics/{id}", read, get_topic, "XS");
}

} // namespace gateway
