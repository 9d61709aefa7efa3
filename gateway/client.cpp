#include "gateway/client.hpp"

#include "gateway/client_subscription.hpp"
#include "gateway/durable_answer.hpp"
#include "gateway/event_changes.hpp"
#include "gateway/query.hpp"

#include <functional>
#include <utility>

namespace gateway {

namespace {

model::change_batch read_profile(const call& c) {
  auto body = read_body(c.asked);
  mistakes found;
  const auto profile = read_named_profile(c, body, {}, speaker::browser, found);
  found.refuse_if_any();
  return changes_of(profile);
}

void add(route_table& routes, std::string_view pattern, std::string_view scope,
         std::string_view tier, std::function<model::change_batch(const call&)> read) {
  route r;
  r.method = "POST";
  r.pattern = pattern;
  r.scopes = {std::string{scope}};
  r.by = entrance::public_key;
  r.tier = tier;
  r.act = [read = std::move(read)](const std::shared_ptr<const call>& c, reply done) {
    static const query_rules rules{.others = {"company_id"}};
    parse_query(c->asked, rules);
    answer_when_durable(c, read(*c), std::move(done));
  };
  routes.add(std::move(r));
}

} // namespace

void add_client_routes(route_table& routes) {
  add(routes, "/client/events", "events:write", "XL",
      [](const call& c) { return read_event(c, speaker::browser); });
  add(routes, "/client/event-bulk-create", "events:write", "M", read_event_group);
  add(routes, "/client/profiles", "profiles:write", "XL", read_profile);
  add(routes, "/client/subscriptions", "subscriptions:write", "XL", read_client_subscription);
}

} // namespace gateway
