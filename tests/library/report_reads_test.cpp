#include "tests/library/report_fixture.hpp"

#include <algorithm>

/// How often a report asks the account's catalogue.
BOOST_AUTO_TEST_SUITE(report_reads_test)

namespace {

/// Described campaigns with tags, and flows with messages, each sent to somebody.
struct described_sends : report_fixture {
  void describe(int objects) {
    for (int i = 0; i < objects; ++i) {
      const auto id = std::to_string(objects) + "-" + std::to_string(i);
      batch().describe(model::object_kind::campaign, id,
                       R"({"id":")" + id + R"(","name":"Campaign )" + id + R"(","tags":["all"]})");
      // Events of one person and instant would be one event.
      const auto at = model::format_instant(instant("2025-12-01")
                                            + std::chrono::seconds{objects + i});
      of_campaign("ann", "Received Email", id, at);
      of_flow("bob", "Received Email", "flow" + std::to_string(i % 50), "message" + id, at);
    }
    load();
  }
  /// Messages to the account so far.
  std::uint64_t account_messages() {
    for (const auto& actor : engine->inspect())
      if (actor.kind == "account")
        return actor.messages_in;
    return 0;
  }
};

struct reads {
  std::uint64_t rows = 0;
  std::uint64_t told = 0;     // By the answer.
  std::uint64_t received = 0; // By the account.
};

constexpr std::string_view requests[] = {
  R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},"statistics":["delivered"],
      "group_by":["campaign_id","campaign_name","tag_name"]})",
  R"({"datasource":"flow","timeframe":{"key":"last_365_days"},"statistics":["open_rate","conversions"],
      "group_by":["flow_id","message_id"],"compare":"previous_period"})"};

reads reads_of(described_sends& account, std::string_view request) {
  const auto before = account.account_messages();
  const auto made = account.report(request);
  return {made.at("rows").to_number<std::uint64_t>(),
          made.at("completeness").at("catalogue_reads").to_number<std::uint64_t>(),
          account.account_messages() - before};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(ten_campaigns_and_five_thousand_take_the_same_reads, described_sends) {
  describe(10);
  std::vector<reads> few;
  for (const auto request : requests)
    few.push_back(reads_of(*this, request));
  describe(5'000);
  for (std::size_t i = 0; i < std::size(requests); ++i) {
    const auto many = reads_of(*this, requests[i]);
    BOOST_TEST(few[i].rows == 10U);
    BOOST_TEST(many.rows == 5'010U);
    BOOST_TEST(few[i].told == 4U);
    BOOST_TEST(many.told == 4U);
    // Nobody asks beside the report: everything that reached the account was counted.
    BOOST_TEST(few[i].received == 4U);
    BOOST_TEST(many.received == 4U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
