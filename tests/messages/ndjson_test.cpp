#include "messages/ndjson.hpp"
#include "model/limits.hpp"
#include "tests/messages/batch_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(ndjson_test)

namespace {

using messages_test::read_and_shown;
using messages_test::shown;

struct accepted {
  std::string_view line;
  std::string_view records;
};

void check(const std::vector<accepted>& cases) {
  for (const auto& c : cases)
    BOOST_TEST_CONTEXT(c.line) {
      BOOST_TEST(read_and_shown(c.line) == c.records);
    }
}

struct refused {
  std::string line;
  std::string_view field;
  std::string_view reason; // A part of it.
};

/// Each line is an error in that field, and a good line before and after it is taken.
void check(const std::vector<refused>& cases) {
  const std::string good = R"({"external_id":"a"})";
  for (const auto& c : cases)
    BOOST_TEST_CONTEXT(c.line.substr(0, 200)) {
      messages::line_block block{good + "\n" + c.line + "\n" + good};
      messages::ndjson_reader reader;
      model::change_batch batch;
      std::vector<messages::line_error> errors;
      BOOST_TEST(reader.read(block, batch, errors) == 3u);
      BOOST_TEST(shown(batch) == "1 profile id=a\n3 profile id=a\n");
      BOOST_TEST(batch.names.empty());
      BOOST_TEST(batch.bytes == "aa");
      BOOST_REQUIRE(errors.size() == 1);
      BOOST_TEST(errors[0].line == 2u);
      BOOST_TEST(errors[0].field == c.field);
      BOOST_TEST(errors[0].reason.find(c.reason) != std::string::npos,
                 errors[0].reason << " lacks " << c.reason);
      BOOST_TEST(errors[0].text == c.line.substr(0, messages::rejected_bytes_max));
    }
}

std::string event_with(std::string_view field) {
  return R"({"metric":"M","profile":{"external_id":"a"},)" + std::string{field} + "}";
}

std::string profile_with(std::string_view field) {
  return R"({"external_id":"a",)" + std::string{field} + "}";
}

std::string repeated(std::string_view part, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += part;
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(events_are_read) {
  check(std::vector<accepted>{
    {R"({"unique_id":"cdnow:1","metric":"Placed Order","profile":{"external_id":"00001"},"time":"1997-01-01T00:00:00Z","value":11.77,"value_currency":"USD","properties":{"Quantity":1}})",
     "1 event 'Placed Order' id=00001 at 1997-01-01T00:00:00Z worth 11.77 unique cdnow:1 "
     "{$value_currency: \"USD\", Quantity: 1}\n"},
    {R"({"metric":{"name":"Viewed"},"profile":{"email":"a@b.c","phone_number":"+15005550006"}})",
     "1 event 'Viewed' email=a@b.c phone=+15005550006\n"},
    {R"({"metric":"M","profile":{"external_id":"a"},"time":1577934245,"value":-0.0,"properties":null})",
     "1 event 'M' id=a at 2020-01-02T03:04:05Z worth 0\n"},
    {R"({"metric":"M","profile":{"external_id":"a"},"time":"2020-01-02 03:04:05.6789+02:00"})",
     "1 event 'M' id=a at 2020-01-02T01:04:05.678Z\n"},
    {R"({"metric":"M","profile":{"external_id":"a"},"time":null,"value":null,"value_currency":null,"unique_id":null})",
     "1 event 'M' id=a\n"},
    {R"({"metric":"M","profile":{"external_id":"a","email":""},"unique_id":"","value":1e3})",
     "1 event 'M' id=a worth 1000\n"},
  });
}

BOOST_AUTO_TEST_CASE(event_properties_keep_their_kinds) {
  check(std::vector<accepted>{
    {R"({"metric":"M","properties":{"t":"x","n":1.5,"b":true,"f":false,"none":null,"l":["a",1,true,null],"e":[]},"profile":{"external_id":"a"}})",
     R"(1 event 'M' id=a {t: "x", n: 1.5, b: true, f: false, l: ["a",1,true], e: []})"
     "\n"},
    {R"({"metric":"M","profile":{"external_id":"a"},"properties":{"o": { "k" : [ 1 , {"x y":" z "} ] } ,"m":[1, [2 ,"\u00e9"], {}]}})",
     R"(1 event 'M' id=a {o: {"k":[1,{"x y":" z "}]}, m: [1,[2,"\u00e9"],{}]})"
     "\n"},
  });
}

BOOST_AUTO_TEST_CASE(a_currency_joins_the_properties_wherever_it_stands) {
  const std::string_view expected = "1 event 'M' id=a {p: 1, $value_currency: \"EUR\"}\n"
                                    "1 profile id=a {first_name: \"Ann\"}\n";
  check(std::vector<accepted>{
    {R"({"properties":{"p":1},"profile":{"external_id":"a","first_name":"Ann"},"value_currency":"EUR","metric":"M"})",
     expected},
    {R"({"metric":"M","properties":{"p":1},"profile":{"first_name":"Ann","external_id":"a"},"value_currency":"EUR"})",
     expected},
  });
}

BOOST_AUTO_TEST_CASE(attributes_in_an_event_become_a_profile_record_after_it) {
  check(std::vector<accepted>{
    {R"({"metric":"M","profile":{"external_id":"a","properties":{"vip":true},"email":null,"lists":["L"]},"properties":{"p":1}})",
     "1 event 'M' id=a {p: 1}\n"
     "1 profile id=a {properties['vip']: true, -email}\n"
     "1 add to 'L' id=a\n"},
    {R"({"list":"VIP","action":"add","profile":{"email":"a@b.c","title":"Dr"}})",
     "1 add to 'VIP' email=a@b.c\n"
     "1 profile email=a@b.c {title: \"Dr\"}\n"},
  });
}

BOOST_AUTO_TEST_CASE(list_changes_merges_and_erasures_are_read) {
  check(std::vector<accepted>{
    {R"({"list":"VIP","action":"add","profile":{"external_id":"a"},"time":"2020-01-02"})",
     "1 add to 'VIP' id=a at 2020-01-02T00:00:00Z\n"},
    {R"({"time":0,"profile":{"external_id":"a"},"action":"remove","list":"VIP"})",
     "1 remove from 'VIP' id=a at 1970-01-01T00:00:00Z\n"},
    {R"({"merge":{"from":{"email":"a@b.c"},"into":{"external_id":"a","phone_number":"+1"}}})",
     "1 merge email=a@b.c into id=a phone=+1\n"},
    {R"({"erase":{"external_id":"a","email":null}})", "1 erase id=a\n"},
  });
}

BOOST_AUTO_TEST_CASE(every_profile_attribute_is_read) {
  check(std::vector<accepted>{
    {R"({"external_id":"a","email":"a@b.c","phone_number":"+1"})",
     "1 profile id=a email=a@b.c phone=+1\n"},
    {R"({"external_id":"a","first_name":"A","last_name":"B","organization":"C","title":"D","locale":"en-US","image":"E","created":"2020-01-02"})",
     R"(1 profile id=a {first_name: "A", last_name: "B", organization: "C", title: "D", locale: "en-US", image: "E", created: "2020-01-02"})"
     "\n"},
    {R"({"external_id":"a","location":{"address1":"1","address2":"2","city":"3","country":"4","region":"5","zip":"02110","timezone":"6","ip":"7","latitude":42.5,"longitude":"-71.25"}})",
     R"(1 profile id=a {location['address1']: "1", location['address2']: "2", location['city']: "3", location['country']: "4", location['region']: "5", location['zip']: "02110", location['timezone']: "6", location['ip']: "7", location['latitude']: 42.5, location['longitude']: -71.25})"
     "\n"},
    {R"({"external_id":"a","location":{"latitude":-90,"longitude":"180.0"}})",
     "1 profile id=a {location['latitude']: -90, location['longitude']: 180}\n"},
    {R"({"external_id":"a","properties":{"plan":"pro","sizes":["S"],"gone":null,"address":{"a":1}}})",
     R"(1 profile id=a {properties['plan']: "pro", properties['sizes']: ["S"], -properties['gone'], properties['address']: {"a":1}})"
     "\n"},
    {R"({"external_id":"a","predictive_analytics":{"historic_clv":1,"predicted_clv":2,"total_clv":3,"historic_number_of_orders":4,"predicted_number_of_orders":5.5,"average_days_between_orders":null,"average_order_value":6,"churn_probability":0.25,"expected_date_of_next_order":"2020-01-02","predicted_gender":"uncertain","ranked_channel_affinity":["sms","email"]}})",
     R"(1 profile id=a {predictive['historic_clv']: 1, predictive['predicted_clv']: 2, predictive['total_clv']: 3, predictive['historic_number_of_orders']: 4, predictive['predicted_number_of_orders']: 5.5, -predictive['average_days_between_orders'], predictive['average_order_value']: 6, predictive['churn_probability']: 0.25, predictive['expected_date_of_next_order']: "2020-01-02", predictive['predicted_gender']: "uncertain", predictive['ranked_channel_affinity']: ["sms","email"]})"
     "\n"},
    {R"({"external_id":"a","predictive_analytics":{"expected_date_of_next_purchase":"2020-01-02"}})",
     R"(1 profile id=a {predictive['expected_date_of_next_order']: "2020-01-02"})"
     "\n"},
  });
}

BOOST_AUTO_TEST_CASE(consent_is_read_for_every_channel) {
  check(std::vector<accepted>{
    {R"({"external_id":"a","subscriptions":{"email":{"marketing":{"can_receive_email_marketing":false,"consent":"UNSUBSCRIBED","consent_timestamp":"2020-01-02T03:04:05+00:00","last_updated":"2021-01-01","method":"FORM","method_detail":"F1","custom_method_detail":"booth","double_optin":true,"suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03"},{"timestamp":"2020-01-04","reason":"USER_SUPPRESSED"}]}}}})",
     R"(1 profile id=a {subscriptions['email']['consent']: "UNSUBSCRIBED", subscriptions['email']['consent_timestamp']: "2020-01-02T03:04:05+00:00", subscriptions['email']['method']: "FORM", subscriptions['email']['method_detail']: "F1", subscriptions['email']['custom_method_detail']: "booth", subscriptions['email']['double_optin']: true, subscriptions['email']['suppression']: ["HARD_BOUNCE|2020-01-03","USER_SUPPRESSED|2020-01-04"]})"
     "\n"},
    {R"({"external_id":"a","subscriptions":{"sms":{"marketing":{"consent":"SUBSCRIBED","is_rcs_capable":false}},"mobile_push":{"marketing":{"consent":"NEVER_SUBSCRIBED"}},"whatsapp":{"transactional":{"consent":"SUBSCRIBED","created_timestamp":"2020-01-02"},"marketing":{"consent":null}}}})",
     R"(1 profile id=a {subscriptions['sms']['consent']: "SUBSCRIBED", subscriptions['sms']['is_rcs_capable']: false, subscriptions['mobile_push']['consent']: "NEVER_SUBSCRIBED", subscriptions['whatsapp_transactional']['consent']: "SUBSCRIBED", subscriptions['whatsapp_transactional']['created_timestamp']: "2020-01-02", -subscriptions['whatsapp']['consent']})"
     "\n"},
    {R"({"external_id":"a","subscriptions":{"email":{"marketing":{"suppression":[]}}}})",
     "1 profile id=a {subscriptions['email']['suppression']: []}\n"},
    {R"({"external_id":"a","subscriptions":{"email":{"marketing":{"suppression":null}}}})",
     "1 profile id=a {-subscriptions['email']['suppression']}\n"},
  });
}

BOOST_AUTO_TEST_CASE(lists_of_a_profile_become_joins) {
  check(std::vector<accepted>{
    {R"({"lists":["VIP",{"id":"News","joined_at":"2020-01-02"},{"name":"Old","joined_at":null}],"external_id":"a"})",
     "1 profile id=a\n"
     "1 add to 'VIP' id=a\n"
     "1 add to 'News' id=a at 2020-01-02T00:00:00Z\n"
     "1 add to 'Old' id=a\n"},
  });
}

BOOST_AUTO_TEST_CASE(patches_append_remove_and_unset) {
  const std::string_view expected =
    R"(1 profile id=a {properties['tags'] += "x", properties['sizes'] += [1,2], properties['tags'] -= ["y"], -properties['old']})"
    "\n";
  check(std::vector<accepted>{
    {R"({"external_id":"a","patch_properties":{"append":{"tags":"x","sizes":[1,2]},"unappend":{"tags":["y"]},"unset":"old"}})",
     expected},
    {R"({"external_id":"a","meta":{"patch_properties":{"append":{"tags":"x","sizes":[1,2]},"unappend":{"tags":["y"]},"unset":["old"]}}})",
     expected},
    {R"({"external_id":"a","patch_properties":{"append":null,"unset":null},"meta":null})",
     "1 profile id=a\n"},
  });
}

BOOST_AUTO_TEST_CASE(null_unsets_an_attribute_but_a_null_container_says_nothing) {
  check(std::vector<accepted>{
    {R"({"external_id":"a","email":null,"phone_number":null,"title":null,"created":null})",
     "1 profile id=a {-email, -phone_number, -title, -created}\n"},
    {R"({"email":"a@b.c","external_id":null,"location":{"city":null,"latitude":null}})",
     "1 profile email=a@b.c {-external_id, -location['city'], -location['latitude']}\n"},
    {R"({"external_id":"a","location":null,"properties":null,"subscriptions":null,"predictive_analytics":null,"lists":null,"patch_properties":null})",
     "1 profile id=a\n"},
    {R"({"external_id":"a","subscriptions":{"sms":null,"email":{"marketing":null}}})",
     "1 profile id=a\n"},
  });
}

BOOST_AUTO_TEST_CASE(escapes_are_resolved_in_texts_and_keys) {
  check(std::vector<accepted>{
    {R"({"\u006detric":"A \"B\" \\ \u00e9\ud83d\ude00","profile":{"external_id":"a\tb"},"properties":{"k\"\u00e9":"x\/\u0041"}})",
     "1 event 'A \"B\" \\ é😀' id=a\tb {k\"é: \"x/A\"}\n"},
    {R"({"external_id":"a","properties":{"\u0061":"\n"}})",
     R"(1 profile id=a {properties['a']: "\n"})"
     "\n"},
  });
}

