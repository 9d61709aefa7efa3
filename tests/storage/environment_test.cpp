#include "storage/environment.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(environment_test)

namespace {

using model::failure_code;
using model::nothing;
using storage::environment;
using storage::environment_options;
using storage::keyspace;
using storage::word;
using storage::words_view;
using storage::write_transaction;
using tests::temporary_directory;

environment_options small() {
  environment_options options;
  options.map_size = std::uint64_t{1} << 30;
  options.durable = false;
  return options;
}

std::unique_ptr<environment> opened(const std::filesystem::path& path,
                                    const environment_options& options = small()) {
  auto e = environment::open(path, options);
  if (!e)
    BOOST_FAIL(e.error().message);
  return std::move(*e);
}

/// A tmpfs of a few megabytes on a directory.
struct small_disk {
  explicit small_disk(const std::filesystem::path& at)
    : path(at), mounted(::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=6m") == 0) {
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    if (mounted)
      ::umount(path.c_str());
  }
  std::filesystem::path path;
  bool mounted;
};

void must(const model::status& s) {
  if (!s)
    BOOST_FAIL(s.error().message);
}

void put(environment& e, std::uint64_t key, const std::vector<word>& value) {
  must(e.update([&](write_transaction& t) -> model::status {
    t.put(storage::flips_key{key}, value);
    return t.health();
  }));
}

} // namespace

