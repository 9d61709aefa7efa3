// Every command from outside: what it prints, what it refuses, how it ends.
#include "tests/node/definitions.hpp"
#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <csignal>
#include <set>

namespace {

using namespace node_tests;
namespace json = boost::json;

constexpr std::string_view people =
  R"({"external_id":"ada","email":"ada@example.org","phone_number":"+16175550001","created":"2026-01-01T00:00:00Z"}
{"external_id":"bob","email":"bob@example.org","created":"2026-01-01T00:00:00Z"}
{"external_id":"cleo","created":"2026-01-01T00:00:00Z"}
)";
constexpr std::string_view deeds =
  R"({"metric":"Placed Order","unique_id":"o1","profile":{"external_id":"ada"},"time":"2026-05-20T10:00:00Z","value":10}
{"metric":"Placed Order","unique_id":"o2","profile":{"external_id":"ada"},"time":"2026-06-01T10:00:00Z","value":20.5}
{"metric":"Placed Order","unique_id":"o3","profile":{"external_id":"bob"},"time":"2026-03-01T10:00:00Z","value":7}
{"metric":"Active on Site","unique_id":"a1","profile":{"external_id":"cleo"},"time":"2026-06-02T10:00:00Z"}
)";

/// A small account on a manual clock at 2026-06-03, with the segment Buyers (an order in the last
/// 30 days).
struct small_store {
  small_store() {
    write_file(scratch / "people.ndjson", people);
    write_file(scratch / "deeds.ndjson", deeds);
    write_file(scratch / "buyers.json",
               all_of({counted("Placed Order", "greater-than", 0, last_days(30))}));
    must({"load", "--data", store, "--clock", "manual", "--start", "2026-06-03",
          scratch / "people.ndjson", scratch / "deeds.ndjson"});
    must({"segment", "create", "Buyers", "--data", store, "--definition", scratch / "buyers.json"});
  }

  finished_run must(const std::vector<std::string>& arguments, int status = 0) const {
    auto run = node_tests::rollcall(arguments);
    std::string words;
    for (const auto& argument : arguments)
      words += argument + ' ';
    BOOST_REQUIRE_MESSAGE(run.status == status, words << "ended with " << run.status << ", not "
                                                      << status << ": " << run.out << run.err);
    return run;
  }

  json::value answer(std::vector<std::string> arguments, int status = 0) const {
    arguments.emplace_back("--json");
    const auto run = must(arguments, status);
    json::error_code failed;
    auto parsed = json::parse(run.out, failed);
    BOOST_REQUIRE_MESSAGE(!failed, arguments[0] << " --json printed no JSON: " << run.out);
    return parsed;
  }

  std::vector<std::string> ids(const std::string& segment) const {
    return lines_of(must({"segment", "members", segment, "--data", store, "--ids", "-"}).out);
  }

  scratch_directory scratch;
  std::string store = scratch / "store";
};

