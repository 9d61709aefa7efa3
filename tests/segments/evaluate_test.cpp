#include "segments/evaluate.hpp"
#include "tests/segments/evaluation_support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace evaluation_support;
using namespace segments;

/// What criteria mean, by example; S… are the rulings of semantics.md.
BOOST_AUTO_TEST_SUITE(evaluate_test)

namespace {

constexpr std::string_view noon = "2024-03-10T12:00:00Z";

bool passes(const filter& test, const model::value& v) {
  return holds(attribute("properties['x']", test), person{}.with("properties['x']", v), noon);
}

text_filter text_test(text_operator op, std::vector<std::string> operands) {
  return {op, std::move(operands)};
}

list_filter list_test(list_operator op, std::vector<model::value> operands) {
  return {op, std::move(operands)};
}

constexpr text_operator text_operators[] = {
  text_operator::equals,      text_operator::not_equals,
  text_operator::contains,    text_operator::not_contains,
  text_operator::starts_with, text_operator::not_starts_with,
  text_operator::ends_with,   text_operator::not_ends_with,
  text_operator::matches,     text_operator::not_matches,
  text_operator::in,          text_operator::not_in};

} // namespace

// --- values --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nothing_but_not_set_matches_what_is_not_set) {
  const person nobody;
  const auto check = [&](const filter& f) {
    return holds(attribute("properties['x']", f), nobody, noon);
  };
  BOOST_CHECK(check(existence_filter{false}));
  BOOST_CHECK(!check(existence_filter{true}));
  for (const auto op : text_operators)
    BOOST_CHECK(!check(text_test(op, {"a"})));
  BOOST_CHECK(!check(number_filter{comparison::not_equal, 1, {}}));
  BOOST_CHECK(!check(boolean_filter{false}));
  BOOST_CHECK(!check(list_test(list_operator::not_contains, {text("a")})));
  BOOST_CHECK(!check(list_length_filter{comparison::equal, 0}));
  BOOST_CHECK(!check(date_filter{}));
}

BOOST_AUTO_TEST_CASE(empty_text_and_empty_lists_are_set) {
  BOOST_CHECK(passes(existence_filter{true}, text("")));
  BOOST_CHECK(passes(existence_filter{true}, list({})));
  BOOST_CHECK(passes(list_length_filter{comparison::equal, 0}, list({})));
  BOOST_CHECK(passes(text_test(text_operator::equals, {""}), text("")));
}

BOOST_AUTO_TEST_CASE(types_must_fit_for_negative_operators_too) {
  BOOST_CHECK(!passes(number_filter{comparison::equal, 42, {}}, text("42")));
  BOOST_CHECK(!passes(number_filter{comparison::not_equal, 1, {}}, text("42")));
  BOOST_CHECK(!passes(text_test(text_operator::equals, {"42"}), number(42)));
  BOOST_CHECK(!passes(text_test(text_operator::not_equals, {"x"}), number(42)));
  BOOST_CHECK(!passes(boolean_filter{true}, number(1)));
  BOOST_CHECK(!passes(list_test(list_operator::not_contains, {text("x")}), text("y")));
  BOOST_CHECK(!passes(date_filter{}, number(1'700'000'000'000)));
}

BOOST_AUTO_TEST_CASE(text_is_compared_by_code_points_and_case) {
  BOOST_CHECK(passes(text_test(text_operator::equals, {"Jeans"}), text("Jeans")));
  BOOST_CHECK(!passes(text_test(text_operator::equals, {"jeans"}), text("Jeans")));
  BOOST_CHECK(passes(text_test(text_operator::starts_with, {"é"}), text("éclair")));
  BOOST_CHECK(passes(text_test(text_operator::not_ends_with, {"R"}), text("éclair")));
  BOOST_CHECK(passes(text_test(text_operator::contains, {""}), text("any")));
}

BOOST_AUTO_TEST_CASE(patterns_are_not_anchored) {
  BOOST_CHECK(passes(text_test(text_operator::matches, {"o.l"}), text("wool coat")));
  BOOST_CHECK(!passes(text_test(text_operator::matches, {"^o"}), text("wool")));
  BOOST_CHECK(passes(text_test(text_operator::not_matches, {"^o"}), text("wool")));
}

