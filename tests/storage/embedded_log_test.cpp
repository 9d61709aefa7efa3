#include "storage/embedded_log.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <random>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(embedded_log_test)

namespace {

using model::failure_code;
using storage::embedded_log;
using storage::environment;
using storage::keyspace;
using storage::log_key;
using storage::word;
using storage::write_transaction;
using tests::temporary_directory;

struct fixture {
  fixture() {
    reopen();
  }
  void reopen() {
    log.reset();
    data.reset();
    storage::environment_options options;
    options.map_size = std::uint64_t{1} << 30;
    options.durable = false;
    data = std::move(*environment::open(directory.path(), options));
    auto opened = embedded_log::open(*data);
    if (!opened)
      BOOST_FAIL(opened.error().message);
    log = std::move(*opened);
  }
  std::vector<std::string> records(std::uint64_t from) {
    std::vector<std::string> all;
    std::uint64_t expected = from;
    const auto done = log->read(from, [&](std::uint64_t sequence, std::string_view bytes) {
      BOOST_REQUIRE_EQUAL(sequence, expected++);
      all.emplace_back(bytes);
      return true;
    });
    if (!done)
      BOOST_FAIL(done.error().message);
    return all;
  }
  /// Changes a record behind the log's back.
  void spoil(std::uint64_t sequence, const std::function<void(std::vector<word>&)>& how) {
    const auto done = data->update([&](write_transaction& t) -> model::status {
      const auto record = t.get(log_key{sequence});
      std::vector<word> words(record->begin(), record->end());
      how(words);
      t.put(log_key{sequence}, words);
      return model::nothing{};
    });
    BOOST_REQUIRE(done);
  }
  std::optional<model::failure> fault(std::uint64_t from = 1) {
    const auto done = log->read(from, [](std::uint64_t, std::string_view) { return true; });
    return done ? std::nullopt : std::optional{done.error()};
  }

