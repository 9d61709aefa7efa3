#include "segments/needed_texts.hpp"

#include <boost/test/unit_test.hpp>
#include <re2/re2.h>

#include <cstdlib>
#include <random>
#include <string>

namespace {

using segments::needed_texts;
using groups = std::vector<std::vector<std::string>>;

/// A pattern of few letters, so that it matches now and then.
std::string random_pattern(std::mt19937_64& chance, int depth) {
  static const char* const pieces[] = {"a",    "b",       "ab", "Ka", "[ab]", "[a-c]+", ".",
                                       "\\.",  "\\b",     "é",  "k",  "s",    "(?i)ks", "(?i:aB)",
                                       "[^a]", "\\x{41}", "^",  "$",  "@b",   "x*",     "a?"};
  std::string made;
  for (auto left = 1 + chance() % 4; left != 0; --left) {
    if (depth != 0 && chance() % 3 == 0) {
      made += chance() % 2 == 0 ? "(?:" : "(";
      made += random_pattern(chance, depth - 1) + "|" + random_pattern(chance, depth - 1) + ")";
      static const char* const times[] = {"", "", "?", "*", "+", "{2}"};
      made += times[chance() % std::size(times)];
    } else {
      made += pieces[chance() % std::size(pieces)];
    }
  }
  return made;
}

std::string random_text(std::mt19937_64& chance) {
  // With the Kelvin sign and the long s, which are other cases of k and s.
  static const char* const pieces[] = {"a",      "b", "c", "A", "B", "k", "K", "\u212a", "s",
                                       "\u017f", ".", "@", "x", "é", "É", " ", "\n"};
  std::string made;
  // Now and then longer than what is looked through in registers.
  for (auto left = chance() % (chance() % 8 == 0 ? 200 : 24); left != 0; --left)
    made += pieces[chance() % std::size(pieces)];
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(needed_texts_test)

// A text that is turned away is one that the pattern does not match.
BOOST_AUTO_TEST_CASE(nothing_that_matches_is_turned_away) {
  const char* given = std::getenv("ROLLCALL_SEED");
  const auto seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  BOOST_TEST_MESSAGE("ROLLCALL_SEED=" << seed);
  std::mt19937_64 chance{seed};
  std::size_t turned_away = 0;
  std::size_t matched = 0;
  for (int pattern = 0; pattern < 3'000; ++pattern) {
    const auto written = random_pattern(chance, 2);
    re2::RE2::Options options;
    options.set_log_errors(false);
    const re2::RE2 compiled{written, options};
    if (!compiled.ok())
      continue;
    const needed_texts needed{written};
    for (int text = 0; text < 40; ++text) {
      const auto read = random_text(chance);
      const bool matches = re2::RE2::PartialMatch(read, compiled);
      const bool may_match = needed.are_in(read);
      turned_away += may_match ? 0 : 1;
      matched += matches ? 1 : 0;
      BOOST_TEST_REQUIRE((may_match || !matches),
                         "seed " << seed << ": " << written << " matches \"" << read << '"');
    }
  }
  BOOST_TEST(turned_away > 1'000);
  BOOST_TEST(matched > 1'000);
}

BOOST_AUTO_TEST_CASE(what_a_pattern_needs_is_found) {
  const auto of = [](const char* pattern) { return needed_texts{pattern}.all(); };
  BOOST_TEST((of("^[a-z]+@example\\.org$") == groups{{"@example.org"}}));
  BOOST_TEST((of("^[a-f][a-z]+\\.(smith|jones)\\.[0-9a-z]*@Example\\.org$")
              == groups{{"@example.org"}, {".smith.", ".jones."}}));
  BOOST_TEST(of(".*").empty());
  BOOST_TEST(of("(abc)?").empty());
  BOOST_TEST(of("(").empty());
}

BOOST_AUTO_TEST_CASE(case_does_not_matter_to_what_is_needed) {
  const needed_texts needed{"(?i)shop"};
  BOOST_TEST(needed.are_in("my Shop, 24 hours a day"));
  BOOST_TEST(needed.are_in("\u017fHOP"));
  BOOST_TEST(!needed.are_in("my stop, 24 hours a day"));
  BOOST_TEST(!needed.are_in(""));
  BOOST_TEST(needed_texts{}.are_in(""));
}

BOOST_AUTO_TEST_SUITE_END()
