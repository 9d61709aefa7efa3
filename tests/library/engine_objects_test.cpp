#include "actors/account_store.hpp"
#include "messages/object_reader.hpp"
#include "tests/library/engine_fixture.hpp"

#include <chrono>
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(engine_objects_test)

namespace {

using model::object_kind;

struct objects_fixture : engine_fixture {
  /// Every object as its kind and JSON.
  std::vector<std::string> objects() {
    const auto told = engine->objects();
    need(told);
    std::vector<std::string> all;
    for (const auto& object : *told)
      all.push_back(std::string{model::name_of(object.kind)} + messages::object_json(object));
    return all;
  }
  rollcall::receipt describe(object_kind kind, std::string_view id, std::string_view json,
                             std::string_view source = {}, std::uint64_t sequence = 0) {
    batch_maker batch;
    batch.describe(kind, id, json);
    return apply(batch, source, sequence);
  }
  void check_objects(const std::vector<std::string>& expected) {
    BOOST_TEST(objects() == expected, boost::test_tools::per_element());
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(descriptions_are_updated_unset_merged_and_deleted, objects_fixture) {
  auto done = describe(object_kind::campaign, "C1",
                       R"({"id":"C1","name":"Sale","status":"Draft","messages":[{"id":"M1"}]})");
  BOOST_TEST(done.applied == 1u);
  BOOST_TEST(done.duplicates == 0u);
  describe(object_kind::tag, "T1", R"({"id":"T1","name":"sale"})");
  describe(object_kind::flow, "C1", R"({"id":"C1","name":"Welcome"})");
  done = describe(object_kind::campaign, "C1",
                  R"({"id":"C1","status":null,"channel":"sms","messages":[{"id":"M0"}]})");
  BOOST_TEST(done.applied == 1u);
  const std::vector<std::string> expected{
    R"(campaign{"id":"C1","name":"Sale","channel":"sms","messages":[{"id":"M0"},{"id":"M1"}]})",
    R"(flow{"id":"C1","name":"Welcome"})", R"(tag{"id":"T1","name":"sale"})"};
  check_objects(expected);
  reopen();
  check_objects(expected);
  done = describe(object_kind::campaign, "C1", R"({"id":"C1","name":"Sale"})");
  BOOST_TEST(done.applied == 0u); // It changed nothing.
  BOOST_TEST(done.duplicates == 1u);
  done = describe(object_kind::campaign, "C1", R"({"id":"C1","deleted":true})");
  BOOST_TEST(done.applied == 1u);
  done = describe(object_kind::campaign, "C1", R"({"id":"C1","deleted":true})");
  BOOST_TEST(done.duplicates == 1u);
  check_objects({expected[1], expected[2]});
  reopen();
  check_objects({expected[1], expected[2]});
}

BOOST_FIXTURE_TEST_CASE(descriptions_and_changes_of_people_share_a_batch, objects_fixture) {
  create("Buyers", bought_lately);
  batch_maker batch;
  batch.event({"u1"}, "Placed Order", "2025-12-30")
    .describe(object_kind::tag, "T", R"({"id":"T"})");
  batch.event({"u2"}, "Placed Order", "2025-12-30")
    .describe(object_kind::tag, "T", R"({"id":"T","name":"x"})");
  batch.merge({"u1"}, {"u2"}).describe(object_kind::tag, "T", R"({"id":"T","name":"x"})");
  batch.event({"u3"}, "Placed Order", "2025-12-30");
  const auto done = apply(batch, "shop", 1);
  BOOST_TEST(done.applied == 6u);
  BOOST_TEST(done.duplicates == 1u);
  BOOST_TEST(done.rejected.empty());
  BOOST_CHECK(members("Buyers") == (names{"u2", "u3"}));
  check_objects({R"(tag{"id":"T","name":"x"})"});
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_description_that_cannot_be_is_rejected_with_its_reason, objects_fixture) {
  batch_maker batch;
  batch.describe(object_kind::tag, "T", R"({"id":"T","colour":"red"})")
    .describe(object_kind::tag, "T", R"({"id":"other"})")
    .describe(object_kind::tag, "T", "no json")
    .describe(object_kind::campaign, "C", R"({"id":"C","messages":[{"id":"M","channel":"fax"}]})");
  batch.event({"u1"}, "Placed Order", "2025-12-30");
  const auto done = apply(batch);
  BOOST_TEST(done.applied == 1u);
  BOOST_REQUIRE_EQUAL(done.rejected.size(), 4u);
  BOOST_TEST(done.rejected[0].line == 1u);
  BOOST_TEST(done.rejected[0].reason.starts_with("colour: not a field of a tag"));
  BOOST_TEST(done.rejected[1].reason.find("another id") != std::string::npos);
  BOOST_TEST(done.rejected[2].reason.starts_with("not valid JSON"));
  BOOST_TEST(done.rejected[3].reason.starts_with("messages.0.channel: expected email"));
  check_objects({});

  auto raw = batch.describe(object_kind::tag, "T", R"({"id":"T"})").take();
  raw.properties[0].kind = model::value_kind::text;
  const auto as_text = engine->apply(std::move(raw));
  need(as_text);
  BOOST_TEST(as_text->rejected.size() == 1u);
  raw = batch.describe(object_kind::tag, "T", R"({"id":"T"})").take();
  raw.names[0] = raw.add_text("poster");
  const auto poster = engine->apply(std::move(raw));
  need(poster);
  BOOST_REQUIRE(poster->rejected.size() == 1u);
  BOOST_TEST(poster->rejected[0].reason.find("\"poster\" is no kind") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_batch_that_is_sent_again_lays_nothing_old_over_newer_descriptions,
                        objects_fixture) {
  const auto send = [&](std::uint64_t sequence, std::string_view name) {
    return describe(object_kind::campaign, "C1",
                    R"({"id":"C1","name":")" + std::string{name} + R"("})", "shop", sequence);
  };
  BOOST_TEST(send(1, "old").applied == 1u);
  BOOST_TEST(send(2, "new").applied == 1u);
  const auto again = send(1, "old");
  BOOST_TEST(again.applied == 0u);
  BOOST_TEST(again.duplicates == 1u);
  check_objects({R"(campaign{"id":"C1","name":"new"})"});
  reopen();
  BOOST_TEST(send(1, "old").duplicates == 1u);
  BOOST_TEST(send(2, "new").duplicates == 1u);
  check_objects({R"(campaign{"id":"C1","name":"new"})"});
  // Somebody else describes it, then the first sender repeats itself once more.
  describe(object_kind::campaign, "C1", R"({"id":"C1","name":"newest"})", "other", 1);
  send(2, "new");
  check_objects({R"(campaign{"id":"C1","name":"newest"})"});
  BOOST_TEST(*engine->last_sequence("shop") == 2u);
  BOOST_TEST(*engine->highest_sequence("shop") == 2u);
  // Under a number that every partition has taken, nothing is news.
  batch_maker batch;
  apply(batch.profile({"u1"}), "shop", 9);
  BOOST_TEST(send(8, "late").duplicates == 1u);
  check_objects({R"(campaign{"id":"C1","name":"newest"})"});
}

/// A crash between the account's commit and the partitions': the account is ahead of them.
BOOST_FIXTURE_TEST_CASE(a_crash_behind_the_accounts_commit_ends_exact, objects_fixture) {
  batch_maker batch;
  apply(batch.describe(object_kind::tag, "T", R"({"id":"T","name":"one"})"), "shop", 7);
  engine.reset();
  {
    auto store = actors::account_store::open(directory.path() / "store" / "account", {});
    need(store);
    const auto known = (*store)->load_catalogue();
    need(known);
    actors::object_draft draft{known->objects};
    const auto read = messages::read_object(object_kind::tag, R"({"id":"T","name":"two"})");
    BOOST_REQUIRE(*draft.take(*read.update));
    need((*store)->save_objects(draft, "shop", std::uint64_t{8} << 20 | ((1 << 20) - 1)));
  }
  open();
  check_objects({R"(tag{"id":"T","name":"two"})"});
  BOOST_TEST(*engine->last_sequence("shop") == 7u);
  BOOST_TEST(*engine->highest_sequence("shop") == 8u);
  describe(object_kind::tag, "T", R"({"id":"T","name":"three"})"); // Of nobody who counts.
  batch.describe(object_kind::tag, "T", R"({"id":"T","name":"two"})");
  batch.event({"u1"}, "Placed Order", "2025-12-20");
  const auto again = apply(batch, "shop", 8);
  BOOST_TEST(again.applied == 1u); // The event, which no partition had.
  BOOST_TEST(again.duplicates == 1u);
  check_objects({R"(tag{"id":"T","name":"three"})"});
  BOOST_TEST(*engine->last_sequence("shop") == 8u);
}

BOOST_FIXTURE_TEST_CASE(one_read_has_all_objects_and_every_read_is_counted, objects_fixture) {
  batch_maker batch;
  for (int i = 0; i < 1000; ++i) {
    const auto id = "T" + std::to_string(i);
    batch.describe(object_kind::tag, id, R"({"id":")" + id + R"("})");
  }
  BOOST_TEST(apply(batch).applied == 1000u);
  BOOST_TEST(objects().size() == 1000u);
  BOOST_TEST(objects().size() == 1000u);
  std::uint64_t reads = 0;
  for (const auto& actor : engine->inspect())
    if (actor.kind == "account")
      for (const auto& [type, count] : actor.messages_by_type)
        if (type.find("read_objects") != std::string::npos)
          reads += count;
  BOOST_TEST(reads == 2u);
}

namespace {

constexpr int events_each = 20;

std::string numbered_name(std::uint64_t number) {
  return R"({"id":"C1","name":")" + std::to_string(number) + R"("})";
}

model::change_batch numbered_batch(std::uint64_t number) {
  batch_maker batch;
  std::mt19937_64 random{number};
  for (int i = 0; i < events_each; ++i)
    batch.event({"u" + std::to_string(random() % 100)}, "Placed Order", "2025-12-20T10:00:00Z", 1,
                std::to_string(number) + "-" + std::to_string(i));
  batch.describe(object_kind::campaign, "C1", numbered_name(number));
  const auto own = "F" + std::to_string(number);
  batch.describe(object_kind::flow, own, R"({"id":")" + own + R"("})");
  return batch.take();
}

/// Sends batches for ever and says through the pipe which are acknowledged; ends by being killed.
[[noreturn]] void send_for_ever(const rollcall::options& options, int pipe) {
  auto opened = rollcall::engine::open(options);
  if (!opened)
    _exit(2);
  auto& engine = **opened;
  for (auto sequence = *engine.last_sequence("storm") + 1;; ++sequence) {
    const auto sent = engine.submit(
      numbered_batch(sequence), "storm", sequence,
      [pipe, sequence](const model::outcome<rollcall::receipt>& r) {
        if (r && ::write(pipe, &sequence, sizeof sequence) != sizeof sequence)
          _exit(3);
      });
    if (!sent)
      _exit(4);
  }
}

} // namespace

BOOST_FIXTURE_TEST_CASE(descriptions_that_were_acknowledged_before_a_kill_are_there,
                        objects_fixture) {
  engine.reset();
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 4; ++round) {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
    const auto child = ::fork();
    BOOST_REQUIRE_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      send_for_ever(options(), ends[1]);
    }
    ::close(ends[1]);
    const auto patience = std::chrono::milliseconds{300 + random() % 700};
    std::thread killer{[&] {
      std::this_thread::sleep_for(patience);
      ::kill(child, SIGKILL);
    }};
    std::uint64_t sequence = 0;
    while (::read(ends[0], &sequence, sizeof sequence) == sizeof sequence)
      acknowledged = std::max(acknowledged, sequence);
    killer.join();
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_REQUIRE_MESSAGE(WIFSIGNALED(status),
                          "the child ended by itself with " << WEXITSTATUS(status));
    ::close(ends[0]);
  }
  open();
  const auto whole = *engine->last_sequence("storm");
  BOOST_CHECK_GE(whole, acknowledged);
  BOOST_REQUIRE_GT(whole, 0u);
  const auto highest = *engine->highest_sequence("storm");
  const auto before = engine->objects();
  need(before);
  BOOST_REQUIRE_GE(before->size(), whole + 1);
  BOOST_CHECK_EQUAL(before->front().name, std::to_string(highest));
  // What the kill has cut short is sent again, and some of what was whole: nothing goes back.
  for (auto again = whole > 3 ? whole - 3 : 1; again <= highest; ++again) {
    BOOST_REQUIRE(engine->apply(numbered_batch(again), "storm", again));
    BOOST_CHECK_EQUAL(engine->objects()->front().name, std::to_string(highest));
  }
  BOOST_CHECK_EQUAL(engine->objects()->size(), highest + 1);
  const auto metrics = engine->metrics();
  need(metrics);
  BOOST_CHECK_EQUAL(metrics->front().events, highest * events_each);
  check_everything();
}

BOOST_AUTO_TEST_SUITE_END()
