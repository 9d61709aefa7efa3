#include "storage/attribute_block.hpp"
#include "storage/event_block.hpp"
#include "tests/storage/random_events.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>

BOOST_AUTO_TEST_SUITE(attribute_block_test)

namespace {

using storage::attribute_block;

std::vector<storage::word> merged(const attribute_block* old, std::uint32_t rows,
                                  std::span<const storage::new_value> written) {
  auto bytes = storage::merge_attributes(old, rows, written, 7);
  if (!bytes)
    BOOST_FAIL(bytes.error().message);
  return std::move(*bytes);
}

attribute_block opened(const std::vector<storage::word>& words) {
  auto block = attribute_block::open(words);
  if (!block)
    BOOST_FAIL(block.error().message);
  const auto valid = block->validate();
  if (!valid)
    BOOST_FAIL(valid.error().message);
  return std::move(*block);
}

} // namespace

BOOST_AUTO_TEST_CASE(random_writes_agree_with_a_plain_model) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      const int distinct = std::array{1, 4, 1000}[random() % 3];
      std::uint32_t rows = 1 + static_cast<std::uint32_t>(random() % 2000);
      std::vector<model::value> plain;
      std::vector<storage::word> words;
      for (int round = 0; round < 6; ++round) {
        rows += static_cast<std::uint32_t>(random() % 50);
        plain.resize(rows);
        std::deque<model::value> values;
        std::vector<storage::new_value> written;
        for (auto n = random() % (2 * rows); n > 0; --n) {
          const auto row = static_cast<std::uint32_t>(random() % rows);
          auto& v = values.emplace_back();
          if (random() % 5 != 0)
            v = tests::random_value(random, distinct);
          written.push_back({row, v.view()});
          plain[row] = v;
        }
        std::optional<attribute_block> old;
        if (!words.empty())
          old.emplace(opened(words));
        auto next = merged(old ? &*old : nullptr, rows, written);
        old.reset();
        words = std::move(next);
        const auto block = opened(words);
        BOOST_TEST(block.applied_sequence() == 7U);
        BOOST_REQUIRE_EQUAL(block.rows(), rows);
        for (std::uint32_t r = 0; r < rows; ++r)
          BOOST_REQUIRE(block.value(r) == plain[r].view());
        BOOST_TEST(!block.value(rows).is_set());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(texts_that_all_name_instants_come_with_them) {
  const auto text = [](std::uint32_t row, std::string_view t) {
    return storage::new_value{row, {model::value_kind::text, 0, t}};
  };
  const auto instants = [](const attribute_block& block) {
    std::vector<std::int64_t> found;
    if (const auto* column = block.column().dictionary->instants())
      for (std::uint32_t c = 0; c < block.column().dictionary->size(); ++c)
        found.push_back(column->at(c));
    return found;
  };
  using times = std::vector<std::int64_t>;
  const std::vector dates{text(0, "1990-05-04"), text(1, "2026-01-01T00:00:00.001Z"),
                          text(2, "0001-01-01")};
  const auto first_words = merged(nullptr, 4, dates);
  const auto first = opened(first_words);
  auto found = instants(first);
  std::ranges::sort(found);
  BOOST_TEST(found == (times{-62'135'596'800'000, 641'779'200'000, 1'767'225'600'001}),
             boost::test_tools::per_element());

  // A merge keeps what is known of the values that stay.
  const std::vector later{text(1, "1990-05-05"), text(2, "1990-05-06")};
  const auto second_words = merged(&first, 4, later);
  const auto second = opened(second_words);
  found = instants(second);
  std::ranges::sort(found);
  BOOST_TEST(found == (times{641'779'200'000, 641'865'600'000, 641'952'000'000}),
             boost::test_tools::per_element());

  // One value that is no instant, of whatever kind, and there are none.
  const std::vector other{text(3, "soon")};
  const auto third_words = merged(&second, 4, other);
  BOOST_TEST(instants(opened(third_words)).empty());
  const std::vector<storage::new_value> number{{3, {model::value_kind::number, 5, {}}}};
  const auto fourth_words = merged(&second, 4, number);
  BOOST_TEST(instants(opened(fourth_words)).empty());
  // When it is gone, they are back.
  const std::vector again{text(3, "1990-05-04")};
  const auto third = opened(third_words);
  const auto fifth_words = merged(&third, 4, again);
  BOOST_TEST(instants(opened(fifth_words)).size() == 3U);
}

BOOST_AUTO_TEST_CASE(overwritten_values_are_gone_from_the_bytes) {
  const std::vector<storage::new_value> first{
    {0, {model::value_kind::text, 0, "old@example.org"}},
    {1, {model::value_kind::text, 0, "kept@example.org"}}};
  const auto old_words = merged(nullptr, 3, first);
  const auto old = opened(old_words);
  const std::vector<storage::new_value> second{
    {0, {model::value_kind::text, 0, "never@example.org"}}, {0, {}}};
  const auto words = merged(&old, 3, second);
  const std::string_view bytes{reinterpret_cast<const char*>(words.data()),
                               words.size() * sizeof(storage::word)};
  BOOST_TEST(bytes.find("old@") == std::string_view::npos);
  BOOST_TEST(bytes.find("never@") == std::string_view::npos);
  BOOST_TEST(bytes.find("kept@") != std::string_view::npos);
  const auto block = opened(words);
  BOOST_TEST(!block.value(0).is_set());
  BOOST_TEST(block.value(1).text == "kept@example.org");
}

BOOST_AUTO_TEST_CASE(an_attribute_that_nobody_has_any_more_has_no_values) {
  const std::vector<storage::new_value> first{{0, {model::value_kind::number, 3, {}}}};
  const auto old_words = merged(nullptr, 2, first);
  const auto old = opened(old_words);
  BOOST_TEST(old.any());
  const std::vector<storage::new_value> second{{0, {}}};
  const auto words = merged(&old, 2, second);
  BOOST_TEST(!opened(words).any());
}

BOOST_AUTO_TEST_CASE(damaged_blocks_are_refused_or_read_within_bounds) {
  std::mt19937_64 random{9};
  std::deque<model::value> values;
  std::vector<storage::new_value> written;
  for (std::uint32_t row = 0; row < 200; ++row)
    written.push_back({row, values.emplace_back(tests::random_value(random, 50)).view()});
  const auto good = merged(nullptr, 200, written);
  std::size_t refused = 0;
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto words = good;
    for (auto flips = 1 + random() % 3; flips > 0; --flips)
      words[random() % (random() % 2 == 0 ? 20 : words.size())] ^= std::uint64_t{1}
                                                                << (random() % 64);
    words.back() = storage::block_checksum(std::span{words}.first(words.size() - 1));
    const auto block = attribute_block::open(words);
    if (!block || !block->validate()) {
      ++refused;
      continue;
    }
    ++read;
    std::size_t sum = 0;
    for (std::uint32_t r = 0; r < block->rows(); ++r) {
      const auto v = block->value(r);
      sum += v.text.size() + (v.text.empty() ? 0U : static_cast<unsigned char>(v.text.back()));
      model::list_items items{v.kind == model::value_kind::list ? v.text : std::string_view{}};
      while (const auto item = items.next().is_set())
        sum += item;
    }
    const auto again = storage::merge_attributes(&*block, block->rows(), {}, 2);
    BOOST_REQUIRE(again.has_value());
    BOOST_REQUIRE(sum < words.size() * sizeof(storage::word) * 300 * 256);
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << read << " read");
  BOOST_TEST(refused > 1000U);
  BOOST_TEST(read > 1000U);
}

BOOST_AUTO_TEST_CASE(rows_outside_the_block_are_refused) {
  const std::vector<storage::new_value> written{{3, {}}};
  const auto bytes = storage::merge_attributes(nullptr, 3, written, 1);
  BOOST_REQUIRE(!bytes);
  BOOST_TEST((bytes.error().code == model::failure_code::invalid_input));
}

BOOST_AUTO_TEST_SUITE_END()
