#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/profiles.hpp"
#include "gateway/segments.hpp"
#include "gateway/suppression_job.hpp"
#include "gateway/suppressions.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <thread>

BOOST_AUTO_TEST_SUITE(suppressions_test)

namespace {

using namespace gateway_test;

const std::string begin_path = "/api/profile-suppression-bulk-create-jobs";
const std::string end_path = "/api/profile-suppression-bulk-delete-jobs";

resources shop() {
  return resources{gateway::add_suppression_routes, gateway::add_list_routes,
                   gateway::add_profile_routes, gateway::add_segment_routes};
}

std::string type_in(const std::string& path) {
  return path.substr(5, path.size() - 6);
}

std::string of_addresses(const std::string& path, std::initializer_list<std::string> emails) {
  std::string items;
  for (const auto& email : emails)
    items += (items.empty() ? "" : ",") + (R"({"type":"profile","attributes":{"email":")" + email)
           + "\"}}";
  return R"({"data":{"type":")" + type_in(path) + R"(","attributes":{"profiles":{"data":[)" + items
       + "]}}}}";
}

std::string of_members(const std::string& path, const std::string& kind, const std::string& id) {
  return R"({"data":{"type":")" + type_in(path) + R"(","attributes":{},"relationships":{")" + kind
       + R"(":{"data":{"type":")" + kind + R"(","id":")" + id + R"("}}}}})";
}

answered shown(resources& s, std::string_view identifier) {
  const auto place = s.engine().find_profile(identifier);
  resources::need(place);
  return s.get("/api/profiles/" + gateway::profile_id(*place)
               + "?additional-fields[profile]=subscriptions");
}

const std::string marketing = "/data/attributes/subscriptions/email/marketing/";

/// The job's attributes once it is over; the test's own deadline ends a wait in vain.
answered await_end(resources& s, const std::string& job) {
  for (;;) {
    auto told = s.get(job);
    BOOST_REQUIRE_EQUAL(told.status, 200);
    if (!told.at("/data/attributes/completed_at").is_null())
      return told;
    std::this_thread::yield();
  }
}

std::string list_of(resources& s, int members) {
  batch_maker batch;
  for (int i = 0; i < members; ++i) {
    const auto email = "p" + std::to_string(i) + "@x.co";
    batch.join({.email = email}, "VIP");
  }
  batch.join({.external_id = "no address"}, "VIP");
  s.apply(batch);
  return s.get("/api/lists").text_at("/data/0/id");
}

constexpr std::string_view
  suppressed_ones = R"({"type":"profile-marketing-consent","consent":{"channel":"email",)"
                    R"("can_receive_marketing":false,"consent_status":{"subscription":"any",)"
                    R"("filters":null}}})";

} // namespace

BOOST_AUTO_TEST_CASE(addresses_are_suppressed_at_once_and_unknown_ones_created) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.external_id = "ann", .email = "ann@x.co"});
  batch.set("subscriptions['email']['consent']", "SUBSCRIBED");
  s.apply(batch);
  const auto made = s.post(begin_path, of_addresses(begin_path, {"ann@x.co", "new@x.co"}));
  BOOST_TEST(made.status == 202u);
  BOOST_TEST(made.text_at("/data/attributes")
             == R"({"status":"complete","created_at":"2026-01-01T00:00:00+00:00","total_count":2,)"
                R"("completed_count":2,"completed_at":"2026-01-01T00:00:00+00:00",)"
                R"("skipped_count":0})");
  for (const auto* email : {"ann@x.co", "new@x.co"}) {
    const auto told = shown(s, email);
    BOOST_TEST(told.text_at(marketing + "suppression")
               == R"([{"reason":"USER_SUPPRESSED","timestamp":"2026-01-01T00:00:00+00:00"}])");
    BOOST_TEST(told.text_at(marketing + "can_receive_email_marketing") == "false");
  }
  BOOST_TEST(shown(s, "ann").text_at(marketing + "consent") == "SUBSCRIBED");
  s.advance("2026-01-02");
  const auto again = s.post(begin_path, of_addresses(begin_path, {"ann@x.co"}));
  BOOST_TEST(again.text_at("/data/attributes/skipped_count") == "1");
  BOOST_TEST(shown(s, "ann").size_at(marketing + "suppression") == 1u);
}

BOOST_AUTO_TEST_CASE(only_what_was_done_by_hand_is_undone) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.email = "ann@x.co"});
  batch.append("subscriptions['email']['suppression']", "HARD_BOUNCE|2025-01-01");
  s.apply(batch);
  s.post(begin_path, of_addresses(begin_path, {"ann@x.co"}));
  BOOST_TEST(shown(s, "ann@x.co").size_at(marketing + "suppression") == 2u);
  const auto made = s.post(end_path, of_addresses(end_path, {"ann@x.co", "nobody@x.co"}));
  BOOST_TEST(made.text_at("/data/attributes/completed_count") == "1");
  BOOST_TEST(made.text_at("/data/attributes/skipped_count") == "1");
  const auto told = shown(s, "ann@x.co");
  BOOST_TEST(told.size_at(marketing + "suppression") == 1u);
  BOOST_TEST(told.text_at(marketing + "suppression/0/reason") == "HARD_BOUNCE");
  BOOST_TEST(!s.engine().find_profile("nobody@x.co"));
}