BOOST_AUTO_TEST_CASE(lines_of_all_kinds_may_be_mixed_in_any_order_of_fields) {
  BOOST_TEST(read_and_shown(R"({"properties":{"p":1},"external_id":"a"}
{"properties":{"p":2},"profile":{"external_id":"b"},"metric":"M"}

   
{"properties":{"p":3},"external_id":"c"}
{"erase":{"external_id":"d"}}
{"properties":{"p":null},"external_id":"e"}
{"profile":{"external_id":"f"},"properties":{"p":4},"metric":"M"})")
             == "1 profile id=a {properties['p']: 1}\n"
                "2 event 'M' id=b {p: 2}\n"
                "5 profile id=c {properties['p']: 3}\n"
                "6 erase id=d\n"
                "7 profile id=e {-properties['p']}\n"
                "8 event 'M' id=f {p: 4}\n");
}

BOOST_AUTO_TEST_CASE(an_error_is_judged_by_what_its_line_is_and_not_by_the_line_before) {
  BOOST_TEST(read_and_shown(R"({"metric":"M","profile":{"external_id":"a"}}
{"properties":{"p":1},"external_id":5}
{"properties":{"p":1},"color":1,"external_id":"a"})")
             == "1 event 'M' id=a\n"
                "! 2, external_id: expected text, found 5\n"
                "! 3, color: not a field of a profile; allowed: properties, external_id, email, "
                "phone_number, first_name, last_name, organization, title, locale, image, created, "
                "location, subscriptions, predictive_analytics, lists, patch_properties, meta\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused) {
  check(std::vector<refused>{
    {"{", "", "not valid JSON"},
    {"hello", "", "not valid JSON"},
    {"[]", "", "expected an object"},
    {"42", "", "expected an object"},
    {"{}", "", "nobody is named"},
    {R"({"external_id":"a"} {"external_id":"b"})", "", "not valid JSON"},
    {R"({"external_id":"a"}})", "", "not valid JSON"},
    {R"({"external_id":"a",})", "", "not valid JSON"},
    {R"({"external_id" "a"})", "", "not valid JSON"},
    {R"({"external_id":"a" "email":"b"})", "", "not valid JSON"},
    {R"({"external_id":"a)", "", "closing quote"},
    {R"({"external_id":"a)"
     "\xff"
     R"("})",
     "", "UTF-8"},
    {"{\"external_id\":\"a\x01\"}", "", "control characters"},
    {R"({"external_id":"\x"})", "external_id", "escapes"},
    {R"({"external_id":"\ud800"})", "external_id", "escapes"},
    {R"({"external_id":nul})", "external_id", "null"},
    {profile_with(R"("properties":{"p":tru})"), "properties.p", "true, false"},
    {profile_with(R"("properties":{"p":01})"), "properties.p", "number"},
    {profile_with(R"("properties":{"p":1e999})"), "properties.p", "double"},
    {profile_with(R"("properties":{"p":{"q":[1,}]})"), "properties.p.q.1", "not valid JSON"},
  });
}

