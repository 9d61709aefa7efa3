#include "metrics/reference_page.hpp"
#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(reference_page_test)

using namespace dictionary_support;

BOOST_AUTO_TEST_CASE(the_page_tells_every_entry_with_its_definition) {
  const auto all = standard();
  const auto page = metrics::reference_page(all);
  const auto has = [&](std::string_view text) { return page.find(text) != std::string::npos; };
  for (const auto& [name, entry] : all.derived)
    BOOST_TEST(has("\n### " + name + "\n\n" + entry.facts.description + "\n\n"), name);
  for (const auto& [name, entry] : all.measures)
    BOOST_TEST(has("- hash: `" + all.hash_of(name) + "`\n"), name);
  BOOST_TEST(has("- formula: `opens_unique / delivered`\n- unit: fraction, a share\n"
                 "- divided by 0: 0\n- rests on: `delivered`, `opens_unique`\n"));
  BOOST_TEST(has("- metrics: Opened Email (email), Opened Push (push-notification)\n"));
  BOOST_TEST(has("\n## Conversion metrics\n"));
  BOOST_TEST(has("- metrics: Started Checkout, Checkout Started\n- hash: `"));
  BOOST_TEST(has("- credit: opened (email) 120 h, "));
}

BOOST_AUTO_TEST_SUITE_END()
