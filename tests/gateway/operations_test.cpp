#include "gateway/operations.hpp"
#include "tests/library/engine_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <set>
#include <sstream>

namespace {

using namespace gateway;

/// The routes of operations over one engine, asked without a server.
struct operated : engine_fixture {
  std::shared_ptr<rollcall::engine> shared;
  std::unique_ptr<operations> it;
  std::shared_ptr<route_table> routes = std::make_shared<route_table>();

  explicit operated(figures_for audience = figures_for::loopback) {
    shared = std::move(engine);
    it = std::make_unique<operations>(
      [this] {
        return std::vector<watched_engine>{{"a\"1", shared}};
      },
      audience);
    it->add_routes(*routes);
  }

  answer ask(std::string method, std::string path, std::string body = {},
             std::string peer = "127.0.0.1") const {
    request asked;
    asked.method = std::move(method);
    asked.path = std::move(path);
    asked.body = std::move(body);
    asked.peer = std::move(peer);
    asked.id = "r1";
    answer got;
    const dispatcher d{routes, [](const route&, call&) { return admission{}; },
                       [this](const finished_request& r) { it->observe(r); }};
    d(std::move(asked), [&](answer a) { got = std::move(a); });
    return got;
  }
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string name_in(std::string_view line) {
  return std::string{line.substr(0, line.find_first_of("{ "))};
}

} // namespace

BOOST_AUTO_TEST_SUITE(operations_test)

BOOST_FIXTURE_TEST_CASE(a_server_that_answers_is_alive_and_ready, operated) {
  BOOST_TEST(ask("GET", "/healthz").body == R"({"status":"alive"})");
  const auto ready = ask("GET", "/readyz");
  BOOST_TEST(ready.status == 200U);
  BOOST_TEST(ready.body == R"({"status":"ready","accounts":1,"accounts_ready":1})");
}

BOOST_FIXTURE_TEST_CASE(probes_need_no_key, operated) {
  for (const auto* path : {"/healthz", "/readyz", "/metrics"})
    BOOST_TEST((routes->find("GET", path).found->by == entrance::open));
  const auto* level = routes->find("PUT", "/api/rollcall/log-level").found;
  BOOST_TEST((level->by == entrance::private_key));
  BOOST_TEST((level->scopes == std::vector<std::string>{"admin:write"}));
}

BOOST_FIXTURE_TEST_CASE(figures_tell_of_requests_engines_actors_and_the_process, operated) {
  batch_maker batch;
  batch.profile({"u1"}).profile({"u2"}).profile({"u3"});
  BOOST_REQUIRE(shared->apply(batch.take()));
  BOOST_REQUIRE(shared->create("Buyers", bought_lately));
  BOOST_REQUIRE(shared->wait_built("Buyers"));
  ask("GET", "/healthz");
  ask("GET", "/api/nothing?email=ann@example.org");
  const auto a = ask("GET", "/metrics");
  BOOST_TEST(a.content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line :
       {"rollcall_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 1\n",
        "rollcall_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1\n",
        "rollcall_http_request_seconds_count{route=\"/healthz\"} 1\n",
        "rollcall_engine_up{account=\"a\\\"1\"} 1\n", "rollcall_profiles{account=\"a\\\"1\"} 3\n",
        "rollcall_segments{account=\"a\\\"1\"} 1\n",
        "rollcall_partition_trouble{account=\"a\\\"1\",partition=\"0\"} 0\n",
        "rollcall_partition_log_last{account=\"a\\\"1\",partition=\"3\"} ",
        "rollcall_partition_delta_bytes{", "rollcall_partition_due_entries{",
        "rollcall_actor_mailbox_depth{account=\"a\\\"1\",kind=\"profile\",actor=\"profile/0\"} ",
        "rollcall_actor_busy_seconds_total{", "process_resident_memory_bytes "})
    BOOST_TEST(holds(a.body, line), line);
  BOOST_TEST(!holds(a.body, "ann@"));
}

BOOST_FIXTURE_TEST_CASE(the_next_due_instant_is_told_in_seconds, operated) {
  batch_maker batch;
  batch.event({"u1"}, "Placed Order", "2025-12-03");
  BOOST_REQUIRE(shared->apply(batch.take()));
  BOOST_REQUIRE(shared->create("Buyers", bought_lately));
  BOOST_REQUIRE(shared->wait_built("Buyers"));
  // It leaves when 30 days have passed; now is 1 January.
  BOOST_TEST(holds(ask("GET", "/metrics").body, "rollcall_partition_next_due_seconds{"));
}

BOOST_FIXTURE_TEST_CASE(every_family_has_help_and_type_once_and_no_series_twice, operated) {
  ask("GET", "/healthz");
  std::istringstream text{ask("GET", "/metrics").body};
  std::set<std::string> families;
  std::set<std::string> series;
  std::string help;
  std::string family;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("# HELP ")) {
      help = name_in(std::string_view{line}.substr(7));
    } else if (line.starts_with("# TYPE ")) {
      family = name_in(std::string_view{line}.substr(7));
      BOOST_TEST(family == help);
      BOOST_TEST(families.insert(family).second, family);
    } else {
      BOOST_TEST(name_in(line).starts_with(family));
      BOOST_TEST(series.insert(line.substr(0, line.rfind(' '))).second, line);
    }
  }
  BOOST_TEST(families.size() > 15U);
}

BOOST_AUTO_TEST_CASE(figures_are_told_to_whom_the_settings_say) {
  const operated loopback;
  BOOST_TEST(loopback.ask("GET", "/metrics", {}, "::1").status == 200U);
  BOOST_TEST(loopback.ask("GET", "/metrics", {}, "192.0.2.7").status == 403U);
  const operated everybody{figures_for::everybody};
  BOOST_TEST(everybody.ask("GET", "/metrics", {}, "192.0.2.7").status == 200U);
  const operated nobody{figures_for::nobody};
  BOOST_TEST(nobody.ask("GET", "/metrics").status == 403U);
}

BOOST_FIXTURE_TEST_CASE(the_log_level_can_be_changed_and_asked, operated) {
  const auto before = log_level();
  const auto body = [](std::string_view level) {
    return fmt::format(R"({{"data":{{"type":"log-level","attributes":{{"level":{}}}}}}})", level);
  };
  BOOST_TEST(ask("PUT", "/api/rollcall/log-level", body("\"error\"")).status == 200U);
  BOOST_TEST((spdlog::get_level() == spdlog::level::err));
  BOOST_TEST(holds(ask("GET", "/api/rollcall/log-level").body, R"("level":"error")"));
  for (const auto& wrong : {body("\"loud\""), body("5"), std::string{"{}"}, std::string{"{"}}) {
    const auto a = ask("PUT", "/api/rollcall/log-level", wrong);
    BOOST_TEST(a.status == 400U);
    BOOST_TEST(
      holds(a.body, wrong == "{" ? "no JSON" : "expected debug, info, warn, error or off"));
  }
  BOOST_TEST((spdlog::get_level() == spdlog::level::err));
  set_log_level(before);
}

BOOST_AUTO_TEST_SUITE_END()