BOOST_AUTO_TEST_CASE(a_null_operand_never_matches) {
  for (const auto op : {text_operator::equals, text_operator::not_equals, text_operator::contains,
                        text_operator::not_contains}) {
    BOOST_CHECK(!passes(text_test(op, {}), text("a")));
    BOOST_CHECK(!passes(text_test(op, {}), list({text("a")})));
  }
  BOOST_CHECK(!passes(list_test(list_operator::not_contains_substring, {}), list({text("a")})));
}

BOOST_AUTO_TEST_CASE(contains_on_a_list_means_an_exact_item) {
  const auto sizes = list({text("XL"), text("38"), number(40)});
  BOOST_CHECK(passes(text_test(text_operator::contains, {"XL"}), sizes));
  BOOST_CHECK(!passes(text_test(text_operator::contains, {"X"}), sizes));
  BOOST_CHECK(passes(text_test(text_operator::not_contains, {"X"}), sizes));
  BOOST_CHECK(!passes(text_test(text_operator::not_contains, {"XL"}), sizes));
  for (const auto op : text_operators)
    if (op != text_operator::contains && op != text_operator::not_contains)
      BOOST_CHECK(!passes(text_test(op, {"XL"}), sizes));
}

BOOST_AUTO_TEST_CASE(list_items_are_equal_only_with_their_type) {
  const auto sizes = list({number(38), text("M")});
  BOOST_CHECK(passes(list_test(list_operator::contains, {number(38)}), sizes));
  BOOST_CHECK(!passes(list_test(list_operator::contains, {text("38")}), sizes));
  BOOST_CHECK(passes(list_test(list_operator::contains_any, {text("38"), text("M")}), sizes));
  BOOST_CHECK(!passes(list_test(list_operator::contains_all, {text("38"), text("M")}), sizes));
  BOOST_CHECK(passes(list_test(list_operator::not_contains_all, {text("38"), text("M")}), sizes));
  BOOST_CHECK(!passes(list_test(list_operator::not_contains_any, {text("M")}), sizes));
}

BOOST_AUTO_TEST_CASE(substrings_are_looked_for_in_text_items_only) {
  const auto sizes = list({number(38), text("XXL")});
  BOOST_CHECK(passes(list_test(list_operator::contains_substring, {text("XL")}), sizes));
  BOOST_CHECK(!passes(list_test(list_operator::contains_substring, {text("3")}), sizes));
  BOOST_CHECK(passes(list_test(list_operator::not_contains_substring, {text("3")}), sizes));
}

BOOST_AUTO_TEST_CASE(list_length_counts_repeats) {
  const auto twice = list({text("M"), text("M")});
  BOOST_CHECK(passes(list_length_filter{comparison::equal, 2}, twice));
  BOOST_CHECK(passes(list_length_filter{comparison::less_equal, 2}, twice));
  BOOST_CHECK(!passes(list_length_filter{comparison::greater, 2}, twice));
}

BOOST_AUTO_TEST_CASE(nested_data_matches_no_list_or_text_filter) {
  model::value nested;
  nested.kind = model::value_kind::nested;
  nested.text = R"([["a"]])";
  BOOST_CHECK(passes(existence_filter{true}, nested));
  BOOST_CHECK(!passes(text_test(text_operator::not_contains, {"z"}), nested));
  BOOST_CHECK(!passes(list_test(list_operator::not_contains_any, {text("z")}), nested));
  BOOST_CHECK(!passes(list_length_filter{comparison::equal, 1}, nested));
}

BOOST_AUTO_TEST_CASE(dates_without_zone_are_utc_and_impossible_dates_are_none) {
  const auto on_the_tenth = fixed(date_operator::between_static, "2024-03-10", "2024-03-10");
  BOOST_CHECK(passes(on_the_tenth, text("2024-03-10")));
  BOOST_CHECK(passes(on_the_tenth, text("2024-03-10 23:59:59")));
  BOOST_CHECK(passes(on_the_tenth, text("2024-03-11T01:00:00+02:00")));
  BOOST_CHECK(!passes(date_filter{}, text("2023-02-29")));
  BOOST_CHECK(!passes(date_filter{}, text("tomorrow")));
}

