#include "metrics/report_settings.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(report_settings_test)

namespace {

using namespace metrics;

report_settings after(std::string_view changes, const report_settings& before = {}) {
  std::vector<segments::definition_error> errors;
  const auto made = changed(before, changes, errors);
  BOOST_REQUIRE_MESSAGE(made, segments::describe(errors));
  return *made;
}

void refused(std::string_view changes, std::string_view pointer) {
  std::vector<segments::definition_error> errors;
  BOOST_TEST(!changed({}, changes, errors).has_value(), changes);
  BOOST_REQUIRE(errors.size() == 1U);
  BOOST_TEST(errors[0].pointer == pointer);
}

std::string shown(const report_settings& settings) {
  static const auto words = *read_dictionary(standard_files()).read;
  return shown_json(settings, words);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_nobody_has_changed_is_as_the_dictionary_says) {
  BOOST_TEST(shown({})
             == R"({"week_start":"monday","attribution":{"model":"last_touch",)"
                R"("email_open_hours":120,"email_click_hours":120,"sms_open_hours":0,)"
                R"("sms_click_hours":120,"sms_delivery_hours":12,"push_open_hours":24,)"
                R"("whatsapp_open_hours":0,"whatsapp_click_hours":0},)"
                R"("bots":"exclude","apple_privacy":"credit"})");
}

BOOST_AUTO_TEST_CASE(changes_touch_what_they_name_and_null_takes_them_back) {
  const auto one = after(R"({"week_start":"sunday","bots":"include","apple_privacy":"no_credit",
    "attribution":{"email_open_hours":48,"push_open_hours":0}})");
  BOOST_TEST(shown(one).find(R"("email_open_hours":48)") != std::string::npos);
  BOOST_TEST(shown(one).find(R"("push_open_hours":0)") != std::string::npos);
  const auto two = after(R"({"bots":null,"attribution":{"push_open_hours":null}})", one);
  BOOST_TEST(two.week_start == 6);
  BOOST_TEST(!two.with_bots);
  BOOST_TEST(!two.apple_earns_credit);
  BOOST_TEST(shown(two).find(R"("push_open_hours":24)") != std::string::npos);
  BOOST_TEST(shown(two).find(R"("email_open_hours":48)") != std::string::npos);
  BOOST_TEST(shown(after(R"({"week_start":null,"attribution":null,"apple_privacy":null})", two))
             == shown({}));
}

BOOST_AUTO_TEST_CASE(what_is_kept_reads_the_same_again) {
  for (
    const auto* changes :
    {"{}", R"({"week_start":"friday","attribution":{"sms_delivery_hours":0}})",
     R"({"bots":"include","apple_privacy":"no_credit","attribution":{"whatsapp_click_hours":2160}})"}) {
    const auto settings = after(changes);
    BOOST_TEST(shown(after(kept_json(settings))) == shown(settings));
    BOOST_TEST(kept_json(after(kept_json(settings))) == kept_json(settings));
  }
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_with_their_place) {
  refused(R"([])", "");
  refused(R"({"weeks":"monday"})", "/weeks");
  refused(R"({"week_start":"Monday"})", "/week_start");
  refused(R"({"attribution":{"email_open":1}})", "/attribution/email_open");
  refused(R"({"attribution":{"email_open_hours":2161}})", "/attribution/email_open_hours");
  refused(R"({"attribution":{"model":"first_touch"}})", "/attribution/model");
  refused(R"({"bots":true})", "/bots");
}

BOOST_AUTO_TEST_SUITE_END()