BOOST_AUTO_TEST_CASE(random_changes_agree_with_a_plain_map) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      const temporary_directory directory;
      std::map<std::array<std::uint64_t, 2>, std::vector<word>> plain;
      auto e = opened(directory.path());
      for (int round = 0; round < 40; ++round) {
        auto next = plain;
        auto begun = e->write();
        BOOST_REQUIRE(begun);
        auto& t = *begun;
        for (int i = 0; i < 200; ++i) {
          const storage::feed_key key{random() % 5, random() % 300};
          const std::array<std::uint64_t, 2> plain_key{key.segment, key.first_sequence};
          switch (random() % 8) {
          case 0:
            BOOST_REQUIRE_EQUAL(t.erase(key), next.erase(plain_key) == 1);
            break;
          case 1: {
            const storage::feed_key end{key.segment, key.first_sequence + random() % 10};
            const auto from = next.lower_bound(plain_key);
            const auto to = next.lower_bound({end.segment, end.first_sequence});
            const auto count = static_cast<std::uint64_t>(std::distance(from, to));
            next.erase(from, to);
            BOOST_REQUIRE_EQUAL(t.erase_range(key, end), count);
            break;
          }
          default: {
            std::vector<word> value(random() % (random() % 10 == 0 ? 3000 : 40));
            for (auto& w : value)
              w = random();
            BOOST_REQUIRE(t.put(key, value));
            next[plain_key] = std::move(value);
          }
          }
        }
        const auto compare = [&](const storage::transaction& look, const auto& expected) {
          auto at = expected.begin();
          auto all = look.all(keyspace::feed);
          while (const auto entry = all.next()) {
            BOOST_REQUIRE(at != expected.end());
            const auto key = entry->template as<storage::feed_key>();
            BOOST_REQUIRE_EQUAL(key.segment, at->first[0]);
            BOOST_REQUIRE_EQUAL(key.first_sequence, at->first[1]);
            BOOST_REQUIRE_EQUAL(reinterpret_cast<std::uintptr_t>(entry->value.data()) % 8, 0U);
            BOOST_REQUIRE(std::equal(entry->value.begin(), entry->value.end(), at->second.begin(),
                                     at->second.end()));
            ++at;
          }
          BOOST_REQUIRE(at == expected.end());
          BOOST_REQUIRE_EQUAL(look.count(keyspace::feed), expected.size());
          for (std::uint64_t segment = 0; segment < 5; ++segment) {
            const auto last = look.last_in(storage::feed_key{segment, 0},
                                           storage::feed_key{segment + 1, 0});
            auto after = expected.lower_bound({segment + 1, 0});
            const bool any = after != expected.begin() && (--after)->first[0] == segment;
            BOOST_REQUIRE_EQUAL(last.has_value(), any);
            if (any)
              BOOST_REQUIRE_EQUAL(last->template as<storage::feed_key>().first_sequence,
                                  after->first[1]);
          }
        };
        compare(t, next);
        if (random() % 4 == 0) {
          auto undone = std::move(*begun); // Dropped without a commit.
          continue;
        }
        must(t.commit());
        plain = std::move(next);
        if (random() % 10 == 0) {
          e.reset();
          e = opened(directory.path());
        }
        const auto look = e->read();
        BOOST_REQUIRE(look);
        compare(*look, plain);
      }
      BOOST_TEST(e->statistics()->unaligned_reads == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(keys_keep_the_order_of_their_numbers) {
  const temporary_directory directory;
  const auto e = opened(directory.path());
  must(e->update([](write_transaction& t) -> model::status {
    for (const std::int64_t bucket :
         std::array<std::int64_t, 6>{5, -7, 0, INT64_MIN, INT64_MAX, 256})
      t.put(storage::due_key{{1, 2}, bucket}, std::array<word, 1>{1});
    return nothing{};
  }));
  const auto look = e->read();
  auto c = look->from(storage::due_key{{1, 2}, INT64_MIN});
  std::vector<std::int64_t> buckets;
  while (const auto entry = c.next())
    buckets.push_back(entry->as<storage::due_key>().bucket);
  const std::vector<std::int64_t> expected{INT64_MIN, -7, 0, 5, 256, INT64_MAX};
  BOOST_TEST(buckets == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_snapshot_does_not_see_later_commits) {
  const temporary_directory directory;
  const auto e = opened(directory.path());
  put(*e, 1, {1});
  const auto before = e->read();
  put(*e, 1, {2});
  BOOST_TEST(before->get(storage::flips_key{1})->front() == 1U);
  BOOST_TEST(e->read()->get(storage::flips_key{1})->front() == 2U);
}

BOOST_AUTO_TEST_CASE(a_second_opening_in_the_same_process_is_refused) {
  const temporary_directory directory;
  auto first = opened(directory.path());
  const auto link = directory.path().string() + "-link";
  std::filesystem::create_symlink(directory.path(), link);
  for (const auto& path : {directory.path(), std::filesystem::path{link}}) {
    const auto second = environment::open(path, small());
    BOOST_REQUIRE(!second);
    BOOST_TEST((second.error().code == failure_code::in_use));
    BOOST_TEST(second.error().message.find(path.string()) != std::string::npos);
  }
  std::filesystem::remove(link);
  first.reset();
  BOOST_TEST((opened(directory.path()) != nullptr));
}

BOOST_AUTO_TEST_CASE(a_directory_of_another_process_is_refused) {
  const temporary_directory directory;
  int ready[2];
  BOOST_REQUIRE_EQUAL(::pipe(ready), 0);
  const auto child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    const auto e = environment::open(directory.path(), small());
    [[maybe_unused]] const auto told = ::write(ready[1], e ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  BOOST_REQUIRE_EQUAL(::read(ready[0], &answer, 1), 1);
  BOOST_REQUIRE_EQUAL(answer, 'y');
  const auto refused = environment::open(directory.path(), small());
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == failure_code::in_use));
  BOOST_TEST(refused.error().message.find(std::to_string(child)) != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST((opened(directory.path()) != nullptr));
  ::close(ready[0]);
  ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_refused_and_left_alone) {
  const temporary_directory directory;
  auto e = opened(directory.path());
  put(*e, 1, {1});
  must(e->update([](write_transaction& t) -> model::status {
    t.put(storage::meta_key{storage::meta_field::format},
          std::array<word, 1>{storage::format_version + 6});
    return nothing{};
  }));
  e.reset();
  for (int twice = 0; twice < 2; ++twice) {
    const auto refused = environment::open(directory.path(), small());
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == failure_code::newer_format));
    const auto says = [&](const std::string& what) {
      return refused.error().message.find(what) != std::string::npos;
    };
    BOOST_TEST(says(fmt::format("in format {} ", storage::format_version + 6)));
    BOOST_TEST(says(fmt::format("formats up to {};", storage::format_version)));
  }
}