BOOST_AUTO_TEST_CASE(phone_numbers_belong_to_countries_by_calling_code) {
  const auto is_in = [](std::vector<std::string> countries, std::string_view number) {
    return passes(text_test(text_operator::phone_country_in, std::move(countries)), text(number));
  };
  const auto is_not_in = [](std::vector<std::string> countries, std::string_view number) {
    return passes(text_test(text_operator::phone_country_not_in, std::move(countries)),
                  text(number));
  };
  BOOST_CHECK(is_in({"GB", "US"}, "+447700900123"));
  BOOST_CHECK(is_in({"CA"}, "+14165550100"));
  BOOST_CHECK(!is_in({"US"}, "+14165550100"));
  BOOST_CHECK(is_in({"US"}, "+12125550100"));
  BOOST_CHECK(is_in({"PT"}, "+351912345678"));
  BOOST_CHECK(!is_in({"FR"}, "+351912345678"));
  BOOST_CHECK(is_not_in({"FR"}, "+351912345678"));
  for (const char* none : {"0447700900123", "+44", "+4477009001234567890", "+44 7700 900123", ""}) {
    BOOST_CHECK(!is_in({"GB"}, none));
    BOOST_CHECK(!is_not_in({"US"}, none));
  }
}

// --- events --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(thirty_days_of_silence_unmake_a_buyer) {
  const auto c = count_of("Placed Order", comparison::greater_equal, 1,
                          relative(date_operator::in_the_last, 30));
  const auto p = person{}.did("Placed Order", "2024-01-10T18:30:00Z");
  BOOST_CHECK(holds(c, p, "2024-02-09T23:59:59Z"));
  BOOST_CHECK(!holds(c, p, "2024-02-10T00:00:00Z"));
  BOOST_CHECK_EQUAL(next_flip(c, p, "2024-01-11T00:00:00Z"), "2024-02-10T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(zero_times_matches_people_without_the_event) {
  const auto c = count_of("Placed Order", comparison::equal, 0);
  BOOST_CHECK(holds(c, person{}, noon));
  BOOST_CHECK(!holds(c, person{}.did("Placed Order", "2024-01-01"), noon));
  BOOST_CHECK_EQUAL(next_flip(c, person{}, noon), "never");
}

BOOST_AUTO_TEST_CASE(the_count_flips_when_the_event_that_made_it_leaves) {
  const auto c = count_of("Placed Order", comparison::greater_equal, 2,
                          relative(date_operator::in_the_last, 7));
  const auto p = person{}
                   .did("Placed Order", "2024-03-05T08:00:00Z")
                   .did("Placed Order", "2024-03-06T08:00:00Z")
                   .did("Placed Order", "2024-03-08T08:00:00Z");
  BOOST_CHECK_EQUAL(verdict_of(c, p, noon).next_flip, ms("2024-03-14"));
}

BOOST_AUTO_TEST_CASE(events_that_leave_together_may_jump_over_the_range) {
  // From three to none at once: "exactly 1" never comes true.
  const auto c = count_of("Placed Order", comparison::equal, 1,
                          relative(date_operator::in_the_last, 7));
  auto p = person{};
  for (const char* time : {"2024-03-05T08:00:00Z", "2024-03-05T09:00:00Z", "2024-03-05T10:00:00Z"})
    p.did("Placed Order", time);
  BOOST_CHECK_EQUAL(verdict_of(c, p, noon).next_flip, never);
}

BOOST_AUTO_TEST_CASE(future_events_are_visible_to_open_windows_and_come_into_others) {
  const auto p = person{}.did("Placed Order", "2024-03-12T08:00:00Z");
  const auto once = [](date_filter f) {
    return count_of("Placed Order", comparison::equal, 1, std::move(f));
  };
  BOOST_CHECK(holds(once({}), p, noon));
  BOOST_CHECK(holds(once(fixed(date_operator::after, "2024-03-11")), p, noon));
  BOOST_CHECK(holds(once(relative(date_operator::in_the_next, 2)), p, noon));
  const auto last = once(relative(date_operator::in_the_last, 3));
  BOOST_CHECK(!holds(last, p, noon));
  BOOST_CHECK_EQUAL(next_flip(last, p, noon), "2024-03-12T08:00:00Z");
}

