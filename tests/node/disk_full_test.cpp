// A small file system that fills up: nothing is acknowledged that is not there, and all goes on
// when there is room again.
#include "tests/node/definitions.hpp"
#include "tests/node/program.hpp"
#include "tests/node/traffic.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace {

using namespace node_tests;
namespace json = boost::json;
using std::chrono::milliseconds;

constexpr const char* disk_size = "size=40m";
constexpr std::size_t ballast_bytes = std::size_t{24} << 20;

/// A file system in memory of its own, which only root may make. Holds a ballast that can be thrown
/// off.
class small_disk {
public:
  small_disk() {
    std::filesystem::create_directory(place_);
    is_mounted_ = mount("rollcall-test", place_.c_str(), "tmpfs", 0, disk_size) == 0;
    if (is_mounted_)
      write_file(place_ + "/ballast", std::string(ballast_bytes, 'x'));
  }
  ~small_disk() {
    if (is_mounted_)
      umount2(place_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  [[nodiscard]] bool is_mounted() const {
    if (!is_mounted_)
      BOOST_TEST_MESSAGE(
        "NOT CHECKED: only root can make the small file system that this test fills");
    return is_mounted_;
  }
  [[nodiscard]] std::string store() const {
    return place_ + "/store";
  }
  /// Outside of the small disk.
  [[nodiscard]] std::string beside(std::string_view name) const {
    return scratch_ / name;
  }
  void throw_off_ballast() const {
    std::filesystem::remove(place_ + "/ballast");
  }

private:
  scratch_directory scratch_;
  std::string place_ = scratch_ / "disk";
  bool is_mounted_ = false;
};

std::uint64_t events_in(const std::string& store) {
  const auto run = rollcall({"metrics", "--data", store, "--json"});
  BOOST_REQUIRE_MESSAGE(run.status == 0, run.out << run.err);
  std::uint64_t all = 0;
  const auto metrics = json::parse(run.out).as_array();
  for (const auto& entry : metrics)
    all += entry.at("count").to_number<std::uint64_t>();
  return all;
}

std::string events(std::uint64_t from, std::uint64_t to) {
  std::string lines;
  for (auto i = from; i < to; ++i)
    lines += R"({"metric":"Viewed Page","unique_id":"view-)" + std::to_string(i)
           + R"(","profile":{"external_id":"person-)" + std::to_string(i % 5000)
           + R"("},"time":"2026-05-01T10:00:00Z","properties":{"url":"https://shop.example/)"
           + std::to_string(i * 2654435761U) + R"("}})" + "\n";
  return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(disk_full_test)

BOOST_AUTO_TEST_CASE(a_running_engine_waits_for_room_and_loses_nothing) {
  const small_disk disk;
  if (!disk.is_mounted())
    return;
  const auto log = disk.beside("engine.log");
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  BOOST_REQUIRE(rollcall({"load", "--data", disk.store(), "-"}).status == 0);
  running_program engine({"run", "--data", disk.store(), "--acks"}, log);
  const auto hear = [&](milliseconds patience) {
    const auto line = engine.read_line(patience);
    if (!line)
      return false;
    const auto said = json::parse(*line).as_object();
    if (const auto* range = said.if_contains("acknowledged"))
      acknowledged = range->at("to").to_number<std::uint64_t>();
    return true;
  };
  BOOST_REQUIRE(hear(std::chrono::seconds{20}));
  const auto is_waiting = [&] {
    return read_file(log).find("waiting for room") != std::string::npos;
  };
  while (!is_waiting()) {
    BOOST_REQUIRE_MESSAGE(sent < 2'000'000, "the disk does not fill up");
    engine.write(events(sent, sent + 5000));
    sent += 5000;
    while (acknowledged < sent && hear(milliseconds{1500}))
      ;
  }
  BOOST_TEST(acknowledged < sent);
  disk.throw_off_ballast();
  while (acknowledged < sent)
    BOOST_REQUIRE_MESSAGE(hear(std::chrono::seconds{30}),
                          "no acknowledgement though there is room: " << read_file(log));
  engine.close_input();
  BOOST_TEST(engine.wait() == 0);
  BOOST_TEST(events_in(disk.store()) == sent);
  BOOST_TEST(rollcall({"check", "--data", disk.store(), "--every", "1"}).status == 0);
}

BOOST_AUTO_TEST_CASE(a_load_that_finds_no_room_says_so_and_goes_on_later) {
  const small_disk disk;
  if (!disk.is_mounted())
    return;
  constexpr std::uint64_t count = 300'000;
  write_file(disk.beside("events.ndjson"), events(0, count));
  const auto full = rollcall({"load", "--data", disk.store(), disk.beside("events.ndjson")});
  BOOST_REQUIRE_EQUAL(full.status, 5);
  BOOST_TEST(full.err.find("the same command goes on") != std::string::npos, full.err);
  disk.throw_off_ballast();
  const auto checked = rollcall({"check", "--data", disk.store(), "--every", "1"});
  BOOST_TEST(checked.status == 0, checked.out << checked.err);
  const auto more = rollcall({"load", "--data", disk.store(), disk.beside("events.ndjson")});
  BOOST_TEST(more.status == 0, more.out << more.err);
  BOOST_TEST(events_in(disk.store()) == count);
  BOOST_TEST(rollcall({"check", "--data", disk.store(), "--every", "1"}).status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
