// Bodies with a language of their own.
#include "gateway/aggregate_filter.hpp"
#include "gateway/body.hpp"
#include "gateway/body_lines.hpp"
#include "gateway/custom_metric_body.hpp"
#include "gateway/json_text.hpp"
#include "gateway/report_time.hpp"
#include "gateway/subscription_body.hpp"
#include "metrics/where.hpp"
#include "model/limits.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/gateway/refusals.hpp"

#include <array>
#include <string>
#include <vector>

namespace fuzz_tests {

namespace {

using namespace gateway;
using gateway_test::post;
using gateway_test::refused;
namespace json = boost::json;

constexpr auto now = model::from_ms(1'767'225'600'000); // 1 January 2026.

/// Lets `read` at the attributes of a body; true = it was taken.
template <class Read>
bool read_attributes(std::string_view bytes, const char* type, Read&& read) {
  return !is_refused_soundly(refused([&] {
    const auto body = read_body(post("/", std::string{bytes}));
    mistakes found;
    data_reader data{body, {type}, found};
    read(data.attributes());
    data.finish();
    found.refuse_if_any();
    return 0;
  }));
}

bool read_aggregates(std::string_view bytes) {
  std::optional<aggregate_filter> filter;
  const auto is_taken = read_attributes(bytes, "metric-aggregate", [&](object_reader& attributes) {
    filter = read_aggregate_filter(attributes, segments::utc());
  });
  promise(!is_taken || (filter && is_json(json_text(filter->timeframe))),
          "a filter that is taken has a timeframe");
  return is_taken;
}

bool read_times(std::string_view bytes, bool is_series) {
  report_time time;
  const auto is_taken = read_attributes(bytes, "report", [&](object_reader& attributes) {
    time = read_report_time(attributes, {segments::utc(), model::to_ms(now), is_series});
  });
  promise(!is_taken || !time.timeframe.empty(), "a report that is taken has a timeframe");
  return is_taken;
}

bool read_report_times(std::string_view bytes) {
  const auto plain = read_times(bytes, false);
  const auto series = read_times(bytes, true);
  return plain || series;
}

bool read_custom_metrics(std::string_view bytes) {
  static const known_metrics metrics{
    {{.name = "Placed Order", .id = "PLCORD"}, {.name = "Viewed Product", .id = "VWDPRD"}}};
  std::optional<json::object> definition;
  const auto is_taken = read_attributes(bytes, "custom-metric", [&](object_reader& attributes) {
    definition = read_custom_metric(attributes, metrics, presence::required);
  });
  if (!is_taken)
    return false;
  promise(definition.has_value(), "a custom metric that is taken has a definition");
  for (const auto& group : definition->at("metric_groups").as_array()) {
    const auto* filters = group.at("metric_filters").if_array();
    const auto said = filters == nullptr ? std::nullopt : engine_filters(*filters);
    if (!said)
      continue;
    std::vector<segments::definition_error> errors;
    static_cast<void>(metrics::parse_where(json_text(*said), errors));
    promise(errors.empty(), "the engine reads the filters of a custom metric");
  }
  return true;
}

bool read_subscriptions(std::string_view bytes, subscribing what) {
  subscription_job job;
  const auto is_taken = !is_refused_soundly(refused([&] {
    job = read_subscription_job(post("/", std::string{bytes}), what, now);
    return 0;
  }));
  promise(!is_taken || !job.people.empty(), "a job that is taken is about somebody");
  for (const auto& one : job.people)
    promise(!is_taken || !one.consents.empty(), "everybody agrees to something, or takes it back");
  return is_taken;
}

bool read_subscription_jobs(std::string_view bytes) {
  const auto begun = read_subscriptions(bytes, subscribing::begin);
  const auto ended = read_subscriptions(bytes, subscribing::end);
  return begun || ended;
}

/// The lines of a body that comes in pieces, joined.
std::string joined_lines(std::string_view bytes, std::size_t piece, line_cut cut) {
  request asked;
  asked.more = [rest = bytes, piece](std::string& out) mutable {
    const auto size = std::min(piece, rest.size());
    out.append(rest.substr(0, size));
    rest.remove_prefix(size);
    return !rest.empty();
  };
  body_lines lines{asked, cut};
  std::string all;
  for (std::string text; lines.next(text);)
    all += text + '|';
  return all;
}

/// However the bytes come, they are cut alike, and none is lost. The first one says how.
bool read_lines(std::string_view bytes) {
  if (bytes.empty())
    return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  const line_cut cut{std::size_t{1} + first % 4, std::size_t{8} + first % 64};
  const auto at_once = joined_lines(bytes, bytes.size() + 1, cut);
  promise(joined_lines(bytes, 1, cut) == at_once, "lines are cut alike byte by byte");
  promise(joined_lines(bytes, std::size_t{2} + first / 8, cut) == at_once,
          "lines are cut alike in pieces");
  auto without = at_once;
  std::erase(without, '|');
  std::string plain{bytes};
  std::erase(plain, '|');
  promise(without == plain, "no byte of a body is lost");
  return !bytes.empty();
}

// --- sound ones ---

constexpr std::string_view aggregates[] = {
  R"~({"data":{"type":"metric-aggregate","attributes":{"filter":["greater-or-equal(datetime,2025-06-01)","less-than(datetime,2025-07-01T00:00:00Z)","equals(URL,\"https://x/\")"]}}})~",
  R"~({"data":{"type":"metric-aggregate","attributes":{"filter":["and(greater-or-equal(datetime,2025-06-01T00:00:00+02:00),less-than(datetime,2025-06-02))","any($message,[\"M1\"])"]}}})~"};