BOOST_AUTO_TEST_CASE(a_long_list_is_worked_through_in_the_background) {
  auto s = shop();
  const auto list = list_of(s, 2'345);
  s.create_segment("Suppressed", suppressed_ones);
  s.post(begin_path, of_addresses(begin_path, {"p7@x.co"}));
  const auto made = s.post(begin_path, of_members(begin_path, "list", list));
  BOOST_TEST(made.status == 202u);
  BOOST_TEST(made.text_at("/data/attributes/status") == "queued");
  BOOST_TEST(made.text_at("/data/attributes/total_count") == "2346");
  const auto told = await_end(s, begin_path + '/' + made.text_at("/data/id"));
  BOOST_TEST(told.text_at("/data/attributes/status") == "complete");
  BOOST_TEST(told.text_at("/data/attributes/completed_count") == "2344");
  BOOST_TEST(told.text_at("/data/attributes/skipped_count") == "2");
  BOOST_TEST(*s.engine().count("Suppressed") == 2'345u);
}

BOOST_AUTO_TEST_CASE(whoever_is_in_a_segment_now_is_let_off_and_leaves_it) {
  auto s = shop();
  const auto list = list_of(s, 1'500);
  s.create_segment("Suppressed", suppressed_ones);
  const auto begun = s.post(begin_path, of_members(begin_path, "list", list));
  await_end(s, begin_path + '/' + begun.text_at("/data/id"));
  const auto segment = s.get("/api/segments").text_at("/data/0/id");
  const auto made = s.post(end_path, of_members(end_path, "segment", segment));
  const auto told = await_end(s, end_path + '/' + made.text_at("/data/id"));
  BOOST_TEST(told.text_at("/data/attributes/completed_count") == "1500");
  BOOST_TEST(told.text_at("/data/relationships/segments/data/0/id") == segment);
  BOOST_TEST(*s.engine().count("Suppressed") == 0u);
  BOOST_TEST(s.get(end_path + "?filter=equals(segment_id,'" + segment + "')").size_at("/data")
             == 1u);
  BOOST_TEST(s.get(end_path + "?filter=equals(segment_id,'zzzzzz')").size_at("/data") == 0u);
  BOOST_TEST(s.get(begin_path + "?filter=equals(list_id,'" + list
                   + "'),equals(status,'complete')&sort=-created")
               .size_at("/data")
             == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_that_was_broken_off_goes_on_where_it_was) {
  auto s = shop();
  const auto list = list_of(s, 1'700);
  const auto page = s.engine().list_profiles({.list = "VIP"}, {}, 1'000);
  resources::need(page);
  gateway::suppression_job job;
  job.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  job.created = s.engine().now();
  job.status = "processing";
  job.list = list;
  job.done = 1'000;
  job.total = 1'701;
  job.cursor = page->cursor;
  gateway::keep(s.account(), job);
  const auto told = await_end(s, begin_path + '/' + job.id);
  BOOST_TEST(told.text_at("/data/attributes/completed_count") == "1700");
  BOOST_TEST(told.text_at("/data/attributes/skipped_count") == "1");
}

BOOST_AUTO_TEST_CASE(a_job_about_a_list_that_is_gone_is_cancelled) {
  auto s = shop();
  gateway::suppression_job job;
  job.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  job.created = s.engine().now();
  job.list = "zzzzzz";
  gateway::keep(s.account(), job);
  BOOST_TEST(await_end(s, begin_path + '/' + job.id).text_at("/data/attributes/status")
             == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_job_is_about_one_thing) {
  auto s = shop();
  const std::string needed = "/data: Exactly one is needed: 'profiles' among the attributes, or "
                             "'list' or 'segment' among the relationships.";
  BOOST_TEST(
    s.post(begin_path, R"({"data":{"type":"profile-suppression-bulk-create-job"}})").error()
    == needed);
  BOOST_TEST(s.post(begin_path,
                    R"({"data":{"type":"profile-suppression-bulk-create-job","attributes":{},)"
                    R"("relationships":{"list":{"data":{"type":"list","id":"abcdef"}},)"
                    R"("segment":{"data":{"type":"segment","id":"abcdef"}}}}})")
               .error()
             == needed);
  BOOST_TEST(s.post(begin_path, of_members(begin_path, "list", "zzzzzz")).status == 404u);
  BOOST_TEST(s.post(end_path, of_members(end_path, "segment", "zzzzzz")).status == 404u);
  BOOST_TEST(s.post(begin_path, of_addresses(begin_path, {""})).error()
             == "/data/attributes/profiles/data/0/attributes/email: 'email' must not be empty");
  BOOST_TEST(s.get(begin_path + "/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
