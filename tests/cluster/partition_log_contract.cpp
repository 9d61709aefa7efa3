#include "tests/cluster/partition_log_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <barrier>
#include <thread>

namespace cluster_tests {

namespace {

using cluster::log_extent;
using cluster::partition_log;
using model::failure_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds moment{50};
constexpr milliseconds long_enough{20000};

// Appends and demands success.
std::uint64_t put(partition_log& log, std::uint64_t last, std::string_view bytes) {
  const auto told = log.append(last, bytes);
  BOOST_REQUIRE_MESSAGE(told, "append behind " << last << ": " << reason_of(told));
  BOOST_REQUIRE_EQUAL(*told, last + 1);
  return *told;
}

void fill(partition_log& log, std::uint64_t count) {
  for (std::uint64_t last = 0; last < count; ++last)
    put(log, last, "record " + std::to_string(last + 1));
}

void check_extent(partition_log& log, log_extent expected) {
  const auto is = log.extent();
  BOOST_REQUIRE_MESSAGE(is, reason_of(is));
  BOOST_CHECK_EQUAL(is->first, expected.first);
  BOOST_CHECK_EQUAL(is->last, expected.last);
}

bool take_nothing(std::uint64_t, std::string_view) {
  BOOST_ERROR("there is nothing to read");
  return true;
}

} // namespace

partition_log::appended answers::expect(std::uint64_t last) {
  const std::scoped_lock lock{mutex_};
  const auto number = all_.size();
  all_.emplace_back();
  ++unanswered_;
  return [this, number, last](const model::outcome<std::uint64_t>& told) {
    const std::scoped_lock lock_too{mutex_};
    if (told && *told != last + 1)
      BOOST_ERROR("record " << *told << " was sent behind " << last);
    if (all_[number].empty())
      --unanswered_;
    all_[number].push_back(told);
    changed_.notify_all();
  };
}

bool answers::wait(seconds patience) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, patience, [this] { return unanswered_ == 0; });
}

std::size_t answers::expected() const {
  const std::scoped_lock lock{mutex_};
  return all_.size();
}

std::size_t answers::answered() const {
  const std::scoped_lock lock{mutex_};
  std::size_t count = 0;
  for (const auto& each : all_)
    count += each.size();
  return count;
}

std::vector<read_record> read_all(partition_log& log, std::uint64_t from, std::size_t count,
                                  milliseconds patience) {
  std::vector<read_record> all;
  const auto told = log.read(from, patience, [&](std::uint64_t sequence, std::string_view bytes) {
    all.push_back({sequence, std::string{bytes}});
    return all.size() < count;
  });
  BOOST_REQUIRE_MESSAGE(told, "read from " << from << ": " << reason_of(told));
  for (std::size_t i = 0; i < all.size(); ++i)
    BOOST_REQUIRE_EQUAL(all[i].sequence, from + i);
  return all;
}

void an_empty_log_has_nothing_to_read(const log_opener& open) {
  const auto log = open();
  check_extent(*log, {1, 0});
  BOOST_CHECK_EQUAL(failure_of(log->read(1, moment, take_nothing)), success);
  BOOST_CHECK_EQUAL(failure_of(log->trim(0)), success);
  BOOST_CHECK_EQUAL(failure_of(log->trim(5)), success);
  check_extent(*log, {1, 0});
}

