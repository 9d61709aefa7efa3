#include "gateway/dispatch.hpp"
#include "gateway/errors.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <stdexcept>
#include <vector>

namespace {

using namespace gateway;

answer plain(std::string body) {
  answer a;
  a.body = std::move(body);
  return a;
}

/// A few routes behind a door that the test opens and shuts.
struct dispatching {
  std::shared_ptr<route_table> routes = std::make_shared<route_table>();
  admission says;
  std::shared_ptr<gateway::account> account; // Null = the door tells of none.
  bool throws_at_the_door = false;
  std::vector<std::string> told;
  int answers = 0;

  dispatching() {
    routes->add("GET", "/api/lists/{id}", {"lists:read"},
                [](const call& c) { return plain("list " + c.captured.at(0)); });
    routes->add("PATCH", "/api/lists/{id}", {}, [](const call&) { return plain("changed"); });
    routes->add("GET", "/api/refuses", {}, [](const call&) -> answer {
      throw refusal{std::vector{invalid_parameter("sort", "one"), invalid_parameter("a", "two")}};
    });
    routes->add("GET", "/api/fails", {},
                [](const call&) -> answer { throw std::runtime_error("the secret place"); });
    routes->add("GET", "/api/odd", {}, [](const call&) -> answer { throw 7; });
    route late;
    late.method = "GET";
    late.pattern = "/api/late";
    late.act = [](const std::shared_ptr<const call>&, const reply& done) {
      done(plain("late"));
      throw std::runtime_error("afterwards");
    };
    routes->add(std::move(late));
  }

  answer ask(std::string method, std::string path) {
    request asked;
    asked.method = std::move(method);
    asked.path = std::move(path);
    asked.id = "r1";
    asked.arrived = std::chrono::steady_clock::now();
    answer got;
    answers = 0;
    const dispatcher d{routes,
                       [this](const route&, call& c) {
                         c.whose = account;
                         if (throws_at_the_door)
                           throw refusal{invalid_parameter("company_id", "missing")};
                         return says;
                       },
                       [this](const finished_request& r) {
                         told.push_back(
                           fmt::format("{} {} {} {}", r.method, r.pattern, r.status, r.id));
                       }};
    d(std::move(asked), [&](answer a) {
      got = std::move(a);
      ++answers;
    });
    return got;
  }
};

std::string header(const answer& a, std::string_view name) {
  for (const auto& [key, value] : a.headers)
    if (key == name)
      return value;
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(dispatch_test)

BOOST_AUTO_TEST_CASE(a_request_goes_to_the_handler_of_its_route) {
  dispatching d;
  BOOST_TEST(d.ask("GET", "/api/lists/AbC123").body == "list AbC123");
  BOOST_TEST(d.ask("PATCH", "/api/lists/AbC123").body == "changed");
  BOOST_TEST(d.ask("HEAD", "/api/lists/AbC123").body == "list AbC123");
}

BOOST_AUTO_TEST_CASE(an_answer_tells_the_server_whose_turns_it_takes) {
  dispatching d;
  BOOST_TEST(d.ask("GET", "/api/lists/x").owner == nullptr);
  d.account = std::make_shared<gateway::account>();
  BOOST_TEST(d.ask("GET", "/api/lists/x").owner == d.account);
}

BOOST_AUTO_TEST_CASE(what_a_path_captures_is_decoded) {
  dispatching d;
  BOOST_TEST(d.ask("GET", "/api/lists/50%25 %2F off").body == "list 50% / off");
}

BOOST_AUTO_TEST_CASE(unknown_paths_are_404) {
  dispatching d;
  const auto a = d.ask("GET", "/api/nothing");
  BOOST_TEST(a.status == 404U);
  BOOST_TEST(a.body.find("The path '/api/nothing' does not exist.") != std::string::npos);
  BOOST_TEST(d.told.back() == "GET  404 r1");
}

BOOST_AUTO_TEST_CASE(other_methods_are_405_and_told_which_there_are) {
  dispatching d;
  const auto a = d.ask("DELETE", "/api/lists/AbC123");
  BOOST_TEST(a.status == 405U);
  BOOST_TEST(header(a, "Allow") == "GET, HEAD, PATCH");
}

BOOST_AUTO_TEST_CASE(the_door_may_refuse_or_add_headers) {
  dispatching d;
  d.says.headers = {{"RateLimit-Limit", "75"}};
  auto a = d.ask("GET", "/api/lists/x");
  BOOST_TEST(a.status == 200U);
  BOOST_TEST(header(a, "RateLimit-Limit") == "75");
  d.says.refused = to_answer({{429, "throttled", "Throttled."}}, "r1");
  a = d.ask("GET", "/api/lists/x");
  BOOST_TEST(a.status == 429U);
  BOOST_TEST(header(a, "RateLimit-Limit") == "75");
  BOOST_TEST(d.told.back() == "GET /api/lists/{id} 429 r1");
  d.throws_at_the_door = true;
  BOOST_TEST(d.ask("GET", "/api/lists/x").status == 400U);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_an_answer_with_all_its_errors) {
  dispatching d;
  const auto a = d.ask("GET", "/api/refuses");
  BOOST_TEST(a.status == 400U);
  BOOST_TEST(a.body.find("\"id\":\"r1-2\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(any_other_exception_is_500_and_tells_nothing_of_the_inside) {
  dispatching d;
  for (const auto* path : {"/api/fails", "/api/odd"}) {
    const auto a = d.ask("GET", path);
    BOOST_TEST(a.status == 500U);
    BOOST_TEST(a.body.find("secret") == std::string::npos);
    BOOST_TEST(a.body.find("r1") != std::string::npos);
    BOOST_TEST(d.answers == 1);
  }
}

BOOST_AUTO_TEST_CASE(who_fails_after_the_answer_does_not_answer_again) {
  dispatching d;
  BOOST_TEST(d.ask("GET", "/api/late").body == "late");
  BOOST_TEST(d.answers == 1);
  BOOST_TEST(d.told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(methods_that_nobody_knows_are_one_to_the_figures) {
  dispatching d;
  d.ask("BREW", "/api/lists/x");
  BOOST_TEST(d.told.back() == "other  405 r1");
}

BOOST_AUTO_TEST_SUITE_END()
