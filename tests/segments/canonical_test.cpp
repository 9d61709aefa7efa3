#include "segments/canonical.hpp"
#include "tests/segments/definition_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <set>

BOOST_AUTO_TEST_SUITE(canonical_test)

namespace {

using namespace definition_support;
using namespace segments;

std::string only_text(const std::string& json) {
  const auto texts = canonical_texts(json);
  BOOST_REQUIRE(texts.size() == 1u);
  return texts.front();
}

std::string hex(const criterion_id& id) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(id[1]),
                static_cast<unsigned long long>(id[0]));
  return text;
}

/// Paragraphs of lines that are not comments.
std::vector<std::vector<std::string>> paragraphs_of(const std::string& file) {
  std::vector<std::vector<std::string>> paragraphs(1);
  for (const auto& line : lines_of(file_text(file))) {
    if (line.empty() && !paragraphs.back().empty())
      paragraphs.emplace_back();
    else if (!line.empty() && line.front() != '#')
      paragraphs.back().push_back(line);
  }
  if (paragraphs.back().empty())
    paragraphs.pop_back();
  return paragraphs;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_stored_under_an_id_stays_so_for_ever) {
  const auto paragraphs = paragraphs_of("golden/canonical.txt");
  BOOST_TEST(paragraphs.size() >= 60u);
  for (const auto& lines : paragraphs) {
    BOOST_REQUIRE_MESSAGE(lines.size() == 3,
                          "a definition, its canonical text, its id: " + lines[0]);
    const auto parsed = parse_definition(lines[0], account_with());
    BOOST_REQUIRE_MESSAGE(parsed.rule, lines[0] + "\n" + describe(parsed.errors));
    BOOST_REQUIRE(parsed.rule->criteria.size() == 1u);
    BOOST_TEST(canonical_text(parsed.rule->criteria[0]) == lines[1]);
    BOOST_TEST(hex(parsed.rule->ids[0]) == lines[2], lines[1]);
  }
}

BOOST_AUTO_TEST_CASE(same_meaning_has_one_text_and_other_meaning_another) {
  std::set<std::string> seen;
  const auto paragraphs = paragraphs_of("cases/meaning.case");
  BOOST_TEST(paragraphs.size() >= 45u);
  for (const auto& lines : paragraphs) {
    const auto text = only_text(lines.front());
    for (const auto& line : lines)
      BOOST_TEST(only_text(line) == text, line);
    BOOST_TEST(seen.insert(text).second, "means the same as a paragraph before: " + text);
  }
}

BOOST_AUTO_TEST_CASE(equal_conditions_are_one_criterion) {
  const std::string two =
    R"({"type":"profile-property","property":"created","filter":{"type":"date","operator":"at-least","quantity":2,"unit":"week"}})";
  const std::string fourteen =
    R"({"type":"profile-property","property":"created","filter":{"type":"date","operator":"at-least","quantity":14,"unit":"day"}})";
  BOOST_TEST(canonical_texts(R"({"any_of":[)" + two + "," + fourteen + "," + two + "]}").size()
             == 1u);
}

BOOST_AUTO_TEST_CASE(ids_stand_beside_their_criteria) {
  for (const auto& json : golden_definitions()) {
    const auto parsed = parse_definition(json, account_with());
    BOOST_REQUIRE(parsed.rule);
    BOOST_REQUIRE(parsed.rule->ids.size() == parsed.rule->criteria.size());
    for (std::size_t i = 0; i < parsed.rule->ids.size(); ++i)
      BOOST_TEST((parsed.rule->ids[i] == id_of(parsed.rule->criteria[i])));
  }
}

BOOST_AUTO_TEST_CASE(the_one_form_is_its_own_one_form) {
  for (const auto& json : golden_definitions()) {
    const auto parsed = parse_definition(json, account_with());
    BOOST_REQUIRE(parsed.rule);
    for (const auto& criterion : parsed.rule->criteria)
      BOOST_TEST((normalised(criterion) == criterion), json);
  }
}

BOOST_AUTO_TEST_CASE(criteria_made_by_hand_have_the_text_of_the_one_form) {
  const criterion weeks = attribute_criterion{
    "created", date_filter{date_operator::between, date_unit::week, 2, 1, {}, {}, false, "UTC"}};
  const criterion days = attribute_criterion{
    "created", date_filter{date_operator::between, date_unit::day, 7, 14}};
  BOOST_TEST(canonical_text(weeks) == canonical_text(days));
  BOOST_TEST((id_of(weeks) == id_of(days)));
  // What an operator does not use says nothing.
  const criterion noisy = attribute_criterion{
    "created", date_filter{date_operator::alltime, date_unit::hour, 5, 6, {}, {}, true, "account"}};
  BOOST_TEST(canonical_text(noisy) == R"(["attribute","created",["date","alltime"]])");
}

BOOST_AUTO_TEST_SUITE_END()
