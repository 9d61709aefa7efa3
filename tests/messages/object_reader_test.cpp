#include "messages/object_reader.hpp"
#include "model/limits.hpp"
#include "tests/messages/batch_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(object_reader_test)

namespace {

using messages_test::read_and_shown;
using model::object_kind;

constexpr std::string_view whole_campaign =
  R"({"id":"C1","name":"Spring sale","channel":"email","status":"Sent",)"
  R"("send_strategy":{"method":"static","datetime":"2026-03-01T09:00:00Z",)"
  R"("options":{"is_local":true,"send_past_recipients_immediately":false}},)"
  R"("send_time":"2026-03-01T09:00:00Z","created_at":"2026-02-01T00:00:00Z",)"
  R"("updated_at":"2026-02-02T00:00:00.500Z","scheduled_at":"2026-02-03T00:00:00Z",)"
  R"("first_batch_due_at":"2026-03-01T09:00:01Z","first_batch_started_at":"2026-03-01T09:00:02Z",)"
  R"("first_delivery_at":"2026-03-01T09:00:03Z","send_completed_at":"2026-03-01T10:00:00Z",)"
  R"("archived":true,"tags":[{"id":"T1","name":"sale"},{"id":"T2"}],)"
  R"("messages":[{"id":"M1","name":"Hello","channel":"push-notification",)"
  R"("variations":[{"id":"A","name":"Short subject"},{"id":"B"}]},{"id":"M2"}]})";

constexpr std::string_view whole_flow =
  R"({"id":"F1","name":"Welcome","status":"live","trigger_type":"Added to List",)"
  R"("created":"2026-01-01T00:00:00Z","updated":"2026-01-02T00:00:00Z",)"
  R"("tags":[{"id":"sale","name":"sale"}],"messages":[{"id":"M9","name":"Hi","channel":"sms"}]})";

model::object_update update_of(object_kind kind, std::string_view json) {
  auto read = messages::read_object(kind, json);
  if (!read.update)
    BOOST_FAIL(read.field << ": " << read.reason);
  return std::move(*read.update);
}

/// The object after these descriptions, one after the other, as JSON.
std::string after(object_kind kind, const std::vector<std::string_view>& updates) {
  std::optional<model::described_object> object;
  for (const auto json : updates) {
    auto next = model::merged(object ? &*object : nullptr, update_of(kind, json));
    BOOST_REQUIRE(next);
    object = std::move(*next);
  }
  return messages::object_json(*object);
}

struct refused {
  std::string object;
  std::string_view field;
  std::string_view reason; // A part of it.
};

void check_refused(const std::string& kind, const std::vector<refused>& cases) {
  for (const auto& c : cases) {
    const auto line = R"({")" + kind + R"(":)" + c.object + "}";
    BOOST_TEST_CONTEXT(line.substr(0, 200)) {
      const auto shown = read_and_shown(line);
      const auto field = kind + (c.field.empty() ? "" : ".") + std::string{c.field};
      BOOST_TEST(shown.starts_with("! 1, " + field + ": "), shown);
      BOOST_TEST(shown.find(c.reason) != std::string::npos, shown << " lacks " << c.reason);
    }
  }
}

std::string list_of(std::size_t count, std::string_view before, std::string_view behind) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i)
    out += (i == 0 ? "" : ",") + std::string{before} + std::to_string(i) + std::string{behind};
  return out + ']';
}

} // namespace

BOOST_AUTO_TEST_CASE(everything_about_an_object_is_read_and_written_back) {
  BOOST_TEST(after(object_kind::campaign, {whole_campaign}) == whole_campaign);
  BOOST_TEST(after(object_kind::flow, {whole_flow}) == whole_flow);
  BOOST_TEST(after(object_kind::tag, {R"({"id":"T1","name":"sale \"é\""})"})
             == R"({"id":"T1","name":"sale \"é\""})");
  const auto campaign = model::merged(nullptr, update_of(object_kind::campaign, whole_campaign));
  BOOST_REQUIRE(campaign);
  BOOST_TEST(campaign->name == "Spring sale");
  BOOST_TEST(campaign->strategy.method == "static");
  BOOST_TEST(model::format_instant(*campaign->send_completed) == "2026-03-01T10:00:00Z");
  BOOST_TEST(model::format_instant(*campaign->updated) == "2026-02-02T00:00:00.500Z");
  BOOST_REQUIRE(campaign->messages.size() == 2u);
  BOOST_TEST(campaign->messages[0].variations[0].name == "Short subject");
}

