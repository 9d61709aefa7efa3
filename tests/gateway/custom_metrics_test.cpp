#include "gateway/custom_metrics.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

BOOST_AUTO_TEST_SUITE(custom_metrics_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::tells;

struct shop : gateway_test::resources {
  std::string bought, looked; // Ids of metrics.

  shop() : resources{{gateway::add_custom_metric_routes}} {
    batch_maker b;
    b.event({"ada"}, "Placed Order", "2025-12-01T10:00:00Z", 10);
    b.event({"ada"}, "Viewed Product", "2025-12-01T09:00:00Z");
    apply(b);
    const gateway::known_metrics metrics{account()};
    bought = metrics.id_of("Placed Order");
    looked = metrics.id_of("Viewed Product");
  }
  /// `groups` stands between the brackets.
  answered create(std::string_view name, std::string_view method, const std::string& groups,
                  std::string_view query = {}) {
    return post(fmt::format("/api/custom-metrics{}", query), body(name, method, groups));
  }
  static std::string body(std::string_view name, std::string_view method,
                          const std::string& groups) {
    return body_of(
      "custom-metric",
      fmt::format(R"("name":"{}","definition":{{"aggregation_method":"{}","metric_groups":[{}]}})",
                  name, method, groups));
  }
  [[nodiscard]] std::string group(std::string_view more = {}) const {
    return fmt::format(R"({{"metric_id":"{}"{}}})", bought, more);
  }
  answered update(const std::string& id, std::string_view attributes) {
    return ask("PATCH", "/api/custom-metrics/" + id,
               fmt::format(R"({{"data":{{"type":"custom-metric","id":"{}","attributes":{{{}}}}}}})",
                           id, attributes));
  }
};

std::string filtered_by(std::string_view filter) {
  return fmt::format(R"(,"metric_filters":[{{"property":"size","filter":{}}}])", filter);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_custom_metric_lives, shop) {
  const auto made = create(
    "Large", "value",
    group(filtered_by(R"({"type":"string","operator":"equals","value":"L"})")) + ","
      + fmt::format(R"({{"metric_id":"{}"}})", looked));
  BOOST_TEST(made.status == 201U, made.text);
  const auto id = made.text_at("/data/id");
  BOOST_TEST(id.size() == 32U);
  BOOST_TEST(made.text_at("/data/attributes/name") == "Large");
  BOOST_TEST(made.text_at("/data/attributes/created") == "2026-01-01T00:00:00+00:00");
  BOOST_TEST(
    made.text_at("/data/attributes/definition/metric_groups/1")
    == fmt::format(R"({{"metric_id":"{}","metric_filters":null,"value_property":null}})", looked));

  advance("2026-01-02");
  const auto changed = update(id, R"("name":"Larger")");
  BOOST_TEST(changed.status == 200U, changed.text);
  BOOST_TEST(changed.text_at("/data/attributes/name") == "Larger");
  BOOST_TEST(changed.text_at("/data/attributes/created") == "2026-01-01T00:00:00+00:00");
  BOOST_TEST(changed.text_at("/data/attributes/updated") == "2026-01-02T00:00:00+00:00");
  BOOST_TEST(changed.size_at("/data/attributes/definition/metric_groups") == 2U);

  const auto shown = get("/api/custom-metrics/" + id
                         + "?include=metrics&fields[custom-metric]=definition.aggregation_method");
  BOOST_TEST(shown.text_at("/data/attributes")
             == R"({"definition":{"aggregation_method":"value"}})");
  BOOST_TEST(shown.size_at("/included") == 2U);
  BOOST_TEST(shown.text_at("/data/relationships/metrics/data/0/id") == bought);

  BOOST_TEST(get("/api/custom-metrics/" + id + "/metrics").text_at("/data/1/attributes/name")
             == "Viewed Product");
  BOOST_TEST(get("/api/custom-metrics/" + id + "/relationships/metrics").size_at("/data") == 2U);

  BOOST_TEST(ask("DELETE", "/api/custom-metrics/" + id).status == 204U);
  for (const auto* rest : {"", "/metrics", "/relationships/metrics"})
    BOOST_TEST(get("/api/custom-metrics/" + id + rest).status == 404U);
  BOOST_TEST(update(id, R"("name":"x")").status == 404U);
  BOOST_TEST(ask("DELETE", "/api/custom-metrics/" + id).status == 404U);
}

BOOST_FIXTURE_TEST_CASE(custom_metrics_are_listed_by_name_each_with_its_own, shop) {
  create("B", "count", group());
  create("A", "count", group());
  const auto all = get("/api/custom-metrics?include=metrics");
  BOOST_TEST(all.size_at("/data") == 2U);
  BOOST_TEST(all.text_at("/data/0/attributes/name") == "A");
  BOOST_TEST(all.size_at("/included") == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_name_is_taken_once, shop) {
  create("A", "count", group());
  const auto id = create("B", "count", group()).text_at("/data/id");
  const auto again = create("A", "count", group());
  BOOST_TEST(again.status == 400U);
  BOOST_TEST(tells(again.error(), "/data/attributes/name: 'name' 'A' is taken"));
  BOOST_TEST(update(id, R"("name":"A")").status == 400U);
  BOOST_TEST(update(id, R"("name":"B")").status == 200U);
}

BOOST_FIXTURE_TEST_CASE(every_filter_of_the_table_is_taken, shop) {
  int number = 0;
  for (const auto* filter :
       {R"({"type":"numeric","operator":"greater-than","value":1.5})",
        R"({"type":"numeric","operator":"not-equals","value":1})",
        R"({"type":"string","operator":"in","value":["a","b"]})",
        R"({"type":"string","operator":"not-starts-with","value":"a"})",
        R"({"type":"string","operator":"nregex","value":"^a"})",
        R"({"type":"boolean","operator":"equals","value":true})",
        R"({"type":"existence","operator":"is-set"})",
        R"({"type":"list","operator":"contains","value":"a"})",
        R"({"type":"list","operator":"not-contains","value":3})",
        R"({"type":"list","operator":"contains-starts-with","value":"a"})",
        R"({"type":"list","operator":"not-contains-substring","value":"a"})"}) {
    const auto made = create("F" + std::to_string(++number), "count", group(filtered_by(filter)));
    BOOST_TEST(made.status == 201U, filter << made.text);
  }
}

BOOST_FIXTURE_TEST_CASE(mistakes_name_their_place, shop) {
  const std::string definition = "/data/attributes/definition";
  const auto refused = [&](std::string_view method, const std::string& groups) {
    const auto a = create("X", method, groups);
    BOOST_TEST(a.status == 400U, a.text);
    return a.error();
  };
  BOOST_TEST(tells(refused("mean", group()), definition + "/aggregation_method: "));
  BOOST_TEST(
    tells(refused("count", ""), definition + "/metric_groups: 'metric_groups' must have 1"));
  BOOST_TEST(tells(refused("count", "3"), definition + "/metric_groups/0: an object"));
  BOOST_TEST(tells(refused("count", "{}"), definition + "/metric_groups/0/metric_id: "));
  BOOST_TEST(tells(refused("count", R"({"metric_id":"nobody"})"), "is no metric's id"));
  BOOST_TEST(tells(refused("count", group(R"(,"value_property":"x")")),
                   definition + "/metric_groups/0/value_property: "));
  BOOST_TEST(tells(refused("count", group(R"(,"x":1)")), definition + "/metric_groups/0/x: "));
  const auto filter = [&](std::string_view text) {
    const auto found = refused("count", group(filtered_by(text)));
    const auto at = definition + "/metric_groups/0/metric_filters/0/filter";
    BOOST_TEST(tells(found, at), found);
    return found.substr(std::min(at.size(), found.size()));
  };
  BOOST_TEST(tells(filter("3"), "must be an object"));
  BOOST_TEST(
    tells(filter(R"({"type":"date","operator":"alltime"})"), "/type: 'type' must be one of"));
  BOOST_TEST(tells(filter(R"({"type":"boolean","operator":"in","value":true})"), "/operator: "));
  BOOST_TEST(tells(filter(R"({"type":"numeric","operator":"equals","value":"a"})"), "/value: "));
  BOOST_TEST(tells(filter(R"({"type":"string","operator":"regex","value":"("})"), "/value: "));
  const auto nameless = post("/api/custom-metrics", body_of("custom-metric", ""));
  BOOST_TEST(nameless.status == 400U);
  BOOST_TEST(nameless.size_at("/errors") == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
