#include "gateway/door.hpp"
#include "tests/gateway/accounts_fixture.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <set>

BOOST_AUTO_TEST_SUITE(door_test)

namespace {

namespace json = boost::json;
using namespace gateway_tests;
using namespace std::chrono_literals;
using gateway::call;
using gateway::doorkeeper;
using gateway::entrance;
using gateway::moment;

const moment start{noon, gateway::rate_limits::instant{24h * 100}};

gateway::route route_of(const char* method, const char* pattern, std::vector<std::string> scopes,
                        entrance by = entrance::private_key, const char* tier = "S") {
  gateway::route r;
  r.method = method;
  r.pattern = pattern;
  r.scopes = std::move(scopes);
  r.by = by;
  r.tier = tier;
  return r;
}

const auto read_lists = route_of("GET", "/api/lists", {"lists:read"});
const auto write_list = route_of("POST", "/api/lists/{id}", {"lists:write"});
const auto client_event = route_of("POST", "/client/events", {"events:write"},
                                   entrance::public_key);

struct at_the_door : open_accounts {
  doorkeeper door{*all, *gateway::limit_setting_of("off")};

  static call with(std::string_view key) {
    call c;
    c.asked.id = "r-1";
    c.asked.peer = "10.0.0.1";
    c.asked.headers.emplace_back("authorization", "Klaviyo-API-Key " + std::string{key});
    return c;
  }
  gateway::answer refused(const gateway::route& to, call c, moment now = start) {
    auto said = door.admit(to, c, now);
    BOOST_REQUIRE(said.refused);
    return std::move(*said.refused);
  }
  static std::string detail(const gateway::answer& a) {
    return json::value_to<std::string>(json::parse(a.body).at("errors").at(0).at("detail"));
  }
  static const std::string* header(const gateway::named_texts& headers, std::string_view name) {
    for (const auto& [known, value] : headers)
      if (known == name)
        return &value;
    return nullptr;
  }
  static std::vector<std::string> lines(const std::filesystem::path& file) {
    std::ifstream stream{file};
    std::vector<std::string> all_lines;
    for (std::string line; std::getline(stream, line);)
      all_lines.push_back(line);
    return all_lines;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_key_brings_its_account_and_its_id, at_the_door) {
  const auto shop = must(all->create("shop"));
  const auto key = key_for(shop);
  for (const auto* scheme : {"Klaviyo-API-Key ", "klaviyo-api-key  "}) {
    call c;
    c.asked.headers.emplace_back("authorization", scheme + key.key);
    BOOST_TEST(!door.admit(read_lists, c, start).refused);
    BOOST_TEST(c.whose == shop);
    BOOST_TEST(c.key_id == key.kept.id);
  }
}

BOOST_FIXTURE_TEST_CASE(whoever_has_no_key_in_force_hears_the_same, at_the_door) {
  const auto expired = key_for(first(), {.expires = noon + 1s});
  const auto revoked = key_for(first());
  must(first()->keys->revoke(revoked.kept.id, noon));
  auto wrong = key_for(first()).key;
  wrong.back() = wrong.back() == 'a' ? 'b' : 'a';
  std::vector<call> all_calls{with(expired.key), with(revoked.key),
                              with(wrong),       with(""),
                              with("pk_"),       with(must(gateway::make_key({}, noon)).key)};
  all_calls.emplace_back().asked.id = "r-1"; // Says nothing.
  auto& bearer = all_calls.emplace_back();
  bearer.asked.id = "r-1";
  bearer.asked.headers.emplace_back("authorization", "Bearer " + revoked.key);
  std::set<std::string> bodies;
  for (auto& c : all_calls) {
    const auto said = door.admit(read_lists, c, {noon + 1s, start.steady});
    BOOST_REQUIRE(said.refused);
    BOOST_TEST(said.refused->status == 401U);
    BOOST_TEST(header(said.refused->headers, "WWW-Authenticate") != nullptr);
    BOOST_TEST(!c.whose);
    bodies.insert(said.refused->body);
  }
  BOOST_TEST(bodies.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_missing_scope_is_named, at_the_door) {
  const auto key = key_for(first(), {.scopes = {"lists:read", "profiles:read"}}).key;
  BOOST_TEST(!door.admit(read_lists, *std::make_unique<call>(with(key)), start).refused);
  const auto said = refused(write_list, with(key));
  BOOST_TEST(said.status == 403U);
  BOOST_TEST(detail(said).find("'lists:write'") != std::string::npos);
  const auto both = route_of("GET", "/api/lists/{id}/profiles", {"lists:read", "profiles:read"});
  auto c = with(key);
  BOOST_TEST(!door.admit(both, c, start).refused);
  auto reader = with(key_for(first(), {.scopes = {"read-only"}}).key);
  BOOST_TEST(!door.admit(both, reader, start).refused);
  BOOST_TEST(refused(write_list, reader).status == 403U);
}

BOOST_FIXTURE_TEST_CASE(a_public_key_opens_public_routes_only, at_the_door) {
  call c;
  c.asked.query.emplace_back("company_id", first()->id);
  BOOST_TEST(!door.admit(client_event, c, start).refused);
  BOOST_TEST(c.whose == first());
  BOOST_TEST(c.key_id.empty());
  BOOST_TEST(refused(read_lists, c).status == 401U);
  call unknown;
  unknown.asked.query.emplace_back("company_id", "AAAAAA");
  BOOST_TEST(refused(client_event, unknown).status == 400U);
  BOOST_TEST(refused(client_event, {}).body.find("\"parameter\":\"company_id\"")
             != std::string::npos);
  // A private key is none of these.
  BOOST_TEST(refused(client_event, with(key_for(first()).key)).status == 400U);
}

BOOST_FIXTURE_TEST_CASE(probes_need_nothing, at_the_door) {
  call c;
  BOOST_TEST(!door.admit(route_of("GET", "/healthz", {}, entrance::open), c, start).refused);
  BOOST_TEST(!c.whose);
}

BOOST_FIXTURE_TEST_CASE(any_revision_will_do_as_long_as_it_is_one, at_the_door) {
  const auto key = key_for(first()).key;
  const auto status = [&](const char* revision) {
    auto c = with(key);
    c.asked.headers.emplace_back("revision", revision);
    const auto said = door.admit(read_lists, c, start);
    return said.refused ? said.refused->status : 200U;
  };
  for (const auto* good : {"2026-07-15", "2024-10-15", "2031-01-01", "2026-07-15.pre"})
    BOOST_TEST(status(good) == 200U, good);
  for (const auto* bad : {"", "latest", "2026-7-15", "2026-02-30", "2026-07-15.", "2026-07-15 pre",
                          "2026-07-15T10:00:00Z"})
    BOOST_TEST(status(bad) == 400U, bad);
}

BOOST_FIXTURE_TEST_CASE(who_asks_too_often_is_told_when_to_come_again, at_the_door) {
  doorkeeper strict{*all, *gateway::limit_setting_of("klaviyo")};
  const auto key = key_for(first()).key;
  for (int i = 0; i < 3; ++i) {
    auto c = with(key);
    const auto said = strict.admit(read_lists, c, start);
    BOOST_TEST(!said.refused);
    BOOST_TEST(*header(said.headers, "RateLimit-Limit") == "60");
    BOOST_TEST(*header(said.headers, "RateLimit-Remaining") == std::to_string(59 - i));
    BOOST_TEST(*header(said.headers, "RateLimit-Reset") == "60");
  }
  auto c = with(key);
  const auto said = strict.admit(read_lists, c, start);
  BOOST_REQUIRE(said.refused);
  BOOST_TEST(said.refused->status == 429U);
  BOOST_TEST(said.headers.empty());
  BOOST_TEST(*header(said.refused->headers, "Retry-After") == "1");
  BOOST_TEST(detail(*said.refused).find("Expected available in 1 seconds") != std::string::npos);
  BOOST_TEST(!strict.admit(read_lists, c, {noon, start.steady + 1s}).refused);
}

BOOST_FIXTURE_TEST_CASE(limits_count_whom_they_know_and_browsers_by_address, at_the_door) {
  doorkeeper strict{*all, {1, 3, true}};
  call browser;
  browser.asked.query.emplace_back("company_id", first()->id);
  const auto allowed = [&](const char* peer) {
    browser.asked.peer = peer;
    int count = 0;
    for (int i = 0; i < 10; ++i)
      count += strict.admit(client_event, browser, start).refused ? 0 : 1;
    return count;
  };
  BOOST_TEST(allowed("10.0.0.1") == 3);
  BOOST_TEST(allowed("10.0.0.2") == 3);
  // Whoever has no key uses up nobody's share.
  for (int i = 0; i < 100; ++i)
    BOOST_TEST(strict.admit(read_lists, *std::make_unique<call>(), start).refused->status == 401U);
  auto c = with(key_for(first()).key);
  BOOST_TEST(!strict.admit(read_lists, c, start).refused);
}

BOOST_AUTO_TEST_CASE(changes_are_told_from_other_writes) {
  const auto is_change = [](const char* method, const char* pattern,
                            entrance by = entrance::private_key) {
    return gateway::is_change(route_of(method, pattern, {}, by));
  };
  BOOST_TEST(is_change("POST", "/api/events"));
  BOOST_TEST(is_change("POST", "/api/event-bulk-create-jobs"));
  BOOST_TEST(is_change("POST", "/api/profile-import"));
  BOOST_TEST(!is_change("GET", "/api/event-bulk-create-jobs"));
  BOOST_TEST(!is_change("GET", "/api/events"));
  BOOST_TEST(!is_change("POST", "/api/segments"));
  BOOST_TEST(!is_change("POST", "/client/event-bulk-create", entrance::public_key));
}

BOOST_FIXTURE_TEST_CASE(writes_by_a_key_are_noted_in_its_account, at_the_door) {
  const auto shop = must(all->create("shop"));
  const auto key = key_for(shop);
  auto c = with(key.key);
  c.asked.path = "/api/lists/secret-name";
  BOOST_TEST(!door.admit(write_list, c, start).refused);
  doorkeeper::note(write_list, c, 201, start);
  doorkeeper::note(read_lists, c, 200, start);
  doorkeeper::note(write_list, c, 429, start);
  doorkeeper::note(client_event, {}, 202, start);
  shop->audit->flush();
  const auto noted = lines(shop->directory / "audit.log");
  BOOST_REQUIRE_EQUAL(noted.size(), 1U);
  BOOST_TEST(noted[0]
             == R"({"at":"2026-07-15T12:00:00Z","key":")" + key.kept.id
                  + R"(","method":"POST","route":"/api/lists/{id}","status":201,"request":"r-1"})");
  first()->audit->flush();
  BOOST_TEST(lines(data / "audit.log").empty());
}

BOOST_FIXTURE_TEST_CASE(keys_of_an_account_that_is_closed_may_be_good_later, at_the_door) {
  const auto key = key_for(must(all->create("shop"))).key;
  const auto id = all->by_name("shop")->id;
  all.reset();
  std::filesystem::resize_file(data / "accounts" / "shop" / "account" / "data.mdb", 4'096);
  open();
  BOOST_REQUIRE_EQUAL(all->closed().size(), 1U);
  doorkeeper now_here{*all, *gateway::limit_setting_of("off")};
  auto c = with(key);
  const auto said = now_here.admit(read_lists, c, start);
  BOOST_TEST(said.refused->status == 503U);
  BOOST_TEST(header(said.refused->headers, "Retry-After") != nullptr);
  call browser;
  browser.asked.query.emplace_back("company_id", id);
  BOOST_TEST(now_here.admit(client_event, browser, start).refused->status == 503U);
  auto mine = with(key_for(first()).key);
  BOOST_TEST(!now_here.admit(read_lists, mine, start).refused);
}

BOOST_AUTO_TEST_SUITE_END()
