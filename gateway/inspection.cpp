#include "gateway/inspection.hpp"

#include "gateway/audit.hpp"
#include "gateway/door.hpp"
#include "gateway/intake.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>

namespace gateway {

namespace json = boost::json;

namespace {

using rollcall::actor_info;

double seconds_of(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

json::value milliseconds_or_null(const std::optional<std::chrono::milliseconds>& span) {
  return span ? json::value(span->count()) : json::value{};
}

// --- actors --------------------------------------------------------------------------------------

json::object actor_object(const actor_info& a) {
  json::object types;
  for (const auto& [type, count] : a.messages_by_type)
    types[type] = count;
  return {{"id", a.id},
          {"kind", a.kind},
          {"name", a.name},
          {"alive", a.alive},
          {"mailbox_depth", a.mailbox_depth},
          {"mailbox_depth_max", a.mailbox_depth_max},
          {"messages_in", a.messages_in},
          {"messages_per_second", a.messages_per_second},
          {"messages_by_type", std::move(types)},
          {"busy_seconds", seconds_of(a.busy)},
          {"busy_share", a.busy_share},
          {"running_for_ms", milliseconds_or_null(a.running_for)},
          {"age_seconds", seconds_of(a.age)},
          {"last_error", a.last_error.empty() ? json::value{} : json::value(a.last_error)}};
}

/// Actors below the ones that made them.
class actor_tree {
public:
  explicit actor_tree(const std::vector<actor_info>& all) {
    std::set<std::uint64_t> known;
    for (const auto& a : all)
      known.insert(a.id);
    // Whose maker is gone stands at the top.
    for (const auto& a : all)
      below_[known.contains(a.parent) && a.parent != a.id ? a.parent : 0].push_back(&a);
  }
  [[nodiscard]] json::array below(std::uint64_t parent) const {
    json::array all;
    const auto found = below_.find(parent);
    if (found == below_.end())
      return all;
    for (const auto* a : found->second) {
      auto one = actor_object(*a);
      one["children"] = below(a->id);
      all.push_back(std::move(one));
    }
    return all;
  }

private:
  std::map<std::uint64_t, std::vector<const actor_info*>> below_;
};

// --- everything else -----------------------------------------------------------------------------

json::object partition_object(const rollcall::partition_info& p, model::instant now) {
  // Nobody is late whose time has not come; a partition hears of an instant when something happens.
  const auto late = p.next_due && *p.next_due <= now ? now - *p.next_due
                                                     : std::chrono::milliseconds{0};
  return {{"index", p.index},
          {"profiles", p.profiles},
          {"profile_numbers", p.profile_numbers},
          {"log", {{"first", p.log_first}, {"last", p.log_last}}},
          {"waiting_records", p.waiting_records},
          {"delta", {{"bytes", p.delta_bytes}, {"records", p.delta_records}}},
          {"is_merging", p.is_merging},
          {"is_building", p.is_building},
          {"due", {{"entries", p.due_entries}, {"next", our_instant(p.next_due)}}},
          {"lag_seconds", seconds_of(late)},
          {"now", model::format_instant(p.now)},
          {"criteria", p.criteria},
          {"segments", p.segments},
          {"trouble", p.trouble.empty() ? json::value{} : json::value(p.trouble)}};
}

json::object build_object(const rollcall::running_build& b) {
  return {{"segment", {{"id", b.segment_id}, {"name", b.segment}}},
          {"definition_version", b.version},
          {"percent", b.progress.percent},
          {"profiles_done", b.progress.profiles_done},
          {"profiles", b.progress.profiles},
          {"segments_in_scan", b.progress.segments},
          {"left_ms", milliseconds_or_null(b.progress.left)},
          {"trouble", b.trouble.empty() ? json::value{} : json::value(b.trouble)}};
}

json::value intake_object(const account& whose) {
  if (!whose.changes)
    return {};
  const auto counted = whose.changes->counted();
  return json::object{{"pieces", counted.pieces},
                      {"batches", counted.batches},
                      {"turned_away", counted.turned_away},
                      {"waiting_bytes", counted.waiting_bytes},
                      {"batches_in_flight", counted.in_flight}};
}

answer inspect(const call& c) {
  check_parameters(c.asked, {});
  auto& engine = *c.whose->engine;
  json::object content;
  add_freshness(content, freshness_of(engine));
  const auto figures = value_of(engine.figures());
  content["account"] = {{"id", c.whose->id}, {"name", c.whose->name}};
  content["engine"] = {{"now", model::format_instant(figures.now)},
                       {"clock", figures.clock == rollcall::clock_kind::manual ? "manual" : "real"},
                       {"zone", figures.account_zone},
                       {"profiles", figures.profiles},
                       {"segments", figures.segments}};
  json::array partitions;
  for (const auto& p : figures.partitions)
    partitions.push_back(partition_object(p, figures.now));
  content["partitions"] = std::move(partitions);
  json::array builds;
  for (const auto& b : value_of(engine.builds()))
    builds.push_back(build_object(b));
  content["builds"] = std::move(builds);
  content["intake"] = intake_object(*c.whose);
  content["actors"] = actor_tree{engine.inspect()}.below(0);
  return own_answer(content);
}

// --- orders --------------------------------------------------------------------------------------

using actor_order = model::status (rollcall::engine::*)(std::string_view);

/// What is done to an actor stands in the audit log before it is tried; how it went is a second
/// line, as of every write.
plain_handler order_of(std::string_view pattern, std::string_view done, actor_order order) {
  return [=](const call& c) {
    check_parameters(c.asked, {});
    const auto& name = c.captured.front();
    if (c.whose->audit)
      c.whose->audit->add({.at = moment::now().calendar,
                           .key_id = c.key_id,
                           .method = "POST",
                           .route = pattern,
                           .request_id = c.asked.id,
                           .about = name});
    spdlog::warn("gateway: to be {}: {}: request={} account={}", done, name, c.asked.id,
                 c.whose->id);
    auto& engine = *c.whose->engine;
    value_of((engine.*order)(name));
    json::object content;
    add_freshness(content, freshness_of(engine));
    content["actor"] = name;
    content["outcome"] = done;
    return own_answer(content);
  };
}

} // namespace

void add_inspection_routes(route_table& routes) {
  routes.add("GET", "/api/rollcall/inspection", {"admin:read"}, inspect);
  const auto add_order = [&](std::string_view pattern, std::string_view done, actor_order order) {
    routes.add("POST", pattern, {"admin:write"}, order_of(pattern, done, order));
  };
  add_order("/api/rollcall/actors/{name}/restart", "restarted", &rollcall::engine::restart_actor);
  add_order("/api/rollcall/actors/{name}/stop", "stopped", &rollcall::engine::stop_actor);
}

} // namespace gateway
