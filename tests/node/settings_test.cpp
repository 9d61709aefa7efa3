#include "node/settings.hpp"
#include "tests/node/program.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

using namespace node;
using node_tests::scratch_directory;
using node_tests::write_file;

const setting_in_force& found(const gathered_settings& all, std::string_view name) {
  const auto it = std::ranges::find(all.in_force, name, &setting_in_force::name);
  BOOST_REQUIRE(it != all.in_force.end());
  return *it;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines)
    all += line + '\n';
  return all;
}

/// The one fault that a value of a setting causes; empty = it is allowed.
std::string fault_of(const std::string& name, const std::string& value) {
  const auto all = gather_settings({{name, value}}, {});
  return all.faults.empty() ? std::string{} : all.faults.front();
}

} // namespace

BOOST_AUTO_TEST_SUITE(settings_test)

BOOST_AUTO_TEST_CASE(what_is_usual_is_allowed_and_says_where_it_comes_from) {
  const auto all = gather_settings({}, {});
  BOOST_TEST(all.faults.empty(), joined(all.faults));
  BOOST_TEST(all.in_force.size() == all_settings().size());
  for (const auto& each : all.in_force)
    BOOST_TEST(each.origin == "default");
  // What the table of settings says is what the server would do without it.
  const gateway::server_options usual;
  BOOST_TEST(all.made.server.io_threads == usual.io_threads);
  BOOST_TEST(all.made.server.workers == usual.workers);
  BOOST_TEST(all.made.server.connections_max == usual.connections_max);
  BOOST_TEST(all.made.server.header_bytes_max == usual.header_bytes_max);
  BOOST_TEST(all.made.server.body_bytes_max == usual.body_bytes_max);
  BOOST_TEST(all.made.server.bodies_bytes_max == usual.bodies_bytes_max);
  BOOST_TEST(all.made.server.header_timeout.count() == usual.header_timeout.count());
  BOOST_TEST(all.made.server.body_timeout.count() == usual.body_timeout.count());
  BOOST_TEST(all.made.server.write_timeout.count() == usual.write_timeout.count());
  BOOST_TEST(all.made.server.idle_timeout.count() == usual.idle_timeout.count());
  BOOST_TEST(all.made.server.shutdown_grace.count() == usual.shutdown_grace.count());
}

