// Damaged requests on every route, straight to their handlers: whatever is in them, they are
// answered or refused with a reason.
#include "gateway/errors.hpp"
#include "gateway/json_text.hpp"
#include "gateway/target.hpp"
#include "tests/fuzz/mutated.hpp"
#include "tests/node/cross_account_asks.hpp"
#include "tests/node/two_accounts.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <future>
#include <map>
#include <optional>

namespace {

using namespace node_tests;

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* given = std::getenv(name);
  return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

/// Those would take away what the others ask about.
bool is_destructive(const cross_ask& a) {
  return a.route.starts_with("DELETE ") || a.route.ends_with("-merge")
      || a.route.ends_with("-deletion-jobs");
}

struct damaged_requests : two_accounts {
  std::vector<cross_ask> asks = cross_asks();
  names nothing = ids_of_nothing(ours);
  std::vector<std::string> targets; // Parallel to `asks`, as all that follow.
  std::vector<std::string> bodies;

  damaged_requests() {
    for (const auto& a : asks) {
      const auto& others = is_destructive(a) ? nothing : ours.ids;
      targets.push_back(filled(a.target, others, others));
      bodies.push_back(filled(a.body, others, others));
    }
  }

  /// Nothing = no such route.
  std::optional<gateway::answer> put(const std::string& method, const std::string& target,
                                     const std::string& body) const {
    auto read = gateway::read_target(target);
    if (!read)
      return std::nullopt;
    auto match = running().routes().find(method, read->path);
    if (match.found == nullptr)
      return std::nullopt;
    const auto call = std::make_shared<gateway::call>();
    call->asked.method = method;
    call->asked.path = std::move(read->path);
    call->asked.query = std::move(read->query);
    call->asked.headers = {{"content-type", "application/vnd.api+json"}};
    call->asked.body = body;
    call->asked.id = "r";
    call->asked.peer = "127.0.0.1";
    call->asked.origin = "http://127.0.0.1";
    for (const auto& part : match.captured)
      call->captured.push_back(gateway::decode_part(part));
    call->whose = ours.account;
    call->key_id = ours.ids.at("key");
    const auto given = std::make_shared<std::promise<gateway::answer>>();
    try {
      match.found->act(call, [given](gateway::answer a) { given->set_value(std::move(a)); });
    } catch (const gateway::refusal& why) {
      return gateway::to_answer(why.errors(), "r");
    }
    return given->get_future().get();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(request_fuzz_test)

BOOST_FIXTURE_TEST_CASE(damaged_requests_of_every_route_are_answered_or_refused, damaged_requests) {
  const auto seed = setting("ROLLCALL_FUZZ_SEED", 4711);
  const auto rounds = setting("ROLLCALL_FUZZ_ROUNDS", 6'000);
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  std::map<unsigned, std::uint32_t> statuses;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const auto i = round % asks.size();
    const auto method = asks[i].route.substr(0, asks[i].route.find(' '));
    const bool changes_body = !bodies[i].empty() && random() % 4 != 0;
    auto target = changes_body ? targets[i] : fuzz_tests::mutated({targets[i]}, random);
    const auto body = changes_body ? fuzz_tests::mutated(
                        {bodies[i], bodies[i], bodies[i], bodies[random() % bodies.size()]}, random)
                                   : bodies[i];
    const auto described = fmt::format("round {} of seed {}: {} {} with {}", round, seed, method,
                                       target, body);
    try {
      const auto a = put(method, target, body);
      if (!a)
        continue;
      ++statuses[a->status];
      BOOST_REQUIRE_MESSAGE(a->status / 100 == 2 || a->status / 100 == 4,
                            described << ": " << a->status << ' ' << a->body);
      std::vector<gateway::json_fault> faults;
      if (a->status / 100 == 4 && a->content_type == gateway::json_api_type) {
        const auto errors = gateway::read_json(a->body, faults);
        BOOST_REQUIRE_MESSAGE(errors && !errors->at("errors").as_array().empty(),
                              described << ": " << a->body);
        for (const auto& error : errors->at("errors").as_array())
          BOOST_REQUIRE_MESSAGE(!error.at("detail").as_string().empty(), described);
      } else if (!a->body.empty() && a->content_type.find("json") != std::string::npos
                 && a->content_type != "application/x-ndjson" && !a->more) {
        BOOST_REQUIRE_MESSAGE(gateway::read_json(a->body, faults).has_value(),
                              described << ": " << a->body);
      }
    } catch (const std::exception& why) {
      BOOST_FAIL(described << ": " << why.what());
    }
  }
  std::uint32_t taken = 0;
  std::uint32_t refused = 0;
  for (const auto& [status, count] : statuses) {
    BOOST_TEST_MESSAGE(status << ": " << count);
    (status < 300 ? taken : refused) += count;
  }
  BOOST_TEST(taken > rounds / 20);
  BOOST_TEST(refused > rounds / 10);
}

BOOST_AUTO_TEST_SUITE_END()
