#include "gateway/scopes.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(scopes_test)

BOOST_AUTO_TEST_CASE(every_subject_can_be_read_and_written) {
  for (const auto subject : gateway::scope_subjects) {
    BOOST_TEST(gateway::is_scope(std::string{subject} + ":read"));
    BOOST_TEST(gateway::is_scope(std::string{subject} + ":write"));
    BOOST_TEST(!gateway::is_scope(subject));
  }
  for (const auto* wrong : {"", ":read", "profiles:", "profiles:delete", "cats:read", "Full"})
    BOOST_TEST(!gateway::is_scope(wrong), wrong);
  BOOST_TEST(gateway::is_scope("full"));
  BOOST_TEST(gateway::is_scope("read-only"));
}

BOOST_AUTO_TEST_CASE(shorthands_cover_what_they_say) {
  BOOST_TEST(gateway::covers({"full"}, "admin:write"));
  BOOST_TEST(gateway::covers({"read-only"}, "segments:read"));
  BOOST_TEST(!gateway::covers({"read-only"}, "segments:write"));
  BOOST_TEST(gateway::covers({"lists:read", "events:write"}, "events:write"));
  BOOST_TEST(!gateway::covers({"events:write"}, "events:read")); // Writing is not reading.
  BOOST_TEST(!gateway::covers({}, "events:read"));
}

BOOST_AUTO_TEST_CASE(the_first_scope_that_is_missing_is_named) {
  BOOST_TEST(!gateway::missing_scope({"lists:read", "profiles:read"}, {"lists:read"}));
  BOOST_TEST(*gateway::missing_scope({"lists:read"}, {"lists:read", "profiles:read", "tags:read"})
             == "profiles:read");
  BOOST_TEST(!gateway::missing_scope({}, {}));
}

BOOST_AUTO_TEST_SUITE_END()