BOOST_AUTO_TEST_CASE(flags_beat_the_environment_that_beats_the_file_that_beats_what_is_usual) {
  const scratch_directory scratch;
  const auto file = scratch / "rollcall.toml";
  write_file(file, "threads = 3\nworkers = 30\n\nconnections-max = 300\nopen = true\n"
                   "idle-timeout = \"2min\"\n");
  const auto all = gather_settings({{"threads", "5"}, {"config", file}},
                                   {{"ROLLCALL_THREADS", "4"}, {"ROLLCALL_WORKERS", "40"}});
  BOOST_TEST(all.faults.empty(), joined(all.faults));
  BOOST_TEST(all.made.server.io_threads == 5U);
  BOOST_TEST(found(all, "threads").origin == "--threads");
  BOOST_TEST(all.made.server.workers == 40U);
  BOOST_TEST(found(all, "workers").origin == "ROLLCALL_WORKERS");
  BOOST_TEST(all.made.server.connections_max == 300U);
  BOOST_TEST(found(all, "connections-max").origin == file + ":4");
  BOOST_TEST(all.made.is_open);
  BOOST_TEST(all.made.server.idle_timeout.count() == 120'000);
  BOOST_TEST(found(all, "log").origin == "default");
}

BOOST_AUTO_TEST_CASE(the_environment_may_name_the_file) {
  const scratch_directory scratch;
  const auto file = scratch / "rollcall.toml";
  write_file(file, "data = \"store\"");
  const auto all = gather_settings({}, {{"ROLLCALL_CONFIG", file}});
  BOOST_TEST(all.made.data == "store");
  BOOST_TEST(all.warnings.empty());
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_with_where_it_came_from) {
  const scratch_directory scratch;
  const auto file = scratch / "rollcall.toml";
  write_file(file, "workers = 0\nlisten = 1.5\ncolour = \"red\"\n[tls]\nkey = \"x\"\n");
  const auto all = gather_settings({{"listen", "nowhere"}, {"config", file}},
                                   {{"ROLLCALL_THREADS", "many"}});
  const auto text = joined(all.faults);
  BOOST_TEST(all.faults.size() == 6U, text);
  for (const auto& part :
       {std::string{"--listen: found \"nowhere\"; allowed: ADDRESS:PORT"},
        std::string{"ROLLCALL_THREADS: found \"many\"; allowed: 1 to 64"},
        file + ":1: workers: found \"0\"; allowed: 1 to 1024", file + ":2: listen: expected text",
        file + ":3: colour: not a setting", file + ":4: tls: not a setting"})
    BOOST_TEST(text.find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_told_even_when_another_one_wins) {
  const auto all = gather_settings({{"threads", "2"}}, {{"ROLLCALL_THREADS", "x"}});
  BOOST_TEST(all.faults.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_or_no_toml_is_told) {
  const scratch_directory scratch;
  const auto missing = gather_settings({{"config", scratch / "none.toml"}}, {});
  BOOST_REQUIRE(missing.faults.size() == 1U);
  BOOST_TEST(missing.faults.front().starts_with("--config: "));
  write_file(scratch / "bad.toml", "listen = \n");
  const auto bad = gather_settings({{"config", scratch / "bad.toml"}}, {});
  BOOST_REQUIRE(bad.faults.size() == 1U);
  BOOST_TEST(bad.faults.front().starts_with(scratch / "bad.toml:1: "));
}

BOOST_AUTO_TEST_CASE(addresses_have_a_port_and_brackets_where_needed) {
  for (const auto* good : {"127.0.0.1:0", "0.0.0.0:80", "[::1]:8787", "localhost:1"})
    BOOST_TEST(fault_of("listen", good).empty(), good);
  for (const auto* bad : {"", "127.0.0.1", ":80", "::1:80", "127.0.0.1:", "127.0.0.1:x",
                          "127.0.0.1:65536", "shop.example:80", "[127.0.0.1:80"})
    BOOST_TEST(!fault_of("listen", bad).empty(), bad);
}

BOOST_AUTO_TEST_CASE(amounts_have_units_and_bounds) {
  for (const auto* good : {"1ms", "10s", "10 s", "2min", "24h"})
    BOOST_TEST(fault_of("idle-timeout", good).empty(), good);
  for (const auto* bad :
       {"", "10", "0s", "25h", "s", "-1s", "1.5s", "10 seconds", "99999999999999999999s"})
    BOOST_TEST(!fault_of("idle-timeout", bad).empty(), bad);
  for (const auto* good : {"1024", "2KiB", "1 GiB"})
    BOOST_TEST(fault_of("body-bytes-max", good).empty(), good);
  for (const auto* bad : {"", "1", "2GiB", "1KB", "KiB"})
    BOOST_TEST(!fault_of("body-bytes-max", bad).empty(), bad);
  BOOST_TEST(gather_settings({{"body-bytes-max", "2KiB"}}, {}).made.server.body_bytes_max == 2048U);
}

BOOST_AUTO_TEST_CASE(words_are_from_their_lists) {
  BOOST_TEST(fault_of("log", "debug").empty());
  BOOST_TEST(!fault_of("log", "verbose").empty());
  BOOST_TEST(fault_of("metrics-for", "nobody").empty());
  BOOST_TEST(!fault_of("metrics-for", "me").empty());
  BOOST_TEST(!fault_of("open", "yes").empty());
  BOOST_TEST(fault_of("public-url", "https://shop.example/").empty());
  for (const auto* bad : {"shop.example", "ftp://x", "https://", "https://a/b"})
    BOOST_TEST(!fault_of("public-url", bad).empty(), bad);
}

BOOST_AUTO_TEST_CASE(settings_that_go_together_are_checked_together) {
  BOOST_TEST(fault_of("tls-key", "k.pem").starts_with("--tls-key: "));
  BOOST_TEST(gather_settings({{"tls-key", "k"}, {"tls-certificate", "c"}}, {}).faults.empty());
  const auto wide = gather_settings({{"open", "true"}, {"listen", "0.0.0.0:80"}}, {});
  BOOST_REQUIRE(wide.faults.size() == 1U);
  BOOST_TEST(wide.faults.front().starts_with("--open: open lets everybody in"));
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_setting_is_mentioned) {
  const auto all = gather_settings(
    {}, {{"ROLLCALL_KEY", "pk_x"}, {"ROLLCALL_LISTN", "x"}, {"PATH", "/bin"}});
  BOOST_REQUIRE(all.warnings.size() == 1U);
  BOOST_TEST(all.warnings.front().starts_with("ROLLCALL_LISTN: "));
}

BOOST_AUTO_TEST_SUITE_END()