BOOST_AUTO_TEST_CASE(all_event_filters_must_hold_on_the_same_event) {
  auto c = count_of("Placed Order", comparison::greater_equal, 1);
  c.events.where = {{"Brand", text_test(text_operator::equals, {"Northwind"})},
                    {"Price", number_filter{comparison::greater, 10, {}}}};
  auto p = person{}
             .did("Placed Order", "2024-01-01")
             .where("Brand", text("Northwind"))
             .where("Price", number(5))
             .did("Placed Order", "2024-01-02")
             .where("Brand", text("Other"))
             .where("Price", number(20));
  BOOST_CHECK(!holds(c, p, noon));
  p.did("Placed Order", "2024-01-03").where("Brand", text("Northwind")).where("Price", number(20));
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(the_value_of_an_event_can_be_filtered_as_a_number) {
  auto c = count_of("Placed Order", comparison::equal, 1);
  c.events.where = {{"$value", number_filter{comparison::greater_equal, 50, {}}}};
  const auto p = person{}
                   .did("Placed Order", "2024-01-01", 50)
                   .did("Placed Order", "2024-01-02", 49.99)
                   .did("Placed Order", "2024-01-03");
  BOOST_CHECK(holds(c, p, noon));
  c.events.where = {{"$value", existence_filter{false}}};
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(sums_take_missing_values_as_zero) {
  auto c = count_of("Placed Order", comparison::equal, 0);
  c.what = measure::sum;
  BOOST_CHECK(holds(c, person{}, noon));
  BOOST_CHECK(holds(c, person{}.did("Placed Order", "2024-01-01"), noon));
  c.holds = {comparison::equal, 0.3, {}};
  // In event order 0.1 + 0.2 is more than 0.3 in double.
  const auto
    p = person{}.did("Placed Order", "2024-01-01", 0.1).did("Placed Order", "2024-01-02", 0.2);
  BOOST_CHECK(!holds(c, p, noon));
  c.holds = {comparison::equal, 0.1 + 0.2, {}};
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(a_sum_flips_when_enough_of_it_has_left) {
  auto c = count_of("Placed Order", comparison::greater, 100,
                    relative(date_operator::in_the_last, 7));
  c.what = measure::sum;
  const auto p = person{}
                   .did("Placed Order", "2024-03-05", 1)
                   .did("Placed Order", "2024-03-06", 60)
                   .did("Placed Order", "2024-03-08", 70);
  BOOST_CHECK_EQUAL(verdict_of(c, p, noon).next_flip, ms("2024-03-14"));
}

BOOST_AUTO_TEST_CASE(no_count_is_below_nothing) {
  for (const auto& f : {relative(date_operator::in_the_last, 30), between(10, 30)}) {
    const auto equal = count_of("Placed Order", comparison::equal, -1, f);
    const auto other = count_of("Placed Order", comparison::not_equal, -1, f);
    for (const auto& who : {person{}, person{}.did("Placed Order", "2024-02-25")}) {
      BOOST_CHECK(!holds(equal, who, noon));
      BOOST_CHECK(holds(other, who, noon));
      BOOST_CHECK_EQUAL(next_flip(equal, who, noon), "never");
      BOOST_CHECK_EQUAL(next_flip(other, who, noon), "never");
    }
  }
}

BOOST_AUTO_TEST_CASE(averages_and_extremes_of_nothing_match_no_comparison) {
  auto c = count_of("Placed Order", comparison::not_equal, 7);
  for (const auto what : {measure::average, measure::minimum, measure::maximum}) {
    c.what = what;
    BOOST_CHECK(!holds(c, person{}, noon));
    BOOST_CHECK(!holds(c, person{}.did("Placed Order", "2024-01-01"), noon));
    BOOST_CHECK(holds(c, person{}.did("Placed Order", "2024-01-01", 3), noon));
  }
}

BOOST_AUTO_TEST_CASE(averages_and_extremes_pass_over_events_without_the_number) {
  auto c = count_of("Placed Order", comparison::equal, 4);
  const auto p = person{}
                   .did("Placed Order", "2024-01-01", 2)
                   .did("Placed Order", "2024-01-02")
                   .did("Placed Order", "2024-01-03", 6);
  c.what = measure::average;
  BOOST_CHECK(holds(c, p, noon));
  c.what = measure::minimum;
  c.holds.operand = 2;
  BOOST_CHECK(holds(c, p, noon));
  c.what = measure::maximum;
  c.holds.operand = 6;
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(distinct_counts_values_with_their_types) {
  auto c = count_of("Viewed Product", comparison::equal, 3);
  c.what = measure::distinct;
  c.property = "Item";
  auto p = person{};
  for (const auto& item : {text("38"), number(38), text("38"), text("39")})
    p.did("Viewed Product", "2024-01-01").where("Item", item);
  p.did("Viewed Product", "2024-01-02");
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(first_and_last_look_at_one_event_only) {
  auto c = count_of("Placed Order", comparison::equal, 0);
  c.what = measure::first;
  c.picked = {{"Brand", text_test(text_operator::equals, {"A"})}};
  const auto p = person{}
                   .did("Placed Order", "2024-01-02")
                   .where("Brand", text("B"))
                   .did("Placed Order", "2024-01-01")
                   .where("Brand", text("A"));
  BOOST_CHECK(holds(c, p, noon));
  c.what = measure::last;
  BOOST_CHECK(!holds(c, p, noon));
  c.picked.front().test = text_test(text_operator::equals, {"B"});
  BOOST_CHECK(holds(c, p, noon));
  BOOST_CHECK(!holds(c, person{}, noon));
}

BOOST_AUTO_TEST_CASE(last_event_date_is_the_latest_event_of_any_metric) {
  const auto p = person{}
                   .did("Placed Order", "2024-01-01T10:00:00Z")
                   .did("Opened Email", "2024-02-01T10:00:00Z");
  const auto c = attribute("last_event_date", relative(date_operator::at_least, 30));
  BOOST_CHECK(!holds(c, p, "2024-03-02T23:59:59Z"));
  BOOST_CHECK(holds(c, p, "2024-03-03T00:00:00Z"));
  BOOST_CHECK(!holds(c, person{}, noon));
  BOOST_CHECK(holds(attribute("last_event_date", existence_filter{false}), person{}, noon));
  BOOST_CHECK(
    holds(attribute("first_event_date", fixed(date_operator::before, "2024-01-02")), p, noon));
}

// --- sequences (S20) -----------------------------------------------------------------------------

constexpr std::int64_t day = 86'400'000;

BOOST_AUTO_TEST_CASE(steps_happen_in_order) {
  const auto c = steps({"View", "Cart"});
  BOOST_CHECK(holds(c, person{}.did("View", "2024-01-01").did("Cart", "2024-01-02"), noon));
  BOOST_CHECK(!holds(c, person{}.did("View", "2024-01-02").did("Cart", "2024-01-01"), noon));
}

BOOST_AUTO_TEST_CASE(equal_times_are_in_order_either_way) {
  const auto c = steps({"View", "Cart"});
  BOOST_CHECK(holds(c, person{}.did("Cart", "2024-01-01").did("View", "2024-01-01"), noon));
}

BOOST_AUTO_TEST_CASE(each_step_needs_an_event_of_its_own) {
  const auto c = steps({"View", "View"});
  BOOST_CHECK(!holds(c, person{}.did("View", "2024-01-01"), noon));
  BOOST_CHECK(holds(c, person{}.did("View", "2024-01-01").did("View", "2024-01-01"), noon));
}

BOOST_AUTO_TEST_CASE(events_of_one_instant_are_shared_out_so_that_every_step_is_served) {
  auto c = steps({"View", "View"});
  c.steps[1].events.where = {{"Brand", text_test(text_operator::equals, {"A"})}};
  // The first step must leave the only "A" to the second one.
  const auto p = person{}
                   .did("View", "2024-01-01")
                   .where("Brand", text("A"))
                   .did("View", "2024-01-01")
                   .where("Brand", text("B"));
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(the_window_counts_from_the_first_step_and_includes_its_end) {
  const auto c = steps({"View", "Cart", "Order"}, 3 * day);
  const auto p = person{}.did("View", "2024-01-01").did("Cart", "2024-01-03");
  BOOST_CHECK(holds(c, person{p}.did("Order", "2024-01-04"), noon));
  BOOST_CHECK(!holds(c, person{p}.did("Order", "2024-01-04T00:00:00.001Z"), noon));
}

BOOST_AUTO_TEST_CASE(a_later_first_event_may_open_the_window_that_fits) {
  const auto c = steps({"View", "Order"}, day);
  const auto
    p = person{}.did("View", "2024-01-01").did("View", "2024-01-05").did("Order", "2024-01-06");
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(a_negative_step_looks_from_the_step_before_to_the_windows_end) {
  const auto c = steps({"View", "Cart", "!Order"}, 3 * day);
  const auto p = person{}.did("View", "2024-01-01").did("Cart", "2024-01-02");
  BOOST_CHECK(holds(c, p, noon));
  BOOST_CHECK(holds(c, person{p}.did("Order", "2024-01-01T12:00:00Z"), noon));
  BOOST_CHECK(!holds(c, person{p}.did("Order", "2024-01-02"), noon));
  BOOST_CHECK(!holds(c, person{p}.did("Order", "2024-01-04"), noon));
  BOOST_CHECK(holds(c, person{p}.did("Order", "2024-01-04T00:00:00.001Z"), noon));
}

BOOST_AUTO_TEST_CASE(a_negative_step_in_the_middle_looks_past_the_steps_after_it) {
  const auto c = steps({"View", "!Complaint", "Order"});
  const auto p = person{}.did("View", "2024-01-01").did("Order", "2024-01-03");
  BOOST_CHECK(holds(c, p, noon));
  BOOST_CHECK(!holds(c, person{p}.did("Complaint", "2024-01-02"), noon));
  BOOST_CHECK(!holds(c, person{p}.did("Complaint", "2024-01-09"), noon));
}

BOOST_AUTO_TEST_CASE(a_negative_step_spares_a_later_choice_of_the_step_before) {
  const auto c = steps({"View", "Cart", "!Order"});
  const auto p = person{}
                   .did("View", "2024-01-01")
                   .did("Cart", "2024-01-02")
                   .did("Order", "2024-01-03")
                   .did("Cart", "2024-01-04");
  BOOST_CHECK(holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(events_outside_the_time_frame_do_not_exist_for_any_step) {
  auto c = steps({"View", "!Order"});
  c.during = fixed(date_operator::between_static, "2024-01-01", "2024-01-31");
  const auto p = person{}.did("View", "2024-01-20");
  BOOST_CHECK(holds(c, person{p}.did("Order", "2024-02-01"), noon));
  BOOST_CHECK(!holds(c, person{p}.did("Order", "2024-01-31T12:00:00Z"), noon));
}

BOOST_AUTO_TEST_CASE(a_step_may_have_to_follow_soon) {
  auto c = steps({"View", "Cart", "Order"});
  c.steps[1].within_ms = 2 * day;
  c.steps[2].within_ms = day;
  // The early cart is too early for the order, the late one too late for the first view but not for
  // the second.
  const auto p = person{}
                   .did("View", "2024-01-01")
                   .did("Cart", "2024-01-02")
                   .did("View", "2024-01-03")
                   .did("Cart", "2024-01-05")
                   .did("Order", "2024-01-06");
  BOOST_CHECK(holds(c, p, noon));
  c.steps[1].within_ms = 2 * day - 1;
  BOOST_CHECK(!holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(a_shared_property_links_the_chain) {
  auto c = steps({"View", "Order", "!Return"});
  c.equal_property = "Item";
  const auto p = person{}
                   .did("View", "2024-01-01")
                   .where("Item", text("7"))
                   .did("Order", "2024-01-02")
                   .where("Item", number(7))
                   .did("View", "2024-01-03")
                   .did("Order", "2024-01-04");
  BOOST_CHECK(!holds(c, p, noon));
  auto bought = person{p}.did("Order", "2024-01-05").where("Item", text("7"));
  BOOST_CHECK(holds(c, bought, noon));
  BOOST_CHECK(holds(c, person{bought}.did("Return", "2024-01-06").where("Item", text("8")), noon));
  BOOST_CHECK(!holds(c, person{bought}.did("Return", "2024-01-06").where("Item", text("7")), noon));
}

// --- lists, consent, place, affinity -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(several_lists_mean_any_of_them) {
  const auto p = person{}.with("list['VIP']", number(static_cast<double>(ms("2024-03-01"))));
  BOOST_CHECK(holds(list_criterion{true, {"Newsletter", "VIP"}, {}}, p, noon));
  BOOST_CHECK(!holds(list_criterion{false, {"Newsletter", "VIP"}, {}}, p, noon));
  BOOST_CHECK(holds(list_criterion{false, {"Newsletter"}, {}}, p, noon));
  const auto recent = relative(date_operator::in_the_last, 14);
  BOOST_CHECK(holds(list_criterion{true, {"Newsletter", "VIP"}, recent}, p, noon));
  BOOST_CHECK_EQUAL(next_flip(list_criterion{true, {"VIP"}, recent}, p, noon),
                    "2024-03-16T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(email_can_be_received_unless_suppressed_or_unsubscribed) {
  consent_criterion c;
  c.on = channel::email;
  BOOST_CHECK(holds(c, person{}, noon));
  const auto with = [](const char* field, model::value v) {
    return person{}.with("subscriptions['email']['" + std::string{field} + "']", std::move(v));
  };
  BOOST_CHECK(!holds(c, with("consent", text("UNSUBSCRIBED")), noon));
  BOOST_CHECK(!holds(c, with("suppression", list({text("HARD_BOUNCE|2024-03-01")})), noon));
  BOOST_CHECK(holds(c, with("suppression", list({})), noon));
  c.state = subscription::never_subscribed;
  BOOST_CHECK(holds(c, person{}, noon));
  c.state = subscription::subscribed;
  BOOST_CHECK(!holds(c, person{}, noon));
  BOOST_CHECK(holds(c, with("consent", text("SUBSCRIBED")), noon));
}

BOOST_AUTO_TEST_CASE(other_channels_need_consent) {
  consent_criterion c;
  for (const auto on : {channel::sms, channel::push, channel::whatsapp}) {
    c.on = on;
    BOOST_CHECK(!holds(c, person{}, noon));
  }
  c.on = channel::push;
  BOOST_CHECK(
    holds(c, person{}.with("subscriptions['mobile_push']['consent']", text("SUBSCRIBED")), noon));
}

BOOST_AUTO_TEST_CASE(suppression_dates_come_from_the_entry_with_that_reason) {
  consent_criterion c;
  c.on = channel::email;
  c.can_receive = false;
  c.filters = {{"bounce_date", "", filter{relative(date_operator::in_the_last, 7)}}};
  const auto p = person{}.with(
    "subscriptions['email']['suppression']",
    list({text("USER_SUPPRESSED|2024-03-09T00:00:00Z"), text("HARD_BOUNCE|2024-03-04")}));
  BOOST_CHECK(holds(c, p, noon));
  BOOST_CHECK(!holds(c, p, "2024-03-12T00:00:00Z"));
  c.filters = {{"invalid_email_date", "", filter{existence_filter{true}}}};
  BOOST_CHECK(!holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(consent_filters_must_all_hold) {
  consent_criterion c;
  c.on = channel::email;
  c.state = subscription::subscribed;
  c.filters = {{"method", "form", filter{text_test(text_operator::in, {"FORM01"})}},
               {"is_double_opt_in", "", filter{boolean_filter{true}}},
               {"status_date", "", filter{relative(date_operator::in_the_last, 60)}}};
  auto p = person{}
             .with("subscriptions['email']['consent']", text("SUBSCRIBED"))
             .with("subscriptions['email']['consent_timestamp']", text("2024-03-01"))
             .with("subscriptions['email']['method']", text("FORM"))
             .with("subscriptions['email']['method_detail']", text("FORM01"))
             .with("subscriptions['email']['double_optin']", boolean(true));
  BOOST_CHECK(holds(c, p, noon));
  BOOST_CHECK_EQUAL(next_flip(c, p, noon), "2024-05-01T00:00:00Z");
  p.with("subscriptions['email']['double_optin']", boolean(false));
  BOOST_CHECK(!holds(c, p, noon));
}

BOOST_AUTO_TEST_CASE(nobody_is_reached_on_whatsapp_without_a_record) {
  permission_criterion c;
  const auto with = [](const char* consent) {
    return person{}.with("subscriptions['whatsapp']['consent']", text(consent));
  };
  c.status = reachability::implicitly_reachable;
  BOOST_CHECK(!holds(c, person{}, noon));
  BOOST_CHECK(!holds(c, with("SUBSCRIBED"), noon));
  c.status = reachability::implicitly_unreachable;
  BOOST_CHECK(holds(c, person{}, noon));
  BOOST_CHECK(!holds(c, with("UNSUBSCRIBED"), noon));
  c.status = reachability::explicitly_unreachable;
  BOOST_CHECK(holds(c, with("UNSUBSCRIBED"), noon));
  c.status = reachability::implicitly_or_explicitly_reachable;
  BOOST_CHECK(holds(c, with("SUBSCRIBED"), noon));
  c.transactional = true;
  BOOST_CHECK(!holds(c, with("SUBSCRIBED"), noon));
}

BOOST_AUTO_TEST_CASE(channels_rank_by_their_place) {
  const auto p = person{}.with("predictive['ranked_channel_affinity']",
                               list({text("sms"), text("email"), text("push")}));
  const auto place = [&](const char* channel, double n) {
    return holds(affinity_criterion{channel, false, number_filter{comparison::equal, n, {}}}, p,
                 noon);
  };
  BOOST_CHECK(place("sms", 1));
  BOOST_CHECK(place("email", 2));
  BOOST_CHECK(!place("whatsapp", 4));
  const affinity_criterion not_low{"whatsapp", true, text_test(text_operator::not_equals, {"low"})};
  BOOST_CHECK(!holds(not_low, p, noon));
  BOOST_CHECK(
    holds(affinity_criterion{"push", true, text_test(text_operator::equals, {"low"})}, p, noon));
}

// --- what the engine asks beside verdicts --------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_event_concerns_only_rules_whose_filters_it_passes) {
  auto c = count_of("Placed Order", comparison::greater_equal, 1,
                    relative(date_operator::in_the_last, 30));
  c.events.where = {{"Brand", text_test(text_operator::equals, {"A"})}};
  memory_history::names names;
  const auto compiled = compile(c, names, "UTC");
  const auto p = person{}
                   .did("Placed Order", "2024-01-01")
                   .where("Brand", text("A"))
                   .did("Placed Order", "2024-01-02")
                   .where("Brand", text("B"));
  const memory_history::profile profile{p, names};
  const auto metric = names.metric("Placed Order");
  const auto events = profile.events(metric);
  BOOST_CHECK(compiled->concerns(profile, metric, events[0]));
  BOOST_CHECK(!compiled->concerns(profile, metric, events[1]));
  BOOST_CHECK(!compiled->concerns(profile, names.metric("Viewed Product"), events[0]));
}

BOOST_AUTO_TEST_CASE(rules_tell_what_they_look_at) {
  memory_history::names names;
  const auto order = compile(
    count_of("Placed Order", comparison::equal, 0, relative(date_operator::in_the_last, 1)), names,
    "UTC");
  BOOST_TEST(order->metrics().size() == 1u);
  BOOST_TEST(order->metrics()[0] == names.metric("Placed Order"));
  BOOST_CHECK(order->depends_on_time());
  const auto last = compile(attribute("last_event_date", date_filter{}), names, "UTC");
  BOOST_CHECK(last->any_event());
  BOOST_CHECK(!last->depends_on_time());
  const auto here = compile(region_criterion{}, names, "UTC");
  BOOST_TEST(here->attributes().size() == 1u);
  BOOST_TEST(here->attributes()[0] == names.attribute("location['country']"));
}

BOOST_AUTO_TEST_CASE(explanations_show_the_rule_the_findings_and_the_next_flip) {
  const criterion c = count_of("Placed Order", comparison::greater_equal, 2,
                               relative(date_operator::in_the_last, 30));
  memory_history::names names;
  const auto compiled = compile(c, names, "UTC");
  const auto p = person{}
                   .did("Placed Order", "2024-01-01")
                   .did("Placed Order", "2024-03-01")
                   .did("Placed Order", "2024-03-05");
  const auto e = explain(c, *compiled, memory_history::profile{p, names}, names, ms(noon));
  BOOST_CHECK(e.holds);
  BOOST_CHECK_EQUAL(e.rule, "Placed Order at least 2 times in the last 30 days");
  BOOST_CHECK_EQUAL(e.found, "2 matching events");
  BOOST_CHECK_EQUAL(e.next_flip, ms("2024-04-01"));
  BOOST_REQUIRE_EQUAL(e.events.size(), 2u);
  BOOST_CHECK_EQUAL(e.events[0].what.time, ms("2024-03-05"));
  BOOST_CHECK_EQUAL(e.events_in_all, 2u);
}

BOOST_AUTO_TEST_CASE(explanations_of_attributes_quote_the_value) {
  const criterion c = attribute("email", text_test(text_operator::ends_with, {"@example.org"}));
  memory_history::names names;
  const auto compiled = compile(c, names, "UTC");
  const auto p = person{}.with("email", text("a@example.org"));
  const auto e = explain(c, *compiled, memory_history::profile{p, names}, names, ms(noon));
  BOOST_CHECK_EQUAL(e.rule, "email ends with \"@example.org\"");
  BOOST_CHECK_EQUAL(e.found, "email is \"a@example.org\"");
  const person nobody;
  const auto none = explain(c, *compiled, memory_history::profile{nobody, names}, names, ms(noon));
  BOOST_CHECK_EQUAL(none.found, "email is not set");
}

BOOST_AUTO_TEST_SUITE_END()
