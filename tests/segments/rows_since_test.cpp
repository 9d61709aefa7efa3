#include "segments/event_source.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <random>

namespace {

/// The events of a block by hand: raw times by row, in a width of bytes.
class plain_columns final : public model::event_columns {
public:
  plain_columns(const std::vector<std::vector<std::uint64_t>>& rows, std::uint8_t width,
                std::int64_t base, std::int64_t scale, bool keeps_newest) {
    places_.push_back(0);
    for (const auto& raws : rows) {
      for (const auto raw : raws) {
        if (width == 0)
          continue;
        bytes_.resize(bytes_.size() + width);
        std::memcpy(bytes_.data() + bytes_.size() - width, &raw, width); // Little endian.
      }
      places_.push_back(places_.back() + static_cast<std::uint32_t>(raws.size()));
      if (keeps_newest)
        newest_.push_back(raws.empty() ? 0 : static_cast<std::uint32_t>(raws.back()) + 1);
    }
    first = places_;
    times = {reinterpret_cast<const std::byte*>(bytes_.data()), width, base, scale};
  }
  [[nodiscard]] model::coded_column property(std::uint32_t) const override {
    return {};
  }
  [[nodiscard]] std::span<const std::uint32_t> newest() const override {
    return newest_;
  }

private:
  std::vector<char> bytes_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> newest_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(rows_since_test)

// Whatever the times are packed in, and whether or not the newest ones are kept beside them.
BOOST_AUTO_TEST_CASE(those_whose_newest_event_is_late_enough_are_told) {
  std::mt19937_64 chance{1};
  std::size_t inside = 0;
  std::size_t outside = 0;
  for (int trial = 0; trial < 2'000; ++trial) {
    const auto width = std::array<std::uint8_t, 5>{0, 1, 2, 4, 8}[chance() % 5];
    const auto base = static_cast<std::int64_t>(chance() % 2'000) - 1'000;
    const auto scale = std::array<std::int64_t, 3>{1, 7, 1'000}[chance() % 3];
    std::vector<std::vector<std::uint64_t>> rows(1 + chance() % 200);
    for (auto& raws : rows) {
      raws.resize(chance() % 4);
      for (auto& raw : raws)
        raw = width == 0 ? 0 : chance() % 250;
      std::ranges::sort(raws);
    }
    const plain_columns columns{rows, width, base, scale, width != 8 && chance() % 2 == 0};
    const auto since = chance() % 20 == 0 ? segments::always
                     : chance() % 20 == 0 ? segments::never + 1
                                          : base + static_cast<std::int64_t>(chance() % 260) * scale
                                              + static_cast<std::int64_t>(chance() % 3) - 1;
    const segments::rows_since active{&columns, since};
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const bool is = !rows[row].empty()
                   && base + scale * static_cast<std::int64_t>(rows[row].back()) >= since;
      (is ? inside : outside) += 1;
      BOOST_TEST_REQUIRE((active[row / 64] >> (row % 64) & 1) == (is ? 1U : 0U),
                         "trial " << trial << ", row " << row);
    }
    const auto last = (rows.size() - 1) / 64;
    if (rows.size() % 64 != 0)
      BOOST_TEST((active[last] >> (rows.size() % 64)) == 0U);
  }
  BOOST_TEST(inside > 10'000U);
  BOOST_TEST(outside > 10'000U);
  BOOST_TEST((segments::rows_since{nullptr, 0}[0]) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