BOOST_AUTO_TEST_CASE(wrong_types_name_the_field_and_what_was_found) {
  check(std::vector<refused>{
    {R"({"metric":5,"profile":{"external_id":"a"}})", "metric", "found 5"},
    {R"({"metric":{"id":"x"},"profile":{"external_id":"a"}})", "metric.id", "allowed: name"},
    {R"({"metric":{},"profile":{"external_id":"a"}})", "metric", "needs a name"},
    {R"({"metric":"M","profile":"a"})", "profile", "expected an object, found the text \"a\""},
    {R"({"metric":"M","profile":{"external_id":7}})", "profile.external_id", "found 7"},
    {event_with(R"("time":"yesterday")"), "time", "found the text \"yesterday\""},
    {event_with(R"("time":"2023-02-29")"), "time", "ISO 8601"},
    {event_with(R"("time":1.5)"), "time", "found 1.5"},
    {event_with(R"("time":1577934245000)"), "time", "1900 to 2199"},
    {event_with(R"("time":"1899-12-31")"), "time", "1900 to 2199"},
    {event_with(R"("time":"2200-01-01")"), "time", "1900 to 2199"},
    {event_with(R"("value":"12")"), "value", "expected a number, found the text \"12\""},
    {event_with(R"("value":true)"), "value", "found true"},
    {event_with(R"("value_currency":5)"), "value_currency", "expected text"},
    {event_with(R"("unique_id":5)"), "unique_id", "expected text, found 5"},
    {event_with(R"("properties":[1])"), "properties", "expected an object, found a list"},
    {R"({"list":"L","action":"join","profile":{"external_id":"a"}})", "action", "add or remove"},
    {R"({"list":{},"action":"add","profile":{"external_id":"a"}})", "list", "found an object"},
    {R"({"merge":{"from":{"external_id":"a"},"into":[]}})", "merge.into", "found a list"},
    {R"({"erase":null})", "erase", "found null"},
    {profile_with(R"("first_name":5)"), "first_name", "expected text, found 5"},
    {profile_with(R"("created":"soon")"), "created", "ISO 8601"},
    {profile_with(R"("location":{"city":5})"), "location.city", "found 5"},
    {profile_with(R"("location":{"latitude":true})"), "location.latitude", "found true"},
    {profile_with(R"("location":{"latitude":"north"})"), "location.latitude",
     "expected a number from -90 to 90, or text that is one, found the text \"north\""},
    {profile_with(R"("location":{"latitude":90.5})"), "location.latitude", "found 90.5"},
    {profile_with(R"("location":{"longitude":"nan"})"), "location.longitude", "from -180 to 180"},
    {profile_with(R"("location":{"longitude":"-180.1"})"), "location.longitude", "-180.1"},
    {profile_with(R"("location":{"longitude":""})"), "location.longitude", "found the text"},
    {profile_with(R"("lists":{"id":"x"})"), "lists", "expected a list"},
    {profile_with(R"("lists":["x",5])"), "lists.1", "found 5"},
    {profile_with(R"("lists":[{"joined_at":"2020-01-01"}])"), "lists.0", "needs the list's id"},
    {profile_with(R"("subscriptions":{"email":{"marketing":{"consent":"yes"}}})"),
     "subscriptions.email.marketing.consent", "SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED"},
    {profile_with(
       R"("subscriptions":{"email":{"marketing":{"suppression":[{"reason":"BAD","timestamp":"2020-01-01"}]}}})"),
     "subscriptions.email.marketing.suppression.0.reason", "HARD_BOUNCE"},
    {profile_with(
       R"("subscriptions":{"email":{"marketing":{"suppression":[{"reason":"UNSUBSCRIBE"}]}}})"),
     "subscriptions.email.marketing.suppression.0", "reason and timestamp"},
    {profile_with(R"("predictive_analytics":{"churn_probability":"low"})"),
     "predictive_analytics.churn_probability", "expected a number"},
    {profile_with(R"("predictive_analytics":{"predicted_gender":"x"})"),
     "predictive_analytics.predicted_gender", "likely_female"},
    {profile_with(R"("predictive_analytics":{"ranked_channel_affinity":["fax"]})"),
     "predictive_analytics.ranked_channel_affinity.0", "email, push, sms, whatsapp"},
    {profile_with(R"("predictive_analytics":{"ranked_channel_affinity":["sms","sms"]})"),
     "predictive_analytics.ranked_channel_affinity.1", "already"},
    {profile_with(R"("patch_properties":{"append":{"p":{"x":1}}})"), "patch_properties.append.p",
     "a list of them"},
    {profile_with(R"("patch_properties":{"append":{"p":null}})"), "patch_properties.append.p",
     "a list of them"},
    {profile_with(R"("patch_properties":{"unset":5})"), "patch_properties.unset", "list of names"},
  });
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_refused_with_the_allowed_ones) {
  check(std::vector<refused>{
    {event_with(R"("colour":{"deep":[1,2]})"), "colour",
     "an event; allowed: metric, profile, time, value, value_currency, unique_id, properties"},
    {event_with(R"("email":"x")"), "email", "not a field of an event"},
    {R"({"list":"L","action":"add","profile":{"external_id":"a"},"value":1})", "value",
     "a list change; allowed: list, action, profile, time"},
    {R"({"erase":{"external_id":"a"},"time":1})", "time", "an erasure; allowed: erase"},
    {R"({"merge":{"from":{"external_id":"a"},"into":{"email":"b"},"x":1}})", "merge.x",
     "from, into"},
    {R"({"erase":{"id":"a"}})", "erase.id", "external_id, email, phone_number"},
    {profile_with(R"("value":1)"), "value", "not a field of a profile"},
    {profile_with(R"("location":{"town":"x"})"), "location.town", "city"},
    {profile_with(R"("subscriptions":{"fax":{}})"), "subscriptions.fax", "mobile_push"},
    {profile_with(R"("subscriptions":{"email":{"transactional":{}}})"),
     "subscriptions.email.transactional", "allowed: marketing"},
    {profile_with(R"("subscriptions":{"sms":{"marketing":{"opt":1}}})"),
     "subscriptions.sms.marketing.opt", "consent_timestamp"},
    {profile_with(R"("predictive_analytics":{"luck":1})"), "predictive_analytics.luck",
     "churn_probability"},
    {profile_with(R"("meta":{"x":1})"), "meta.x", "patch_properties"},
    {profile_with(R"("patch_properties":{"set":1})"), "patch_properties.set", "unappend"},
    {R"({"metric":"M","profile":{"external_id":"a","metric":"x"}})", "profile.metric",
     "not a field of a profile"},
    {R"({"metric":"M","list":"L","profile":{"external_id":"a"}})", "list", "an event already"},
    {R"({"properties":{"p":1},"metric":"M","list":"L","profile":{"external_id":"a"}})", "list",
     "an event already"},
  });
}

