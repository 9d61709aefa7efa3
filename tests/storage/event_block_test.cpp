#include "model/limits.hpp"
#include "storage/event_block.hpp"
#include "tests/storage/random_events.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <set>

BOOST_AUTO_TEST_SUITE(event_block_test)

namespace {

using storage::event_block;
using tests::event_input;
using tests::event_style;
using tests::plain_block;
using tests::plain_event;

std::vector<storage::word> merged(const event_block* old, std::uint32_t rows,
                                  std::span<const storage::new_event> added,
                                  std::span<const std::uint64_t> dropped = {},
                                  std::uint64_t sequence = 1) {
  auto bytes = storage::merge_events(old, rows, added, dropped, sequence);
  if (!bytes)
    BOOST_FAIL(bytes.error().message);
  return std::move(*bytes);
}

event_block opened(const std::vector<storage::word>& words) {
  auto block = event_block::open(words);
  if (!block)
    BOOST_FAIL(block.error().message);
  const auto valid = block->validate();
  if (!valid)
    BOOST_FAIL(valid.error().message);
  return std::move(*block);
}

plain_event event(std::uint32_t row, std::int64_t time, std::string id = {}) {
  plain_event e;
  e.row = row;
  e.time = time;
  e.unique_id = std::move(id);
  return e;
}

} // namespace

BOOST_AUTO_TEST_CASE(random_merges_agree_with_a_plain_model) {
  int newest_are_kept = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      event_style style;
      style.time_step = std::array{1, 1000, 60'000, 86'400'000, 7}[random() % 5];
      style.ids = static_cast<int>(random() % 6);
      style.distinct = std::array{1, 3, 300, 70'000}[random() % 4];
      style.rows = static_cast<std::uint32_t>(1 + random() % 400);
      style.properties = static_cast<int>(random() % 5);
      plain_block plain;
      std::vector<storage::word> words;
      std::uint64_t number = 0;
      for (int round = 0; round < 6; ++round) {
        style.values = static_cast<int>(random() % 6);
        style.rows += static_cast<std::uint32_t>(random() % 20);
        std::vector<plain_event> added;
        for (auto n = random() % (random() % 4 == 0 ? 3 : 800); n > 0; --n)
          added.push_back(random_event(random, style, number += 1 + random() % 3));
        std::vector<std::uint64_t> dropped((style.rows + 63) / 64);
        if (random() % 3 == 0)
          for (std::uint32_t r = 0; r < style.rows; ++r)
            if (random() % 5 == 0)
              dropped[r / 64] |= std::uint64_t{1} << (r % 64);
        const event_input input{added};
        std::optional<event_block> old;
        if (!words.empty())
          old.emplace(opened(words));
        auto next = merged(old ? &*old : nullptr, style.rows, input.views(), dropped, number);
        old.reset();
        words = std::move(next);
        plain.merge(style.rows, added, dropped);
        const auto block = opened(words);
        BOOST_TEST(block.applied_sequence() == number);
        check_block(block, plain);
        newest_are_kept += block.newest().empty() ? 0 : 1;
      }
    }
  }
  BOOST_TEST(newest_are_kept > 100);
}

BOOST_AUTO_TEST_CASE(many_merges_in_any_order_equal_one_merge) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      event_style style{1000, static_cast<int>(seed % 6), 1, 3, 10, 200};
      // Different times, so that the order of arrival cannot show.
      std::vector<plain_event> events;
      for (std::uint64_t i = 0; i < 900; ++i) {
        auto e = random_event(random, style, i);
        e.time = 1'600'000'000'000 + static_cast<std::int64_t>(i) * 1000;
        events.push_back(std::move(e));
      }
      std::shuffle(events.begin(), events.end(), random);
      plain_block plain;
      plain.merge(style.rows, events, {});
      std::vector<storage::word> words;
      for (std::size_t at = 0; at < events.size();) {
        const auto n = std::min<std::size_t>(1 + random() % 200, events.size() - at);
        std::vector<plain_event> part(events.begin() + static_cast<std::ptrdiff_t>(at),
                                      events.begin() + static_cast<std::ptrdiff_t>(at + n));
        const event_input input{part};
        std::optional<event_block> old;
        if (!words.empty())
          old.emplace(opened(words));
        auto next = merged(old ? &*old : nullptr, style.rows, input.views());
        old.reset();
        words = std::move(next);
        at += n;
      }
      check_block(opened(words), plain);
    }
  }
}

