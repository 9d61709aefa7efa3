// A key of one account with the ids of another: it finds what a made-up id finds, on every route.
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "tests/node/cross_account_asks.hpp"
#include "tests/node/two_accounts.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace {

using namespace node_tests;

/// As clients send it.
std::string encoded(std::string target) {
  for (const auto& [from, to] :
       {std::pair{" ", "%20"}, std::pair{"\"", "%22"}, std::pair{"@", "%40"}})
    replace_all(target, from, to);
  return target;
}

std::string described(const cross_ask& a) {
  return fmt::format("{} asked for {}{}{}", a.route, a.target, a.body.empty() ? "" : " with ",
                     a.body);
}

bool names_theirs(const cross_ask& a) {
  return (a.target + a.body).find("$their.") != std::string::npos;
}

struct cross_account : two_accounts {
  std::vector<cross_ask> asks = cross_asks();
  names nothing = ids_of_nothing(theirs);

  /// `by` asks for what is called `their`.
  [[nodiscard]] heard put(const shop& by, const cross_ask& a, const names& their) const {
    const auto method = std::string_view{a.route}.substr(0, a.route.find(' '));
    return ask(by, method, encoded(filled(a.target, by.ids, their)), filled(a.body, by.ids, their));
  }

  /// An answer without the ids that were asked for, and without its instant.
  [[nodiscard]] static std::string without(heard answer, const names& ids) {
    if (auto* content = answer.body.if_object(); content != nullptr && answer.status == 200) {
      for (const auto* name : {"as_of", "log_positions", "completeness"})
        content->erase(name);
      answer.text = gateway::json_text(answer.body);
    }
    std::vector<std::pair<std::string, std::string>> all{ids.begin(), ids.end()};
    std::ranges::stable_sort(all, std::ranges::greater{}, // One may stand inside of another.
                             [](const auto& one) { return one.second.size(); });
    auto& text = answer.text;
    for (const auto& [kind, id] : all) {
      replace_all(text, id, "<" + kind + ">");
      replace_all(text, encoded(id), "<" + kind + ">");
      // What the engine calls a profile.
      if (const auto place = gateway::profile_place_of(id))
        replace_all(text, fmt::format("#{}:{}", place->partition, place->number), "<" + kind + ">");
    }
    return std::move(text);
  }

  /// Ids and texts of the others that are in an answer and were not in the request.
  [[nodiscard]] std::string leaked(const cross_ask& a, const std::string& text) const {
    const auto request = filled(a.target + a.body, ours.ids, theirs.ids);
    std::string all;
    for (const auto& [kind, id] : theirs.ids)
      if (text.find(id) != std::string::npos && request.find(id) == std::string::npos)
        all += kind + ' ';
    if (text.find(theirs.mark) != std::string::npos
        && request.find(theirs.mark) == std::string::npos)
      all += "a text";
    return all;
  }

  /// What their own key reads of everything, as text.
  [[nodiscard]] std::map<std::string, std::string> everything_of_theirs() const {
    std::map<std::string, std::string> all;
    for (const auto& a : asks) {
      if (!a.route.starts_with("GET ") || !tells_of_account_only(a.route))
        continue;
      auto read = put(theirs, a, theirs.ids);
      BOOST_TEST(read.status == 200U, described(a) << ": " << read.text);
      if (auto* content = read.body.if_object()) {
        content->erase("as_of");
        content->erase("log_positions");
        read.text = gateway::json_text(read.body);
      }
      all[a.target] = std::move(read.text);
    }
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(cross_account_test)

BOOST_FIXTURE_TEST_CASE(every_route_answers_for_ids_of_others_as_for_ids_of_nothing,
                        cross_account) {
  std::set<std::string> routes;
  for (const auto& route : running().routes().all())
    routes.insert(route->method + ' ' + route->pattern);
  std::set<std::string> asked;
  for (const auto& a : asks)
    asked.insert(a.route);
  for (const auto& route : routes)
    BOOST_TEST(asked.contains(route), "cross_account_asks.cpp asks nothing of " << route);
  for (const auto& route : asked)
    BOOST_TEST(routes.contains(route), "there is no route " << route);
  for (const auto& [kind, id] : theirs.ids) {
    BOOST_TEST(nothing.at(kind) != id, kind);
    if (kind != "cursor") // Tells a place and no account.
      BOOST_TEST(ours.ids.at(kind) != id, kind);
  }

  const auto before = everything_of_theirs();
  for (const auto& a : asks) {
    const auto found = put(ours, a, theirs.ids);
    BOOST_TEST_MESSAGE(described(a) << ": " << found.status);
    BOOST_TEST(found.status == a.status, described(a) << ": " << found.text);
    if (a.route != "GET /metrics") // It tells the operator of every account.
      BOOST_TEST(leaked(a, found.text).empty(),
                 described(a) << " tells " << leaked(a, found.text) << ": " << found.text);
    // What makes something is not the same the second time.
    const auto makes = a.status == 201 || a.status == 202 || a.route.ends_with("/changes");
    if (!names_theirs(a) || makes || a.target.find("$their.cursor") != std::string::npos)
      continue;
    const auto of_nothing = put(ours, a, nothing);
    BOOST_TEST(of_nothing.status == found.status, described(a));
    BOOST_TEST(without(of_nothing, nothing) == without(found, theirs.ids), described(a));
  }
  const auto after = everything_of_theirs();
  for (const auto& [target, text] : before)
    BOOST_TEST(after.at(target) == text, target);

  // Every one of them is a proper request: their own key is answered, or told what stands in the
  // way by now.
  for (const auto& a : asks) {
    const auto found = put(theirs, a, theirs.ids);
    const auto is_answered = found.status / 100 == 2 || found.status == 409;
    BOOST_TEST((is_answered || a.status == 403), described(a) << ": " << found.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