BOOST_AUTO_TEST_CASE(short_forms_mean_the_same_as_long_ones) {
  BOOST_TEST(after(object_kind::campaign,
                   {R"({"id":"C","tags":["sale"],"send_strategy":"immediate","channel":"push",
                        "send_time":1772355600,"messages":[{"id":"M","channel":"mobile_push"}]})"})
             == R"({"id":"C","channel":"push-notification","send_strategy":{"method":"immediate"},)"
                R"("send_time":"2026-03-01T09:00:00Z","tags":[{"id":"sale","name":"sale"}],)"
                R"("messages":[{"id":"M","channel":"push-notification"}]})");
  for (const auto* strategy :
       {R"({"method":"throttled","datetime":"2026-03-01T09:00:00Z","throttle_percentage":25})",
        R"({"method":"smart_send_time","date":"2026-03-01"})", R"({"method":"ab_test_campaign"})",
        R"({"method":"static","options":{"is_local":false}})"}) {
    const auto json = R"({"id":"C","send_strategy":)" + std::string{strategy} + "}";
    BOOST_TEST(after(object_kind::campaign, {json}) == json);
  }
}

BOOST_AUTO_TEST_CASE(a_field_that_is_given_replaces_and_null_unsets) {
  const std::string_view
    first = R"({"id":"C","name":"One","status":"Draft","send_time":"2026-03-01","archived":true,)"
            R"("send_strategy":"immediate","tags":["a","b"]})";
  BOOST_TEST(after(object_kind::campaign, {first, R"({"id":"C"})"})
             == after(object_kind::campaign, {first}));
  BOOST_TEST(after(object_kind::campaign, {first, R"({"id":"C","name":"Two","tags":["c"]})"})
             == R"({"id":"C","name":"Two","status":"Draft",)"
                R"("send_strategy":{"method":"immediate"},"send_time":"2026-03-01T00:00:00Z",)"
                R"("archived":true,"tags":[{"id":"c","name":"c"}]})");
  BOOST_TEST(after(object_kind::campaign,
                   {first, R"({"id":"C","name":null,"status":null,"send_time":null,)"
                           R"("archived":null,"send_strategy":null,"tags":null,"messages":null})"})
             == R"({"id":"C"})");
}

BOOST_AUTO_TEST_CASE(messages_are_merged_by_their_id) {
  const std::string_view
    first = R"({"id":"F","messages":[{"id":"M2","name":"Two","channel":"email"},)"
            R"({"id":"M1","name":"One","variations":[{"id":"A"},{"id":"B"}]}]})";
  BOOST_TEST(
    after(object_kind::flow,
          {first, R"({"id":"F","messages":[{"id":"M3"},{"id":"M1","variations":[{"id":"C"}]}]})"})
    == R"({"id":"F","messages":[{"id":"M1","name":"One","variations":[{"id":"C"}]},)"
       R"({"id":"M2","name":"Two","channel":"email"},{"id":"M3"}]})");
  BOOST_TEST(after(object_kind::flow,
                   {first, R"({"id":"F","messages":[{"id":"M2","name":null,"channel":null},)"
                           R"({"id":"M1","deleted":true},{"id":"M0","deleted":true}]})"})
             == R"({"id":"F","messages":[{"id":"M2"}]})");
  BOOST_TEST(after(object_kind::flow, {first, R"({"id":"F","messages":[]})"})
             == after(object_kind::flow, {first}));
  BOOST_TEST(after(object_kind::flow, {first, R"({"id":"F","messages":null})"}) == R"({"id":"F"})");
}

BOOST_AUTO_TEST_CASE(an_object_has_no_more_messages_than_it_may) {
  const auto many = update_of(object_kind::flow,
                              R"({"id":"F","messages":)"
                                + list_of(model::object_messages_max, R"({"id":")", R"("})") + "}");
  const auto full = model::merged(nullptr, many);
  BOOST_REQUIRE(full);
  const auto more = model::merged(
    &*full, update_of(object_kind::flow, R"({"id":"F","messages":[{"id":"x"}]})"));
  BOOST_REQUIRE(!more);
  BOOST_TEST(more.error().message
             == "flow \"F\" would have 1001 messages; at most 1000 are allowed");
  const auto other = model::merged(
    &*full, update_of(object_kind::flow,
                      R"({"id":"F","messages":[{"id":"x"},{"id":"0","deleted":true}]})"));
  BOOST_TEST(other.has_value());
}

