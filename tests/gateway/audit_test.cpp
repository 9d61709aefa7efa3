#include "gateway/audit.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(audit_test)

namespace {

namespace json = boost::json;
using gateway::audit_bounds;
using gateway::audit_log;

struct log_directory {
  tests::temporary_directory directory;
  std::filesystem::path file = directory.path() / "audit.log";

  std::unique_ptr<audit_log> open(audit_bounds bounds = {}) const {
    auto log = audit_log::open(file, bounds);
    if (!log)
      BOOST_FAIL(log.error().message);
    return std::move(*log);
  }
  static std::vector<std::string> lines(const std::filesystem::path& of) {
    std::ifstream stream{of};
    std::vector<std::string> all;
    for (std::string line; std::getline(stream, line);)
      all.push_back(line);
    return all;
  }
};

gateway::audit_entry entry(std::string_view request) {
  return {*model::parse_instant("2026-07-15T12:00:00.250Z"),
          "AbC123",
          "POST",
          "/api/profiles/{id}",
          201,
          request};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_write_is_a_line_of_its_own, log_directory) {
  open()->add(entry("r-1"));
  BOOST_REQUIRE_EQUAL(lines(file).size(), 1U);
  BOOST_TEST(lines(file)[0]
             == R"({"at":"2026-07-15T12:00:00.250Z","key":"AbC123","method":"POST",)"
                R"("route":"/api/profiles/{id}","status":201,"request":"r-1"})");
}

BOOST_FIXTURE_TEST_CASE(a_command_has_no_request_and_says_what_it_is_about, log_directory) {
  open()->add({.at = *model::parse_instant("2026-07-15T12:00:00Z"),
               .key_id = "uid:0",
               .method = "COMMAND",
               .route = "rollcall key revoke",
               .status = 204,
               .about = "AbC123"});
  BOOST_REQUIRE_EQUAL(lines(file).size(), 1U);
  BOOST_TEST(lines(file)[0]
             == R"({"at":"2026-07-15T12:00:00Z","key":"uid:0","method":"COMMAND",)"
                R"("route":"rollcall key revoke","about":"AbC123","status":204})");
}

BOOST_FIXTURE_TEST_CASE(what_is_there_is_added_to, log_directory) {
  open()->add(entry("r-1"));
  open()->add(entry("r-2"));
  BOOST_TEST(lines(file).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(many_threads_lose_no_line, log_directory) {
  {
    const auto log = open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 5'000; ++i)
          log->add(entry(std::to_string(t) + "/" + std::to_string(i)));
      });
    for (auto& one : threads)
      one.join();
  }
  std::set<std::string> seen;
  for (const auto& line : lines(file))
    seen.insert(json::value_to<std::string>(json::parse(line).at("request")));
  BOOST_TEST(seen.size() == 20'000U);
}

BOOST_FIXTURE_TEST_CASE(files_stay_small_and_the_oldest_goes, log_directory) {
  {
    const auto log = open({.file_bytes_max = 1'000, .files_max = 3});
    for (int i = 0; i < 100; ++i)
      log->add(entry(std::to_string(100 + i)));
  }
  std::vector<std::string> kept;
  for (const auto* name : {"audit.log.2", "audit.log.1", "audit.log"}) {
    const auto of_file = lines(directory.path() / name);
    BOOST_TEST(!of_file.empty());
    BOOST_TEST(std::filesystem::file_size(directory.path() / name) <= 1'000U);
    kept.insert(kept.end(), of_file.begin(), of_file.end());
  }
  BOOST_TEST(!std::filesystem::exists(directory.path() / "audit.log.3"));
  // The newest ones, whole and in order.
  for (std::size_t i = 0; i < kept.size(); ++i)
    BOOST_TEST(json::value_to<std::string>(json::parse(kept[i]).at("request"))
               == std::to_string(200 - kept.size() + i));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_full_when_opened_is_put_aside, log_directory) {
  open()->add(entry("old"));
  open({.file_bytes_max = 150})->add(entry("new"));
  BOOST_TEST(lines(directory.path() / "audit.log.1").size() == 1U);
  BOOST_TEST(lines(file).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_finds_no_room_is_counted, log_directory) {
  {
    const auto log = open({.waiting_bytes_max = 10});
    log->add(entry("lost"));
    log->add(entry("lost"));
  }
  BOOST_TEST(lines(file).empty());
  // A disk that takes nothing: every write to this device fails.
  std::filesystem::create_symlink("/dev/full", directory.path() / "full.log");
  auto log = audit_log::open(directory.path() / "full.log");
  BOOST_REQUIRE(log);
  (*log)->add(entry("lost"));
  (*log)->flush();
  (*log)->add(entry("lost"));
  (*log)->flush();
  BOOST_TEST((*log)->lost() == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_was_lost_is_told_in_the_next_line_that_finds_room, log_directory) {
  std::filesystem::create_directory(directory.path() / "logs");
  const auto moving = directory.path() / "logs" / "audit.log";
  auto log = audit_log::open(moving, {.file_bytes_max = 200, .files_max = 2});
  BOOST_REQUIRE(log);
  (*log)->add(entry("first"));
  (*log)->flush();
  // Without its folder the next file cannot be made.
  std::filesystem::rename(directory.path() / "logs", directory.path() / "away");
  (*log)->add(entry("lost"));
  (*log)->flush();
  std::filesystem::rename(directory.path() / "away", directory.path() / "logs");
  (*log)->add(entry("last"));
  log = model::failure{};
  const auto before = lines(directory.path() / "logs" / "audit.log.1");
  BOOST_REQUIRE_EQUAL(before.size(), 2U);
  BOOST_TEST(before[1] == R"({"lost":1})");
  BOOST_REQUIRE_EQUAL(lines(moving).size(), 1U);
  BOOST_TEST(lines(moving)[0].find("\"last\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_told) {
  const auto log = audit_log::open("/nowhere/audit.log");
  BOOST_REQUIRE(!log);
  BOOST_TEST(log.error().message.find("/nowhere/audit.log") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