/// So that the release that wrote it does not open what this one has written into it.
BOOST_AUTO_TEST_CASE(an_older_format_is_opened_and_becomes_this_one) {
  const temporary_directory directory;
  const storage::meta_key key{storage::meta_field::format};
  auto e = opened(directory.path());
  must(e->update([&](write_transaction& t) -> model::status {
    t.put(key, std::array<word, 1>{1});
    return nothing{};
  }));
  e.reset();
  e = opened(directory.path());
  const auto snapshot = e->read();
  BOOST_REQUIRE(snapshot);
  const auto format = snapshot->get(key);
  BOOST_REQUIRE(format);
  BOOST_TEST(format->front() == storage::format_version);
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_refused_when_none_may_be_created) {
  const temporary_directory directory;
  auto options = small();
  options.create = false;
  const auto refused = environment::open(directory.path() / "none", options);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == failure_code::not_found));
  BOOST_TEST(!std::filesystem::exists(directory.path() / "none"));
}

BOOST_AUTO_TEST_CASE(a_full_map_grows_and_the_work_is_done_again) {
  const temporary_directory directory;
  auto options = small();
  options.map_size = options.map_size_min = 1 << 20;
  const auto e = opened(directory.path(), options);
  const std::vector<word> value(4000, 7);
  int runs = 0;
  must(e->update([&](write_transaction& t) -> model::status {
    ++runs;
    for (std::uint64_t k = 0; k < 300; ++k)
      t.put(storage::flips_key{k}, value);
    return t.health();
  }));
  BOOST_TEST(runs > 2);
  BOOST_TEST(e->statistics()->map_size >= 300U * value.size() * sizeof(word));
  BOOST_TEST(e->read()->count(keyspace::flips) == 300U);
}

BOOST_AUTO_TEST_CASE(growing_waits_for_snapshots_and_gives_up_after_a_while) {
  const temporary_directory directory;
  auto options = small();
  options.map_size = options.map_size_min = 1 << 20;
  options.growth_wait = std::chrono::milliseconds{50};
  const auto e = opened(directory.path(), options);
  put(*e, 1, {11});
  const auto write_much = [&] {
    const std::vector<word> value(4000, 7);
    return e->update([&](write_transaction& t) -> model::status {
      for (std::uint64_t k = 2; k < 60; ++k)
        t.put(storage::flips_key{k}, value);
      return nothing{};
    });
  };
  {
    const auto open = e->read();
    const auto refused = write_much();
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == failure_code::storage_full));
    BOOST_TEST(open->get(storage::flips_key{1})->front() == 11U);
  }
  must(write_much());
  BOOST_TEST(e->read()->count(keyspace::flips) == 59U);
}

BOOST_AUTO_TEST_CASE(a_committed_transaction_does_not_hold_up_growing_or_closing) {
  const temporary_directory directory;
  auto options = small();
  options.growth_wait = std::chrono::milliseconds{0};
  auto e = opened(directory.path(), options);
  auto t = e->write();
  BOOST_TEST(!e->grow());
  t->put(storage::flips_key{1}, std::array<word, 1>{1});
  must(t->commit());
  must(e->grow());
  e.reset();
  BOOST_TEST(!t->commit());
}

BOOST_AUTO_TEST_CASE(a_map_that_the_system_refuses_is_made_smaller) {
  const temporary_directory directory;
  auto options = small();
  options.map_size = std::uint64_t{1} << 50; // More than the address space has.
  const auto e = opened(directory.path(), options);
  BOOST_TEST(e->statistics()->map_size < options.map_size);
  BOOST_TEST(e->statistics()->map_size >= options.map_size_min);
  put(*e, 1, {1});
}

BOOST_AUTO_TEST_CASE(failed_work_leaves_nothing_behind) {
  const temporary_directory directory;
  const auto e = opened(directory.path());
  bool told = false;
  const auto failed = e->update([&](write_transaction& t) -> model::status {
    t.put(storage::flips_key{1}, std::array<word, 1>{1});
    t.after_commit([&] { told = true; });
    return model::failure{failure_code::cancelled, "enough"};
  });
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message == "enough");
  BOOST_TEST(!told);
  BOOST_TEST(e->read()->count(keyspace::flips) == 0U);
}

