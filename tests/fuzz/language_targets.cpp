// Definitions, requests, dictionaries, lines of changes, settings, and what pages hang on.
#include "library/page_cursor.hpp"
#include "messages/batch_codec.hpp"
#include "messages/ndjson.hpp"
#include "metrics/dictionary.hpp"
#include "metrics/formula.hpp"
#include "metrics/request.hpp"
#include "metrics/toml_tree.hpp"
#include "node/settings.hpp"
#include "segments/canonical.hpp"
#include "segments/parse.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/targets.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <string>

namespace fuzz_tests {

namespace {

bool is_sound(const std::vector<segments::definition_error>& errors) {
  for (const auto& error : errors) {
    promise(error.pointer.empty() || error.pointer.front() == '/', "a mistake has a pointer");
    promise(!error.found.empty() && !error.allowed.empty(), "a mistake has a reason");
    promise(simdjson::validate_utf8(error.found) && simdjson::validate_utf8(error.allowed)
              && simdjson::validate_utf8(error.pointer),
            "a mistake is told in UTF-8");
  }
  return true;
}

// --- definitions and requests ---

const segments::parse_context& some_account() {
  static const segments::parse_context account{
    .metric_name = [](std::string_view name) -> std::optional<std::string> {
      return name == "PLCORD" ? std::optional<std::string>{"Placed Order"} : std::nullopt;
    },
    .list_name = [](std::string_view name) -> std::optional<std::string> {
      return name == "NWSLTR" ? std::optional<std::string>{"Newsletter"} : std::nullopt;
    },
    .segment = [](std::string_view name) -> std::optional<segments::parse_context::referred> {
      if (name != "VIP")
        return std::nullopt;
      return segments::parse_context::referred{
        "V", "VIP",
        R"({"type":"profile-group-membership","is_member":true,"group_ids":["NWSLTR"]})"};
    }};
  return account;
}

bool read_definition(std::string_view bytes) {
  const auto parsed = segments::parse_definition(bytes, some_account());
  promise(parsed.rule.has_value() == parsed.errors.empty(), "a rule, or what is wrong with it");
  is_sound(parsed.errors);
  if (!parsed.rule)
    return false;
  const auto& rule = *parsed.rule;
  promise(!rule.criteria.empty() && rule.ids.size() == rule.criteria.size(),
          "every criterion has an id");
  for (std::size_t i = 0; i < rule.ids.size(); ++i) {
    promise(segments::normalised(rule.criteria[i]) == rule.criteria[i],
            "a criterion is in the one form");
    promise(segments::id_of(rule.criteria[i]) == rule.ids[i], "an id is the criterion's");
    promise(is_json(segments::canonical_text(rule.criteria[i])), "a canonical text is JSON");
  }
  return true;
}

const metrics::dictionary& words() {
  static const auto made = *metrics::read_dictionary(metrics::standard_files()).read;
  return made;
}

bool read_report_request(std::string_view bytes) {
  metrics::request_context context;
  context.words = &words();
  context.metric_name = [](std::string_view name) -> std::optional<std::string> {
    return name == "PLCORD" ? std::optional<std::string>{"Placed Order"} : std::nullopt;
  };
  context.segment_id = [](std::string_view name) -> std::optional<std::string> {
    return name == "VIP" ? std::optional<std::string>{"SEG1"} : std::nullopt;
  };
  const auto read = metrics::read_request(bytes, context);
  promise(read.read.has_value() == read.errors.empty(), "a request, or what is wrong with it");
  is_sound(read.errors);
  if (!read.read)
    return false;
  promise(!read.read->rollups.empty() && !read.read->statistics.empty()
            && read.read->limit <= metrics::limit_max,
          "a request is within its bounds");
  return true;
}

// --- dictionaries ---

bool is_told(const std::vector<metrics::dictionary_fault>& faults) {
  for (const auto& fault : faults)
    promise(!fault.message.empty() && fault.at.line > 0 && fault.at.file == "mine.toml",
            "a fault has its place and a reason");
  return !faults.empty();
}

bool read_dictionary_file(std::string_view bytes) {
  const metrics::dictionary_file mine{"mine.toml", std::string{bytes}};
  std::vector<metrics::dictionary_fault> faults;
  const auto tree = metrics::read_toml(mine, faults);
  promise(tree.has_value() != is_told(faults), "a document, or what is wrong with it");
  if (tree)
    promise(is_json(metrics::to_json(*tree)), "a document becomes JSON");
  const auto result = metrics::read_dictionary({&mine, 1});
  promise(result.read.has_value() != is_told(result.faults), "words, or what is wrong with them");
  return result.read.has_value();
}

bool read_formula(std::string_view bytes) {
  metrics::formula::fault why;
  const auto read = metrics::formula::read(bytes, why);
  if (!read) {
    promise(!why.message.empty() && why.column <= bytes.size(), "a wrong formula has a reason");
    return false;
  }
  promise(read->steps().size() <= metrics::formula::steps_max, "a formula is within its bounds");
  static_cast<void>(read->value([](std::size_t i) { return static_cast<double>(i) - 1; }, 0.0));
  static_cast<void>(read->ratios());
  static_cast<void>(read->sums());
  return true;
}

// --- lines of changes ---

bool read_lines_of_changes(std::string_view bytes) {
  static messages::ndjson_reader reader;
  messages::line_block block{bytes};
  model::change_batch batch;
  std::vector<messages::line_error> errors;
  const auto lines = reader.read(block, batch, errors);
  promise(block.is_empty(), "every line is read");
  std::uint64_t last = 0;
  for (const auto& error : errors) {
    promise(error.line > last && error.line <= lines, "a line is refused once, in order");
    promise(!error.reason.empty() && simdjson::validate_utf8(error.reason),
            "a refused line has a reason");
    last = error.line;
  }
  for (const auto& record : batch.records)
    for (const auto& error : errors)
      promise(record.line != error.line, "a refused line leaves nothing behind");
  const auto message = messages::encode(batch, {});
  model::change_batch back;
  promise(messages::decode(message, back).has_value()
            && back.records.size() == batch.records.size(),
          "a batch comes back as it was");
  return !batch.records.empty();
}

// --- settings ---

bool read_settings(std::string_view bytes) {
  const memory_file file{bytes};
  const auto all = node::gather_settings({{"config", file.name()}}, {});
  for (const auto& fault : all.faults)
    promise(fault.starts_with(file.name() + ':') || fault.find(" (/proc/") != std::string::npos,
            "a fault tells where it stands");
  if (!all.faults.empty())
    return false;
  promise(all.in_force.size() == node::all_settings().size(), "every setting has a value");
  const auto& server = all.made.server;
  promise(server.workers >= 1 && server.workers <= 1024 && server.io_threads >= 1
            && server.header_bytes_max >= 1024 && server.idle_timeout.count() >= 1
            && server.idle_timeout.count() <= 86'400'000,
          "settings are within their bounds");
  return true;
}

// --- pages and events ---

bool read_page_keys(std::string_view bytes) {
  bool is_taken = false;
  if (const auto key = rollcall::parse_event_id(bytes)) {
    promise(rollcall::parse_event_id(rollcall::to_event_id(*key)) == key,
            "an event's id reads the same once it is written");
    is_taken = true;
  }
  const actors::event_question events;
  if (const auto key = rollcall::parse_cursor(bytes, events)) {
    promise(rollcall::parse_cursor(rollcall::to_cursor(*key, events), events) == key,
            "a cursor of events reads the same once it is written");
    is_taken = true;
  }
  const actors::profile_question profiles;
  if (const auto line = rollcall::parse_cursor(bytes, profiles)) {
    const auto again = rollcall::parse_cursor(rollcall::to_cursor(*line, profiles), profiles);
    promise(again && again->text == line->text && again->place == line->place
              && again->at == line->at,
            "a cursor of profiles reads the same once it is written");
    is_taken = true;
  }
  return is_taken;
}

// --- sound ones ---

constexpr std::string_view definitions[] = {
  R"({"condition_groups":[{"conditions":[{"type":"profile-metric","metric_id":"PLCORD","measurement":"count","measurement_filter":{"type":"numeric","operator":"greater-than-or-equal","value":1},"timeframe_filter":{"type":"date","operator":"in-the-last","unit":"day","quantity":30},"metric_filters":[{"property":"size","filter":{"type":"string","operator":"equals","value":"L"}}]}]},{"conditions":[{"type":"profile-region","in_region":true,"region":"european_union"},{"type":"profile-group-membership","is_member":true,"group_ids":["NWSLTR"],"timeframe_filter":null}]}]})",
  R"({"all_of":[{"segment":"VIP"},{"none_of":[{"type":"profile-property","property":"location['country']","filter":{"type":"string","operator":"in","value":["Portugal","Spain"]}},{"type":"profile-property","property":"properties['a.b']","filter":{"type":"date","operator":"in-the-next","unit":"week","quantity":2}}]},{"any_of":[{"type":"profile-marketing-consent","consent":{"channel":"email","can_receive_marketing":false,"consent_status":{"subscription":"any","filters":null}}}]}]})",
  R"({"type":"profile-metric","metric_id":"Placed Order","measurement":"avg","measurement_filter":{"type":"numeric","operator":"between","start":1.5,"end":2e3},"timeframe_filter":{"type":"date","operator":"between","start":"2024-01-01","end":"2024-02-01"}})",
  R"({"type":"profile-postal-code-distance","country_code":"US","postal_code":"02110","unit":"miles","filter":{"type":"numeric","operator":"less-than","value":50}})"};
constexpr std::string_view requests[] = {
  R"({"datasource":"campaign","statistics":["opens","open_rate"],"timeframe":{"key":"today"}})",
  R"({"datasource":"campaign","statistics":["opens"],"timeframe":{"key":"last_30_days"},"group_by":["campaign_id","send_channel"],"filter":{"and":[{"field":"campaign_id","operator":"equals","value":"C1"}]}})",
  R"({"datasource":"account","metric":"PLCORD","statistics":["count","sum_value"],"timeframe":{"start":"2025-12-01","end":"2025-12-31"},"group_by":["day"]})"};
constexpr std::string_view dictionaries[] = {
  "[datasource.form]\ndescription = \"Forms.\"\nowner = \"forms\"\nversion = 1\nkind = \"events\"\n"
  "group_by = [\"form_id\"]\n\n[dimension.form_id]\ndescription = \"The form.\"\nowner = \"f\"\n"
  "version = 1\nsource = \"event_property\"\nkey = \"form_id\"\n\n[events.viewed]\n"
  "description = \"Seen.\"\nowner = \"f\"\nversion = 1\nmetrics = [\"Viewed Form\"]\n\n"
  "[measure.views]\ndescription = \"Views.\"\nowner = \"f\"\nversion = 2\nunit = \"events\"\n"
  "counts = \"events\"\nevents = \"viewed\"\npopulation = \"form_views\"\ntime_basis = \"event\"\n",
  "[derived.rate]\ndescription = \"x\"\nowner = '''y'''\nversion = 0x1\nformula = \"a / (b + "
  "1.5)\"\n",
  "a.b = [1, 2.5e3, true, 2024-01-31T08:00:00Z, {c = \"\\u00e9\"}]\n"};
constexpr std::string_view formulas[] = {"opens_unique / delivered", "-(a + 1.5) * b / (c - 2)",
                                         "((x))"};
constexpr std::string_view change_lines[] = {
  R"({"unique_id":"u1","metric":"Placed Order","profile":{"external_id":"1"},"time":"1997-01-01T00:00:00Z","value":11.77,"value_currency":"USD","properties":{"Quantity":1,"tags":["a",1,true],"items":[{"sku":"x"}]}})"
  "\n"
  R"({"external_id":"a","email":"a@b.c","location":{"latitude":"42.5"},"properties":{"vip":true,"old":null},"lists":["VIP",{"id":"N","joined_at":"2020-01-02"}]})",
  R"({"external_id":"a","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03"}]}}},"patch_properties":{"append":{"t":["x"]},"unset":["z"]}})",
  R"({"list":"VIP","action":"add","profile":{"external_id":"a"},"time":5})"
  "\n\n"
  R"({"merge":{"from":{"external_id":"a"},"into":{"email":"b"}}})"
  "\r\n"
  R"({"erase":{"phone_number":"+1500"}})",
  R"({"campaign":{"id":"C1","channel":"email","send_strategy":{"method":"static","datetime":"2026-03-01T09:00:00Z"},"send_time":1772355600,"tags":["sale"],"messages":[{"id":"M1","variations":[{"id":"A"}]}]}})"};
constexpr std::string_view settings[] = {
  "workers = 8\nlisten = \"127.0.0.1:0\"\nidle-timeout = \"10 s\"\nopen = true\n",
  "rate-limits = \"klaviyo\"\nbody-bytes-max = \"2KiB\"\npublic-url = \"https://a\"\n# x\n",
  "log = 'debug'\nmetrics-for = \"\"\"nobody\"\"\"\nheader-bytes-max = 1_024\n"};

std::span<const std::string_view> page_seeds() {
  static const std::array texts{
    rollcall::to_event_id({1'700'000'000'000, {1, 2}, 3, 4}),
    rollcall::to_cursor(actors::event_key{1'700'000'000'000, {1, 2}, 3, 4},
                        actors::event_question{}),
    rollcall::to_cursor(actors::profile_line{false, 5, "text", {1, 2}, {}},
                        actors::profile_question{})};
  static const std::array<std::string_view, 3> seeds{texts[0], texts[1], texts[2]};
  return seeds;
}

} // namespace

std::span<const fuzz_target> language_targets() {
  static const std::array all{fuzz_target{"definitions", read_definition, definitions},
                              fuzz_target{"report-requests", read_report_request, requests},
                              fuzz_target{"dictionaries", read_dictionary_file, dictionaries},
                              fuzz_target{"formulas", read_formula, formulas},
                              fuzz_target{"change-lines", read_lines_of_changes, change_lines},
                              fuzz_target{"settings", read_settings, settings},
                              fuzz_target{"page-keys", read_page_keys, page_seeds()}};
  return all;
}

} // namespace fuzz_tests