BOOST_AUTO_TEST_CASE(what_is_given_twice_is_refused) {
  check(std::vector<refused>{
    {R"({"external_id":"a","external_id":"b"})", "external_id", "twice"},
    {event_with(R"("value":1,"value":1)"), "value", "twice"},
    {event_with(R"("properties":{"a":1,"b":2,"a":1})"), "properties.a", "twice"},
    {event_with(R"("properties":{"a":null,"\u0061":1})"), "properties.a", "twice"},
    {event_with(R"("properties":{"$value_currency":"USD"},"value_currency":"EUR")"),
     "value_currency", "twice"},
    {profile_with(R"("properties":{"a":1,"a":2})"), "properties.a", "twice"},
    {profile_with(R"("location":{"city":"a","city":"b"})"), "location.city", "twice"},
    {R"({"metric":"M","profile":{"external_id":"a","external_id":"a"}})", "profile.external_id",
     "twice"},
    {R"({"erase":{"email":"a","email":"b"}})", "erase.email", "twice"},
    {profile_with(R"("subscriptions":{"sms":{"marketing":{}},"sms":{"marketing":{}}})"),
     "subscriptions.sms.marketing", "twice"},
  });
}

BOOST_AUTO_TEST_CASE(a_line_that_names_nobody_or_misses_a_part_is_refused) {
  check(std::vector<refused>{
    {R"({"metric":"M"})", "profile", "an event needs profile"},
    {R"({"metric":"M","profile":{}})", "profile", "nobody is named"},
    {R"({"metric":"M","profile":{"email":""}})", "profile", "nobody is named"},
    {R"({"metric":"","profile":{"external_id":"a"}})", "metric", "empty"},
    {R"({"list":"L","profile":{"external_id":"a"}})", "action", "needs action, profile"},
    {R"({"merge":{"from":{"external_id":"a"}}})", "merge", "from and into"},
    {R"({"merge":{"from":{"external_id":"a"},"into":{}}})", "merge.into", "nobody is named"},
    {R"({"first_name":"Ann"})", "", "nobody is named"},
    {R"({"external_id":null,"email":null})", "", "nobody is named"},
    {profile_with(R"("properties":{"":1})"), "properties.", "empty"},
  });
}