  temporary_directory directory;
  std::unique_ptr<environment> data;
  std::unique_ptr<embedded_log> log;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(records_come_back_in_order_after_every_reopening, fixture) {
  std::mt19937_64 random{1};
  std::vector<std::string> plain;
  BOOST_TEST(log->last() == 0U);
  BOOST_TEST(log->first() == 1U);
  for (int round = 0; round < 60; ++round) {
    std::string bytes(random() % 5000, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    plain.push_back(bytes);
    BOOST_TEST(*log->append(bytes) == plain.size());
    if (random() % 5 == 0)
      reopen();
    BOOST_TEST(log->last() == plain.size());
  }
  BOOST_TEST((records(1) == plain));
  BOOST_TEST((records(31) == std::vector<std::string>(plain.begin() + 30, plain.end())));
  BOOST_TEST(records(61).empty());
  BOOST_TEST(records(99).empty());
}

BOOST_FIXTURE_TEST_CASE(records_and_positions_are_committed_together_or_not_at_all, fixture) {
  const auto both = [&](bool commit) {
    auto t = data->write();
    const auto a = log->append(*t, "one");
    const auto b = log->append(*t, "two");
    BOOST_TEST(*b == *a + 1);
    t->put(storage::meta_key{storage::meta_field::applied_sequence}, std::array<word, 1>{*b});
    const auto before = log->last();
    if (commit)
      BOOST_REQUIRE(t->commit());
    BOOST_TEST(log->last() == (commit ? *b : before));
  };
  both(true);
  both(false);
  both(true);
  BOOST_TEST(log->last() == 4U);
  BOOST_TEST(data->read()->get(storage::meta_key{storage::meta_field::applied_sequence})->front()
             == 4U);
  const std::vector<std::string> expected{"one", "two", "one", "two"};
  BOOST_TEST(records(1) == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(cutting_keeps_the_count_and_the_chain, fixture) {
  for (int i = 1; i <= 10; ++i)
    BOOST_REQUIRE(log->append("record " + std::to_string(i)));
  BOOST_REQUIRE(log->trim(4));
  BOOST_TEST(log->first() == 5U);
  BOOST_TEST(records(5).size() == 6U);
  BOOST_TEST((fault(4)->code == failure_code::not_found));
  BOOST_REQUIRE(log->trim(2)); // Already gone.
  BOOST_REQUIRE(log->trim(1000));
  BOOST_TEST(log->first() == 11U);
  BOOST_TEST(log->last() == 10U);
  reopen();
  BOOST_TEST(log->last() == 10U);
  BOOST_TEST(log->first() == 11U);
  BOOST_TEST(*log->append("next") == 11U);
  BOOST_TEST(records(11).front() == "next");
}

BOOST_FIXTURE_TEST_CASE(every_kind_of_damage_is_told, fixture) {
  const auto fill = [&] {
    for (int i = 0; i < 5; ++i)
      BOOST_REQUIRE(log->append("record " + std::to_string(i)));
  };
  fill();
  const auto broken = [&](std::uint64_t sequence,
                          const std::function<void(std::vector<word>&)>& how) {
    std::vector<word> good;
    spoil(sequence, [&](std::vector<word>& words) {
      good = words;
      how(words);
    });
    const auto what = fault();
    spoil(sequence, [&](std::vector<word>& words) { words = good; });
    BOOST_REQUIRE(!fault());
    return what && what->code == failure_code::storage_broken
        && what->message.find("record " + std::to_string(sequence)) != std::string::npos;
  };
  for (unsigned bit = 0; bit < 64; ++bit)
    for (const std::size_t at : {0U, 1U, 3U})
      BOOST_TEST(broken(3, [&](std::vector<word>& words) { words[at] ^= word{1} << bit; }));
  BOOST_TEST(broken(3, [](std::vector<word>& words) { words[2] = 5; }));
  BOOST_TEST(broken(3, [](std::vector<word>& words) { words[2] = UINT64_MAX; }));
  BOOST_TEST(broken(3, [](std::vector<word>& words) { words.resize(1); }));
  BOOST_TEST(broken(3, [](std::vector<word>& words) { words.clear(); }));
}

BOOST_FIXTURE_TEST_CASE(a_record_of_another_history_breaks_the_chain, fixture) {
  BOOST_REQUIRE(log->append("a"));
  BOOST_REQUIRE(log->append("b"));
  BOOST_REQUIRE(log->append("c"));
  // A second history with another first record; its second record is whole in itself.
  fixture other;
  BOOST_REQUIRE(other.log->append("x"));
  BOOST_REQUIRE(other.log->append("b"));
  std::vector<word> foreign;
  other.spoil(2, [&](std::vector<word>& words) { foreign = words; });
  spoil(2, [&](std::vector<word>& words) { words = foreign; });
  const auto what = fault();
  BOOST_REQUIRE(what);
  BOOST_TEST((what->code == failure_code::storage_broken));
  BOOST_TEST(what->message.find("record 2") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_missing_record_is_told, fixture) {
  for (int i = 0; i < 4; ++i)
    BOOST_REQUIRE(log->append("x"));
  BOOST_REQUIRE(data->update([](write_transaction& t) -> model::status {
    t.erase(log_key{2});
    return model::nothing{};
  }));
  BOOST_TEST((fault()->code == failure_code::storage_broken));
}

BOOST_FIXTURE_TEST_CASE(waiting_ends_with_the_next_record_or_the_patience, fixture) {
  using namespace std::chrono_literals;
  BOOST_TEST(!log->wait(0, 1ms));
  bool written = false;
  std::thread writer{[&] { written = log->append("x").has_value(); }};
  BOOST_TEST(log->wait(0, 60s));
  writer.join();
  BOOST_TEST(written);
  BOOST_TEST(log->wait(0, 0ms));
  BOOST_TEST(!log->wait(1, 0ms));
}

BOOST_AUTO_TEST_SUITE_END()
