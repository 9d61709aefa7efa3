#include "segments/parse.hpp"
#include "tests/segments/definition_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(parse_test)

namespace {

using namespace definition_support;
using namespace segments;

constexpr std::string_view everybody =
  R"({"type":"profile-property","property":"email","filter":{"type":"existence","operator":"is-set"}})";
constexpr std::string_view
  europe = R"({"type":"profile-region","in_region":true,"region":"european_union"})";

/// One case of a .case file.
struct text_case {
  std::string name;
  std::string definition;
  std::vector<std::string> expected; // What stands behind `=> `.
};

std::vector<text_case> cases_in(const std::string& file) {
  std::vector<text_case> cases;
  bool is_open = false;
  for (const auto& line : lines_of(file_text(file))) {
    if (line.empty() || line.front() == '#') {
      is_open = false;
    } else if (line.starts_with("=> ")) {
      BOOST_REQUIRE_MESSAGE(is_open, file + ": an expectation without a case: " + line);
      cases.back().expected.push_back(line.substr(3));
    } else if (is_open) {
      cases.back().definition += cases.back().definition.empty() ? line : "\n" + line;
    } else {
      cases.push_back({line, {}, {}});
      is_open = true;
    }
  }
  return cases;
}

/// `pointer | part of the message` against a mistake.
bool tells(const definition_error& error, const std::string& expected) {
  const auto bar = expected.find(" | ");
  const auto pointer = expected.substr(0, bar);
  if (error.pointer != (pointer == "(document)" ? "" : pointer))
    return false;
  return bar == std::string::npos
      || describe({error}).find(expected.substr(bar + 3)) != std::string::npos;
}

parse_context case_account() {
  auto account = account_with({
    {"V", "VIP", std::string{europe}},
    {"B", "Broken", R"({"all_of":[]})"},
    {"L", "Loop", R"({"any_of":[{"segment":"Ring"}]})"},
    {"R", "Ring", R"({"none_of":[{"segment":"L"}]})"},
    {"A", "Asks mine", R"({"segment":"Mine"})"},
    {"M", "Mine", std::string{everybody}},
  });
  account.self_id = "M";
  account.self_name = "Mine";
  return account;
}

void check(const text_case& each, const parse_context& account) {
  const auto parsed = parse_definition(each.definition, account);
  const auto told = each.name + "\n" + describe(parsed.errors);
  const bool is_valid = each.expected == std::vector<std::string>{"ok"};
  BOOST_TEST(parsed.rule.has_value() == is_valid, told);
  if (is_valid)
    return;
  BOOST_TEST(!each.expected.empty(), each.name + " expects nothing");
  const auto same = parsed.errors.size() == each.expected.size()
                 && std::equal(parsed.errors.begin(), parsed.errors.end(), each.expected.begin(),
                               tells);
  BOOST_TEST(same, told);
}

void check_file(const std::string& file, std::size_t cases_min) {
  const auto account = case_account();
  const auto cases = cases_in(file);
  BOOST_TEST(cases.size() >= cases_min, file + " has only " + std::to_string(cases.size()));
  for (const auto& each : cases)
    check(each, account);
}

parse_result parse(std::string_view json) {
  return parse_definition(json, account_with());
}

/// A definition that must be valid.
definition rule_of(std::string_view json, const parse_context& account = account_with()) {
  auto parsed = parse_definition(json, account);
  BOOST_REQUIRE_MESSAGE(parsed.rule, std::string{json} + "\n" + describe(parsed.errors));
  return std::move(*parsed.rule);
}

template <class Criterion>
Criterion only(std::string_view json) {
  const auto rule = rule_of(json);
  BOOST_REQUIRE(rule.criteria.size() == 1);
  BOOST_REQUIRE(std::holds_alternative<Criterion>(rule.criteria.front()));
  return std::get<Criterion>(rule.criteria.front());
}

std::string created(const std::string& filter) {
  return R"({"type":"profile-property","property":"created","filter":{"type":"date",)" + filter
       + "}}";
}

date_filter date_of(const std::string& filter) {
  return std::get<date_filter>(only<attribute_criterion>(created(filter)).test);
}

} // namespace