BOOST_AUTO_TEST_CASE(limits_hold_to_the_last_item) {
  const auto text = [](std::size_t size) { return '"' + std::string(size, 'x') + '"'; };
  const auto items = [](std::size_t count) { return "[" + repeated("1,", count - 1) + "1]"; };
  const auto deep = [](std::size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  const auto properties = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\":1";
    return R"("properties":{)" + out + '}';
  };
  const auto metric = [](std::size_t characters) {
    return R"({"metric":")" + repeated("é", characters) + R"(","profile":{"external_id":"a"}})";
  };
  const auto takes = [](const std::string& line) {
    const auto found = read_and_shown(line);
    BOOST_TEST(found.find("! ") == std::string::npos, found.substr(0, 300));
  };
  takes(event_with(R"("properties":{"p":)" + text(model::text_bytes_max) + '}'));
  takes(event_with(R"("properties":{"p":)" + items(model::list_items_max) + '}'));
  takes(event_with(R"("properties":{"p":)" + deep(model::nesting_max) + '}'));
  takes(event_with(R"("unique_id":)" + text(model::unique_id_bytes_max)));
  takes(event_with("\"properties\":{" + text(model::property_name_bytes_max) + ":1}"));
  takes(event_with(properties(model::event_properties_max)));
  takes(metric(model::metric_name_characters_max));
  takes(R"({"external_id":)" + text(model::identifier_bytes_max) + '}');
  takes(R"({"list":)" + text(model::list_name_bytes_max)
        + R"(,"action":"add","profile":{"external_id":"a"}})");
  takes(R"({"external_id":"a"})" + std::string(model::line_bytes_max - 19, ' '));
  check(std::vector<refused>{
    {event_with(R"("properties":{"p":)" + text(model::text_bytes_max + 1) + '}'), "properties.p",
     "at most 102400"},
    {event_with(R"("properties":{"p":)" + items(model::list_items_max + 1) + '}'),
     "properties.p.4000", "more than 4000 items"},
    {event_with(R"("properties":{"p":[)" + items(model::list_items_max + 1) + "]}"),
     "properties.p.0.4000", "more than 4000 items"},
    {event_with(R"("properties":{"p":)" + deep(model::nesting_max + 1) + '}'),
     "properties.p.0.0.0.0.0.0.0.0.0.0", "more than 10 deep"},
    {event_with(R"("unique_id":)" + text(model::unique_id_bytes_max + 1)), "unique_id",
     "at most 512"},
    {event_with("\"properties\":{" + text(model::property_name_bytes_max + 1) + ":1}"),
     "properties." + std::string(60, 'x') + "…", "at most 256"},
    {event_with(properties(model::event_properties_max + 1)), "properties.p400",
     "more than 400 properties"},
    {metric(model::metric_name_characters_max + 1), "metric", "at most 127"},
    {R"({"external_id":)" + text(model::identifier_bytes_max + 1) + '}', "external_id",
     "at most 255"},
    {R"({"list":)" + text(model::list_name_bytes_max + 1)
       + R"(,"action":"add","profile":{"external_id":"a"}})",
     "list", "at most 256"},
    {R"({"external_id":"a"})" + std::string(model::line_bytes_max - 18, ' '), "",
     "at most 5242880"},
  });
}