constexpr std::string_view report_times[] = {
  R"({"data":{"type":"report","attributes":{"timeframe":{"key":"last_30_days"}}}})",
  R"({"data":{"type":"report","attributes":{"timeframe":{"start":"2025-12-01T00:00:00Z","end":"2025-12-31"},"interval":"daily"}}})",
  R"({"data":{"type":"report","attributes":{"timeframe":{"start":"2025-12-01T00:00:00+00:00","end":"2025-12-02T12:00:00+02:00"},"interval":"hourly"}}})"};
constexpr std::string_view custom_metrics[] = {
  R"({"data":{"type":"custom-metric","attributes":{"definition":{"aggregation_method":"value","metric_groups":[{"metric_id":"PLCORD","metric_filters":[{"property":"size","filter":{"type":"string","operator":"equals","value":"L"}}],"value_property":"total"},{"metric_id":"VWDPRD","metric_filters":null}]}}}})",
  R"({"data":{"type":"custom-metric","attributes":{"definition":{"aggregation_method":"count","metric_groups":[{"metric_id":"PLCORD","metric_filters":[{"property":"n","filter":{"type":"numeric","operator":"greater-than","value":1.5}},{"property":"t","filter":{"type":"string","operator":"nregex","value":"^a"}},{"property":"l","filter":{"type":"list","operator":"contains-any","value":["a"]}},{"property":"b","filter":{"type":"boolean","operator":"equals","value":true}}]}]}}}})"};
constexpr std::string_view subscription_jobs[] = {
  R"({"data":{"type":"profile-subscription-bulk-create-job","attributes":{"custom_source":"Booth","historical_import":true,"profiles":{"data":[{"type":"profile","id":"01000000300004K76EMM8XMBRQ","attributes":{"email":"a@b.c","phone_number":"+15005550006","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","consented_at":"2024-01-31T08:00:00Z"}},"sms":{"marketing":{"consent":"SUBSCRIBED","consented_at":"2024-01-31"}}}}}]}},"relationships":{"list":{"data":{"type":"list","id":"L"}}}}})",
  R"({"data":{"type":"profile-subscription-bulk-delete-job","attributes":{"profiles":{"data":[{"type":"profile","attributes":{"email":"a@b.c","subscriptions":{"email":{"marketing":{"consent":"UNSUBSCRIBED"}},"push":{"marketing":{"consent":"UNSUBSCRIBED"}}}}}]}}}})"};
constexpr std::string_view line_bodies[] = {"\x2a{\"a\":1}\n{\"b\":2}\n\n{\"c\":3}", "\xff\n\r\n\n",
                                            "a"
                                            "bcdefghijklmnopqrstuvwxyz\nx"};

constexpr std::array all_targets{
  fuzz_target{"aggregate-filters", read_aggregates, aggregates},
  fuzz_target{"report-times", read_report_times, report_times},
  fuzz_target{"custom-metrics", read_custom_metrics, custom_metrics},
  fuzz_target{"subscription-jobs", read_subscription_jobs, subscription_jobs},
  fuzz_target{"body-lines", read_lines, line_bodies, true}};

} // namespace

std::span<const fuzz_target> body_targets() {
  return all_targets;
}

} // namespace fuzz_tests
