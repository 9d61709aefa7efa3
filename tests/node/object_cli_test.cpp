// Campaigns, flows and tags from outside.
#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using namespace node_tests;
namespace json = boost::json;

constexpr std::string_view described =
  R"({"campaign":{"id":"C1","name":"Spring sale","channel":"email","status":"Sent","send_strategy":"immediate","send_time":"2026-03-01T09:00:00Z","tags":["sale"],"messages":[{"id":"M1","name":"Hello","variations":[{"id":"A","name":"Short"}]}]}}
{"flow":{"id":"F1","name":"Welcome","status":"live"}}
{"tag":{"id":"T1","name":"sale"}}
{"external_id":"ada"}
{"campaign":{"id":"C2","colour":"red"}}
)";

struct described_store {
  described_store() {
    write_file(scratch / "objects.ndjson", described);
    loaded = rollcall({"load", "--data", store, "--json", scratch / "objects.ndjson"});
  }
  std::string ask(std::vector<std::string> words, int status = 0) const {
    words.insert(words.end(), {"--data", store});
    const auto run = rollcall(words);
    BOOST_REQUIRE_MESSAGE(run.status == status,
                          words[0] << " ended with " << run.status << ": " << run.out << run.err);
    return run.out + run.err;
  }

  scratch_directory scratch;
  std::string store = scratch / "store";
  finished_run loaded;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(object_cli_test)

BOOST_FIXTURE_TEST_CASE(described_objects_are_loaded_and_bad_lines_told, described_store) {
  BOOST_TEST(loaded.status == 1);
  BOOST_TEST(contains(loaded.err, "objects.ndjson:5: campaign.colour: not a field of a campaign"));
  const auto report = json::parse(loaded.out).as_object();
  BOOST_TEST(report.at("records").as_object().at("descriptions").to_number<int>() == 3);
  BOOST_TEST(report.at("applied").to_number<int>() == 4);
  // The same file again is known.
  const auto again = rollcall({"load", "--data", store, "--json", scratch / "objects.ndjson"});
  BOOST_TEST(json::parse(again.out).as_object().at("duplicates").to_number<int>() == 4);
}

BOOST_FIXTURE_TEST_CASE(objects_are_listed_by_kind, described_store) {
  const auto table = ask({"object", "list"});
  for (const auto* part : {"campaign  C1", "Spring sale", "2026-03-01T09:00:00Z", "Welcome", "T1"})
    BOOST_TEST(contains(table, part), table);
  const auto all = json::parse(ask({"object", "list", "--json"})).as_array();
  BOOST_REQUIRE_EQUAL(all.size(), 3U);
  BOOST_TEST(std::string_view(all[0].as_object().begin()->key()) == "campaign");
  const auto flows = json::parse(ask({"object", "list", "--kind", "flow", "--json"})).as_array();
  BOOST_REQUIRE_EQUAL(flows.size(), 1U);
  BOOST_TEST(json::serialize(flows[0])
             == R"({"flow":{"id":"F1","name":"Welcome","status":"live"}})");
  ask({"object", "list", "--kind", "poster"}, 2);
}

BOOST_FIXTURE_TEST_CASE(an_object_is_shown_as_the_line_that_describes_it, described_store) {
  const auto line = ask({"object", "show", "campaign", "C1", "--json"});
  BOOST_TEST(line
             == R"({"campaign":{"id":"C1","name":"Spring sale","channel":"email","status":"Sent",)"
                R"("send_strategy":{"method":"immediate"},"send_time":"2026-03-01T09:00:00Z",)"
                R"("tags":[{"id":"sale","name":"sale"}],"messages":[{"id":"M1","name":"Hello",)"
                R"("variations":[{"id":"A","name":"Short"}]}]}})"
                "\n");
  BOOST_TEST(contains(ask({"object", "show", "tag", "T1"}), "    \"name\": \"sale\"\n"));
  BOOST_TEST(contains(ask({"object", "show", "tag", "C1"}, 3), "no tag \"C1\" was described"));
  // What was shown describes the same object elsewhere.
  const auto copy = scratch / "copy";
  BOOST_TEST(rollcall({"load", "--data", copy, "-"}, line).status == 0);
  BOOST_TEST(rollcall({"object", "show", "--data", copy, "campaign", "C1", "--json"}).out == line);
}

BOOST_FIXTURE_TEST_CASE(a_running_account_takes_descriptions, described_store) {
  running_program live({"run", "--data", store, "--acks"});
  BOOST_REQUIRE(live.read_line(std::chrono::seconds{20}));
  BOOST_REQUIRE(live.write(R"({"flow":{"id":"F1","deleted":true}})"
                           "\n"));
  const auto acknowledged = live.read_line(std::chrono::seconds{20});
  BOOST_REQUIRE(acknowledged);
  BOOST_TEST(contains(*acknowledged, R"("applied":1)"), *acknowledged);
  live.close_input();
  BOOST_TEST(live.wait() == 0);
  BOOST_TEST(!contains(ask({"object", "list"}), "Welcome"));
}

BOOST_AUTO_TEST_SUITE_END()