BOOST_AUTO_TEST_CASE(old_events_come_before_new_ones_of_the_same_time) {
  std::vector first{event(2, 5000, "a"), event(2, 5000, "b")};
  const auto old_words = merged(nullptr, 4, event_input{first}.views());
  const auto old = opened(old_words);
  std::vector second{event(2, 5000, "c"), event(2, 4000, "d")};
  const auto words = merged(&old, 4, event_input{second}.views());
  const auto block = opened(words);
  std::vector<std::string> ids;
  for (std::uint32_t i = 0; i < block.size(); ++i)
    ids.push_back(block.unique_id(i));
  const std::vector<std::string> expected{"d", "a", "b", "c"};
  BOOST_TEST(ids == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_id_of_an_event_without_one_is_its_time_in_whole_seconds) {
  std::vector events{event(0, 1'700'000'000'999), event(0, -1500), event(1, 1000, "1700000000")};
  const auto words = merged(nullptr, 2, event_input{events}.views());
  const auto block = opened(words);
  BOOST_TEST(block.unique_id(0) == "-2");
  BOOST_TEST(block.unique_id(1) == "1700000000");
  BOOST_TEST(block.find(0, "1700000000").value() == 1U);
  BOOST_TEST(block.find(0, "-2").value() == 0U);
  BOOST_TEST(block.find(1, "1700000000").value() == 2U);
  BOOST_TEST(!block.find(0, "01700000000"));
  BOOST_TEST(!block.find(0, "1700000001"));
  BOOST_TEST(!block.find(1, "1"));
  BOOST_TEST(!block.find(2, "1"));
}

BOOST_AUTO_TEST_CASE(ids_that_differ_in_one_part_only_are_told_apart) {
  const std::vector<std::string> ids{"e7",
                                     "e07",
                                     "e007",
                                     "f7",
                                     "00000000-0000-0001-0000-000000000007",
                                     "00000000-0000-0002-0000-000000000007",
                                     "00000000000000020000000000000007",
                                     "00000000000000030000000000000007",
                                     "x/y",
                                     "x/z"};
  // One id of each pair is there; the other ones must not be found in its place.
  for (std::size_t present = 0; present < ids.size(); ++present) {
    std::vector events{event(0, 1000, ids[present])};
    const auto words = merged(nullptr, 1, event_input{events}.views());
    const auto block = opened(words);
    for (std::size_t i = 0; i < ids.size(); ++i)
      BOOST_TEST(block.find(0, ids[i]).has_value() == (i == present), ids[i]);
  }
  std::vector<plain_event> events;
  for (const auto& id : ids)
    events.push_back(event(0, 1000, id));
  const auto words = merged(nullptr, 1, event_input{events}.views());
  const auto block = opened(words);
  for (std::uint32_t i = 0; i < ids.size(); ++i)
    BOOST_TEST(block.find(0, ids[i]).value() == i);
}

BOOST_AUTO_TEST_CASE(values_and_templates_that_are_known_are_not_kept_twice) {
  std::vector<storage::word> words;
  for (int round = 0; round < 5; ++round) {
    std::vector<plain_event> added;
    for (int i = 0; i < 30; ++i) {
      added.push_back(event(0, (round * 30 + i) * 1000, "order-" + std::to_string(i + 1) + "x"));
      added.back().properties[1] = model::value::of_text("value " + std::to_string(i % 10));
      added.back().properties[2] = model::value::of_number(i % 3);
    }
    const event_input input{added};
    std::optional<event_block> old;
    if (!words.empty())
      old.emplace(opened(words));
    auto next = merged(old ? &*old : nullptr, 1, input.views());
    old.reset();
    words = std::move(next);
    const auto block = opened(words);
    BOOST_TEST(block.property(1).dictionary->size() == 10U);
    BOOST_TEST(block.property(2).dictionary->size() == 3U);
    const std::string_view bytes{reinterpret_cast<const char*>(words.data()),
                                 words.size() * sizeof(storage::word)};
    const auto at = bytes.find("order-30x");
    BOOST_REQUIRE(at != std::string_view::npos);
    BOOST_TEST(bytes.find("order-30x", at + 1) == std::string_view::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_dropped_profiles_said_is_gone_from_the_bytes) {
  std::vector events{event(0, 1000, "secret-id/x"), event(1, 2000, "public-id/x")};
  events[0].properties[3] = model::value::of_text("secret value");
  events[0].properties[4] = model::value::of_text("secret only");
  events[1].properties[3] = model::value::of_text("public value");
  const auto old_words = merged(nullptr, 2, event_input{events}.views());
  const auto old = opened(old_words);
  const std::vector<std::uint64_t> dropped{1};
  const auto words = merged(&old, 2, {}, dropped);
  const auto block = opened(words);
  BOOST_TEST(block.size() == 1U);
  const std::string_view bytes{reinterpret_cast<const char*>(words.data()),
                               words.size() * sizeof(storage::word)};
  BOOST_TEST(bytes.find("secret") == std::string_view::npos);
  BOOST_TEST(bytes.find("public value") != std::string_view::npos);
  BOOST_TEST(block.properties().size() == 1U);
}

BOOST_AUTO_TEST_CASE(dropping_everybody_leaves_an_empty_block) {
  std::vector events{event(0, 1000), event(1, 2000)};
  const auto old_words = merged(nullptr, 2, event_input{events}.views());
  const auto old = opened(old_words);
  const std::vector<std::uint64_t> dropped{3};
  const auto words = merged(&old, 2, {}, dropped);
  const auto block = opened(words);
  BOOST_TEST(block.size() == 0U);
  BOOST_TEST(block.rows() == 2U);
  BOOST_TEST(!block.find(0, "1"));
}

BOOST_AUTO_TEST_CASE(values_stay_exact_when_finer_or_larger_ones_join) {
  const std::vector<std::vector<double>> rounds{
    {1, 2, 250},         {19.99, -0.01},
    {0.125, 3e15},       {9007199254740992.0, -9007199254740992.0},
    {1e300, 1.0 / 3, 0}, {model::no_value, 5e-324}};
  plain_block plain;
  std::vector<storage::word> words;
  std::int64_t time = 0;
  for (const auto& values : rounds) {
    std::vector<plain_event> added;
    for (const auto v : values) {
      added.push_back(event(0, time += 1000));
      added.back().value = v;
    }
    const event_input input{added};
    std::optional<event_block> old;
    if (!words.empty())
      old.emplace(opened(words));
    auto next = merged(old ? &*old : nullptr, 1, input.views());
    old.reset();
    words = std::move(next);
    plain.merge(1, added, {});
    check_block(opened(words), plain);
  }
}

BOOST_AUTO_TEST_CASE(none_never_collides_with_a_value) {
  // 0 … 255 fill one byte completely; then an event without value joins.
  std::vector<plain_event> all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(event(0, i * 1000));
    all.back().value = i;
  }
  plain_block plain;
  plain.merge(1, all, {});
  const auto first = merged(nullptr, 1, event_input{all}.views());
  const auto old = opened(first);
  BOOST_TEST(old.values.integers.width == 1);
  std::vector added{event(0, 500'000)};
  const auto words = merged(&old, 1, event_input{added}.views());
  plain.merge(1, added, {});
  check_block(opened(words), plain);
}

BOOST_AUTO_TEST_CASE(sparse_and_full_blocks_give_the_same_places) {
  for (const std::uint32_t n : {0U, 1U, 7U, 1000U, 5000U, 20'000U}) {
    std::mt19937_64 random{n};
    event_style style{1000, 1, 1, 0, 1, model::block_rows};
    std::vector<plain_event> events;
    for (std::uint32_t i = 0; i < n; ++i)
      events.push_back(random_event(random, style, i));
    const auto words = merged(nullptr, model::block_rows, event_input{events}.views());
    plain_block plain;
    plain.merge(model::block_rows, events, {});
    check_block(opened(words), plain);
    if (n < 10)
      BOOST_TEST(words.size() * sizeof(storage::word) < 600U);
  }
}

BOOST_AUTO_TEST_CASE(an_ordinary_event_takes_at_most_twenty_bytes) {
  std::mt19937_64 random{1};
  std::vector<plain_event> events;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    plain_event e;
    e.row = static_cast<std::uint32_t>(random() % model::block_rows);
    e.time = 1'600'000'000'000 + static_cast<std::int64_t>(random() % 63'072'000) * 1000;
    e.value = static_cast<double>(random() % 50'000) / 100;
    e.unique_id = tests::random_id(random, 1, 12'345'678 + i * 64 + random() % 64, 0);
    e.properties[1] = model::value::of_text("campaign " + std::to_string(random() % 40));
    e.properties[2] = model::value::of_text("variant " + std::to_string(random() % 4));
    events.push_back(std::move(e));
  }
  const auto words = merged(nullptr, model::block_rows, event_input{events}.views());
  const auto per_event = static_cast<double>(words.size() * sizeof(storage::word))
                       / static_cast<double>(events.size());
  BOOST_TEST_MESSAGE(per_event << " bytes an event");
  BOOST_TEST(per_event <= 20);
}

BOOST_AUTO_TEST_CASE(input_that_breaks_the_rules_is_refused) {
  const auto refused = [](std::vector<storage::new_event> added, std::uint32_t rows,
                          const event_block* old = nullptr) {
    const auto bytes = storage::merge_events(old, rows, added, {}, 1);
    return !bytes && bytes.error().code == model::failure_code::invalid_input;
  };
  BOOST_TEST(refused({{5, 1000}}, 5));
  BOOST_TEST(refused({{1, 2000}, {1, 1000}}, 5));
  BOOST_TEST(refused({{2, 1000}, {1, 1000}}, 5));
  BOOST_TEST(refused({{0, INT64_MAX}}, 5));
  BOOST_TEST(refused({}, 70'000));
  const auto words = merged(nullptr, 9, {});
  const auto old = opened(words);
  BOOST_TEST(refused({}, 8, &old));
}

BOOST_AUTO_TEST_CASE(damaged_blocks_are_refused_or_read_within_bounds) {
  std::mt19937_64 random{42};
  event_style style{1000, 5, 5, 3, 30, 60};
  std::vector<plain_event> events;
  for (std::uint64_t i = 0; i < 300; ++i)
    events.push_back(random_event(random, style, i));
  const auto good = merged(nullptr, style.rows, event_input{events}.views());
  std::size_t refused = 0;
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto words = good;
    for (auto flips = 1 + random() % 3; flips > 0; --flips) {
      // Mostly in the pointers and sizes at the front.
      const auto at = random()
                    % (random() % 2 == 0 ? std::min<std::size_t>(80, words.size()) : words.size());
      words[at] ^= std::uint64_t{1} << (random() % 64);
    }
    if (random() % 8 == 0)
      words.resize(random() % words.size());
    // With a checksum that fits again, everything else has to hold by itself.
    if (words.size() > 1)
      words.back() = storage::block_checksum(std::span{words}.first(words.size() - 1));
    const auto block = event_block::open(words);
    if (!block || !block->validate()) {
      ++refused;
      continue;
    }
    ++read;
    double sum = 0;
    for (std::uint32_t i = 0; i < block->size(); ++i) {
      sum += static_cast<double>(block->times.at(i) % 10
                                 + static_cast<std::int64_t>(block->unique_id(i).size()));
      sum += std::isnan(block->values.at(i)) ? 0 : 1;
      for (const auto p : block->properties())
        if (const auto column = block->property(p); column.code(i) != 0) {
          const auto v = column.dictionary->entry(column.code(i));
          sum += static_cast<double>(v.text.size()) + (v.text.empty() ? 0 : v.text.back());
        }
    }
    for (std::uint32_t r = 0; r < block->rows(); ++r)
      sum += block->find(r, "evt-0000000001") ? 1 : 0;
    BOOST_REQUIRE(!std::isnan(sum));
    const auto again = storage::merge_events(&*block, block->rows(), {}, {}, 2);
    BOOST_REQUIRE(again.has_value());
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << read << " read");
  BOOST_TEST(refused > 1000U);
  BOOST_TEST(read > 1000U);
}

BOOST_AUTO_TEST_CASE(validation_notices_every_flipped_bit) {
  std::mt19937_64 random{3};
  event_style style{1000, 2, 1, 2, 5, 20};
  std::vector<plain_event> events;
  for (std::uint64_t i = 0; i < 50; ++i)
    events.push_back(random_event(random, style, i));
  const auto good = merged(nullptr, style.rows, event_input{events}.views());
  for (std::size_t bit = 0; bit < good.size() * 64; ++bit) {
    auto words = good;
    words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    const auto block = event_block::open(words);
    BOOST_REQUIRE(!block || !block->validate());
  }
}

BOOST_AUTO_TEST_SUITE_END()
