#include "gateway/metrics.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

#include <set>

BOOST_AUTO_TEST_SUITE(metrics_test)

namespace {

using gateway_test::tells;

struct shop : gateway_test::resources {
  shop() : resources{{gateway::add_metric_routes}} {
    batch_maker b;
    b.event({"ada"}, "Placed Order", "2025-12-01T10:00:00Z", 10);
    b.set("size", "L");
    b.set("items", 2.0);
    b.set("gift", true);
    b.event({"bob"}, "Placed Order", "2025-12-02T10:00:00Z", 20);
    b.set("size", "M");
    b.event({"ada"}, "Opened Email", "2025-12-01T09:00:00Z");
    apply(b);
  }
  std::string id_of(std::string_view name) {
    return gateway::known_metrics{account()}.id_of(name);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(metrics_are_listed_with_their_integration, shop) {
  const auto a = get("/api/metrics");
  BOOST_TEST(a.status == 200U);
  BOOST_TEST(a.size_at("/data") == 2U);
  std::set<std::string> names;
  for (const auto& metric : a.at("/data").as_array()) {
    const auto& attributes = metric.at("attributes");
    names.emplace(std::string{attributes.at("name").as_string()} + " of "
                  + std::string{attributes.at("integration").at("name").as_string()});
    BOOST_TEST(attributes.at("created").is_null());
  }
  BOOST_TEST(names == (std::set<std::string>{"Opened Email of Klaviyo", "Placed Order of API"}));
  BOOST_TEST(a.at("/links/next").is_null());
  BOOST_TEST(a.text_at("/data/0/relationships/flow-triggers/links/self")
             == a.text_at("/data/0/links/self") + "/relationships/flow-triggers");

  BOOST_TEST(get("/api/metrics?filter=equals(integration.name,\"Klaviyo\")")
               .text_at("/data/0/attributes/name")
             == "Opened Email");
  BOOST_TEST(get("/api/metrics?filter=equals(integration.category,\"API\")&fields[metric]=name")
               .text_at("/data/0/attributes")
             == R"({"name":"Placed Order"})");
  BOOST_TEST(get("/api/metrics?filter=equals(integration.name,\"Shopify\")").size_at("/data")
             == 0U);
  BOOST_TEST(tells(get("/api/metrics?filter=equals(name,\"x\")").error(), "filter: "));
  BOOST_TEST(tells(get("/api/metrics?page[size]=5").error(), "page[size]"));
}

BOOST_FIXTURE_TEST_CASE(two_hundred_metrics_are_a_page, shop) {
  batch_maker b;
  for (int i = 0; i < 399; ++i)
    b.event({"ada"}, "M" + std::to_string(i), "2025-12-01T10:00:00Z");
  apply(b);
  auto page = get("/api/metrics");
  std::set<std::string> ids;
  std::vector<std::size_t> sizes;
  for (;;) {
    sizes.push_back(page.size_at("/data"));
    for (const auto& metric : page.at("/data").as_array())
      ids.emplace(metric.at("id").as_string());
    if (page.at("/links/next").is_null())
      break;
    page = follow(page.at("/links/next"));
  }
  BOOST_TEST(sizes == (std::vector<std::size_t>{200, 200, 1}), boost::test_tools::per_element());
  BOOST_TEST(ids.size() == 401U);
}

BOOST_FIXTURE_TEST_CASE(one_metric_is_found_by_its_id_only, shop) {
  const auto id = id_of("Placed Order");
  const auto a = get("/api/metrics/" + id + "?include=flow-triggers");
  BOOST_TEST(a.status == 200U);
  BOOST_TEST(a.text_at("/data/id") == id);
  BOOST_TEST(a.text_at("/data/attributes/name") == "Placed Order");
  BOOST_TEST(a.size_at("/data/relationships/flow-triggers/data") == 0U);
  for (const auto* path :
       {"/api/metrics/Placed%20Order", "/api/metrics/zzzzzz/metric-properties",
        "/api/metrics/zzzzzz/relationships/metric-properties", "/api/metrics/zzzzzz/flow-triggers",
        "/api/metrics/zzzzzz/relationships/flow-triggers"})
    BOOST_TEST(get(path).status == 404U, path);
}

BOOST_FIXTURE_TEST_CASE(properties_have_kinds_and_samples_and_are_found_again, shop) {
  const auto id = id_of("Placed Order");
  const auto all = get("/api/metrics/" + id
                       + "/metric-properties?additional-fields[metric-property]=sample_values");
  BOOST_TEST(all.status == 200U);
  std::map<std::string, std::string> kinds;
  std::map<std::string, std::string> samples;
  for (const auto& property : all.at("/data").as_array()) {
    const auto& attributes = property.at("attributes");
    const std::string name{attributes.at("property").as_string()};
    BOOST_TEST(attributes.at("label") == attributes.at("property"));
    kinds[name] = std::string{attributes.at("inferred_type").as_string()};
    samples[name] = gateway::json_text(attributes.at("sample_values"));
    const auto one = get("/api/metric-properties/" + std::string{property.at("id").as_string()}
                         + "?include=metric");
    BOOST_TEST(one.text_at("/data/attributes/property") == name);
    BOOST_TEST(one.text_at("/included/0/id") == id);
    BOOST_TEST(one.at("/data/attributes").as_object().if_contains("sample_values") == nullptr);
  }
  BOOST_TEST(kinds["size"] == "String");
  BOOST_TEST(kinds["items"] == "Number");
  BOOST_TEST(kinds["gift"] == "Boolean");
  BOOST_TEST(samples["items"] == "[2]");
  BOOST_TEST(samples["gift"] == "[true]");
  BOOST_TEST((samples["size"] == R"(["L","M"])" || samples["size"] == R"(["M","L"])"));

  const auto property = all.text_at("/data/0/id");
  BOOST_TEST(get("/api/metric-properties/" + property + "/metric").text_at("/data/id") == id);
  BOOST_TEST(get("/api/metric-properties/" + property + "/relationships/metric").text_at("/data")
             == std::string{R"({"type":"metric","id":")"} + id + "\"}");
  const auto ids = get("/api/metrics/" + id + "/relationships/metric-properties");
  BOOST_TEST(ids.size_at("/data") == all.size_at("/data"));
  BOOST_TEST(ids.text_at("/data/0/id") == property);
  auto changed = property;
  changed.back() = changed.back() == '0' ? '1' : '0';
  for (const auto& nothing : {changed, std::string{"x"}, std::string(32, 'g')})
    BOOST_TEST(get("/api/metric-properties/" + nothing).status == 404U);
}

BOOST_FIXTURE_TEST_CASE(no_flow_is_known_to_be_triggered, shop) {
  const auto id = id_of("Placed Order");
  for (const auto* rest : {"/flow-triggers?fields[flow]=name", "/relationships/flow-triggers"}) {
    const auto a = get("/api/metrics/" + id + rest);
    BOOST_TEST(a.status == 200U);
    BOOST_TEST(a.size_at("/data") == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