BOOST_AUTO_TEST_CASE(names_are_written_once_a_batch_and_found_again_in_the_next) {
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  model::change_batch batch;
  const std::string
    lines = R"({"metric":"M","profile":{"external_id":"a"},"properties":{"M":1,"p":2}}
{"external_id":"a","properties":{"M":1,"p":2}}
{"metric":"M","profile":{"external_id":"a"},"properties":{"p":{"x":}}}
{"metric":"new","profile":{"external_id":"a"},"properties":{"M":}}
{"metric":"M","profile":{"external_id":"a"},"properties":{"p":1,"new":2}})";
  for (int round = 0; round < 3; ++round) {
    messages::line_block block{lines};
    batch.clear();
    reader.read(block, batch, errors);
    BOOST_TEST(errors.size() == 2u * static_cast<unsigned>(round + 1));
    std::vector<std::string> names;
    for (const auto name : batch.names)
      names.emplace_back(batch.text(name));
    const std::vector<std::string> expected{"M", "p", "properties['M']", "properties['p']", "new"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_batch_that_has_names_already_keeps_their_numbers) {
  model::change_batch batch;
  for (const auto* name : {"x", "properties['p']", "M", "M"})
    batch.names.push_back(batch.add_text(name));
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  for (int round = 0; round < 2; ++round) {
    messages::line_block block{
      R"({"metric":"M","profile":{"external_id":"a","properties":{"p":1}}})"};
    reader.read(block, batch, errors);
  }
  BOOST_TEST(errors.empty());
  BOOST_TEST(batch.names.size() == 4u);
  BOOST_TEST(shown(batch)
             == "1 event 'M' id=a\n1 profile id=a {properties['p']: 1}\n"
                "1 event 'M' id=a\n1 profile id=a {properties['p']: 1}\n");
}

BOOST_AUTO_TEST_CASE(many_made_up_names_do_not_get_in_each_others_way) {
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  for (int round = 0; round < 3; ++round) {
    std::string lines;
    for (int i = 0; i < 300; ++i) {
      lines += R"({"external_id":"a","properties":{)";
      for (int k = 0; k < 300; ++k)
        lines += (k == 0 ? "\"n" : ",\"n") + std::to_string(i * 300 + k)
               + "\":" + std::to_string(k);
      lines += "}}\n";
    }
    messages::line_block block{lines};
    model::change_batch batch;
    reader.read(block, batch, errors);
    BOOST_REQUIRE(batch.names.size() == 90'000u);
    BOOST_TEST(batch.properties.size() == 90'000u);
    BOOST_TEST(batch.name(batch.properties[89'999].name) == "properties['n89999']");
  }
  BOOST_TEST(errors.empty());
}

BOOST_AUTO_TEST_CASE(reading_stops_at_the_number_of_records_and_goes_on_there) {
  std::string lines;
  for (int i = 1; i <= 10; ++i)
    lines += R"({"external_id":")" + std::to_string(i) + R"(","lists":["L"]})" + "\r\n";
  messages::line_block block{lines, 100};
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  std::string all;
  std::vector<std::uint64_t> taken;
  while (!block.is_empty()) {
    model::change_batch batch;
    taken.push_back(reader.read(block, batch, errors, 7));
    all += shown(batch);
  }
  BOOST_TEST(taken == (std::vector<std::uint64_t>{4, 4, 2}), boost::test_tools::per_element());
  BOOST_TEST(errors.empty());
  BOOST_TEST(all.starts_with("100 profile id=1\n100 add to 'L' id=1\n101 profile id=2\n"));
  BOOST_TEST(all.ends_with("109 profile id=10\n109 add to 'L' id=10\n"));
}

BOOST_AUTO_TEST_SUITE_END()
