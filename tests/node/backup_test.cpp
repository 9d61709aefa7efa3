#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

// Backups from outside: everything is deleted and comes back.
BOOST_AUTO_TEST_SUITE(backup_test)

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace node_tests;

constexpr int conflict_status = 4;
constexpr int broken_status = 6;
constexpr int in_use_status = 7;

/// Two accounts, the default one with people and events.
struct small_server {
  small_server() {
    std::string lines;
    for (int i = 0; i < 500; ++i)
      lines += R"({"external_id":"p)" + std::to_string(i) + "\"}\n"
             + R"({"metric":"Placed Order","unique_id":"o)" + std::to_string(i)
             + R"(","profile":{"external_id":"p)" + std::to_string(i)
             + R"("},"time":"2026-05-20T10:00:00Z","value":1})" + '\n';
    write_file(scratch / "lines.ndjson", lines);
    must({"load", "--data", data, "--clock", "manual", "--start", "2026-06-03",
          scratch / "lines.ndjson"});
    must({"account", "create", "--data", data, "second"});
    figures = must({"metrics", "--data", data, "--json"}).out;
  }
  finished_run must(const std::vector<std::string>& arguments, int status = 0) const {
    auto run = rollcall(arguments);
    BOOST_REQUIRE_MESSAGE(run.status == status, arguments[0] << " ended with " << run.status << ": "
                                                             << run.out << run.err);
    return run;
  }
  /// The largest file of the backup.
  [[nodiscard]] fs::path some_file() const {
    return fs::path{copy} / "files" / "partition-0" / "data.mdb";
  }

  scratch_directory scratch;
  std::string data = scratch / "store";
  std::string copy = scratch / "copy";
  std::string figures;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_was_deleted_comes_back_equal_and_sound, small_server) {
  const auto saved = json::parse(must({"backup", "--data", data, "--to", copy, "--json"}).out);
  BOOST_TEST(saved.at("accounts").as_array().size() == 2);
  fs::remove_all(data);
  const auto got = json::parse(must({"restore", "--from", copy, "--data", data, "--json"}).out);
  BOOST_TEST(got.at("bytes") == saved.at("bytes"));
  BOOST_TEST(got.at("files") == saved.at("files"));
  BOOST_TEST(must({"metrics", "--data", data, "--json"}).out == figures);
  must({"check", "--data", data, "--every", "1"});
  BOOST_TEST(must({"account", "list", "--data", data}).out.find("second") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_directory_in_use_is_refused, small_server) {
  running_program serving{{"serve", "--data", data, "--listen", "127.0.0.1:0", "--open"}};
  BOOST_REQUIRE(serving.read_line(std::chrono::seconds{20}));
  const auto run = must({"backup", "--data", data, "--to", copy}, in_use_status);
  BOOST_TEST(run.err.find("another process") != std::string::npos);
  BOOST_TEST(!fs::exists(copy));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_overwritten, small_server) {
  must({"backup", "--data", data, "--to", copy});
  must({"backup", "--data", data, "--to", copy}, conflict_status);
  must({"restore", "--from", copy, "--data", data}, conflict_status);
  must({"backup", "--data", data, "--to", data + "/inside"}, 1);
  BOOST_TEST(must({"metrics", "--data", data, "--json"}).out == figures);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_backup_is_not_restored, small_server) {
  must({"backup", "--data", data, "--to", copy});
  fs::remove_all(data);
  {
    std::fstream file{some_file(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(5'000);
    file.put('!');
  }
  const auto run = must({"restore", "--from", copy, "--data", data}, broken_status);
  BOOST_TEST(run.err.find("data.mdb is damaged") != std::string::npos);
  BOOST_TEST(!fs::exists(data));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_backup_or_no_data_is_not_found, small_server) {
  must({"restore", "--from", data, "--data", scratch / "new"}, 3);
  must({"backup", "--data", scratch / "nothing", "--to", copy}, 3);
}

BOOST_AUTO_TEST_SUITE_END()
