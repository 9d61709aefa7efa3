#include "gateway/custom_metrics.hpp"
#include "gateway/mapped_metrics.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

BOOST_AUTO_TEST_SUITE(mapped_metrics_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::tells;

struct shop : gateway_test::resources {
  std::string bought; // Id of a metric.

  shop() : resources{{gateway::add_custom_metric_routes, gateway::add_mapped_metric_routes}} {
    batch_maker b;
    b.event({"ada"}, "Placed Order", "2025-12-01T10:00:00Z", 10);
    apply(b);
    bought = gateway::known_metrics{account()}.id_of("Placed Order");
  }
  /// Its id.
  std::string create_custom() {
    return post("/api/custom-metrics",
                body_of("custom-metric",
                        fmt::format(R"("name":"Net","definition":{{"aggregation_method":"value",)"
                                    R"("metric_groups":[{{"metric_id":"{}"}}]}})",
                                    bought)))
      .text_at("/data/id");
  }
  answered map(const std::string& id, std::string_view relationships) {
    return ask(
      "PATCH", "/api/mapped-metrics/" + id,
      fmt::format(R"({{"data":{{"type":"mapped-metric","id":"{}","relationships":{{{}}}}}}})", id,
                  relationships));
  }
};

std::string to(std::string_view name, std::string_view id) {
  return fmt::format(R"("{}":{{"data":{{"type":"{}","id":"{}"}}}})", name, name, id);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(seven_meanings_are_there_and_empty, shop) {
  const auto all = get("/api/mapped-metrics?include=metric,custom-metric");
  BOOST_TEST(all.size_at("/data") == 7U);
  BOOST_TEST(all.text_at("/data/4/id") == "revenue");
  BOOST_TEST(all.text_at("/data/4/attributes/updated") == "1970-01-01T00:00:00+00:00");
  BOOST_TEST(get("/api/mapped-metrics/revenue/metric").at("/data").is_null());
  BOOST_TEST(get("/api/mapped-metrics/revenue/relationships/custom-metric").at("/data").is_null());
  for (const auto* rest : {"", "/metric", "/relationships/metric", "/custom-metric"})
    BOOST_TEST(get(std::string{"/api/mapped-metrics/profit"} + rest).status == 404U);
}

BOOST_FIXTURE_TEST_CASE(a_meaning_is_a_metric_or_a_custom_metric_or_nothing, shop) {
  const auto custom = create_custom();
  const auto first = map("revenue", to("metric", bought));
  BOOST_TEST(first.status == 200U, first.text);
  BOOST_TEST(first.text_at("/data/relationships/metric/data/id") == bought);
  BOOST_TEST(first.text_at("/data/attributes/updated") == "2026-01-01T00:00:00+00:00");
  BOOST_TEST(get("/api/mapped-metrics/revenue/metric").text_at("/data/attributes/name")
             == "Placed Order");
  BOOST_TEST(get("/api/mapped-metrics/revenue/relationships/metric").text_at("/data/id") == bought);

  BOOST_TEST(map("revenue", to("custom-metric", custom) + R"(,"metric":{"data":null})").status
             == 200U);
  const auto shown = get("/api/mapped-metrics/revenue?include=metric,custom-metric");
  BOOST_TEST(shown.text_at("/data/relationships/custom-metric/data/id") == custom);
  BOOST_TEST(shown.at("/data/relationships/metric").as_object().if_contains("data") == nullptr);
  BOOST_TEST(shown.text_at("/included/0/attributes/name") == "Net");
  BOOST_TEST(get("/api/mapped-metrics/revenue/custom-metric").text_at("/data/id") == custom);

  const auto used = ask("DELETE", "/api/custom-metrics/" + custom);
  BOOST_TEST(used.status == 409U);
  BOOST_TEST(tells(used.error(), "the mapped metric 'revenue' means this one"));
  BOOST_TEST(map("revenue", R"("custom-metric":{"data":null})").status == 200U);
  BOOST_TEST(get("/api/mapped-metrics/revenue/custom-metric").at("/data").is_null());
  BOOST_TEST(ask("DELETE", "/api/custom-metrics/" + custom).status == 204U);

  BOOST_TEST(tells(map("revenue", to("metric", "nobody")).error(),
                   "/data/relationships/metric/data/id: 'nobody' is no metric's id"));
  BOOST_TEST(
    tells(map("revenue", to("custom-metric", "nobody")).error(), "is no custom metric's id"));
  BOOST_TEST(tells(map("revenue", to("metric", bought) + "," + to("custom-metric", "x")).error(),
                   "either 'metric' or 'custom-metric'"));
  BOOST_TEST(map("profit", to("metric", bought)).status == 404U);
}

BOOST_AUTO_TEST_SUITE_END()
