#include "gateway/identity.hpp"
#include "gateway/webhook_message.hpp"
#include "gateway/webhook_sender.hpp"
#include "gateway/webhook_store.hpp"
#include "tests/gateway/receiver.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>

BOOST_AUTO_TEST_SUITE(webhook_sender_test)

namespace {

using gateway_test::resources;
using gateway_tests::receiver;
using namespace std::chrono_literals;
namespace json = boost::json;

constexpr gateway::sender_bounds quick{
  .flips_at_once = 3, .deadline = 10'000ms, .pause_first = 5ms, .pause_max = 40ms};
constexpr std::string_view secret = "a secret of some length";

struct shop {
  resources s{};

  shop() {
    s.create_segment("VIPs", in_list("VIP"));
  }
  static std::string in_list(const std::string& list) {
    return R"({"type":"profile-group-membership","is_member":true,"group_ids":[")" + list
         + R"("],"timeframe_filter":null})";
  }
  void join(std::initializer_list<const char*> people, std::string_view list = "VIP") {
    batch_maker batch;
    for (const auto* one : people)
      batch.join({.external_id = one}, list);
    s.apply(batch);
  }
  void leave(const char* who) {
    batch_maker batch;
    batch.leave({.external_id = who}, "VIP");
    s.apply(batch);
  }
  std::string subscribe(const std::string& url,
                        std::vector<std::string> topics = {std::string{gateway::joined_topic},
                                                           std::string{gateway::left_topic}}) {
    gateway::known_webhook hook;
    hook.id = "01ARZ3NDEKTSV4RRFFQ69G5FA" + std::to_string(count_++);
    hook.name = "hook";
    hook.endpoint_url = url;
    hook.secret_key = secret;
    hook.topics = std::move(topics);
    gateway::delivery_cursors{s.account(), hook.id}.begin();
    gateway::keep_webhook(s.account(), hook);
    return hook.id;
  }

private:
  int count_ = 0;
};

/// What has been told, by external id and in the order of coming; repeats too.
struct told_flip {
  std::string id;
  std::string topic;
  json::object shown;

  [[nodiscard]] std::string who() const {
    return std::string{shown.at("attributes").at("profile_name").as_string()};
  }
};

std::vector<told_flip> flips_in(const gateway::request& message) {
  std::vector<told_flip> all;
  const auto body = gateway::own_json(message.body);
  for (const auto& one : body.at("data").as_array())
    all.push_back({std::string{one.at("external_id").as_string()},
                   std::string{one.at("topic").as_string()},
                   one.at("payload").at("data").as_object()});
  return all;
}

/// Awaits messages until so many flips have come.
std::vector<told_flip> await_flips(receiver& there, std::size_t count) {
  std::vector<told_flip> all;
  for (std::size_t messages = 1; all.size() < count; ++messages)
    for (auto& flip : flips_in(there.await(messages).at(messages - 1)))
      all.push_back(std::move(flip));
  return all;
}