void appends_come_back_as_they_went(const log_opener& open) {
  const auto log = open();
  const std::vector<std::string> sent{"one", std::string("\0\r\n\xff", 4), std::string(65536, 'x'),
                                      std::string(partition_log::record_bytes_max, '\0')};
  for (std::size_t i = 0; i < sent.size(); ++i)
    put(*log, i, sent[i]);
  check_extent(*log, {1, sent.size()});
  const auto other = open();
  const auto came = read_all(*other, 1, sent.size());
  BOOST_REQUIRE_EQUAL(came.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    BOOST_CHECK(came[i].bytes == sent[i]);
}

void an_append_elsewhere_than_at_the_end_is_a_conflict(const log_opener& open) {
  const auto log = open();
  BOOST_CHECK_EQUAL(failure_of(log->append(1, "ahead")), failure_code::conflict);
  fill(*log, 3);
  for (const std::uint64_t last : {0, 1, 2, 4, 100})
    BOOST_CHECK_EQUAL(failure_of(log->append(last, "elsewhere")), failure_code::conflict);
  check_extent(*log, {1, 3});
  put(*log, 3, "at the end");
}

void records_without_bytes_and_too_large_ones_are_refused(const log_opener& open) {
  const auto log = open();
  BOOST_CHECK_EQUAL(failure_of(log->append(0, "")), failure_code::invalid_input);
  BOOST_CHECK_EQUAL(
    failure_of(log->append(0, std::string(partition_log::record_bytes_max + 1, 'x'))),
    failure_code::invalid_input);
  put(*log, 0, "x");
}

void submitted_records_are_each_answered_once(const log_opener& open) {
  const auto log = open();
  answers told;
  constexpr std::uint64_t count = 32;
  for (std::uint64_t last = 0; last < count; ++last)
    log->submit(last, "record " + std::to_string(last + 1), told.expect(last));
  BOOST_REQUIRE(told.wait());
  for (const auto& each : told.all()) {
    BOOST_REQUIRE_EQUAL(each.size(), 1u);
    BOOST_CHECK_MESSAGE(each.front(), reason_of(each.front()));
  }
  const auto came = read_all(*log, 1, count);
  BOOST_REQUIRE_EQUAL(came.size(), count);
  BOOST_CHECK_EQUAL(came.back().bytes, "record 32");
}

void nothing_follows_a_record_that_was_refused(const log_opener& open) {
  const auto log = open();
  fill(*log, 2);
  answers told;
  // The first of them belongs behind a record that is not there, so none has its place.
  for (std::uint64_t last = 3; last < 10; ++last)
    log->submit(last, "stranded", told.expect(last));
  BOOST_REQUIRE(told.wait());
  for (const auto& each : told.all())
    BOOST_CHECK_EQUAL(failure_of(each.front()), failure_code::conflict);
  check_extent(*log, {1, 2});
}

void of_three_who_append_at_one_place_one_succeeds(const log_opener& open, int rounds) {
  constexpr int rivals = 3;
  std::vector<std::unique_ptr<partition_log>> logs;
  for (int i = 0; i < rivals; ++i)
    logs.push_back(open());
  std::vector<int> won_by;
  std::atomic<int> winners = 0;
  std::atomic<int> winner = -1;
  std::atomic<int> wrong = 0;
  std::barrier begin{rivals};
  std::barrier end{rivals, [&]() noexcept {
                     wrong += winners.exchange(0) == 1 ? 0 : 1;
                     won_by.push_back(winner);
                   }};
  std::vector<std::jthread> threads;
  for (int i = 0; i < rivals; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < rounds; ++round) {
        begin.arrive_and_wait();
        const auto last = static_cast<std::uint64_t>(round);
        const auto told = logs[static_cast<std::size_t>(i)]->append(last, std::to_string(i));
        if (told) {
          ++winners;
          winner = i;
        } else if (told.error().code != failure_code::conflict)
          ++wrong;
        end.arrive_and_wait();
      }
    });
  threads.clear();
  BOOST_CHECK_EQUAL(wrong.load(), 0);
  const auto came = read_all(*logs.front(), 1, static_cast<std::size_t>(rounds));
  BOOST_REQUIRE_EQUAL(came.size(), static_cast<std::size_t>(rounds));
  for (std::size_t round = 0; round < came.size(); ++round)
    BOOST_CHECK_EQUAL(came[round].bytes, std::to_string(won_by[round]));
}