BOOST_AUTO_TEST_CASE(appending_out_of_order_spoils_the_transaction) {
  const temporary_directory directory;
  const auto e = opened(directory.path());
  auto t = e->write();
  BOOST_TEST(t->put_append(storage::log_key{5}, std::array<word, 1>{1}));
  BOOST_TEST(!t->put_append(storage::log_key{4}, std::array<word, 1>{1}));
  BOOST_TEST(!t->put(storage::log_key{9}, std::array<word, 1>{1}));
  const auto refused = t->commit();
  BOOST_REQUIRE(!refused);
  BOOST_TEST(e->read()->count(keyspace::log) == 0U);
}

BOOST_AUTO_TEST_CASE(a_copy_can_be_opened_and_holds_the_snapshot) {
  const temporary_directory directory;
  const auto e = opened(directory.path() / "data");
  for (std::uint64_t k = 0; k < 50; ++k)
    put(*e, k, std::vector<word>(1000, k));
  for (std::uint64_t k = 0; k < 40; ++k)
    must(e->update([&](write_transaction& t) -> model::status {
      t.erase(storage::flips_key{k});
      return nothing{};
    }));
  must(e->copy_to(directory.path() / "copy"));
  const auto again = e->copy_to(directory.path() / "copy");
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().code == failure_code::conflict));
  const auto copy = opened(directory.path() / "copy");
  BOOST_TEST(copy->read()->count(keyspace::flips) == 10U);
  BOOST_TEST(copy->read()->get(storage::flips_key{45})->back() == 45U);
  BOOST_TEST(copy->statistics()->pages_used < e->statistics()->pages_used);
  BOOST_TEST(e->statistics()->pages_free > 0U);
}

BOOST_AUTO_TEST_CASE(readers_on_other_threads_see_whole_commits) {
  const temporary_directory directory;
  auto options = small();
  options.map_size = options.map_size_min = 1 << 20; // So that the map grows under them.
  const auto e = opened(directory.path(), options);
  put(*e, 0, std::vector<word>(100, 0));
  put(*e, 1, std::vector<word>(100, 0));
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> torn = 0;
  std::atomic<std::uint64_t> looks = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop) {
        const auto look = e->read();
        const auto a = look->get(storage::flips_key{0});
        const auto b = look->get(storage::flips_key{1});
        if (!a || !b || a->front() != b->back())
          ++torn;
        ++looks;
      }
    });
  for (std::uint64_t n = 1; n <= 300; ++n)
    must(e->update([&](write_transaction& t) -> model::status {
      t.put(storage::flips_key{0}, std::vector<word>(100 + n * 30, n));
      t.put(storage::flips_key{1}, std::vector<word>(100 + n * 30, n));
      t.put(storage::flips_key{n + 1}, std::vector<word>(2000, n));
      return nothing{};
    }));
  stop = true;
  for (auto& r : readers)
    r.join();
  BOOST_TEST(torn == 0U);
  BOOST_TEST(looks > 0U);
  BOOST_TEST(e->statistics()->map_size > std::uint64_t{1} << 20);
}

