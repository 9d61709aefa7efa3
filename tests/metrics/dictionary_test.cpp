#include "metrics/where.hpp"
#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>

BOOST_AUTO_TEST_SUITE(dictionary_test)

namespace {

using namespace dictionary_support;
using namespace metrics;

std::string hash_with(std::string_view mine, std::string_view statistic) {
  return standard(mine).hash_of(statistic);
}

/// `open_rate` of version 2.
std::string my_open_rate(std::string_view description, std::string_view formula) {
  std::string text = "[derived.open_rate]\ndescription = \"";
  text.append(description).append("\"\nowner = \"tests\"\nversion = 2\nunit = \"fraction\"\n");
  return text.append("formula = \"").append(formula).append("\"\n");
}

std::string my_count(std::string_view where) {
  return entry("measure.mine", R"(unit = "events"
counts = "events"
events = "unsubscribed"
population = "message_sends"
time_basis = "send"
where = ')" + std::string{where} + "'");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_later_file_replaces_a_standard_entry_with_a_higher_version) {
  const auto all = standard(my_open_rate("Mine.", "opens_unique / recipients"));
  BOOST_TEST(all.derived.at("open_rate").facts.version == 2);
  BOOST_TEST(all.derived.at("open_rate").facts.owner == "tests");
  BOOST_TEST(all.measures_of("open_rate").size() == 4);
}

BOOST_AUTO_TEST_CASE(a_measure_may_take_the_place_of_a_derived_metric) {
  const auto all = standard(R"([measure.average_order_value]
description = "The largest one."
owner = "tests"
version = 2
unit = "money"
counts = "maximum"
events = "conversion"
population = "message_sends"
time_basis = "send"
)");
  BOOST_TEST(!all.derived.contains("average_order_value"));
  BOOST_TEST(all.measures_of("average_order_value").size() == 1);
}

BOOST_AUTO_TEST_CASE(two_files_of_ones_own_do_not_replace_each_other) {
  const auto known = standard_files();
  std::vector<dictionary_file> files{known.begin(), known.end()};
  files.push_back({"one.toml", my_open_rate("One.", "opens_unique / recipients")});
  files.push_back({"two.toml", my_open_rate("Two.", "opens_unique / delivered")});
  const auto result = read_dictionary(files);
  BOOST_REQUIRE(result.faults.size() == 1);
  BOOST_TEST(result.faults[0].at.file == "two.toml");
  BOOST_TEST(result.faults[0].message.find("one.toml:1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hash_is_sixteen_digits_and_stays_when_words_change) {
  const auto before = hash_with("", "open_rate");
  BOOST_TEST(before.size() == 16);
  BOOST_TEST(before.find_first_not_of("0123456789abcdef") == std::string::npos);
  BOOST_TEST(hash_with(my_open_rate("Other words.", "(opens_unique)/delivered"), "open_rate")
             == before);
  BOOST_TEST(hash_with("", "unheard_of").empty());
}

BOOST_AUTO_TEST_CASE(a_hash_changes_with_the_formula_and_with_what_lies_below) {
  const auto before = hash_with("", "open_rate");
  BOOST_TEST(hash_with(my_open_rate("Mine.", "opens_unique / recipients"), "open_rate") != before);
  const std::string set = R"([events.opened]
description = "Opens."
owner = "tests"
version = 2
metrics = [{name = "Opened Email", channel = "email"}]
)";
  BOOST_TEST(hash_with(set, "open_rate") != before);
  BOOST_TEST(hash_with(set, "click_rate") == hash_with("", "click_rate"));
}

BOOST_AUTO_TEST_CASE(equal_definitions_have_equal_hashes_whatever_their_names) {
  const auto all = standard(entry("derived.mine", R"(unit = "fraction"
formula = "opens_unique / delivered")"));
  BOOST_TEST(all.hash_of("mine") == all.hash_of("open_rate"));
  BOOST_TEST(all.hash_of("clicks") != all.hash_of("clicks_with_bots"));
  BOOST_TEST(all.hash_of("clicks") != all.hash_of("clicks_by_event_date"));
  BOOST_TEST(all.hash_of("clicks") != all.hash_of("clicks_unique"));
}

BOOST_AUTO_TEST_CASE(filters_that_say_the_same_have_the_same_hash) {
  const auto one = my_count(
    R"([{"property": "a", "filter": {"type": "numeric", "operator": "equals", "value": 1}},
        {"property": "b", "filter": {"type": "existence", "operator": "is-set"}}])");
  const auto other = my_count(
    R"([{"filter": {"operator": "is-set", "type": "existence"}, "property": "b"},
        {"property": "a", "filter": {"type": "numeric", "value": 1.0, "operator": "equals"}}])");
  const auto different = my_count(
    R"([{"property": "b", "filter": {"type": "existence", "operator": "is-set"}}])");
  const auto in_quotes = [](std::string text) { // Over several lines.
    const auto at = text.find("where = '") + 8;
    text.insert(at, "''");
    return text.insert(text.rfind('\''), "''");
  };
  const auto hash = hash_with(in_quotes(one), "mine");
  BOOST_TEST(hash == hash_with(in_quotes(other), "mine"));
  BOOST_TEST(hash != hash_with(different, "mine"));
}

BOOST_AUTO_TEST_CASE(filters_are_read_for_whoever_counts) {
  std::vector<segments::definition_error> errors;
  const auto read = parse_where(
    R"([{"property": "a", "filter": {"type": "boolean", "operator": "equals", "value": true}}])",
    errors);
  BOOST_TEST(errors.empty());
  BOOST_REQUIRE(read.size() == 1);
  BOOST_TEST(read[0].property == "a");
  BOOST_TEST(parse_where("", errors).empty());
  BOOST_TEST(errors.empty());
  parse_where("[]", errors);
  BOOST_TEST(errors.size() == 1);
}

// --- any text -----------------------------------------------------------------

namespace {

std::vector<std::string> pieces_of_toml() {
  std::istringstream words{
    R"([ ] [[ ]] { } = " \u00e9 \ """ ''' . , # 1e999 nan -inf 0x10 1979-05-27
    07:32:00 1979-05-27T07:32:00Z true a.b.c / - ( é _ when_zero=0 measure.x derived.delivered
    "delivered/delivered" version=2)"};
  std::vector<std::string> pieces{"\n", "\xFF", std::string(1, '\0'), "\n[measure.x]\n",
                                  "\nformula = \"delivered / opens\"\n"};
  for (std::string word; words >> word;)
    pieces.push_back(word);
  return pieces;
}

} // namespace

BOOST_AUTO_TEST_CASE(letters_that_the_library_did_not_expect_are_a_fault) {
  // Hiragana and CJK punctuation outside of quotes: undefined behaviour in toml++ 3.3 as it comes.
  for (const auto* text : {"\u3042 = 1\n", "\n\u3008\u3009 = 1\n", "a = \u3042\n"}) {
    const auto result = with_mine(text);
    BOOST_CHECK(!result.read);
    BOOST_CHECK(!result.faults.empty());
  }
}

BOOST_AUTO_TEST_CASE(no_text_makes_the_reader_fall) {
  const char* named = std::getenv("ROLLCALL_FUZZ_SEED");
  const auto seed = named ? std::strtoull(named, nullptr, 10) : 20'261'125ULL;
  BOOST_TEST_MESSAGE("ROLLCALL_FUZZ_SEED=" << seed);
  std::mt19937_64 random{seed};
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
  };
  const auto pieces = pieces_of_toml();
  std::vector<std::string> originals;
  for (const auto& file : standard_files())
    originals.push_back(file.text);
  std::size_t accepted = 0;
  for (int round = 0; round < 3'000; ++round) {
    auto text = originals[below(originals.size())];
    if (text.size() > 4'000) { // A slice, for speed.
      const auto from = below(text.size() - 4'000);
      text = text.substr(text.find("\n[", from) + 1, 4'000);
    }
    for (auto edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
      const auto at = below(text.size());
      const auto size = below(std::min<std::size_t>(text.size() - at, 40) + 1);
      if (below(3) == 0)
        text.erase(at, size);
      else if (below(3) == 0)
        text.insert(at, text.substr(below(text.size()), size));
      else
        text.replace(at, size % 4, pieces[below(pieces.size())]);
    }
    const std::vector<dictionary_file> files{{"mutant.toml", text}};
    const auto result = read_dictionary(files);
    BOOST_REQUIRE(result.read.has_value() == result.faults.empty());
    for (const auto& fault : result.faults)
      BOOST_REQUIRE(fault.at.file == "mutant.toml" && fault.at.line > 0 && !fault.message.empty());
    accepted += result.read ? 1 : 0;
  }
  BOOST_TEST_MESSAGE(accepted << " accepted");
}

BOOST_AUTO_TEST_CASE(depth_does_not_make_the_reader_fall) {
  for (const auto& [open, close] :
       {std::pair{"[", "]"}, std::pair{"{a=", "}"}, std::pair{"a.", ""}})
    for (const std::size_t depth : {10U, 90U, 300U, 50'000U}) {
      std::string text = *open == 'a' ? "" : "x = ";
      for (std::size_t i = 0; i < depth; ++i)
        text += open;
      text += *open == 'a' ? "a = 1" : "1";
      for (std::size_t i = 0; i < depth; ++i)
        text += close;
      BOOST_TEST(!with_mine(text + "\n").read.has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
