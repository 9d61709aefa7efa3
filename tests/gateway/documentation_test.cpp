// The description of our own routes, held against the routes.
#include "gateway/accounts.hpp"
#include "gateway/all_routes.hpp"
#include "gateway/documentation.hpp"
#include "gateway/json_text.hpp"
#include "gateway/key_routes.hpp"
#include "gateway/operations.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(documentation_test)

namespace {

using namespace gateway_tests;

/// Every route of ours that a server has: "GET /api/rollcall/…" and its scopes.
std::map<std::string, std::string> routes_of_ours() {
  tests::temporary_directory directory;
  auto accounts = gateway::accounts::open({.data = directory.path() / "store"});
  BOOST_REQUIRE(accounts);
  gateway::route_table routes;
  gateway::add_all_routes(routes);
  gateway::add_key_routes(routes, **accounts);
  gateway::operations operations{[] { return std::vector<gateway::watched_engine>{}; },
                                 gateway::figures_for::nobody};
  operations.add_routes(routes);
  std::map<std::string, std::string> all;
  for (const auto& r : routes.all())
    if (r->pattern.starts_with("/api/rollcall/"))
      all[r->method + ' ' + r->pattern] = fmt::format("{}", fmt::join(r->scopes, " "));
  return all;
}

std::map<std::string, std::string> routes_described() {
  std::map<std::string, std::string> all;
  const auto description = gateway::own_json(gateway::openapi_text());
  for (const auto& [path, methods] : description.at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object()) {
      std::string name{method};
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
      std::string scopes;
      for (const auto& way : operation.at("security").as_array())
        for (const auto& [kind, needed] : way.as_object())
          for (const auto& scope : needed.as_array())
            scopes += (scopes.empty() ? "" : " ") + std::string{scope.as_string()};
      all[name + ' ' + std::string{path}] = scopes;
    }
  return all;
}

/// Every "$ref" in the description.
void collect_references(const boost::json::value& in, std::set<std::string>& into) {
  if (in.is_array())
    for (const auto& each : in.get_array())
      collect_references(each, into);
  if (!in.is_object())
    return;
  for (const auto& [name, inside] : in.get_object()) {
    if (name == "$ref")
      into.insert(std::string{inside.as_string()});
    else
      collect_references(inside, into);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_route_of_ours_is_described_with_its_scope_and_nothing_else_is) {
  const auto real = routes_of_ours();
  const auto described = routes_described();
  BOOST_TEST(real.size() > 15U);
  for (const auto& [name, scopes] : real) {
    BOOST_CHECK_MESSAGE(described.contains(name), name << " is not in gateway/openapi.json");
    if (const auto found = described.find(name); found != described.end())
      BOOST_CHECK_MESSAGE(found->second == scopes,
                          name << " needs '" << scopes << "', not '" << found->second << "'");
  }
  for (const auto& [name, scopes] : described)
    BOOST_CHECK_MESSAGE(real.contains(name), name << " is described, and there is no such route");
}

BOOST_AUTO_TEST_CASE(the_description_refers_to_nothing_that_it_does_not_have) {
  const auto description = gateway::own_json(gateway::openapi_text());
  BOOST_TEST(description.at("openapi").as_string() == "3.1.0");
  std::set<std::string> references;
  collect_references(description, references);
  for (const auto& reference : references) {
    boost::system::error_code failed;
    BOOST_CHECK_MESSAGE(description.find_pointer(reference.substr(1), failed) != nullptr,
                        reference);
  }
  for (const auto& [name, schema] : description.at("components").at("schemas").as_object())
    BOOST_CHECK_MESSAGE(references.contains("#/components/schemas/" + std::string{name}),
                        "nobody needs the schema " << name);
}

BOOST_AUTO_TEST_CASE(both_are_served_to_everybody_and_the_page_has_every_route_and_no_script) {
  served_account account{{gateway::add_documentation_routes}};
  const auto description = account.get("/openapi.json");
  BOOST_TEST(description.status == 200U);
  BOOST_TEST(description.text("/openapi") == "3.1.0");
  const auto page = account.get("/docs");
  BOOST_TEST(page.raw.header("content-type") == "text/html; charset=utf-8");
  BOOST_TEST(page.raw.header("content-security-policy").starts_with("default-src 'none'"));
  BOOST_TEST(page.raw.body.find("<script") == std::string::npos);
  for (const auto& [name, scopes] : routes_described()) {
    const auto path = name.substr(name.find(' ') + 1);
    BOOST_CHECK_MESSAGE(page.raw.body.find("</span> " + path + "</code>") != std::string::npos,
                        "the page lacks " << path);
  }
}

BOOST_AUTO_TEST_CASE(what_a_description_says_cannot_break_the_page) {
  const auto page = gateway::documentation_page(R"({"info":{"title":"<b>&\"","description":""},
    "tags":[{"name":"x","description":""}],"paths":{"/<i>":{"get":{"operationId":"a","tags":["x"],
    "summary":"<s>","security":[],"responses":{"200":{"description":"<u>"}}}}}})");
  BOOST_TEST(page.find("&lt;b&gt;&amp;&quot;") != std::string::npos);
  for (const auto* tag : {"<b>", "<i>", "<s>", "<u>"})
    BOOST_TEST(page.find(tag) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
