#include "actors/batch_part.hpp"
#include "actors/record_check.hpp"

#include <boost/test/unit_test.hpp>
#include <rollcall/batch_builder.hpp>

#include <limits>

BOOST_AUTO_TEST_SUITE(batch_part_test)

BOOST_AUTO_TEST_CASE(a_part_holds_its_records_in_order_with_what_they_need) {
  rollcall::batch_builder builder;
  builder.event({"u1"}, "Placed Order", {}, 5.0, "one").set("Brand", "Northwind").set("Items", 2.0);
  builder.event({"u2", "two@example.org"}, "Opened Email");
  builder.profile({"u1", "one@example.org"}).set("first_name", "Ada");
  builder.event({"u2"}, "Placed Order", {}, 7.0, "two").set("Brand", "Southwind");
  const auto whole = builder.take();
  actors::batch_splitter splitter{whole, 2};
  splitter.add(0, 1, 10, {true, false, false});
  splitter.add(1, 0, 20, {true, true, false});
  splitter.add(2, 1, 10, {false, true, false});
  splitter.add(3, 0, 20, {false, false, false});

  const auto first = splitter.take(1);
  BOOST_CHECK(first.origins == (std::vector<std::uint32_t>{0, 2}));
  const auto& order = first.changes.records[0];
  BOOST_CHECK_EQUAL(order.profile, 10u);
  BOOST_CHECK_EQUAL(first.changes.name(order.name), "Placed Order");
  BOOST_CHECK_EQUAL(first.changes.text(order.who.external_id), "u1");
  BOOST_CHECK_EQUAL(first.changes.text(order.unique_id), "one");
  BOOST_CHECK_EQUAL(first.changes.name(first.changes.properties[0].name), "Brand");
  BOOST_CHECK_EQUAL(first.changes.text(first.changes.properties[0].text), "Northwind");
  BOOST_CHECK_EQUAL(first.changes.properties[1].number, 2.0);
  const auto& ada = first.changes.records[1];
  BOOST_CHECK_EQUAL(ada.who.external_id.size, 0u); // Known already; only what is new is told.
  BOOST_CHECK_EQUAL(first.changes.text(ada.who.email), "one@example.org");
  BOOST_CHECK_EQUAL(first.changes.text(first.changes.properties[ada.first_property].text), "Ada");

  const auto second = splitter.take(0);
  BOOST_CHECK(second.origins == (std::vector<std::uint32_t>{1, 3}));
  BOOST_CHECK_EQUAL(second.changes.name(second.changes.records[1].name), "Placed Order");
  BOOST_CHECK(!splitter.has(0) && !splitter.has(1));
  BOOST_CHECK(model::holds_together(first.changes) && model::holds_together(second.changes));
}

BOOST_AUTO_TEST_CASE(records_beyond_the_bounds_are_faulty_and_say_why) {
  const auto fault = [](rollcall::batch_builder& b) {
    const auto batch = b.take();
    BOOST_REQUIRE(model::holds_together(batch));
    return actors::fault_of(batch, batch.records[0]);
  };
  rollcall::batch_builder b;
  BOOST_CHECK_EQUAL(fault(b.event({"u1"}, "Placed Order", {}, 1.0)), "");
  BOOST_CHECK_NE(fault(b.event({std::string(300, 'x')}, "Placed Order")).find("300 bytes"),
                 std::string::npos);
  BOOST_CHECK_NE(fault(b.event({"u1"}, "Placed Order", {}, std::numeric_limits<double>::infinity()))
                   .find("finite"),
                 std::string::npos);
  BOOST_CHECK_NE(
    fault(b.event({"u1"}, "Placed Order", model::from_ms(std::int64_t{1} << 52))).find("2199"),
    std::string::npos);
  BOOST_CHECK_NE(fault(b.profile({"u1"}).set("email", "a@example.org")).find("identifies"),
                 std::string::npos);
  BOOST_CHECK_EQUAL(fault(b.profile({"u1"}).unset("email")), "");
}

BOOST_AUTO_TEST_CASE(a_batch_that_refers_outside_itself_does_not_hold_together) {
  const auto make = [] {
    rollcall::batch_builder b;
    b.event({"u1"}, "Placed Order", {}, 1.0, "id").set("Brand", "Northwind");
    return b.take();
  };
  BOOST_CHECK(model::holds_together(make()));
  auto batch = make();
  batch.records[0].property_count = 2;
  BOOST_CHECK(!model::holds_together(batch));
  batch = make();
  batch.records[0].unique_id.at = 1'000;
  BOOST_CHECK(!model::holds_together(batch));
  batch = make();
  batch.names[0].size = 1'000;
  BOOST_CHECK(!model::holds_together(batch));
  batch = make();
  batch.properties[0].name = 9;
  BOOST_CHECK(!model::holds_together(batch));
}

BOOST_AUTO_TEST_SUITE_END()
