#include "actors/effects.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
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
    f.profile = static_cast<std::uint32_t>(random() % 20);
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

namespace {

bool same(const actors::effects& a, const actors::effects& b) {
  const auto same_bit = [](const auto& x, const auto& y) {
    return x.criterion == y.criterion && x.profile == y.profile && x.holds == y.holds;
  };
  const auto same_flip = [](const auto& x, const auto& y) {
    return x.segment == y.segment && x.profile == y.profile && x.joined == y.joined
        && x.cause == y.cause && x.at == y.at && x.detail == y.detail;
  };
  return std::ranges::equal(a.bits, b.bits, same_bit)
      && std::ranges::equal(a.flips, b.flips, same_flip);
}

/// Bits and flips as changes make them: several of one profile side by side.
actors::effects some_effects(std::mt19937& random) {
  actors::effects e;
  for (auto changes = random() % 20; changes > 0; --changes) {
    const auto profile = static_cast<std::uint32_t>(random());
    for (auto bits = random() % 5; bits > 0; --bits)
      e.bits.push_back(
        {static_cast<std::uint32_t>(random() % 2'000'000'000), profile, random() % 2 == 0});
    model::flip f;
    f.profile = profile;
    f.cause = static_cast<model::flip_cause>(1 + random() % 8);
    f.at = model::from_ms(static_cast<std::int64_t>(random()) - (std::int64_t{1} << 31));
    f.detail = std::string(random() % 3 == 0 ? 0 : random() % 20, 'y');
    for (auto flips = random() % 6; flips > 0; --flips) {
      f.segment = random() % 50 == 0 ? std::uint64_t{1} << 40 : random();
      f.joined = random() % 2 == 0;
      e.flips.push_back(f);
    }
  }
  return e;
}

} // namespace

BOOST_AUTO_TEST_CASE(effects_come_back_as_they_were) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int round = 0; round < 300; ++round) {
      const auto e = some_effects(random);
      const auto words = actors::encode_effects(e.bits, e.flips);
      const auto back = actors::decode_effects(words);
      BOOST_REQUIRE(back);
      BOOST_REQUIRE(same(e, *back));
      // Cut short or with a number changed they are refused, or at least nothing outside is read.
      for (std::size_t size = 0; size < words.size(); ++size)
        BOOST_REQUIRE(!actors::decode_effects(storage::words_view{words}.first(size)));
      auto broken = words;
      broken[random() % broken.size()] ^= std::uint64_t{1} << random() % 64;
      (void)actors::decode_effects(broken);
    }
  }
}

BOOST_AUTO_TEST_CASE(runs_come_back_as_they_were) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int round = 0; round < 300; ++round) {
      const auto run = some_run(random);
      const auto words = actors::encode(run);
      const auto back = actors::decode_flip_run(words);
      BOOST_REQUIRE(back);
      BOOST_REQUIRE(same({{}, run.list}, {{}, back->list}));
      for (std::size_t size = 0; size < words.size(); ++size)
        BOOST_REQUIRE(!actors::decode_flip_run(storage::words_view{words}.first(size)));
      auto broken = words;
      broken[random() % broken.size()] ^= std::uint64_t{1} << random() % 64;
      (void)actors::decode_flip_run(broken);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_change_with_many_flips_costs_two_bytes_a_flip) {
  std::vector<model::flip> flips(1'000);
  for (std::size_t i = 0; i < flips.size(); ++i) {
    flips[i].segment = i;
    flips[i].detail = "order-1";
  }
  BOOST_TEST(actors::encode_effects({}, flips).size() * sizeof(storage::word) < 2'100);
}

BOOST_AUTO_TEST_CASE(effects_of_format_2_are_still_read) {
  constexpr std::uint64_t joined = std::uint64_t{1} << 32;
  constexpr std::uint64_t has_detail = std::uint64_t{1} << 33;
  constexpr std::uint64_t same_as_before = std::uint64_t{1} << 34;
  constexpr std::uint64_t by_event = std::uint64_t{1} << 40;
  const std::vector<storage::word> words{2,
                                         std::uint64_t{7} << 33 | 5 << 1 | 1,
                                         std::uint64_t{8} << 33 | 5 << 1, // Bits.
                                         2,
                                         21,
                                         by_event | has_detail | joined | 5,
                                         1'000,
                                         2,
                                         0x3231, // Segment 21, detail "12".
                                         22,
                                         by_event | same_as_before | 5};
  const auto e = actors::decode_effects(words);
  BOOST_REQUIRE(e);
  actors::effects expected;
  expected.bits = {{7, 5, true}, {8, 5, false}};
  expected.flips = {{21, 0, 5, true, model::flip_cause::event, model::from_ms(1'000), "12"},
                    {22, 0, 5, false, model::flip_cause::event, model::from_ms(1'000), "12"}};
  BOOST_TEST(same(*e, expected));
}

BOOST_AUTO_TEST_CASE(runs_of_format_2_are_still_read) {
  constexpr std::uint64_t joined = std::uint64_t{1} << 32;
  constexpr std::uint64_t has_detail = std::uint64_t{1} << 33;
  constexpr std::uint64_t by_event = std::uint64_t{1} << 40;
  const std::vector<storage::word> words{
    1, 2, by_event | has_detail | joined | 5, 1'000, 2, 0x3231, by_event | 6, 2'000};
  const auto run = actors::decode_flip_run(words);
  BOOST_REQUIRE(run);
  actors::effects expected;
  expected.flips = {{0, 0, 5, true, model::flip_cause::event, model::from_ms(1'000), "12"},
                    {0, 0, 6, false, model::flip_cause::event, model::from_ms(2'000), {}}};
  BOOST_TEST(same({{}, run->list}, expected));
  std::vector<std::uint32_t> joining;
  BOOST_TEST(actors::each_joining(
    words, [&](std::uint32_t profile, model::instant) { joining.push_back(profile); }));
  BOOST_TEST(joining == std::vector<std::uint32_t>{5}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