BOOST_AUTO_TEST_CASE(mistakes_of_the_text_are_told) {
  check_file("cases/text.case", 14);
}

BOOST_AUTO_TEST_CASE(mistakes_of_filters_are_told) {
  check_file("cases/filters.case", 35);
}

BOOST_AUTO_TEST_CASE(mistakes_of_conditions_are_told) {
  check_file("cases/conditions.case", 27);
}

BOOST_AUTO_TEST_CASE(mistakes_of_consent_are_told) {
  check_file("cases/consent.case", 16);
}

BOOST_AUTO_TEST_CASE(mistakes_of_the_tree_are_told) {
  check_file("cases/tree.case", 10);
}

BOOST_AUTO_TEST_CASE(every_published_condition_is_read_in_both_forms) {
  std::size_t read = 0;
  for (const auto& [name, condition] : klaviyo_examples()) {
    if (name == "profile-has-custom-object")
      continue;
    const auto strict = parse(R"({"condition_groups":[{"conditions":[)" + condition + "]}]}");
    BOOST_TEST(strict.rule.has_value(), name + "\n" + describe(strict.errors));
    const auto wider = parse(R"({"any_of":[)" + condition + "]}");
    BOOST_TEST(wider.rule.has_value(), name + "\n" + describe(wider.errors));
    if (strict.rule && wider.rule)
      BOOST_TEST(strict.rule->ids == wider.rule->ids, name);
    ++read;
  }
  if (read != 0)
    BOOST_TEST(read == 37u);
}

BOOST_AUTO_TEST_CASE(every_example_of_the_language_reference_is_a_rule) {
  const auto account = account_with({{"L", "Loyal customers", std::string{europe}}});
  std::vector<std::string> examples;
  bool is_open = false;
  for (const auto& line : lines_of(file_text("../../docs/segments.md"))) {
    if (line == "```json")
      examples.emplace_back();
    else if (is_open && line != "```")
      examples.back() += line + "\n";
    is_open = line == "```json" || (is_open && line != "```");
  }
  BOOST_TEST(examples.size() >= 16u);
  for (const auto& example : examples) {
    const auto parsed = parse_definition(example, account);
    BOOST_TEST(parsed.rule.has_value(), example << describe(parsed.errors));
  }
}

BOOST_AUTO_TEST_CASE(groups_are_joined_by_and_and_their_conditions_by_or) {
  const auto rule = rule_of(R"({"condition_groups":[{"conditions":[)" + std::string{europe} + ","
                            + std::string{everybody} + R"(]},{"conditions":[)" + std::string{europe}
                            + "]}]}");
  BOOST_TEST(rule.criteria.size() == 2u);
  BOOST_REQUIRE(rule.root.kind == boolean_kind::all_of);
  BOOST_REQUIRE(rule.root.children.size() == 2u);
  const auto& first = rule.root.children[0];
  BOOST_REQUIRE(first.kind == boolean_kind::any_of);
  BOOST_TEST(first.children[0].leaf == 0u);
  BOOST_TEST(first.children[1].leaf == 1u);
  BOOST_TEST(first.children[1].pointer == "/condition_groups/0/conditions/1");
  const auto& second = rule.root.children[1];
  BOOST_TEST((second.kind == boolean_kind::leaf));
  BOOST_TEST(second.leaf == 0u);
  BOOST_TEST(second.pointer == "/condition_groups/1/conditions/0");
}

BOOST_AUTO_TEST_CASE(a_lone_child_stands_for_its_parent_unless_it_is_negated) {
  const auto rule = rule_of(R"({"all_of":[{"any_of":[{"none_of":[)" + std::string{europe}
                            + "]}]}]}");
  BOOST_TEST((rule.root.kind == boolean_kind::none_of));
  BOOST_TEST(rule.root.pointer == "/all_of/0/any_of/0");
  BOOST_REQUIRE(rule.root.children.size() == 1u);
  BOOST_TEST(rule.root.children[0].pointer == "/all_of/0/any_of/0/none_of/0");
}