BOOST_AUTO_TEST_CASE(a_killed_writer_leaves_whole_commits) {
  const temporary_directory directory;
  std::mt19937_64 random{5};
  std::uint64_t acknowledged_in_all = 0;
  for (int round = 0; round < 20; ++round) {
    int acks[2];
    BOOST_REQUIRE_EQUAL(::pipe(acks), 0);
    const auto child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      environment_options options;
      options.map_size = std::uint64_t{1} << 30;
      auto e = environment::open(directory.path(), options);
      if (!e)
        ::_exit(1);
      for (;;) {
        std::uint64_t given = 0;
        const auto done = (*e)->update([&](write_transaction& t) -> model::status {
          given = t.count(keyspace::log) + 1;
          t.put_append(storage::log_key{given}, std::vector<word>(50, given));
          t.put(storage::flips_key{given % 10}, std::vector<word>(600, given));
          t.put(storage::meta_key{storage::meta_field::applied_sequence},
                std::array<word, 1>{given});
          return nothing{};
        });
        if (!done || ::write(acks[1], &given, sizeof given) != sizeof given)
          ::_exit(1);
      }
    }
    ::close(acks[1]);
    // Kills after a random number of acknowledged commits, so in the middle of the next one.
    std::uint64_t acknowledged = 0;
    for (auto n = 1 + random() % 20; n > 0; --n)
      BOOST_REQUIRE_EQUAL(::read(acks[0], &acknowledged, sizeof acknowledged), 8);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::uint64_t later = 0;
    while (::read(acks[0], &later, sizeof later) == 8)
      acknowledged = later;
    ::close(acks[0]);

    const auto e = opened(directory.path());
    const auto look = e->read();
    const auto applied = look->get(storage::meta_key{storage::meta_field::applied_sequence})
                           ->front();
    BOOST_TEST(applied >= acknowledged);
    BOOST_TEST(applied <= acknowledged + 1);
    BOOST_TEST(look->count(keyspace::log) == applied);
    for (std::uint64_t k = applied > 9 ? applied - 9 : 1; k <= applied; ++k)
      BOOST_TEST(look->get(storage::flips_key{k % 10})->back() == k);
    must(look->health());
    acknowledged_in_all = acknowledged;
  }
  BOOST_TEST(acknowledged_in_all >= 20U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_commits_until_there_is_space) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE(
      "SKIPPED a_full_disk_refuses_commits_until_there_is_space: needs root for a small tmpfs");
    return;
  }
  const temporary_directory directory;
  const small_disk disk{directory.path()};
  if (!disk.mounted) {
    BOOST_TEST_MESSAGE(
      "SKIPPED a_full_disk_refuses_commits_until_there_is_space: tmpfs cannot be mounted here");
    return;
  }
  auto options = small();
  options.durable = true;
  auto e = opened(directory.path() / "data", options);
  const auto filler = directory.path() / "filler";
  {
    const std::vector<char> megabytes(3 << 20, 'x');
    FILE* const f = std::fopen(filler.c_str(), "w");
    BOOST_REQUIRE_EQUAL(std::fwrite(megabytes.data(), 1, megabytes.size(), f), megabytes.size());
    std::fclose(f);
  }
  std::uint64_t kept = 0;
  model::status last = nothing{};
  // Large and small records, so that both kinds of short writes are met.
  for (std::uint64_t k = 0; k < 4000 && last; ++k) {
    last = e->update([&](write_transaction& t) -> model::status {
      t.put(storage::flips_key{k}, std::vector<word>(k % 7 == 0 ? 20'000 : 100, k));
      return nothing{};
    });
    kept += last ? 1 : 0;
  }
  BOOST_REQUIRE(!last);
  BOOST_TEST((last.error().code == failure_code::storage_full));
  BOOST_TEST(last.error().message.find(directory.path().string()) != std::string::npos);
  BOOST_TEST_MESSAGE(last.error().message);
  for (int again = 0; again < 3; ++again) {
    const auto refused = e->update([&](write_transaction& t) -> model::status {
      t.put(storage::flips_key{99'999}, std::vector<word>(200'000, 1));
      return nothing{};
    });
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == failure_code::storage_full));
  }
  BOOST_TEST(e->read()->count(keyspace::flips) == kept);
  // A new one cannot be made there, which is a failure and no signal.
  {
    std::ofstream rest{directory.path() / "rest", std::ios::binary};
    const std::vector<char> page(4096, 'x');
    while (rest.write(page.data(), 4096) && rest.flush()) {
    }
  }
  const auto another = environment::open(directory.path() / "another", options);
  BOOST_REQUIRE(!another);
  BOOST_TEST((another.error().code == failure_code::storage_full));
  // But it opens on a full disk, too.
  e.reset();
  e = opened(directory.path() / "data", options);
  BOOST_TEST(e->read()->count(keyspace::flips) == kept);
  std::filesystem::remove(filler);
  put(*e, 99'999, std::vector<word>(100'000, 1));
  BOOST_TEST(e->read()->count(keyspace::flips) == kept + 1);
  for (std::uint64_t k = 0; k < kept; ++k)
    BOOST_REQUIRE_EQUAL(e->read()->get(storage::flips_key{k})->front(), k);
}

BOOST_AUTO_TEST_SUITE_END()
