#include "gateway/upload.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <thread>

namespace {

using namespace gateway;

/// Gives the pieces one after the other, each when it is asked for.
std::string read_all(coding packed_as, std::deque<std::string> pieces) {
  std::shared_ptr<upload> body;
  body = std::make_shared<upload>(packed_as, [&] {
    auto piece = std::move(pieces.front());
    pieces.pop_front();
    body->give(std::move(piece), pieces.empty());
    return true;
  });
  std::string all;
  while (body->next(all)) {
  }
  return all;
}

bool is_refused(coding packed_as, const std::deque<std::string>& pieces) {
  try {
    read_all(packed_as, pieces);
    return false;
  } catch (const refusal& why) {
    return why.errors().front().status == 400;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(upload_test)

BOOST_AUTO_TEST_CASE(pieces_come_in_order) {
  BOOST_TEST(read_all(coding::identity, {"one ", "two ", "three"}) == "one two three");
  BOOST_TEST(read_all(coding::identity, {"one", ""}) == "one");
  BOOST_TEST(read_all(coding::identity, {""}).empty());
}

BOOST_AUTO_TEST_CASE(packed_pieces_are_unpacked) {
  const auto packed = gzip(std::string(5'000'000, 'x') + "end");
  std::deque<std::string> pieces;
  for (std::size_t at = 0; at < packed.size(); at += 1000)
    pieces.push_back(packed.substr(at, 1000));
  const auto all = read_all(coding::gzip, pieces);
  BOOST_TEST(all.size() == 5'000'003U);
  BOOST_TEST(all.ends_with("xend"));
}

BOOST_AUTO_TEST_CASE(packed_pieces_that_are_broken_or_cut_are_refused) {
  const auto packed = gzip(std::string(10'000, 'x'));
  BOOST_TEST(is_refused(coding::gzip, {"this is ", "no gzip"}));
  BOOST_TEST(is_refused(coding::gzip, {packed.substr(0, packed.size() - 3)}));
  BOOST_TEST(is_refused(coding::gzip, {packed, "more"}));
}

BOOST_AUTO_TEST_CASE(a_failure_wakes_who_waits_and_stays) {
  upload body{coding::identity, [] { return true; }};
  std::thread late{[&] { body.fail(invalid_body("", "gone")); }};
  std::string out;
  BOOST_CHECK_THROW(body.next(out), refusal);
  BOOST_CHECK_THROW(body.next(out), refusal);
  late.join();
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_gone_gives_no_pieces) {
  upload body{coding::identity, [] { return false; }};
  std::string out;
  BOOST_CHECK_THROW(body.next(out), refusal);
}

BOOST_AUTO_TEST_SUITE_END()
