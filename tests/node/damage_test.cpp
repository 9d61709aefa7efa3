// Stores that a newer release wrote, or that a disk has damaged: the program says so, its exit
// status tells, and nothing is changed.
#include "storage/environment.hpp"
#include "tests/node/program.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

BOOST_AUTO_TEST_SUITE(damage_test)

namespace {

using namespace node_tests;

constexpr int storage_broken = 6;
constexpr int newer_format = 8;
constexpr std::string_view rare = "a colour that nothing else has";

struct store {
  scratch_directory scratch;
  std::string place = scratch / "store";

  store() {
    std::string lines;
    for (int i = 0; i < 500; ++i)
      lines += fmt::format(R"({{"metric":"Placed Order","time":"2026-01-{:02}T10:00:00Z",)"
                           R"("profile":{{"external_id":"u{}"}},"properties":{{"colour":"{}"}}}})"
                           "\n",
                           1 + i % 28, i, i == 7 ? rare : "red");
    write_file(scratch / "events.ndjson", lines);
    const auto loaded = rollcall({"load", "--data", place, scratch / "events.ndjson"});
    BOOST_REQUIRE_MESSAGE(loaded.status == 0, loaded.err);
  }

  /// Writes another first letter over `rare` wherever a file of the store holds it; how often.
  [[nodiscard]] int damage() const {
    int found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{place}) {
      if (entry.path().filename() != "data.mdb")
        continue;
      auto bytes = read_file(entry.path());
      for (auto at = bytes.find(rare); at != std::string::npos; at = bytes.find(rare, at + 1)) {
        std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(static_cast<std::streamoff>(at));
        file.put('X');
        ++found;
      }
    }
    return found;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(check_finds_a_byte_that_the_disk_has_changed, store) {
  auto run = rollcall({"check", "--data", place});
  BOOST_TEST(run.status == 0);
  BOOST_REQUIRE_GT(damage(), 0);
  run = rollcall({"check", "--data", place});
  BOOST_TEST(run.status == storage_broken);
  BOOST_TEST((run.out + run.err).find("partition") != std::string::npos, run.out << run.err);
  const auto again = rollcall({"check", "--data", place, "--json"});
  BOOST_TEST(again.status == storage_broken);
}

BOOST_FIXTURE_TEST_CASE(a_store_of_a_newer_release_is_refused_in_a_sentence, store) {
  {
    auto opened = storage::environment::open(place + "/partition-0", {});
    BOOST_REQUIRE(opened);
    BOOST_REQUIRE((*opened)->update([](storage::write_transaction& t) -> model::status {
      t.put(storage::meta_key{storage::meta_field::format},
            std::array<storage::word, 1>{storage::format_version + 1});
      return model::nothing{};
    }));
  }
  for (const std::string command : {"metrics", "check"}) {
    const auto run = rollcall({command, "--data", place});
    BOOST_TEST(run.status == newer_format, command << ": " << run.status);
    BOOST_TEST(run.err.find(fmt::format("written in format {}", storage::format_version + 1))
                 != std::string::npos,
               run.err);
  }
  const auto load = rollcall({"load", "--data", place, "-"},
                             R"({"metric":"M","profile":{"external_id":"u1"}})");
  BOOST_TEST(load.status == newer_format);
}

BOOST_AUTO_TEST_SUITE_END()