const std::vector<std::vector<std::string>>& commands() {
  static const std::vector<std::vector<std::string>> all{{"load"},
                                                         {"metrics"},
                                                         {"object", "list"},
                                                         {"object", "show"},
                                                         {"segment", "create"},
                                                         {"segment", "list"},
                                                         {"segment", "show"},
                                                         {"segment", "edit"},
                                                         {"segment", "delete"},
                                                         {"segment", "members"},
                                                         {"segment", "explain"},
                                                         {"segment", "feed"},
                                                         {"segment", "preview"},
                                                         {"segment", "cancel"},
                                                         {"profile", "show"},
                                                         {"profile", "merge"},
                                                         {"profile", "erase"},
                                                         {"advance"},
                                                         {"run"},
                                                         {"check"},
                                                         {"inspect"},
                                                         {"demo"},
                                                         {"serve"},
                                                         {"config", "show"}};
  return all;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view text_at(const json::value& v, std::string_view name) {
  const auto& text = v.as_object().at(name).as_string();
  return {text.data(), text.size()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(cli_test)

BOOST_AUTO_TEST_CASE(every_command_has_help_with_an_example_and_json) {
  for (auto words : commands()) {
    words.emplace_back("--help");
    const auto run = node_tests::rollcall(words);
    BOOST_TEST_CONTEXT(words[0] << ' ' << words[1]) {
      BOOST_TEST(run.status == 0);
      BOOST_TEST(contains(run.out, "Example"));
      BOOST_TEST(contains(run.out, "--json"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_told_so) {
  for (const auto& words : std::vector<std::vector<std::string>>{
         {},
         {"laod"},
         {"metrics"},
         {"segment"},
         {"metrics", "--data", "x", "--colour"},
         {"load", "--data", "x"},
         {"check", "--data", "x", "--every", "0"},
         {"load", "--data", "x", "--partitions", "0", "f"},
         {"load", "--data", "x", "--start", "2026-01-01", "f"},
         {"load", "--data", "x", "--clock", "real", "--start", "2026-01-01", "f"},
         {"inspect", "--data", "x", "--follow"},
         {"inspect", "--url", "nonsense", "--key", "k"},
         {"inspect", "--url", "http://127.0.0.1:1"},
         {"inspect", "--url", "http://127.0.0.1:1", "--key", "k", "--restart", "A", "--stop", "B"},
         {"inspect", "--url", "http://127.0.0.1:1", "--key", "k", "--ca", "/nowhere/ca.pem"},
         {"segment", "members", "x", "--data", "x", "--limit", "-1"},
         {"profile", "show", "--data", "x"}}) {
    const auto run = node_tests::rollcall(words);
    BOOST_TEST(run.status == 2);
    BOOST_TEST(run.out.empty());
    BOOST_TEST(!run.err.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_word_that_is_no_command_is_named) {
  const auto told = [](const std::vector<std::string>& words) {
    return node_tests::rollcall(words).err;
  };
  BOOST_TEST(told({"metrcs"}).starts_with("rollcall: there is no command \"metrcs\"; there are "));
  BOOST_TEST(contains(told({"--log", "info", "segments", "list"}), "no command \"segments\""));
  BOOST_TEST(contains(told({"segment", "bogus", "--data", "x"}),
                      "no command \"segment bogus\"; there are create, edit, list, "));
  BOOST_TEST(contains(told({"segment"}), "A subcommand is required"));
  BOOST_TEST(contains(told({"metrics", "more"}), "--data"));
  BOOST_TEST(contains(
    told({"inspect", "--url", "https://127.0.0.1:1", "--key", "k", "--ca", "/nowhere/ca.pem"}),
    "/nowhere/ca.pem"));
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_not_made_by_asking) {
  const scratch_directory scratch;
  const auto store = scratch / "nothing";
  for (const auto& words : std::vector<std::vector<std::string>>{{"metrics"},
                                                                 {"segment", "list"},
                                                                 {"segment", "members", "Buyers"},
                                                                 {"profile", "show", "ada"},
                                                                 {"advance", "--to", "2030-01-01"},
                                                                 {"run"},
                                                                 {"check"},
                                                                 {"inspect"}}) {
    auto with_data = words;
    with_data.insert(with_data.end(), {"--data", store});
    const auto run = node_tests::rollcall(with_data);
    BOOST_TEST(run.status == 3);
    BOOST_TEST(contains(run.err, "there is no Rollcall directory"));
    BOOST_TEST(!std::filesystem::exists(store));
  }
}

BOOST_AUTO_TEST_CASE(a_directory_of_other_things_is_left_alone) {
  const scratch_directory scratch;
  const auto folder = scratch / "letters";
  std::filesystem::create_directory(folder);
  write_file(folder + "/letter.txt", "Dear Ada");
  write_file(scratch / "people.ndjson", people);
  const auto run = node_tests::rollcall({"load", "--data", folder, scratch / "people.ndjson"});
  BOOST_TEST(run.status != 0);
  BOOST_TEST(contains(run.err, "Rollcall"));
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{folder}, {}) == 1);
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_in_use_is_refused, small_store) {
  running_program holder({"run", "--data", store, "--acks"});
  BOOST_REQUIRE(holder.read_line(std::chrono::seconds{20}));
  const auto run = must({"metrics", "--data", store}, 7);
  BOOST_TEST(contains(run.err, "another process"));
  BOOST_TEST(
    text_at(answer({"segment", "list", "--data", store}, 7).as_object().at("error"), "code")
    == "in_use");
  holder.close_input();
  BOOST_TEST(holder.wait() == 0);
  must({"metrics", "--data", store});
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_reported_kept_and_harms_no_other) {
  const scratch_directory scratch;
  const auto store = scratch / "store";
  const std::string bad_email = R"({"external_id":"eve","email":5})";
  write_file(scratch / "mixed.ndjson",
             std::string{people} + bad_email + "\nnot json\n" + std::string{deeds});
  const auto run = node_tests::rollcall(
    {"load", "--data", store, "--rejects", scratch / "rejects.ndjson", scratch / "mixed.ndjson"});
  BOOST_TEST(run.status == 1);
  BOOST_TEST(contains(run.err, "mixed.ndjson:4: email: "));
  BOOST_TEST(contains(run.err, "mixed.ndjson:5: "));
  const auto rejects = lines_of(read_file(scratch / "rejects.ndjson"));
  BOOST_REQUIRE_EQUAL(rejects.size(), 2U);
  const auto first = json::parse(rejects[0]);
  BOOST_TEST(first.as_object().at("line").to_number<int>() == 4);
  BOOST_TEST(text_at(first, "field") == "email");
  BOOST_TEST(text_at(first, "text") == bad_email);
  BOOST_TEST(!text_at(first, "reason").empty());
  BOOST_TEST(text_at(json::parse(rejects[1]), "text") == "not json");

  const auto metrics = json::parse(node_tests::rollcall({"metrics", "--data", store, "--json"}).out)
                         .as_array();
  BOOST_TEST(metrics.size() == 2U);
  BOOST_TEST(node_tests::rollcall({"profile", "show", "--data", store, "cleo"}).status == 0);
  BOOST_TEST(node_tests::rollcall({"profile", "show", "--data", store, "eve"}).status == 3);
}

BOOST_AUTO_TEST_CASE(many_bad_lines_are_counted_and_few_are_shown) {
  const scratch_directory scratch;
  std::string lines;
  for (int i = 0; i < 50; ++i)
    lines += "[]\n";
  write_file(scratch / "bad.ndjson", lines);
  const auto run = node_tests::rollcall({"load", "--data", scratch / "store", "--rejects",
                                         scratch / "rejects.ndjson", scratch / "bad.ndjson"});
  BOOST_TEST(run.status == 1);
  const auto shown = lines_of(run.err);
  BOOST_TEST(shown.size() == 21U);
  BOOST_TEST(contains(shown.back(), "30 more lines"));
  BOOST_TEST(lines_of(read_file(scratch / "rejects.ndjson")).size() == 50U);
}

BOOST_AUTO_TEST_CASE(a_misspelt_file_is_noticed_before_anything_is_loaded) {
  const scratch_directory scratch;
  write_file(scratch / "people.ndjson", people);
  const auto run = node_tests::rollcall(
    {"load", "--data", scratch / "store", scratch / "people.ndjson", scratch / "poeple.ndjson"});
  BOOST_TEST(run.status == 3);
  BOOST_TEST(contains(run.err, "poeple.ndjson"));
  BOOST_TEST(!std::filesystem::exists(scratch / "store"));
}

BOOST_AUTO_TEST_CASE(plain_packed_and_piped_lines_are_the_same) {
  const scratch_directory scratch;
  const auto text = std::string{people} + std::string{deeds};
  write_file(scratch / "all.ndjson", text);
  auto* packed = gzopen((scratch / "all.ndjson.gz").c_str(), "wb");
  BOOST_REQUIRE(packed);
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
  std::vector<std::string> answers;
  for (const auto& way : {scratch / "all.ndjson", scratch / "all.ndjson.gz", std::string{"-"}}) {
    const auto store = scratch / ("store" + std::to_string(answers.size()));
    const auto run = node_tests::rollcall({"load", "--data", store, "--json", way},
                                          way == "-" ? text : "");
    BOOST_REQUIRE_MESSAGE(run.status == 0, run.err);
    auto report = json::parse(run.out).as_object();
    BOOST_TEST(report.at("records").as_object().at("events").to_number<int>() == 4);
    BOOST_TEST(report.at("records").as_object().at("profiles").to_number<int>() == 3);
    answers.push_back(node_tests::rollcall({"metrics", "--data", store, "--json"}).out);
  }
  BOOST_TEST(answers[0] == answers[1]);
  BOOST_TEST(answers[0] == answers[2]);
}

BOOST_FIXTURE_TEST_CASE(an_edited_file_is_another_file, small_store) {
  // The same place, one line mended: what was loaded before must not hide it.
  write_file(
    scratch / "deeds.ndjson",
    std::string{deeds}
      + R"({"metric":"Placed Order","unique_id":"o4","profile":{"external_id":"cleo"},"time":"2026-06-02T10:00:00Z","value":3})"
      + "\n");
  const auto report = answer({"load", "--data", store, scratch / "deeds.ndjson"});
  BOOST_TEST(report.as_object().at("applied").to_number<int>() == 1);
  BOOST_TEST(report.as_object().at("duplicates").to_number<int>() == 4);
  BOOST_TEST(ids("Buyers") == (std::vector<std::string>{"ada", "cleo"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(metrics_are_listed_with_id_name_and_count_first, small_store) {
  const auto metrics = answer({"metrics", "--data", store}).as_array();
  BOOST_REQUIRE_EQUAL(metrics.size(), 2U);
  for (const auto& entry : metrics) {
    auto member = entry.as_object().begin();
    for (const auto* name : {"id", "name", "count"})
      BOOST_TEST(std::string_view((member++)->key()) == name);
    if (text_at(entry, "name") == "Placed Order") {
      BOOST_TEST(entry.as_object().at("count").to_number<int>() == 3);
      BOOST_TEST(entry.as_object().at("value_sum").to_number<double>() == 37.5);
    }
  }
  BOOST_TEST(contains(must({"metrics", "--data", store}).out, "Placed Order"));
}

BOOST_FIXTURE_TEST_CASE(a_segment_lives_from_create_to_delete, small_store) {
  BOOST_TEST(ids("Buyers") == (std::vector<std::string>{"ada"}), boost::test_tools::per_element());
  const auto listed = answer({"segment", "list", "--data", store}).as_array();
  BOOST_REQUIRE_EQUAL(listed.size(), 1U);
  BOOST_TEST(text_at(listed[0], "name") == "Buyers");
  BOOST_TEST(text_at(listed[0], "state") == "live");
  BOOST_TEST(listed[0].as_object().at("members").to_number<int>() == 1);

  write_file(scratch / "ever.json", all_of({counted("Placed Order", "greater-than", 0, alltime)}));
  must({"segment", "edit", "Buyers", "--data", store, "--definition", scratch / "ever.json"});
  BOOST_TEST(ids("Buyers") == (std::vector<std::string>{"ada", "bob"}),
             boost::test_tools::per_element());
  const auto shown = answer({"segment", "show", "Buyers", "--data", store});
  BOOST_TEST(shown.as_object().at("version").to_number<int>() == 2);
  BOOST_TEST(shown.as_object().at("history").as_array().size() == 2U);
  BOOST_TEST(
    contains(must({"segment", "show", "Buyers", "--data", store}).out, "condition_groups"));

  const auto feed = answer({"segment", "feed", "Buyers", "--data", store}).as_object();
  const auto& flips = feed.at("flips").as_array();
  BOOST_REQUIRE_EQUAL(flips.size(), 2U);
  std::vector<std::string> told;
  for (const auto& flip : flips)
    told.push_back(std::string{text_at(flip, "profile")} + " "
                   + std::string{text_at(flip, "cause")});
  std::sort(told.begin(), told.end());
  BOOST_TEST(told == (std::vector<std::string>{"ada build", "bob edit"}),
             boost::test_tools::per_element());
  const std::string cursor{text_at(feed, "cursor")};
  BOOST_TEST(answer({"segment", "feed", "Buyers", "--data", store, "--after", cursor})
               .as_object()
               .at("flips")
               .as_array()
               .empty());

  must({"segment", "delete", "Buyers", "--data", store});
  must({"segment", "show", "Buyers", "--data", store}, 3);
  BOOST_TEST(answer({"segment", "list", "--data", store}).as_array().empty());
}

BOOST_FIXTURE_TEST_CASE(a_name_is_given_once_and_what_others_need_stays, small_store) {
  must({"segment", "create", "Buyers", "--data", store, "--definition", scratch / "buyers.json"},
       4);
  write_file(scratch / "others.json", R"({"none_of":[{"segment":"Buyers"}]})");
  must({"segment", "create", "Others", "--data", store, "--definition", scratch / "others.json"});
  BOOST_TEST(ids("Others") == (std::vector<std::string>{"bob", "cleo"}),
             boost::test_tools::per_element());
  const auto kept = must({"segment", "delete", "Buyers", "--data", store}, 4);
  BOOST_TEST(contains(kept.err, "Others"));
  write_file(scratch / "loop.json", R"({"all_of":[{"segment":"Others"}]})");
  const auto loop = must(
    {"segment", "edit", "Buyers", "--data", store, "--definition", scratch / "loop.json"}, 1);
  BOOST_TEST(contains(loop.err, "Buyers -> Others -> Buyers"));
}

BOOST_FIXTURE_TEST_CASE(many_segments_come_from_one_file, small_store) {
  const auto rule = read_file(scratch / "buyers.json");
  write_file(scratch / "many.ndjson", R"({"name":"First","definition":)" + rule + "}\n\n"
                                        + R"({"definition":{"segment":"First"},"name":"Second"})");
  const auto created = must(
    {"segment", "create", "--data", store, "--many", scratch / "many.ndjson"});
  BOOST_TEST(lines_of(created.out).size() == 2U);
  BOOST_TEST(ids("Second") == (std::vector<std::string>{"ada"}), boost::test_tools::per_element());
  // A wrong line is named, and nothing of its file is kept.
  for (const auto& [text, told] : std::vector<std::pair<std::string, std::string>>{
         {R"({"name":"Third","definition":{"segment":"First"}})"
          "\n{\"name\":3}",
          "line 2: name: "},
         {R"({"name":"Third"})", "line 1: definition: missing"},
         {R"({"name":"Third","definition":{},"rule":1})", "line 1: rule: not a field"},
         {R"({"name":"Third","definition":{"segment":"Nobody"}})", "Nobody"},
         {"not json", "line 1: "},
         {"\n", "there is no segment in the file"}}) {
    write_file(scratch / "wrong.ndjson", text);
    BOOST_TEST(contains(
      must({"segment", "create", "--data", store, "--many", scratch / "wrong.ndjson"}, 1).err,
      told));
  }
  must({"segment", "show", "Third", "--data", store}, 3);
  must({"segment", "create", "--data", store}, 2);
  must({"segment", "create", "Both", "--data", store, "--many", scratch / "many.ndjson"}, 2);
}

BOOST_FIXTURE_TEST_CASE(every_mistake_in_a_definition_is_a_line_with_its_place, small_store) {
  write_file(
    scratch / "wrong.json",
    R"({"condition_groups":[{"conditions":[{"type":"profile-metric","metric_id":5,"measurement":"count",
                 "measurement_filter":{"type":"numeric","operator":"eq","value":1},"timeframe_filter":{"type":"date","operator":"alltime"}}]}]})");
  for (const auto& words : {std::vector<std::string>{"segment", "create", "New", "--data", store,
                                                     "--definition", scratch / "wrong.json"},
                            std::vector<std::string>{"segment", "preview", "--data", store,
                                                     "--definition", scratch / "wrong.json"}}) {
    const auto run = must(words, 1);
    const auto lines = lines_of(run.err);
    BOOST_REQUIRE_EQUAL(lines.size(), 2U);
    BOOST_TEST(contains(run.err, "/condition_groups/0/conditions/0/metric_id: found 5; allowed: "));
    BOOST_TEST(contains(
      run.err,
      "/condition_groups/0/conditions/0/measurement_filter/operator: found \"eq\"; allowed: "));
    const auto error = answer(words, 1).as_object().at("error").as_object();
    BOOST_TEST(text_at(error, "code") == "invalid_input");
    BOOST_TEST(error.at("faults").as_array().size() == 2U);
  }
  must({"segment", "show", "New", "--data", store}, 3);
}

BOOST_FIXTURE_TEST_CASE(a_build_may_wait_and_questions_finish_it, small_store) {
  must({"segment", "create", "Later", "--data", store, "--definition", scratch / "buyers.json",
        "--no-wait"});
  BOOST_TEST(ids("Later") == (std::vector<std::string>{"ada"}), boost::test_tools::per_element());
  must({"segment", "cancel", "Nobody", "--data", store}, 3);
}

BOOST_FIXTURE_TEST_CASE(a_preview_takes_names_and_ids_and_any_instant, small_store) {
  std::string id;
  const auto metrics = answer({"metrics", "--data", store}).as_array();
  for (const auto& metric : metrics)
    if (text_at(metric, "name") == "Placed Order")
      id = text_at(metric, "id");
  for (const auto& metric : {std::string{"Placed Order"}, id}) {
    write_file(scratch / "rule.json", all_of({counted(metric, "greater-than", 0, last_days(30))}));
    must({"segment", "preview", "--data", store, "--definition", scratch / "rule.json", "--at",
          "2026-03-20T00:00:00Z", "--ids", scratch / "ids"});
    BOOST_TEST(read_file(scratch / "ids") == "bob\n");
    must({"segment", "preview", "--data", store, "--definition", scratch / "rule.json", "--at",
          "2026-07-15", "--ids", scratch / "ids"});
    BOOST_TEST(read_file(scratch / "ids").empty());
  }
  const auto now = answer(
    {"segment", "preview", "--data", store, "--definition", scratch / "buyers.json"});
  BOOST_TEST(now.as_object().at("members").to_number<int>() == 1);
  must({"segment", "preview", "--data", store, "--definition", scratch / "buyers.json", "--at",
        "yesterday"},
       1);
  must({"segment", "preview", "--data", store, "--definition", scratch / "none.json"}, 3);
}

BOOST_FIXTURE_TEST_CASE(an_explanation_says_what_was_found_and_when_it_ends, small_store) {
  const auto why = answer(
    {"segment", "explain", "Buyers", "--data", store, "--profile", "ada@example.org"});
  BOOST_TEST(why.as_object().at("member").as_bool());
  BOOST_TEST(why.as_object().at("flips_at").as_string() == "2026-07-02T00:00:00Z");
  BOOST_TEST(why.as_object().at("conditions").as_array().size() == 1U);
  const auto text = must({"segment", "explain", "Buyers", "--data", store, "--profile", "ada"}).out;
  BOOST_TEST(contains(text, "ada is a member of Buyers"));
  BOOST_TEST(contains(text, "yes"));
  BOOST_TEST(
    contains(must({"segment", "explain", "Buyers", "--data", store, "--profile", "bob"}).out,
             "not a member"));
  must({"segment", "explain", "Buyers", "--data", store, "--profile", "zoe"}, 3);
  // Which conditions stand for each other, and which are all needed.
  write_file(scratch / "both.json",
             R"({"condition_groups":[{"conditions":[)"
               + counted("Placed Order", "greater-than", 5, last_days(30)) + ","
               + counted("Placed Order", "greater-than", 0, last_days(30)) + R"(]},{"conditions":[)"
               + counted("Active on Site", "greater-than", 0, last_days(30)) + "]}]}");
  must({"segment", "create", "Both", "--data", store, "--definition", scratch / "both.json"});
  const auto both = must({"segment", "explain", "Both", "--data", store, "--profile", "ada"}).out;
  BOOST_TEST(contains(both, "\n  no   all of\n    yes  any of\n      no   Placed Order"));
  BOOST_TEST(contains(both, "\n      yes  Placed Order"));
  BOOST_TEST(contains(both, "\n    no   Active on Site"));
}

BOOST_FIXTURE_TEST_CASE(a_file_in_no_folder_is_not_a_full_disk, small_store) {
  const auto run = must({"report", "segment_growth", "--data", store, "--timeframe", "last_30_days",
                         "--svg", scratch / "nowhere/a.svg"},
                        3);
  BOOST_TEST(contains(run.err, "nowhere/a.svg cannot be written"));
}

BOOST_FIXTURE_TEST_CASE(a_person_is_found_by_any_identifier, small_store) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"ada"},
                                                                 {"ada@example.org"},
                                                                 {"+16175550001"},
                                                                 {"--external-id", "ada"},
                                                                 {"--email", "ada@example.org"},
                                                                 {"--phone", "+16175550001"}}) {
    auto asked = std::vector<std::string>{"profile", "show", "--data", store};
    asked.insert(asked.end(), words.begin(), words.end());
    BOOST_TEST(text_at(answer(asked), "external_id") == "ada");
  }
  must({"profile", "show", "--data", store, "ada", "--email", "ada@example.org"}, 2);
}

BOOST_FIXTURE_TEST_CASE(what_is_shown_of_a_person_can_be_loaded_again, small_store) {
  write_file(
    scratch / "dora.ndjson",
    R"({"external_id":"dora","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","suppression":)"
    R"([{"reason":"HARD_BOUNCE","timestamp":"2026-05-10T00:00:00Z"}],"list_suppressions":[{"list_id":"L",)"
    R"("reason":"UNSUBSCRIBE","timestamp":"2026-05-11T00:00:00Z"}]},"open_tracking":{"consent":"SUBSCRIBED"}},)"
    R"("sms":{"marketing":{"consent":"UNSUBSCRIBED"},"transactional":{"consent":"SUBSCRIBED"}}},)"
    R"("location":{"city":"Boston"},"properties":{"size":"L"}})"
    "\n");
  must({"load", "--data", store, scratch / "dora.ndjson"});
  auto shown = answer({"profile", "show", "--data", store, "dora"});
  for (const auto* derived : {"events", "segments", "created"})
    shown.as_object().erase(derived);
  BOOST_TEST(shown.at("subscriptions").at("sms").as_object().size() == 2u);
  BOOST_TEST(shown.at("subscriptions").at("email").as_object().size() == 2u);
  must({"profile", "erase", "--data", store, "dora"});
  write_file(scratch / "again.ndjson", json::serialize(shown) + '\n');
  must({"load", "--data", store, scratch / "again.ndjson"});
  auto again = answer({"profile", "show", "--data", store, "dora"});
  for (const auto* derived : {"events", "segments", "created"})
    again.as_object().erase(derived);
  BOOST_TEST(json::serialize(again) == json::serialize(shown));
}

BOOST_FIXTURE_TEST_CASE(a_merge_tells_how_many_events_were_the_same, small_store) {
  const auto order = [](const char* who, const char* id, const char* time) {
    return fmt::format(
      R"({{"metric":"Placed Order","profile":{{"external_id":"{}"}},{}"time":"{}"}})"
      "\n",
      who, id, time);
  };
  write_file(scratch / "orders.ndjson",
             order("eve", R"("unique_id":"x",)", "2026-05-01") + order("eve", "", "2026-05-02")
               + order("fay", R"("unique_id":"x",)", "2026-05-03")
               + order("fay", "", "2026-05-02T00:00:00.5Z") + order("fay", "", "2026-05-04"));
  must({"load", "--data", store, scratch / "orders.ndjson"});
  const auto merged = answer({"profile", "merge", "--data", store, "eve", "fay"});
  BOOST_TEST(merged.at("events_known").to_number<int>() == 2);
  BOOST_TEST(must({"profile", "merge", "--data", store, "bob", "ada"}).out
             == "bob is now part of ada\n");
}

BOOST_FIXTURE_TEST_CASE(a_merge_and_an_erasure_move_members, small_store) {
  must({"profile", "merge", "--data", store, "ada", "cleo"});
  BOOST_TEST(ids("Buyers") == (std::vector<std::string>{"cleo"}), boost::test_tools::per_element());
  BOOST_TEST(text_at(answer({"profile", "show", "--data", store, "--email", "ada@example.org"}),
                     "external_id")
             == "cleo");
  must({"profile", "erase", "--data", store, "cleo"});
  BOOST_TEST(ids("Buyers").empty());
  must({"profile", "show", "--data", store, "cleo"}, 3);
  must({"profile", "erase", "--data", store, "cleo"}, 3);
  must({"profile", "merge", "--data", store, "nobody", "bob"}, 3);
  // Whoever is forgotten has no name any more; by the id a reader still knows who left.
  const auto feed = answer({"segment", "feed", "Buyers", "--data", store, "--limit", "0"});
  std::multiset<std::string> inside;
  for (const auto& flip : feed.at("flips").as_array())
    if (flip.at("joined").as_bool())
      inside.emplace(text_at(flip, "profile_id"));
    else
      BOOST_TEST(inside.erase(std::string{text_at(flip, "profile_id")}) == 1U);
  BOOST_TEST(inside.empty());
  must({"check", "--data", store, "--every", "1"});
}

BOOST_FIXTURE_TEST_CASE(the_clock_goes_forward_only_and_tells_who_moved, small_store) {
  const auto before = must({"advance", "--data", store, "--to", "2026-07-01T23:59:59Z"});
  BOOST_TEST(ids("Buyers").size() == 1U);
  const auto moved = answer({"advance", "--data", store, "--to", "2026-07-02"});
  BOOST_TEST(text_at(moved, "now") == "2026-07-02T00:00:00Z");
  const auto& segment = moved.as_object().at("segments").as_array().at(0).as_object();
  BOOST_TEST(segment.at("joined").to_number<int>() == 0);
  BOOST_TEST(segment.at("left").to_number<int>() == 1);
  BOOST_TEST(ids("Buyers").empty());
  const auto last = answer({"segment", "feed", "Buyers", "--data", store})
                      .as_object()
                      .at("flips")
                      .as_array()
                      .back();
  BOOST_TEST(text_at(last, "cause") == "clock");
  BOOST_TEST(text_at(last, "at") == "2026-07-02T00:00:00Z");
  BOOST_TEST(node_tests::rollcall({"advance", "--data", store, "--to", "2026-06-01"}).status != 0);
  must({"advance", "--data", store, "--to", "soon"}, 1);
}

BOOST_FIXTURE_TEST_CASE(a_running_engine_takes_lines_acknowledges_them_and_tells_flips,
                        small_store) {
  running_program engine({"run", "--data", store, "--acks"});
  const auto opened = engine.read_line(std::chrono::seconds{20});
  BOOST_REQUIRE(opened);
  BOOST_TEST(contains(*opened, "\"open\""));
  engine.write(
    R"({"metric":"Placed Order","unique_id":"o9","profile":{"external_id":"bob"},"time":"2026-06-02T10:00:00Z","value":3})"
    "\nnonsense\n");
  bool has_flip = false;
  bool has_ack = false;
  while (!has_flip || !has_ack) {
    const auto line = engine.read_line(std::chrono::seconds{20});
    BOOST_REQUIRE_MESSAGE(line,
                          "no more lines; flip " << has_flip << ", acknowledgement " << has_ack);
    const auto said = json::parse(*line).as_object();
    if (said.contains("profile")) {
      BOOST_TEST(text_at(said, "profile") == "bob");
      BOOST_TEST(text_at(said, "segment") == "Buyers");
      BOOST_TEST(text_at(said, "cause") == "event");
      BOOST_TEST(text_at(said, "detail") == "o9");
      has_flip = true;
    } else if (said.at("acknowledged").as_object().at("to").to_number<int>() == 2) {
      has_ack = true;
    }
  }
  engine.close_input();
  BOOST_TEST(engine.wait() == 1); // One line was nonsense.
  BOOST_TEST(ids("Buyers") == (std::vector<std::string>{"ada", "bob"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_running_engine_ends_in_order_when_it_is_asked_to, small_store) {
  for (const auto signal : {SIGTERM, SIGINT}) {
    running_program engine({"run", "--data", store, "--acks"});
    BOOST_REQUIRE(engine.read_line(std::chrono::seconds{20}));
    engine.send(signal);
    const auto last = engine.read_line(std::chrono::seconds{20});
    BOOST_REQUIRE(last);
    BOOST_TEST(contains(*last, "\"closed\""));
    BOOST_TEST(engine.wait() == 0);
  }
}

BOOST_FIXTURE_TEST_CASE(a_followed_feed_shows_what_was_and_ends_when_asked_to, small_store) {
  running_program feed({"segment", "feed", "Buyers", "--data", store, "--follow", "--json"});
  const auto line = feed.read_line(std::chrono::seconds{20});
  BOOST_REQUIRE(line);
  BOOST_TEST(text_at(json::parse(*line), "profile") == "ada");
  feed.send(SIGINT);
  BOOST_TEST(feed.wait() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_sound_directory_passes_the_check, small_store) {
  BOOST_TEST(contains(must({"check", "--data", store, "--every", "1"}).out, "sound"));
  const auto checked = answer({"check", "--data", store});
  BOOST_TEST(checked.as_object().at("sound").as_bool());
  BOOST_TEST(checked.as_object().at("faults").as_array().empty());
}

BOOST_FIXTURE_TEST_CASE(what_holds_for_reports_is_settled_shown_and_explained, small_store) {
  const auto changed = answer({"account", "set", "--data", store, "--week-start", "sunday",
                               "--window", "email_open_hours=48", "--window", "push_open_hours=0"});
  BOOST_TEST(text_at(changed, "week_start") == "sunday");
  const auto shown = answer({"account", "settings", "--data", store}).as_object();
  BOOST_TEST(shown == changed.as_object());
  BOOST_TEST(shown.at("attribution").at("email_open_hours").to_number<int>() == 48);
  BOOST_TEST(contains(must({"report", "explain", "campaign_performance", "--data", store,
                            "--timeframe", "last_30_days", "--conversion-metric", "placed_order"})
                        .out,
                      "conversions: placed_order, definition "));
  const auto back = answer({"account", "set", "--data", store, "--week-start", "preset", "--window",
                            "email_open_hours=preset"});
  BOOST_TEST(text_at(back, "week_start") == "monday");
  BOOST_TEST(back.at("attribution").at("email_open_hours").to_number<int>() == 120);
  BOOST_TEST(back.at("attribution").at("push_open_hours").to_number<int>() == 0);
  const auto refused = node_tests::rollcall(
    {"account", "set", "--data", store, "--window", "email_open=1"});
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(contains(refused.err, "email_open"));
}

BOOST_FIXTURE_TEST_CASE(options_of_reports_that_contradict_are_refused, small_store) {
  const auto refused = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"report"};
    all.insert(all.end(), more.begin(), more.end());
    all.insert(all.end(), {"campaign_performance", "--data", store});
    const auto run = node_tests::rollcall(all);
    BOOST_TEST(run.status == 2, run.out + run.err);
    return run.err;
  };
  BOOST_TEST(
    contains(refused({"--timeframe", "last_30_days", "--from", "2026-01-01", "--to", "2026-01-02"}),
             "--timeframe excludes --from"));
  BOOST_TEST(contains(refused({"--limit", "0"}), "1 to 100000"));
  BOOST_TEST(contains(refused({"--json", "--csv"}), "--csv"));
  BOOST_TEST(contains(refused({"--value", "x"}), "`report people`"));
  BOOST_TEST(contains(refused({"--against", "{}"}), "`report difference`"));
  BOOST_TEST(contains(refused({"explain", "--csv"}), "`report explain`"));
}

BOOST_FIXTURE_TEST_CASE(reports_of_everything_and_of_nobody_say_so, small_store) {
  const auto request = scratch / "orders.json";
  node_tests::write_file(request, R"({"datasource":"account","statistics":["orders"],)"
                                  R"("timeframe":{"start":"2020-01-01","end":"2020-01-31"}})");
  const auto asked = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"report"};
    all.insert(all.end(), more.begin(), more.end());
    all.insert(all.end(), {"--data", store, "--request", request});
    return all;
  };
  const auto whole = answer(asked({"--group-by", "none"}));
  BOOST_REQUIRE(whole.at("results").as_array().size() == 1U);
  BOOST_TEST(whole.at("results").at(0).at("statistics").at("orders").to_number<int>() == 0);
  const auto nobody = node_tests::rollcall(
    asked({"people", "--group-by", "none", "--statistic", "orders"}));
  BOOST_TEST(nobody.status == 0);
  BOOST_TEST(nobody.out.empty());
  BOOST_TEST(contains(nobody.err, "nobody"));
}

BOOST_AUTO_TEST_CASE(the_earlier_dictionary_stands_in_front_of_the_later) {
  const node_tests::scratch_directory scratch;
  const auto entry = [](std::string_view words, int version) {
    return fmt::format("[derived.click_rate]\ndescription = \"{}\"\nowner = \"growth\"\n"
                       "version = {}\nunit = \"fraction\"\nformula = \"clicks / delivered\"\n",
                       words, version);
  };
  node_tests::write_file(scratch / "old.toml", entry("Mine", 2));
  node_tests::write_file(scratch / "new.toml", entry("Mine, in other words", 3));
  for (const bool before_first : {true, false}) {
    std::vector<std::string> all{"dictionary", "diff"};
    if (!before_first)
      all.push_back(scratch / "new.toml");
    all.insert(all.end(), {"--before", scratch / "old.toml"});
    if (before_first)
      all.push_back(scratch / "new.toml");
    const auto run = node_tests::rollcall(all);
    BOOST_TEST(run.status == 0, run.err);
    BOOST_TEST(contains(run.out, "words only (version 2 -> 3)"), run.out);
  }
}

BOOST_FIXTURE_TEST_CASE(the_actors_are_shown, small_store) {
  const auto inspected = answer({"inspect", "--data", store}).as_object();
  BOOST_TEST(inspected.at("figures").as_object().at("profiles").to_number<int>() == 3);
  const auto& actors = inspected.at("actors").as_array();
  BOOST_TEST(std::any_of(actors.begin(), actors.end(),
                         [](const auto& a) { return text_at(a, "kind") == "profile"; }));
  BOOST_TEST(contains(must({"inspect", "--data", store}).out, "account"));
  BOOST_TEST(contains(must({"metrics", "--data", store, "--inspect"}).err, "account"));
}

BOOST_AUTO_TEST_CASE(a_directory_keeps_the_number_of_partitions_and_zone_it_was_made_with) {
  const scratch_directory scratch;
  const auto store = scratch / "store";
  write_file(scratch / "people.ndjson", people);
  BOOST_TEST(node_tests::rollcall({"load", "--data", store, "--partitions", "2", "--zone",
                                   "Europe/Berlin", scratch / "people.ndjson"})
               .status
             == 0);
  const auto figures = json::parse(node_tests::rollcall({"inspect", "--data", store, "--json"}).out)
                         .as_object()
                         .at("figures")
                         .as_object();
  BOOST_TEST(figures.at("partitions").as_array().size() == 2U);
  BOOST_TEST(text_at(figures, "account_zone") == "Europe/Berlin");
  BOOST_TEST(
    node_tests::rollcall({"load", "--data", store, "--partitions", "3", scratch / "people.ndjson"})
      .status
    == 4);
  BOOST_TEST(node_tests::rollcall({"load", "--data", scratch / "other", "--zone", "Mars/Base",
                                   scratch / "people.ndjson"})
               .status
             == 1);
}

BOOST_AUTO_TEST_CASE(the_demonstration_runs_twice_in_one_directory) {
  const scratch_directory scratch;
  const auto store = scratch / "demo";
  const std::vector<std::string> small{"demo", "--data",   store,  "--profiles",
                                       "3000", "--events", "40000"};
  const auto first = node_tests::rollcall(small);
  BOOST_REQUIRE_MESSAGE(first.status == 0, first.out << first.err);
  for (const auto* part : {"1. ", "joined \"", "Why is this person in", "What it took",
                           store.c_str(), "demo --data my-store"})
    BOOST_TEST(contains(first.out, part), "the demonstration does not show " << part);
  auto again = small;
  again.emplace_back("--json");
  const auto second = node_tests::rollcall(again);
  BOOST_REQUIRE_MESSAGE(second.status == 0, second.out << second.err);
  BOOST_TEST(!json::parse(second.out).as_object().at("timings").as_array().empty());
  BOOST_TEST(node_tests::rollcall({"check", "--data", store, "--every", "1"}).status == 0);
}

BOOST_FIXTURE_TEST_CASE(the_demonstration_takes_the_readers_own_files, small_store) {
  const auto run = must(
    {"demo", "--data", scratch / "mine", scratch / "people.ndjson", scratch / "deeds.ndjson"});
  BOOST_TEST(contains(run.out, "Placed Order, last 30 days"));
}

BOOST_AUTO_TEST_SUITE_END()
