#include "actors/effects.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(effects_test)

namespace {

/// Flips as changes make them: some share instant and detail with the one before.
actors::flip_run some_run(std::mt19937& random) {
  actors::flip_run run;
  run.list.resize(1 + random() % 50);
  for (std::size_t i = 0; i < run.list.size(); ++i) {
    auto& f = run.list[i];
    if (i != 0 && random() % 3 == 0)
      f = run.list[i - 1];
    else
      f.at = model::from_ms(static_cast<std::int64_t>(random()));
    f.profile = random() % 20;
    f.joined = random() % 2 == 0;
    if (random() % 4 == 0)
      f.detail = std::string(random() % 20, 'x');
  }
  return run;
}

} // namespace

BOOST_AUTO_TEST_CASE(joinings_are_those_of_the_whole_run) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int round = 0; round < 300; ++round) {
      const auto words = actors::encode(some_run(random));
      const auto whole = actors::decode_flip_run(words);
      BOOST_REQUIRE(whole);
      std::vector<std::pair<std::uint32_t, model::instant>> expected;
      for (const auto& f : whole->list)
        if (f.joined)
          expected.emplace_back(f.profile, f.at);
      std::vector<std::pair<std::uint32_t, model::instant>> found;
      BOOST_CHECK(actors::each_joining(
        words, [&](std::uint32_t profile, model::instant at) { found.emplace_back(profile, at); }));
      BOOST_CHECK(found == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(words_that_are_no_list_run_have_no_joinings) {
  const auto ignore = [](std::uint32_t, model::instant) {};
  std::mt19937 random{7};
  const auto words = actors::encode(some_run(random));
  for (std::size_t size = 0; size < words.size(); ++size)
    BOOST_TEST(!actors::each_joining(storage::words_view{words}.first(size), ignore));
  actors::flip_run crowd;
  crowd.everybody.emplace().joined.add(3U);
  BOOST_TEST(!actors::each_joining(actors::encode(crowd), ignore));
}

BOOST_AUTO_TEST_SUITE_END()