BOOST_AUTO_TEST_CASE(a_deletion_is_told) {
  BOOST_TEST(update_of(object_kind::campaign, R"({"id":"C1","deleted":true})").is_deleted);
  BOOST_TEST(!update_of(object_kind::campaign, R"({"id":"C1","deleted":false})").is_deleted);
}

BOOST_AUTO_TEST_CASE(lines_that_describe_are_records_of_their_own) {
  BOOST_TEST(read_and_shown(R"({"campaign": {"id": "C1", "messages": [ {"id": "M1"} ]} })"
                            "\n"
                            R"({"external_id":"a"})"
                            "\n"
                            R"({"flow":{"id":"F1","created":"2026-01-02"}})"
                            "\n"
                            R"({"tag":{"id":"T1"}})")
             == "1 describe 'campaign' unique C1 {campaign: "
                "{\"id\":\"C1\",\"messages\":[{\"id\":\"M1\"}]}}\n"
                "2 profile id=a\n"
                "3 describe 'flow' unique F1 {flow: {\"id\":\"F1\",\"created\":\"2026-01-02\"}}\n"
                "4 describe 'tag' unique T1 {tag: {\"id\":\"T1\"}}\n");
}

BOOST_AUTO_TEST_CASE(a_line_describes_one_object_and_says_nothing_else) {
  BOOST_TEST(read_and_shown(R"({"campaign":{"id":"C"},"flow":{"id":"F"}})")
             == "! 1, flow: this is a description already; a line has one of metric, list, merge, "
                "erase, campaign, flow, tag\n");
  BOOST_TEST(read_and_shown(R"({"campaign":{"id":"C"},"time":"2026-01-01"})")
             == "! 1, time: not a field of a description; allowed: campaign, flow, tag\n");
  BOOST_TEST(read_and_shown(R"({"tag":{"id":"C"},"colour":"red"})")
             == "! 1, colour: not a field of a description; allowed: campaign, flow, tag\n");
  BOOST_TEST(read_and_shown(R"({"tag":{"id":"C"},"tag":{"id":"D"}})") == "! 1, tag: given twice\n");
  BOOST_TEST(read_and_shown(R"({"metric":"M","profile":{"external_id":"a"},"tag":{"id":"C"}})")
               .starts_with("! 1, tag: this is an event already"));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_campaign_is_told_with_its_place) {
  const std::string long_text(model::object_text_bytes_max + 1, 'x');
  const auto with = [](std::string_view field) {
    return R"({"id":"C",)" + std::string{field} + "}";
  };
  check_refused(
    "campaign",
    {
      {"5", "", "expected an object, found 5"},
      {"null", "", "expected an object, found null"},
      {"{}", "id", "missing; a campaign needs an id"},
      {R"({"id":""})", "id", "an id may not be empty"},
      {R"({"id":7})", "id", "expected text, found 7"},
      {R"({"id":null})", "id", "expected text, found null"},
      {R"({"id":")" + long_text + R"("})", "id", "a text of 1001 bytes; at most 1000"},
      {with(R"("id":"D")"), "id", "given twice"},
      {with(R"("colour":"red")"), "colour",
       "not a field of a campaign; allowed: id, name, channel"},
      {with(R"("trigger_type":"Metric")"), "trigger_type", "not a field of a campaign"},
      {with(R"("name":[])"), "name", "expected text, found a list"},
      {with(R"("name":"a","name":"b")"), "name", "given twice"},
      {with(R"("name":")" + long_text + '"'), "name", "a text of 1001 bytes"},
      {with(R"("channel":"fax")"), "channel",
       "expected email, sms, push-notification or whatsapp, found the text \"fax\""},
      {with(R"("archived":"yes")"), "archived", "expected true or false"},
      {with(R"("deleted":1)"), "deleted", "expected true or false, found 1"},
      {with(R"("send_time":"soon")"), "send_time", "expected an ISO 8601 time"},
      {with(R"("send_time":1.5)"), "send_time", "expected an ISO 8601 time"},
      {with(R"("created_at":"1800-01-01")"), "created_at", "outside the years 1900 to 2199"},
      {with(R"("created_at":9223372036854775807)"), "created_at", "outside the years"},
      {with(R"("send_strategy":"by mail")"), "send_strategy", "expected a method: static, imm"},
      {with(R"("send_strategy":[])"), "send_strategy", "expected an object, found a list"},
      {with(R"("send_strategy":{})"), "send_strategy.method", "missing; a send strategy needs"},
      {with(R"("send_strategy":{"method":1})"), "send_strategy.method", "expected a method"},
      {with(R"("send_strategy":{"date":"2026-03-01","method":"immediate"})"), "send_strategy.date",
       "not a field of the method immediate"},
      {with(R"("send_strategy":{"method":"static","when":1})"), "send_strategy.when",
       "not a field of a send strategy"},
      {with(R"("send_strategy":{"method":"smart_send_time","date":"2026-02-30"})"),
       "send_strategy.date", "expected a date"},
      {with(R"("send_strategy":{"method":"throttled","throttle_percentage":3})"),
       "send_strategy.throttle_percentage", "expected one of 1, 2, 5"},
      {with(R"("send_strategy":{"method":"static","options":{"is_far":true}})"),
       "send_strategy.options.is_far", "not an option"},
      {with(R"("send_strategy":{"method":"static","options":{"is_local":1}})"),
       "send_strategy.options.is_local", "expected true or false"},
      {with(R"("tags":"sale")"), "tags", "expected a list, found the text"},
      {with(R"("tags":[5])"), "tags.0", "expected text, or an object with an id, found 5"},
      {with(R"("tags":[""])"), "tags.0", "an id may not be empty"},
      {with(R"("tags":["a",{"id":"a","name":"A"}])"), "tags.1", "given twice"},
      {with(R"("tags":[{"name":"a"}])"), "tags.0.id", "missing; a tag needs an id"},
      {with(R"("tags":[{"id":"a","colour":"red"}])"), "tags.0.colour", "not a field of a tag"},
      {with(R"("tags":)" + list_of(model::object_tags_max + 1, "\"", "\"")), "tags",
       "more than 100 tags"},
      {with(R"("messages":{})"), "messages", "expected a list, found an object"},
      {with(R"("messages":["M1"])"), "messages.0", "expected an object"},
      {with(R"("messages":[{"name":"x"}])"), "messages.0.id", "missing; a message needs an id"},
      {with(R"("messages":[{"id":"M"},{"id":"M"}])"), "messages.1", "given twice"},
      {with(R"("messages":[{"id":"M","channel":"fax"}])"), "messages.0.channel", "expected email"},
      {with(R"("messages":[{"id":"M","subject":"x"}])"), "messages.0.subject",
       "not a field of a message"},
      {with(R"("messages":[{"id":"M","variations":["A"]}])"), "messages.0.variations.0",
       "expected an object, found the text"},
      {with(R"("messages":[{"id":"M","variations":[{"id":"A"},{"id":"A"}]}])"),
       "messages.0.variations.1", "given twice"},
      {with(R"("messages":[{"id":"M","variations":)"
            + list_of(model::message_variations_max + 1, R"({"id":")", R"("})") + "}]"),
       "messages.0.variations", "more than 100 variations"},
      {with(R"("messages":)" + list_of(model::object_messages_max + 1, R"({"id":")", R"("})")),
       "messages", "more than 1000 messages"},
    });
}

BOOST_AUTO_TEST_CASE(flows_and_tags_have_fields_of_their_own) {
  check_refused("flow", {{R"({"id":"F","channel":"email"})", "channel", "not a field of a flow"},
                         {R"({"id":"F","created_at":1})", "created_at", "not a field of a flow"},
                         {R"({"id":"F","created":"x"})", "created", "expected an ISO 8601 time"},
                         {R"({"name":"F"})", "id", "missing; a flow needs an id"}});
  check_refused("tag", {{R"({"id":"T","status":"x"})", "status",
                         "not a field of a tag; allowed: id, name, deleted"},
                        {R"({"id":["T"]})", "id", "expected text, found a list"}});
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json_is_no_object) {
  for (const auto* text : {"", "{", R"({"id":)", "[]", "null"}) {
    const auto read = messages::read_object(object_kind::tag, text);
    BOOST_TEST(!read.update.has_value());
    BOOST_TEST(!read.reason.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
