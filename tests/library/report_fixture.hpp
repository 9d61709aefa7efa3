#pragma once

#include "tests/library/engine_fixture.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace json = boost::json;

/// An engine with reports as lines of text.
struct report_fixture : engine_fixture {
  batch_maker& batch() {
    return batch_;
  }
  /// An event of a campaign's only message.
  void of_campaign(std::string_view person, std::string_view metric, std::string_view campaign,
                   std::string_view time) {
    batch_.event({.external_id = person}, metric, time);
    batch_.set("campaign_id", campaign);
  }
  void of_flow(std::string_view person, std::string_view metric, std::string_view flow,
               std::string_view message, std::string_view time) {
    batch_.event({.external_id = person}, metric, time);
    batch_.set("flow_id", flow);
    batch_.set("message_id", message);
  }
  void order(std::string_view person, std::string_view time, double value) {
    batch_.event({.external_id = person}, "Placed Order", time, value);
  }
  void load() {
    const auto taken = apply(batch_);
    for (const auto& r : taken.rejected)
      BOOST_ERROR(r.reason);
  }

  std::string text(std::string_view request) {
    const auto made = engine->report(request);
    if (!made)
      for (const auto& f : made.faults())
        BOOST_TEST_MESSAGE(f.pointer << ": found " << f.found << "; allowed: " << f.allowed);
    need(made);
    return *made;
  }
  json::value report(std::string_view request) {
    return json::parse(text(request));
  }
  /// One line a row: its values, then its statistics.
  std::vector<std::string> rows(const json::value& rollup) {
    std::vector<std::string> lines;
    for (const auto& row : rollup.at("results").as_array()) {
      std::string line;
      for (const auto& [name, value] : row.at("groupings").as_object())
        line += std::string{value.as_string()} + " ";
      line += "|";
      for (const auto& [name, value] : row.at("statistics").as_object())
        line += " " + json::serialize(value);
      lines.push_back(line);
    }
    return lines;
  }
  std::vector<std::string> rows_of(std::string_view request) {
    return rows(report(request));
  }
  void check_rows(std::string_view request, const std::vector<std::string>& expected) {
    const auto found = rows_of(request);
    BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
  }
  std::vector<std::string> fault_pointers(std::string_view request) {
    const auto made = engine->report(request);
    BOOST_REQUIRE(!made);
    std::vector<std::string> pointers;
    for (const auto& f : made.faults())
      pointers.push_back(f.pointer);
    return pointers;
  }

private:
  batch_maker batch_;
};

/// A campaign over the end of November, and what came of it in December.
struct november : report_fixture {
  november() {
    for (const auto* person : {"ann", "bob", "cid"})
      of_campaign(person, "Received Email", "sale", "2025-11-30T22:00:00Z");
    of_campaign("dan", "Received Email", "sale", "2025-12-01T01:00:00Z");
    of_campaign("ann", "Opened Email", "sale", "2025-12-01T09:00:00Z");
    of_campaign("ann", "Opened Email", "sale", "2025-12-02T09:00:00Z");
    of_campaign("bob", "Opened Email", "sale", "2025-12-03T09:00:00Z");
    of_campaign("ann", "Clicked Email", "sale", "2025-12-01T09:01:00Z");
    order("ann", "2025-12-01T10:00:00Z", 29.99);
    order("ann", "2025-12-07T10:00:00Z", 10);   // More than five days after the last touch.
    order("bob", "2025-12-08T09:00:00Z", 5.01); // To the second.
    order("cid", "2025-12-01T10:00:00Z", 100);  // Led by nothing.
    load();
  }
};
