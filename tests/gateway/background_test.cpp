#include "gateway/background.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(background_test)

namespace {

using gateway::background;
using pause = std::optional<std::chrono::milliseconds>;
using namespace std::chrono_literals;

} // namespace

BOOST_AUTO_TEST_CASE(works_take_turns_until_they_are_done) {
  std::string order;
  std::promise<void> may_begin;
  std::promise<void> is_done;
  background works;
  works.add("gate", [&] {
    may_begin.get_future().wait();
    return pause{};
  });
  for (const char name : {'a', 'b'})
    works.add(std::string{name}, [&order, &is_done, name, left = 3]() mutable {
      order += name;
      if (order.size() == 6)
        is_done.set_value();
      return --left > 0 ? pause{0ms} : pause{};
    });
  may_begin.set_value();
  is_done.get_future().wait();
  BOOST_TEST(order == "ababab");
}

BOOST_AUTO_TEST_CASE(a_work_that_is_there_already_is_not_added_again) {
  int first = 0;
  int second = 0;
  std::promise<void> may_begin;
  std::promise<void> is_done;
  {
    background works;
    works.add("gate", [&] {
      may_begin.get_future().wait();
      return pause{};
    });
    works.add("one", [&] {
      ++first;
      return pause{};
    });
    works.add("one", [&] {
      ++second;
      return pause{};
    });
    works.add("last", [&] {
      is_done.set_value();
      return pause{};
    });
    may_begin.set_value();
    is_done.get_future().wait();
  }
  BOOST_TEST(first == 1);
  BOOST_TEST(second == 0);
}

BOOST_AUTO_TEST_CASE(the_end_waits_for_one_piece_only) {
  int pieces = 0;
  std::promise<void> has_begun;
  {
    background works;
    works.add("endless", [&] {
      if (++pieces == 1)
        has_begun.set_value();
      return pause{1h};
    });
    has_begun.get_future().wait();
  }
  BOOST_TEST(pieces == 1);
}

BOOST_AUTO_TEST_SUITE_END()