BOOST_AUTO_TEST_CASE(numbers_are_the_nearest_double_to_what_is_written) {
  // Boost.JSON's own conversion misses some of these by one place.
  for (const std::string written :
       {"499.99", "0.1", "2.2250738585072011e-308", "1.7976931348623157e308", "9007199254740993",
        "123456789012345678901234567890", "7.2057594037927933e16", "-0.3e-5",
        "18446744073709551615"}) {
    const auto c = only<attribute_criterion>(
      R"({"type":"profile-property","property":"properties['a']","filter":{"type":"numeric","operator":"equals","value":)"
      + written + "}}");
    BOOST_TEST(std::get<number_filter>(c.test).operand == std::strtod(written.c_str(), nullptr),
               written);
  }
}

BOOST_AUTO_TEST_CASE(weeks_are_seven_days_and_between_takes_either_order) {
  const auto weeks = date_of(R"("operator":"between","start":2,"end":1,"unit":"week")");
  BOOST_TEST((weeks == date_filter{date_operator::between, date_unit::day, 7, 14}));
  const auto hours = date_of(R"("operator":"in-the-last","quantity":24,"unit":"hour")");
  BOOST_TEST((hours == date_filter{date_operator::in_the_last, date_unit::hour, 24}));
}

BOOST_AUTO_TEST_CASE(static_dates_are_kept_as_written) {
  const auto before = date_of(R"("operator":"before","date":"2025-03-01T00:30:00+01:00")");
  BOOST_TEST(model::format_instant(before.start) == "2025-02-28T23:30:00Z");
  const auto between = date_of(
    R"("operator":"between-static","start":"2025-02-01","end":"2025-01-01")");
  BOOST_TEST(model::format_instant(between.start) == "2025-01-01T00:00:00Z");
  BOOST_TEST(model::format_instant(between.end) == "2025-02-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(rolling_days_are_hours_and_need_no_zone) {
  const auto rolling = date_of(
    R"("operator":"at-least","quantity":2,"unit":"day","rolling":true,"zone":"account")");
  BOOST_TEST((rolling == date_filter{date_operator::at_least, date_unit::hour, 48}));
  const auto zoned = date_of(R"("operator":"at-least","quantity":2,"unit":"day","zone":"account")");
  BOOST_TEST(zoned.zone == "account");
  BOOST_TEST(zoned.from == 2);
}

BOOST_AUTO_TEST_CASE(metric_and_list_ids_become_names) {
  const std::string rest =
    R"(","measurement":"count","measurement_filter":{"type":"numeric","operator":"equals","value":0},"timeframe_filter":{"type":"date","operator":"alltime"}})";
  const std::string start = R"({"type":"profile-metric","metric_id":")";
  BOOST_TEST(only<event_criterion>(start + "PLCORD" + rest).events.metric == "Placed Order");
  BOOST_TEST(only<event_criterion>(start + "Waved" + rest).events.metric == "Waved");
  const auto lists = only<list_criterion>(
    R"({"type":"profile-group-membership","is_member":true,"group_ids":["Z","NWSLTR","A","Newsletter"]})");
  BOOST_TEST(lists.lists == (std::vector<std::string>{"A", "Newsletter", "Z"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_account_that_answers_nothing_takes_names_as_they_are) {
  const auto rule = rule_of(
    R"({"type":"profile-group-membership","is_member":true,"group_ids":["Z"]})", {});
  BOOST_TEST(std::get<list_criterion>(rule.criteria[0]).lists.front() == "Z");
  BOOST_TEST(!parse_definition(R"({"segment":"VIP"})", {}).rule.has_value());
}

BOOST_AUTO_TEST_CASE(completion_windows_are_milliseconds) {
  const auto window = [](const std::string& field) {
    return only<sequence_criterion>(
             R"({"type":"profile-metric-funnel","timeframe_filter":{"type":"date","operator":"alltime"},"steps":[{"metric_exists":true,"metric_id":"A"}])"
             + field + "}")
      .window_ms;
  };
  constexpr std::int64_t hour = 3'600'000;
  BOOST_TEST(!window("").has_value());
  BOOST_TEST(!window(R"(,"completion_window_seconds":null)").has_value());
  BOOST_TEST(window(R"(,"completion_window_seconds":"HOURS_1")").value() == hour);
  BOOST_TEST(window(R"(,"completion_window_seconds":"DAYS_180")").value() == 180 * 24 * hour);
  BOOST_TEST(window(R"(,"completion_window_seconds":"WEEKS_1")").value() == 7 * 24 * hour);
  BOOST_TEST(window(R"(,"completion_window_seconds":"YEARS_1")").value() == 365 * 24 * hour);
  BOOST_TEST(window(R"(,"completion_window":{"quantity":90,"unit":"minute"})").value()
             == hour * 3 / 2);
}

BOOST_AUTO_TEST_CASE(the_date_of_the_next_purchase_is_the_next_order_of_the_profile) {
  const auto c = only<attribute_criterion>(
    R"({"type":"profile-predictive-analytics","dimension":"expected_date_of_next_purchase","filter":{"type":"date","operator":"anniversary"}})");
  BOOST_TEST(c.attribute == "predictive['expected_date_of_next_order']");
}

BOOST_AUTO_TEST_CASE(distances_are_miles_from_the_zip_point) {
  const auto c = only<distance_criterion>(
    R"({"type":"profile-postal-code-distance","country_code":"US","postal_code":"00601","unit":"kilometers","filter":{"type":"numeric","operator":"greater-than","value":16.09344}})");
  BOOST_TEST(c.latitude == 18.180555);
  BOOST_TEST(c.longitude == -66.749961);
  BOOST_TEST(c.miles == 10.0);
  BOOST_TEST(!c.nearer);
}

BOOST_AUTO_TEST_CASE(the_value_of_an_event_is_measured_when_no_property_is_named) {
  const auto measured = [](const std::string& field) {
    return only<event_criterion>(
      R"({"type":"profile-metric","metric_id":"A","measurement":"max",)" + field
      + R"("measurement_filter":{"type":"numeric","operator":"between","start":9,"end":3},"timeframe_filter":{"type":"date","operator":"alltime"}})");
  };
  BOOST_TEST(measured("").property.empty());
  BOOST_TEST(measured(R"("measurement_property":"$value",)").property.empty());
  BOOST_TEST(measured(R"("measurement_property":"Items",)").property == "Items");
  BOOST_TEST((measured("").what == measure::maximum));
  BOOST_TEST((measured("").holds == number_filter{comparison::equal, 3, 9}));
}

// --- segments in segments -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_segment_is_folded_in_and_listed) {
  const auto account = account_with({
    {"V", "VIP", R"({"any_of":[)" + std::string{europe} + R"(,{"segment":"Known"}]})"},
    {"K", "Known", std::string{everybody}},
  });
  const auto rule = rule_of(R"({"all_of":[{"segment":"VIP"},{"none_of":[{"segment":"K"}]}]})",
                            account);
  BOOST_TEST(rule.references == (std::vector<std::string>{"K", "V"}),
             boost::test_tools::per_element());
  BOOST_TEST(rule.criteria.size() == 2u);
  const auto& vip = rule.root.children.at(0);
  BOOST_TEST(vip.pointer == "/all_of/0/segment");
  BOOST_TEST(vip.children.at(0).pointer == "/all_of/0/segment/any_of/0");
  BOOST_TEST(vip.children.at(1).pointer == "/all_of/0/segment/any_of/1/segment");
  const auto& without = rule.root.children.at(1);
  BOOST_TEST(without.children.at(0).pointer == "/all_of/1/none_of/0/segment");
  BOOST_TEST(without.children.at(0).leaf == vip.children.at(1).leaf);
}

BOOST_AUTO_TEST_CASE(a_segment_that_is_yet_unknown_is_no_part_of_itself) {
  auto account = account_with();
  account.self_name = "New";
  const auto parsed = parse_definition(R"({"none_of":[{"segment":"New"}]})", account);
  BOOST_REQUIRE(parsed.errors.size() == 1u);
  BOOST_TEST(parsed.errors[0].allowed.ends_with("New -> New does"));
}

BOOST_AUTO_TEST_CASE(levels_end_at_the_limit_and_not_before) {
  const auto nested = [](std::size_t levels) {
    std::string json;
    for (std::size_t i = 0; i < levels; ++i)
      json += R"({"none_of":[)";
    json += europe;
    for (std::size_t i = 0; i < levels; ++i)
      json += "]}";
    return json;
  };
  BOOST_TEST(parse(nested(expression_depth_max)).rule.has_value());
  const auto parsed = parse(nested(expression_depth_max + 1));
  BOOST_REQUIRE(parsed.errors.size() == 1u);
  BOOST_TEST(parsed.errors[0].allowed == "at most 64 levels");
  // Beyond what is read at all.
  BOOST_TEST(!parse(nested(5'000)).rule.has_value());
  BOOST_TEST(!parse(std::string(100'000, '[')).rule.has_value());
}

BOOST_AUTO_TEST_CASE(levels_of_segments_in_segments_count) {
  std::vector<parse_context::referred> chain{{"0", "S0", std::string{europe}}};
  for (int i = 1; i <= 80; ++i)
    chain.push_back({std::to_string(i), "S" + std::to_string(i),
                     R"({"segment":"S)" + std::to_string(i - 1) + R"("})"});
  const auto account = account_with(chain);
  BOOST_TEST(parse_definition(R"({"segment":"S63"})", account).rule.has_value());
  const auto parsed = parse_definition(R"({"segment":"S64"})", account);
  BOOST_REQUIRE(parsed.errors.size() == 1u);
  BOOST_TEST(parsed.errors[0].pointer == "/segment");
  BOOST_TEST(parsed.errors[0].allowed.ends_with("at most 64 levels"));
}

BOOST_AUTO_TEST_CASE(segments_that_double_at_each_level_end_at_the_limit) {
  std::vector<parse_context::referred> chain{{"0", "S0", std::string{europe}}};
  for (int i = 1; i <= 40; ++i) {
    const auto before = R"({"segment":"S)" + std::to_string(i - 1) + R"("})";
    chain.push_back({std::to_string(i), "S" + std::to_string(i),
                     R"({"all_of":[)" + before + "," + before + "]}"});
  }
  const auto account = account_with(chain);
  const auto small = parse_definition(R"({"segment":"S10"})", account);
  BOOST_REQUIRE(small.rule);
  BOOST_TEST(small.rule->criteria.size() == 1u);
  const auto large = parse_definition(R"({"segment":"S20"})", account);
  BOOST_REQUIRE(large.errors.size() == 1u);
  BOOST_TEST(large.errors[0].allowed.find("at most 10000 conditions") != std::string::npos,
             large.errors[0].allowed);
}

BOOST_AUTO_TEST_CASE(definitions_have_a_largest_size) {
  const auto parsed = parse(std::string(definition_bytes_max + 1, ' '));
  BOOST_REQUIRE(parsed.errors.size() == 1u);
  BOOST_TEST(parsed.errors[0].found == "1048577 bytes");
  const auto padded = std::string{europe} + std::string(definition_bytes_max - europe.size(), ' ');
  BOOST_TEST(parse(padded).rule.has_value());
}

BOOST_AUTO_TEST_CASE(every_mistake_is_a_line_of_its_own) {
  const auto lines = describe(parse(R"({"any_of":[{"type":"profile-region"},{}]})").errors);
  BOOST_TEST(lines.starts_with(
    "/any_of/0/in_region: found nothing; allowed: true, false\n"
    "/any_of/0/region: found nothing; allowed: \"european_union\", \"united_states\"\n"
    "/any_of/1: found {}; allowed: "));
  BOOST_TEST(
    describe(parse("").errors).starts_with("the whole document: found line 1, column 1; "));
}

BOOST_AUTO_TEST_SUITE_END()
