#include "tests/cluster/memory_log.hpp"
#include "tests/cluster/partition_log_contract.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(memory_log_test)

namespace {

using namespace cluster_tests;

log_opener one_log(std::size_t bytes_max = std::size_t{1} << 30) {
  const auto records = std::make_shared<memory_records>(bytes_max);
  return [records] { return std::make_unique<memory_log>(records); };
}

} // namespace

BOOST_AUTO_TEST_CASE(it_is_a_log_like_any_other) {
  an_empty_log_has_nothing_to_read(one_log());
  appends_come_back_as_they_went(one_log());
  an_append_elsewhere_than_at_the_end_is_a_conflict(one_log());
  records_without_bytes_and_too_large_ones_are_refused(one_log());
  submitted_records_are_each_answered_once(one_log());
  nothing_follows_a_record_that_was_refused(one_log());
  of_three_who_append_at_one_place_one_succeeds(one_log(), 200);
  reading_stops_when_told_and_goes_on_from_there(one_log());
  a_reader_gets_what_is_appended_while_it_reads(one_log());
  to_read_behind_the_end_is_a_conflict(one_log());
  what_was_trimmed_is_not_found(one_log());
  a_trim_never_moves_the_end(one_log());
  a_reader_that_was_overtaken_by_a_trim_hears_of_it(one_log());
}

BOOST_AUTO_TEST_CASE(a_full_one_takes_records_again_after_a_trim) {
  const auto log = one_log(10)();
  BOOST_CHECK(log->append(0, "12345678"));
  BOOST_CHECK_EQUAL(failure_of(log->append(1, "123")), model::failure_code::storage_full);
  BOOST_CHECK(log->trim(1));
  BOOST_CHECK(log->append(1, "123"));
}

BOOST_AUTO_TEST_CASE(records_that_wait_when_it_closes_are_answered) {
  answers told;
  {
    const auto log = one_log()();
    for (std::uint64_t last = 0; last < 100; ++last)
      log->submit(last, "x", told.expect(last));
  }
  BOOST_CHECK_EQUAL(told.answered(), 100u);
}

BOOST_AUTO_TEST_SUITE_END()
