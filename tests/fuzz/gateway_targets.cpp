#include "gateway/body.hpp"
#include "gateway/cursor.hpp"
#include "gateway/document.hpp"
#include "gateway/field_names.hpp"
#include "gateway/filter.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/profile_shape.hpp"
#include "gateway/query.hpp"
#include "model/value.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/gateway/refusals.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace fuzz_tests {

namespace {

using namespace gateway;
using gateway_test::get;
using gateway_test::post;
using gateway_test::refused;

// --- filters ---

std::string written(const std::vector<filter_term>& terms) {
  std::string out;
  const auto append = [&](const filter_value& value) {
    if (const auto* text = std::get_if<std::string>(&value))
      model::append_json_string(out, *text);
    else if (const auto* number = std::get_if<double>(&value))
      out += model::format_number(*number);
    else if (const auto* flag = std::get_if<bool>(&value))
      out += *flag ? "true" : "false";
    else
      out += model::format_instant(std::get<model::instant>(value));
  };
  for (const auto& term : terms) {
    out += out.empty() ? "" : ",";
    out.append(name_of(term.operation)).append("(").append(term.field);
    out += term.values.empty() ? "" : term.is_list ? ",[" : ",";
    for (std::size_t i = 0; i < term.values.size(); ++i) {
      out += i == 0 ? "" : ",";
      append(term.values[i]);
    }
    out += term.is_list ? "])" : ")";
  }
  return out;
}

bool read_filter(std::string_view bytes) {
  const auto terms = parse_filter(bytes);
  if (!terms) {
    promise(!terms.error().message.empty(), "a wrong filter has a reason");
    promise(simdjson::validate_utf8(terms.error().message), "the reason is UTF-8");
    return false;
  }
  for (const auto& term : *terms)
    promise(term.values.empty() == (term.operation == filter_operator::has)
              && (term.is_list || term.values.size() < 2),
            "every operator but has() has a value");
  const auto text = written(*terms);
  if (text.size() <= filter_bytes_max) {
    const auto again = parse_filter(text);
    promise(again && written(*again) == text, "a filter reads the same once it is written");
  }
  return true;
}

// --- queries ---

query_rules some_rules() {
  using enum filter_operator;
  query_rules rules;
  rules.filters = {{"email", {equals, any}, filter_kind::text, true},
                   {"created", {greater_than, less_or_equal}, filter_kind::instant},
                   {"timestamp", {less_than}, filter_kind::number},
                   {"archived", {equals}, filter_kind::boolean},
                   {"profile", {has}}};
  rules.sorts = {"created", "email"};
  rules.includes = {"lists", "push-tokens"};
  rules.fields = {{"profile", field_names("profile")}};
  rules.additional_fields = {{"profile", {"subscriptions"}}};
  rules.page = page_rule{};
  rules.has_cursor = true;
  return rules;
}

/// `name=value&name=value`, as if decoded already.
request asked_with(std::string_view bytes) {
  auto asked = get("/api/profiles");
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('&'), bytes.size());
    const auto pair = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    const auto middle = std::min(pair.find('='), pair.size());
    asked.query.emplace_back(pair.substr(0, middle),
                             pair.substr(std::min(middle + 1, pair.size())));
  }
  return asked;
}

bool read_query(std::string_view bytes) {
  static const auto rules = some_rules();
  const auto asked = asked_with(bytes);
  const auto is_refused = is_refused_soundly(refused([&] { return parse_query(asked, rules); }));
  if (!is_refused) {
    const auto token = seal_cursor(cursor_scope(asked), "7.13");
    auto next = get("/api/profiles", {{"page[cursor]", page_link(asked, "page[cursor]", token)}});
    promise(parse_query(next, rules).cursor == token, "the link to a page is a cursor");
  }
  return !is_refused;
}

// --- cursors and ids ---

bool read_cursor(std::string_view bytes) {
  std::string position;
  if (is_refused_soundly(refused([&] { return position = open_cursor("scope", bytes); })))
    return false;
  promise(bytes.substr(0, bytes.find('=')) == seal_cursor("scope", position),
          "a cursor has one spelling");
  return true;
}

bool read_id(std::string_view bytes) {
  static_cast<void>(is_uuid(bytes));
  static_cast<void>(is_short_id(bytes));
  const auto place = profile_place_of(bytes);
  promise(!place || profile_id(*place) == bytes, "an id has one spelling");
  return place.has_value();
}

// --- bodies ---

bool read_json_text(std::string_view bytes) {
  std::vector<json_fault> faults;
  const auto value = read_json(bytes, faults);
  promise(value.has_value() == faults.empty(), "what is no JSON has a reason");
  if (!value)
    return false;
  const auto text = json_text(*value);
  const auto again = read_json(text, faults);
  promise(again && json_text(*again) == text, "JSON reads the same once it is written");
  return true;
}

bool read_segment(std::string_view bytes) {
  return !is_refused_soundly(refused([&] {
    const auto body = read_body(post("/api/segments", std::string{bytes}));
    mistakes found;
    data_rule rule{"segment"};
    rule.path_id = "S1";
    data_reader data{body, rule, found};
    auto& attributes = data.attributes();
    attributes.text("name", presence::required);
    attributes.boolean("is_starred", presence::nullable);
    attributes.integer("limit", presence::optional, {1, 10});
    attributes.number("weight", presence::optional);
    attributes.instant("since", presence::nullable);
    attributes.texts("tags", presence::optional, 3);
    if (auto below = attributes.nested("definition", presence::required)) {
      below->array("condition_groups", presence::required);
      below->finish();
    }
    data.related_many("profiles", "profile", presence::nullable, 10);
    data.related_one("group", "tag-group", presence::optional);
    data.finish();
    found.refuse_if_any();
    return 0;
  }));
}