gateway::delivery_state await_state(const gateway::webhook_sender& sender, const std::string& hook,
                                    const std::function<bool(const gateway::delivery_state&)>& is) {
  for (;;) {
    const auto state = sender.state_of(hook);
    if (state && is(*state))
      return *state;
    std::this_thread::yield();
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(signatures_are_those_of_hmac_sha256) {
  // RFC 4231, test case 2: its data is cut in two at will.
  BOOST_TEST(gateway::signature_of("what do ya want ", "for nothing?", "Jefe")
             == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(gateway::http_date(resources::instant("1994-11-06T08:49:37Z"))
             == "Sun, 06 Nov 1994 08:49:37 GMT");
}

BOOST_FIXTURE_TEST_CASE(who_joins_and_leaves_is_told_signed_and_in_order, shop) {
  receiver there;
  join({"zoe"}); // Before the webhook, so it is not told.
  const auto hook = subscribe(there.url());
  const gateway::webhook_sender sender{s.account(), quick};
  join({"ann", "bob", "joe", "eve", "kim"});
  leave("bob");
  leave("ann");
  const auto all = await_flips(there, 7);
  std::map<std::int64_t, std::int64_t> last;
  std::multiset<std::string> told;
  for (const auto& flip : all) {
    const auto& attributes = flip.shown.at("attributes");
    const auto sequence = attributes.at("sequence").to_number<std::int64_t>();
    auto& before = last[attributes.at("partition").to_number<std::int64_t>()];
    BOOST_TEST(sequence > before);
    before = sequence;
    told.insert(flip.topic + " " + flip.who());
  }
  const std::multiset<std::string> wanted{
    "rollcall.segment.joined ann", "rollcall.segment.joined bob", "rollcall.segment.joined eve",
    "rollcall.segment.joined joe", "rollcall.segment.joined kim", "rollcall.segment.left ann",
    "rollcall.segment.left bob"};
  BOOST_TEST(told == wanted, boost::test_tools::per_element());
  const auto segment = s.engine().show("VIPs")->id;
  const auto& flip = all.front();
  BOOST_TEST(flip.id.starts_with(segment + "."));
  BOOST_TEST(flip.shown.at("relationships").at("segment").at("data").at("id").as_string()
             == segment);
  BOOST_TEST(flip.shown.at("relationships").at("profile").at("data").at("id").as_string()
             == gateway::profile_id(*s.engine().find_profile(flip.who())));
  const auto message = there.await(1).front();
  BOOST_TEST(*message.header("klaviyo-webhook-id") == hook);
  const auto body = gateway::own_json(message.body);
  BOOST_TEST(body.at("meta").at("klaviyo_webhook_id").as_string() == hook);
  BOOST_TEST(body.at("meta").at("klaviyo_account_id").as_string() == "AbC123");
  BOOST_TEST(*message.header("klaviyo-signature")
             == gateway::signature_of(message.body, *message.header("klaviyo-timestamp"), secret));
}

BOOST_FIXTURE_TEST_CASE(a_receiver_that_fails_is_told_the_same_again_until_it_takes_it, shop) {
  receiver there;
  there.will_say({500, 302, 404});
  const auto hook = subscribe(there.url());
  const gateway::webhook_sender sender{s.account(), quick};
  join({"ann"});
  const auto failing = await_state(sender, hook,
                                   [](const auto& state) { return state.failures > 0; });
  BOOST_TEST(failing.last_error.find("answered with status") != std::string::npos);
  BOOST_TEST(failing.next_attempt.has_value());
  auto all = await_flips(there, 4);
  for (const auto& flip : all)
    BOOST_TEST(flip.id == all.front().id);
  await_state(sender, hook,
              [](const auto& state) { return state.failures == 0 && state.last_delivery; });
  join({"bob"});
  all = await_flips(there, 5);
  BOOST_TEST(all.back().who() == "bob");
}

BOOST_FIXTURE_TEST_CASE(a_new_sender_goes_on_where_the_old_one_stopped, shop) {
  receiver there;
  const auto hook = subscribe(there.url());
  {
    const gateway::webhook_sender sender{s.account(), quick};
    join({"ann"});
    await_state(sender, hook, [](const auto& state) { return state.last_delivery.has_value(); });
  }
  // Its cursor is kept before the sender ends, so that nothing is told twice.
  join({"bob"});
  leave("ann");
  const gateway::webhook_sender sender{s.account(), quick};
  const auto all = await_flips(there, 3);
  BOOST_TEST(all.size() == 3u);
  BOOST_TEST(all[0].who() == "ann");
  std::multiset<std::string> told{all[1].topic + " " + all[1].who(),
                                  all[2].topic + " " + all[2].who()};
  const std::multiset<std::string> wanted{"rollcall.segment.joined bob",
                                          "rollcall.segment.left ann"};
  BOOST_TEST(told == wanted, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_failed_before_the_end_is_told_after_the_next_start, shop) {
  receiver there;
  there.will_say({500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500});
  const auto hook = subscribe(there.url());
  {
    const gateway::webhook_sender sender{s.account(), quick};
    join({"ann"});
    await_state(sender, hook, [](const auto& state) { return state.failures > 1; });
  }
  there.will_say({});
  const gateway::webhook_sender sender{s.account(), quick};
  const auto state = await_state(sender, hook,
                                 [](const auto& told) { return told.last_delivery.has_value(); });
  BOOST_TEST(state.failures == 0u);
}

BOOST_FIXTURE_TEST_CASE(only_the_topics_that_are_wanted_are_told, shop) {
  receiver there;
  subscribe(there.url(), {std::string{gateway::left_topic}});
  const gateway::webhook_sender sender{s.account(), quick};
  join({"ann", "bob", "joe", "eve"});
  leave("joe");
  const auto all = await_flips(there, 1);
  BOOST_TEST(all.front().topic == "rollcall.segment.left");
  BOOST_TEST(all.front().who() == "joe");
}

BOOST_FIXTURE_TEST_CASE(a_segment_that_comes_later_is_told_from_its_first_member_on, shop) {
  receiver there;
  join({"ann", "bob"}, "Other");
  subscribe(there.url());
  const gateway::webhook_sender sender{s.account(), quick};
  s.create_segment("Others", in_list("Other"));
  const auto all = await_flips(there, 2);
  for (const auto& flip : all) {
    BOOST_TEST(flip.shown.at("attributes").at("segment_name").as_string() == "Others");
    BOOST_TEST(flip.shown.at("attributes").at("cause").as_string() == "build");
  }
}

BOOST_FIXTURE_TEST_CASE(who_fails_holds_up_nobody_else, shop) {
  std::string gone;
  {
    const receiver closed;
    gone = closed.url();
  }
  receiver there;
  const auto failing = subscribe(gone);
  subscribe(there.url());
  const gateway::webhook_sender sender{s.account(), quick};
  join({"ann"});
  BOOST_TEST(await_flips(there, 1).front().who() == "ann");
  const auto state = await_state(sender, failing,
                                 [](const auto& told) { return told.failures > 2; });
  BOOST_TEST(state.last_error.find("cannot be reached") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(webhooks_that_change_are_read_again, shop) {
  receiver first;
  receiver second;
  const auto hook = subscribe(first.url());
  gateway::webhook_sender sender{s.account(), quick};
  join({"ann"});
  await_flips(first, 1);
  await_state(sender, hook, [](const auto& state) { return state.last_delivery.has_value(); });
  auto changed = gateway::find_webhook(s.account(), hook);
  changed.endpoint_url = second.url();
  gateway::keep_webhook(s.account(), changed);
  sender.reload();
  // The first one may be told of some of them, if it was being told something just now.
  for (int i = 0; second.count() == 0; ++i)
    join({std::to_string(i).c_str()});
  gateway::drop_webhook(s.account(), hook);
  sender.reload();
  while (sender.state_of(hook))
    std::this_thread::yield();
  BOOST_TEST(gateway::delivery_cursors(s.account(), hook).read().empty());
}

BOOST_AUTO_TEST_SUITE_END()