void reading_stops_when_told_and_goes_on_from_there(const log_opener& open) {
  const auto log = open();
  fill(*log, 10);
  BOOST_CHECK_EQUAL(read_all(*log, 1, 4).size(), 4u);
  BOOST_CHECK_EQUAL(read_all(*log, 5, 3).size(), 3u);
  // From elsewhere in between, and again.
  BOOST_CHECK_EQUAL(read_all(*log, 2, 2).back().bytes, "record 3");
  BOOST_CHECK_EQUAL(read_all(*log, 8, 100).size(), 3u);
  BOOST_CHECK_EQUAL(read_all(*log, 11, 1).size(), 0u);
  put(*log, 10, "record 11");
  BOOST_CHECK_EQUAL(read_all(*log, 11, 1, long_enough).size(), 1u);
}

void a_reader_gets_what_is_appended_while_it_reads(const log_opener& open) {
  const auto writing = open();
  const auto reading = open();
  constexpr std::uint64_t count = 50;
  std::jthread writer{[&] { fill(*writing, count); }};
  const auto came = read_all(*reading, 1, count, long_enough);
  BOOST_REQUIRE_EQUAL(came.size(), count);
  BOOST_CHECK_EQUAL(came.back().bytes, "record 50");
}

void to_read_behind_the_end_is_a_conflict(const log_opener& open) {
  const auto log = open();
  fill(*log, 2);
  BOOST_CHECK_EQUAL(failure_of(log->read(3, moment, take_nothing)), success);
  BOOST_CHECK_EQUAL(failure_of(log->read(4, moment, take_nothing)), failure_code::conflict);
}

void what_was_trimmed_is_not_found(const log_opener& open) {
  const auto log = open();
  fill(*log, 10);
  BOOST_CHECK_EQUAL(failure_of(log->trim(0)), success);
  check_extent(*log, {1, 10});
  BOOST_CHECK_EQUAL(failure_of(log->trim(1)), success);
  check_extent(*log, {2, 10});
  BOOST_CHECK_EQUAL(failure_of(log->trim(6)), success);
  BOOST_CHECK_EQUAL(failure_of(log->trim(3)), success);
  check_extent(*log, {7, 10});
  for (const std::uint64_t from : {1, 6})
    BOOST_CHECK_EQUAL(failure_of(log->read(from, moment, take_nothing)), failure_code::not_found);
  BOOST_CHECK_EQUAL(read_all(*log, 7, 100).size(), 4u);
}

void a_trim_never_moves_the_end(const log_opener& open) {
  const auto log = open();
  fill(*log, 3);
  BOOST_CHECK_EQUAL(failure_of(log->trim(100)), success);
  check_extent(*log, {4, 3});
  BOOST_CHECK_EQUAL(failure_of(log->read(4, moment, take_nothing)), success);
  put(*log, 3, "record 4");
  check_extent(*log, {4, 4});
  BOOST_CHECK_EQUAL(read_all(*log, 4, 100).size(), 1u);
}

void a_reader_that_was_overtaken_by_a_trim_hears_of_it(const log_opener& open) {
  const auto log = open();
  const auto other = open();
  fill(*log, 10);
  BOOST_CHECK_EQUAL(read_all(*log, 1, 2).size(), 2u);
  BOOST_CHECK_EQUAL(failure_of(other->trim(5)), success);
  // What was on its way to it already may still come, but nothing may be left out in silence.
  std::uint64_t next = 3;
  const auto told = log->read(3, moment, [&](std::uint64_t sequence, std::string_view) {
    BOOST_CHECK_EQUAL(sequence, next++);
    return true;
  });
  BOOST_CHECK_MESSAGE(next == 11 || failure_of(told) == failure_code::not_found,
                      "read up to " << next - 1 << ", then " << failure_of(told));
  BOOST_CHECK_EQUAL(failure_of(other->read(3, moment, take_nothing)), failure_code::not_found);
}

} // namespace cluster_tests
