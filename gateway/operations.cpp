#include "gateway/operations.hpp"

#include "gateway/audit.hpp"
#include "gateway/door.hpp"
#include "gateway/errors.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> levels{"debug", "info", "warn", "error", "off"};

answer plain(unsigned status, std::string_view type, std::string body) {
  answer a;
  a.status = status;
  a.content_type = type;
  a.body = std::move(body);
  return a;
}

answer tell_log_level() {
  return plain(200, json_api_type,
               fmt::format(R"({{"data":{{"type":"log-level","id":"log-level",)"
                           R"("attributes":{{"level":"{}"}}}}}})",
                           log_level()));
}

[[noreturn]] void refuse_level(std::string_view found) {
  throw refusal{invalid_body("/data/attributes/level",
                             fmt::format("level: expected debug, info, warn, error or off, "
                                         "found {}",
                                         found))};
}

/// {"data":{"type":"log-level","attributes":{"level":"debug"}}}
answer change_log_level(const call& asks) {
  only_for_default_account(asks);
  boost::system::error_code failed;
  const auto body = json::parse(asks.asked.body, failed);
  if (failed)
    throw refusal{invalid_body("", fmt::format("The body is no JSON: {}.", failed.message()))};
  const auto* level = body.find_pointer("/data/attributes/level", failed);
  if (!level)
    refuse_level("nothing");
  const auto* text = level->if_string();
  if (!text || !set_log_level({text->data(), text->size()}))
    refuse_level(json::serialize(*level));
  if (asks.whose && asks.whose->audit)
    asks.whose->audit->add({.at = moment::now().calendar,
                            .key_id = asks.key_id,
                            .method = "PUT",
                            .route = "/api/rollcall/log-level",
                            .request_id = asks.asked.id,
                            .about = log_level()});
  spdlog::warn("gateway: log level: now {}: request={} account={}", log_level(), asks.asked.id,
               asks.whose ? asks.whose->id : "-");
  return tell_log_level();
}

bool is_loopback(const std::string& peer) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(peer, failed);
  return !failed && address.is_loopback();
}

/// Why an engine takes no changes; empty = it does.
std::string trouble_of(const watched_engine& watched) {
  if (!watched.engine)
    return watched.trouble;
  const auto figures = watched.engine->figures();
  if (!figures)
    return figures.error().message;
  for (const auto& partition : figures->partitions)
    if (!partition.trouble.empty())
      return partition.trouble;
  return {};
}

route probe(std::string_view path, plain_handler act) {
  route r;
  r.method = "GET";
  r.pattern = path;
  r.by = entrance::open;
  r.act = [act = std::move(act)](const std::shared_ptr<const call>& asks, const reply& done) {
    done(act(*asks));
  };
  return r;
}

} // namespace

std::string log_level() {
  switch (spdlog::get_level()) {
  case spdlog::level::trace:
  case spdlog::level::debug:
    return "debug";
  case spdlog::level::info:
    return "info";
  case spdlog::level::warn:
    return "warn";
  case spdlog::level::off:
    return "off";
  default:
    return "error";
  }
}

bool set_log_level(std::string_view name) {
  if (std::ranges::find(levels, name) == levels.end())
    return false;
  spdlog::set_level(spdlog::level::from_str(name == "warn" ? "warning" : std::string{name}));
  return true;
}

operations::operations(std::function<std::vector<watched_engine>()> engines, figures_for audience)
  : engines_(std::move(engines)), audience_(audience),
    requests_("rollcall_http_requests_total", "Requests by route, method and status.",
              {"route", "method", "status"}),
    durations_("rollcall_http_request_seconds",
               "From the arrival of a request to the beginning of its answer.", {"route"},
               {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}) {
  registry_.add([this](exposition& to) { requests_.write(to); });
  registry_.add([this](exposition& to) { durations_.write(to); });
  registry_.add([this](exposition& to) {
    if (const auto* watched = server_.load())
      write_server_figures(watched->figures(), to);
  });
  registry_.add([this](exposition& to) { write_engine_figures(engines_(), to); });
  registry_.add(write_process_figures);
}

void operations::observe(const finished_request& r) {
  const auto route = r.pattern.empty() ? std::string_view{"none"} : r.pattern;
  requests_.add({route, r.method, std::to_string(r.status)});
  durations_.observe({route}, std::chrono::duration<double>(r.took).count());
}

void operations::add_routes(route_table& routes) {
  routes.add(
    probe("/healthz", [](const call&) { return plain(200, json_type, R"({"status":"alive"})"); }));
  routes.add(probe("/readyz", [this](const call& asks) { return tell_ready(asks); }));
  routes.add(probe("/metrics", [this](const call& asks) { return tell_figures(asks); }));
  routes.add("GET", "/api/rollcall/log-level", {"admin:read"},
             [](const call&) { return tell_log_level(); });
  routes.add("PUT", "/api/rollcall/log-level", {"admin:write"}, change_log_level);
}

/// Which account is in trouble and why is for the log; everybody may ask this.
answer operations::tell_ready(const call& asks) const {
  std::size_t accounts = 0;
  std::size_t ready = 0;
  for (const auto& each : engines_()) {
    ++accounts;
    const auto trouble = trouble_of(each);
    if (trouble.empty())
      ++ready;
    else
      spdlog::warn("gateway: not ready: account={} request={}: {}", each.account, asks.asked.id,
                   trouble);
  }
  const auto is_ready = ready == accounts;
  return plain(is_ready ? 200 : 503, json_type,
               fmt::format(R"({{"status":"{}","accounts":{},"accounts_ready":{}}})",
                           is_ready ? "ready" : "not ready", accounts, ready));
}

answer operations::tell_figures(const call& asks) const {
  if (audience_ == figures_for::nobody
      || (audience_ == figures_for::loopback && !is_loopback(asks.asked.peer))) {
    error_entry e{403, "permission_denied", "Permission denied."};
    e.detail = "This server does not tell its figures to you; its setting metrics-for says whom.";
    throw refusal{e};
  }
  return plain(200, "text/plain; version=0.0.4; charset=utf-8", registry_.text());
}

} // namespace gateway
