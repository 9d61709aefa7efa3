#include "tests/library/engine_fixture.hpp"
#include "tests/storage/older_directory.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(engine_documents_test)

namespace {

using lines = std::vector<std::string>;

struct documents_fixture : engine_fixture {
  void put(std::string_view kind, std::string_view id, std::string_view json) {
    const auto kept = engine->put_document(kind, id, json);
    need(kept);
  }
  lines documents(std::string_view kind) {
    const auto found = engine->documents(kind);
    need(found);
    lines all;
    for (const auto& d : *found)
      all.push_back(d.id + " " + d.json);
    return all;
  }
  void check_documents(std::string_view kind, const lines& expected) {
    BOOST_TEST(documents(kind) == expected, boost::test_tools::per_element());
  }
};

template <class T>
bool is_wrong(const model::outcome<T>& answer, std::string_view because) {
  return !answer && answer.error().code == model::failure_code::invalid_input
      && answer.error().message.find(because) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(documents_are_kept_replaced_and_dropped, documents_fixture) {
  check_documents("webhook", {});
  put("webhook", "b", R"({"url": "https://b.example"})");
  put("webhook", "a", R"({"url":"https://a.example"})");
  put("tag", "a", "[]");
  const lines both{R"(a {"url":"https://a.example"})", R"(b {"url": "https://b.example"})"};
  check_documents("webhook", both);
  reopen();
  check_documents("webhook", both);
  put("webhook", "b", "null");
  BOOST_TEST(*engine->drop_document("webhook", "a"));
  BOOST_TEST(!*engine->drop_document("webhook", "a"));
  check_documents("webhook", {"b null"});
  check_documents("tag", {"a []"});
  reopen();
  check_documents("webhook", {"b null"});
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_a_document_is_refused_with_the_reason, documents_fixture) {
  const std::string long_name(65, 'x');
  BOOST_TEST(is_wrong(engine->put_document("", "a", "{}"), "kind of 0 bytes"));
  BOOST_TEST(is_wrong(engine->put_document("key", long_name, "{}"), "id of 65 bytes"));
  BOOST_TEST(is_wrong(engine->put_document("key", "a", "{"), "valid JSON"));
  BOOST_TEST(is_wrong(engine->put_document("key", "a", '"' + std::string(1 << 20, 'x') + '"'),
                      "at most 1048576"));
  BOOST_TEST(is_wrong(engine->documents(long_name), "kind of 65 bytes"));
  BOOST_TEST(is_wrong(engine->drop_document("key", ""), "id of 0 bytes"));
  BOOST_TEST(is_wrong(engine->drop_document(std::string(1, '\0'), "a"), "zero byte"));
  check_documents("key", {});
}

BOOST_FIXTURE_TEST_CASE(a_directory_of_a_release_without_documents_has_none_and_takes_some,
                        documents_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20"));
  create("Buyers", bought_lately);
  engine.reset();
  const auto store = directory.path() / "store";
  for (const auto* part : {"account", "partition-0", "partition-1", "partition-2", "partition-3"})
    tests::forget_keyspace(store / part, storage::keyspace::documents);
  open();
  BOOST_CHECK(members("Buyers") == (names{"u1"}));
  check_documents("key", {});
  put("key", "a", "1");
  reopen();
  check_documents("key", {"a 1"});
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_document_is_durable_when_it_was_answered, documents_fixture) {
  engine.reset();
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
  const auto child = ::fork();
  BOOST_REQUIRE_GE(child, 0);
  if (child == 0) {
    auto opened = rollcall::engine::open(options());
    const bool kept = opened && (*opened)->put_document("key", "a", "[1]")
                   && (*opened)->put_document("key", "b", "2")
                   && (*opened)->drop_document("key", "b");
    const char told = kept ? 'k' : 'f';
    if (::write(ends[1], &told, 1) == 1)
      ::pause();
    ::_exit(1);
  }
  ::close(ends[1]);
  char told = 0;
  BOOST_REQUIRE_EQUAL(::read(ends[0], &told, 1), 1);
  BOOST_CHECK_EQUAL(told, 'k');
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  open();
  check_documents("key", {"a [1]"});
}

BOOST_AUTO_TEST_SUITE_END()
