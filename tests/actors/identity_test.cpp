#include "actors/identity.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <string>

BOOST_AUTO_TEST_SUITE(identity_test)

namespace {

using actors::identifier_kind;
using actors::identity;
using intent = identity::intent;
using what = identity::resolution::what;

constexpr std::uint64_t key = 42;

} // namespace

BOOST_AUTO_TEST_CASE(a_new_person_is_made_once_and_found_by_every_name) {
  identity people{4, key};
  const auto made = people.resolve({"u1", "u1@example.org", ""}, intent::mention);
  BOOST_CHECK(made.kind == what::created);
  BOOST_CHECK(made.learned[0] && made.learned[1] && !made.learned[2]);
  BOOST_CHECK_EQUAL(made.place.profile, 0u);
  for (const actors::identifier_texts& who : {actors::identifier_texts{"u1", "", ""},
                                              {"", "u1@example.org", ""},
                                              {"u1", "u1@example.org", ""}}) {
    const auto again = people.resolve(who, intent::mention);
    BOOST_CHECK(again.kind == what::known);
    BOOST_CHECK(again.place == made.place);
    BOOST_CHECK(!again.learned[0] && !again.learned[1] && !again.replaces);
  }
  BOOST_CHECK_EQUAL(people.numbers(made.place.partition), 1u);
}

BOOST_AUTO_TEST_CASE(the_same_text_of_another_kind_is_another_name) {
  identity people{1, key};
  people.resolve({"same", "", ""}, intent::mention);
  BOOST_CHECK(people.resolve({"", "same", ""}, intent::look).kind == what::unknown);
  BOOST_CHECK(people.resolve({"Same", "", ""}, intent::look).kind == what::unknown);
}

BOOST_AUTO_TEST_CASE(names_of_two_people_in_one_record_are_a_conflict_that_names_both) {
  identity people{8, key};
  people.resolve({"u1", "", ""}, intent::mention);
  people.resolve({"u2", "two@example.org", ""}, intent::mention);
  const auto mixed = people.resolve({"u1", "two@example.org", ""}, intent::declare);
  BOOST_CHECK(mixed.kind == what::conflict);
  BOOST_CHECK_NE(mixed.reason.find("external_id \"u1\""), std::string::npos);
  BOOST_CHECK_NE(mixed.reason.find("email \"two@example.org\""), std::string::npos);
  BOOST_CHECK(people.resolve({"", "", ""}, intent::mention).kind == what::nameless);
}

BOOST_AUTO_TEST_CASE(an_event_gives_a_missing_name_but_replaces_none) {
  identity people{2, key};
  const auto made = people.resolve({"u1", "", ""}, intent::mention);
  const auto told = people.resolve({"u1", "first@example.org", ""}, intent::mention);
  BOOST_CHECK(told.learned[1] && !told.replaces);
  const auto other = people.resolve({"u1", "second@example.org", ""}, intent::mention);
  BOOST_CHECK(other.kind == what::known && !other.learned[1] && !other.replaces);
  BOOST_CHECK(people.resolve({"", "second@example.org", ""}, intent::look).kind == what::unknown);

  const auto declared = people.resolve({"u1", "second@example.org", ""}, intent::declare);
  BOOST_CHECK(declared.learned[1] && declared.replaces);
  people.release(identifier_kind::email, "first@example.org", made.place);
  BOOST_CHECK(people.resolve({"", "first@example.org", ""}, intent::look).kind == what::unknown);
  BOOST_CHECK(people.find(identifier_kind::email, "second@example.org") == made.place);
}

BOOST_AUTO_TEST_CASE(a_released_name_that_leads_to_somebody_else_by_now_stays_theirs) {
  identity people{2, key};
  const auto first = people.resolve({"u1", "shared@example.org", ""}, intent::mention);
  people.release(identifier_kind::email, "shared@example.org", first.place);
  const auto second = people.resolve({"u2", "shared@example.org", ""}, intent::mention);
  people.release(identifier_kind::email, "shared@example.org", first.place);
  BOOST_CHECK(people.find(identifier_kind::email, "shared@example.org") == second.place);
}

BOOST_AUTO_TEST_CASE(what_a_partition_tells_is_what_was_known_before) {
  identity people{3, key};
  std::vector<std::vector<actors::printed_identifier>> told(3);
  for (int i = 0; i < 500; ++i) {
    const auto id = "u" + std::to_string(i);
    const auto r = people.resolve({id, "", ""}, intent::mention);
    told[r.place.partition].push_back({actors::fingerprint_of(identifier_kind::external_id, id, 7),
                                       identifier_kind::external_id, r.place.profile});
  }
  identity again{3, 7};
  for (std::uint32_t p = 0; p < 3; ++p)
    again.load(p, people.numbers(p), told[p]);
  for (int i = 0; i < 500; ++i) {
    const auto id = "u" + std::to_string(i);
    BOOST_CHECK(again.find(identifier_kind::external_id, id)
                == people.find(identifier_kind::external_id, id));
  }
  const auto next = again.resolve({"somebody new", "", ""}, intent::mention);
  BOOST_CHECK_EQUAL(next.place.profile, people.numbers(next.place.partition));
}

BOOST_AUTO_TEST_CASE(the_table_agrees_with_a_map_through_puts_and_erasures) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    actors::fingerprint_table table;
    std::map<std::uint32_t, std::uint32_t> plain;
    // Few shards and homes, so that runs of neighbours form, wrap around and are closed again.
    const auto print = [](std::uint32_t n) {
      return actors::fingerprint{{(n % 7) * 0x20000000u + 0x1fffffffu, n, (n % 3) << 24}};
    };
    for (std::uint32_t step = 0; step < 60'000; ++step) {
      const auto n = static_cast<std::uint32_t>(random() % 400);
      if (random() % 2) {
        table.put(print(n), step);
        plain[n] = step;
      } else
        BOOST_REQUIRE_EQUAL(table.erase(print(n)), plain.erase(n) == 1);
      const auto other = static_cast<std::uint32_t>(random() % 400);
      const auto found = table.find(print(other));
      const auto expected = plain.find(other);
      BOOST_REQUIRE(found
                    == (expected == plain.end() ? std::nullopt : std::optional{expected->second}));
      BOOST_REQUIRE_EQUAL(table.size(), plain.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_million_names_keep_to_twenty_five_bytes_each) {
  actors::fingerprint_table table;
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    table.put(actors::fingerprint_of(identifier_kind::external_id, std::to_string(i), key), i);
  BOOST_CHECK_LE(table.bytes(), 25'000'000u); // 18 million: 450 MB.
  BOOST_CHECK(table.find(actors::fingerprint_of(identifier_kind::external_id, "777777", key))
              == 777'777u);
}

BOOST_AUTO_TEST_SUITE_END()