bool read_identifier_list(std::string_view bytes) {
  return !is_refused_soundly(
    refused([&] { return read_identifiers(post("/", std::string{bytes}), "profile", 10); }));
}

// --- profiles ---

bool read_profile(std::string_view bytes) {
  static messages::ndjson_reader reader;
  model::change_batch batch;
  profile_line line;
  const auto errors = refused([&] {
    const auto body = read_body(post("/api/profile-import", std::string{bytes}));
    mistakes found;
    data_reader data{body, {"profile"}, found};
    const auto* meta = data.data().object("meta", presence::nullable);
    line = make_profile_line(data.attributes().content(), meta, {"e1", "old@x.co", ""}, found);
    found.refuse_if_any();
    read_profile_line(reader, line, batch);
    return 0;
  });
  promise(errors.empty() == !batch.records.empty(), "a refused line leaves nothing behind");
  if (is_refused_soundly(errors))
    return false;
  promise(line.text.find('\n') == std::string::npos, "a line is one line");
  // A line has the engine's own shape.
  promise(is_json(json_text(profile_attributes(line.text, {true, true}))), "a profile is JSON");
  return true;
}

// --- sound ones ---

constexpr std::string_view filters[] = {
  R"(equals(email,"a+b c@x.co"),greater-than(created,1970-01-01T00:00:00.000Z),any(id,["a","b"]))",
  R"(and( equals(messages.channel,'email') , and(has(profile),contains(name,'it\'s "so"')) ))",
  R"(less-than(timestamp,1700000000.5),equals(archived,false),any($message,['M1','M2']))",
  R"(greater-or-equal(datetime,2024-01-31 12:00:00 02:00),less-than(datetime,2024-02-01))",
  R"(contains-any(a,["x\u00e9\n"]),contains-all(b,[1,2,-3e2]),ends-with(Bounce Type,"ä😀"))"};
constexpr std::string_view queries[] = {
  R"(filter=equals(email,"a"),less-or-equal(created,2024-01-31)&sort=-created&page[size]=50)",
  "fields[profile]=email,location.city&additional-fields[profile]=subscriptions&include=lists",
  "page[cursor]=http://HOST/api/profiles?sort=email&page[size]=1",
  "page[cursor]=http:%2F%2FHOST%2Fapi%2Fprofiles%3Fpage%255Bcursor%255D%3DbmV4&sort=email"};
constexpr std::string_view cursors[] = {"4EgdObWDevQwLjE3", "bmV4dDo6aWQ6OjEyMw==", "AAAA-_9z"};
constexpr std::string_view ids[] = {"01000000300004K76EMM8XMBRQ", "0100000000000000W8GAGEBV3Q",
                                    "01GDDKASAP8TKDDA2GRZDSVP4H"};
constexpr std::string_view bodies[] = {
  R"({"data":{"type":"segment","id":"S1","attributes":{"name":"VIP","is_starred":null,"limit":7,)"
  R"("weight":1.5e-3,"since":"2024-01-31T08:00:00Z","tags":["a","b"],)"
  R"("definition":{"condition_groups":[]}}}})",
  R"({"data":{"type":"segment","id":"S1","attributes":{"name":"\u00e9\\","definition":)"
  R"({"condition_groups":[{"a":[true,false,null]}]}},"relationships":{"profiles":{"data":)"
  R"([{"type":"profile","id":"P1"}]},"group":{"data":{"type":"tag-group","id":"G"}}}}})",
};
constexpr std::string_view profiles[] = {
  R"({"data":{"type":"profile","attributes":{"email":"a@b.c","phone_number":"+1","first_name":null,)"
  R"("location":{"address1":"x","latitude":"42","longitude":-71.5},"properties":{"a.b":1,"o":)"
  R"({"k":[{"x":2}]},"l":["a",true]}},"meta":{"patch_properties":{"append":{"k":"v"},)"
  R"("unappend":{"j":["a"]},"unset":["s"]}}}})",
  R"({"data":{"type":"profile","attributes":{"external_id":null,"email":"x","location":null,)"
  R"("properties":null,"image":"\u00e9"},"meta":{"patch_identifiers":{}}}})"};
constexpr std::string_view lists[] = {
  R"({"data":[{"type":"profile","id":"P1"},{"type":"profile","id":"P2"}]})"};

constexpr std::array all_targets = {
  fuzz_target{"filters", read_filter, filters},
  fuzz_target{"queries", read_query, queries},
  fuzz_target{"cursors", read_cursor, cursors},
  fuzz_target{"ids", read_id, ids},
  fuzz_target{"json", read_json_text, bodies},
  fuzz_target{"bodies", read_segment, bodies},
  fuzz_target{"profiles", read_profile, profiles},
  fuzz_target{"identifier-lists", read_identifier_list, lists},
};

} // namespace

std::span<const fuzz_target> gateway_targets() {
  return all_targets;
}

} // namespace fuzz_tests
