#include "segments/calendar.hpp"
#include "segments/code_instants.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <random>
#include <vector>

BOOST_AUTO_TEST_SUITE(code_instants_test)

namespace {

/// Instants as a dictionary may keep them: packed, or as numbers.
class few_instants final : public model::value_dictionary {
public:
  std::uint32_t size() const override {
    return static_cast<std::uint32_t>(count_);
  }
  model::value_view entry(std::uint32_t) const override {
    return {};
  }
  const model::integer_column* instants() const override {
    return numbers_.empty() ? &column_ : nullptr;
  }
  const double* numbers() const override {
    return numbers_.empty() ? nullptr : numbers_.data();
  }

  template <class Raw>
  void pack(const std::vector<Raw>& raws, std::int64_t base, std::int64_t scale) {
    count_ = raws.size();
    bytes_.resize(raws.size() * sizeof(Raw));
    std::memcpy(bytes_.data(), raws.data(), bytes_.size());
    column_ = {bytes_.data(), sizeof(Raw), base, scale};
  }
  void keep(std::vector<double> numbers) {
    count_ = numbers.size();
    numbers_ = std::move(numbers);
  }

private:
  std::vector<std::byte> bytes_;
  std::vector<double> numbers_;
  model::integer_column column_;
  std::size_t count_ = 0;
};

void check(const segments::code_instants& instants, std::uint32_t codes, std::int64_t earliest,
           std::int64_t latest) {
  std::vector<std::uint8_t> found(codes + 1, 7);
  instants.within(earliest, latest, found);
  BOOST_REQUIRE_EQUAL(found[0], 0);
  for (std::uint32_t code = 1; code <= codes; ++code) {
    const auto t = instants.at(code);
    BOOST_REQUIRE_EQUAL(found[code], earliest <= t && t <= latest ? 1 : 0);
  }
}

template <class Raw>
void check_packed(std::mt19937_64& random) {
  std::vector<Raw> raws(1 + random() % 100);
  for (auto& raw : raws)
    raw = static_cast<Raw>(sizeof(Raw) == 8    ? random() % (std::uint64_t{1} << 40)
                           : random() % 3 == 0 ? std::uint64_t{0} - random() % 3
                                               : random());
  few_instants dictionary;
  const auto base = static_cast<std::int64_t>(random() % 4'000'000'000'000) - 2'000'000'000'000;
  const std::int64_t scale = random() % 2 == 0 ? 1
                                               : static_cast<std::int64_t>(1 + random() % 5'000);
  dictionary.pack(raws, base, scale);
  const auto instants = segments::code_instants::of_texts(dictionary);
  BOOST_REQUIRE(instants);
  const auto codes = dictionary.size();
  const auto near_one = [&] {
    return instants->at(1 + static_cast<std::uint32_t>(random() % codes))
         + static_cast<std::int64_t>(random() % 5) - 2;
  };
  for (int i = 0; i < 20; ++i) {
    const auto a = near_one();
    const auto b = near_one();
    check(*instants, codes, std::min(a, b), std::max(a, b));
    check(*instants, codes, std::max(a, b), std::min(a, b));
    check(*instants, codes, segments::always, a);
    check(*instants, codes, a, segments::never);
    check(*instants, codes, base - 1, base - 1);
    check(*instants, codes, base, base);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(packed_instants_are_compared_as_the_instants_are) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    for (int round = 0; round < 200; ++round) {
      check_packed<std::uint8_t>(random);
      check_packed<std::uint16_t>(random);
      check_packed<std::uint32_t>(random);
      check_packed<std::uint64_t>(random);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_instant_for_all_takes_no_bytes) {
  few_instants dictionary;
  dictionary.pack(std::vector<std::uint8_t>(5), 1'000, 1);
  struct without_bytes final : model::value_dictionary {
    std::uint32_t size() const override {
      return 5;
    }
    model::value_view entry(std::uint32_t) const override {
      return {};
    }
    const model::integer_column* instants() const override {
      return &column;
    }
    model::integer_column column{nullptr, 0, 1'000, 1};
  } all_alike;
  for (const model::value_dictionary* each :
       {static_cast<const model::value_dictionary*>(&dictionary),
        static_cast<const model::value_dictionary*>(&all_alike)}) {
    const auto instants = segments::code_instants::of_texts(*each);
    BOOST_REQUIRE(instants);
    for (const std::int64_t earliest : {999, 1'000, 1'001})
      for (const std::int64_t latest : {999, 1'000, 1'001})
        check(*instants, 5, earliest, latest);
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_where_they_lie) {
  few_instants dictionary;
  dictionary.keep({1'750'000'000'000, 0, -5'000, 1'750'000'000'001});
  const auto instants = segments::code_instants::of_numbers(dictionary);
  BOOST_REQUIRE(instants);
  BOOST_TEST(!segments::code_instants::of_texts(dictionary));
  for (const std::int64_t earliest :
       {segments::always, std::int64_t{-5'000}, std::int64_t{0}, std::int64_t{1'750'000'000'000}})
    for (const std::int64_t latest :
         {segments::never, std::int64_t{0}, std::int64_t{1'750'000'000'000}})
      check(*instants, 4, earliest, latest);
}

BOOST_AUTO_TEST_SUITE_END()
