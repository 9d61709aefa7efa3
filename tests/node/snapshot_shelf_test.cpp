#include "node/exchanged_directory.hpp"
#include "node/snapshot_shelf.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>

BOOST_AUTO_TEST_SUITE(snapshot_shelf_test)

namespace {

namespace fs = std::filesystem;
using namespace node;
using model::failure_code;
using model::outcome;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
}

std::string read(const fs::path& file) {
  std::ifstream from{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{from}, {}};
}

/// A chain that has read so many records, none of them in force.
cluster::chain chain_at(std::uint64_t position) {
  cluster::chain made{3};
  for (std::uint64_t at = 1; at <= position; ++at) {
    cluster::record r;
    r.partition = 3;
    r.checksum = at;
    r.kind = cluster::record_kind::heartbeat;
    BOOST_REQUIRE(made.accept(at, r) == cluster::decision::drop);
  }
  return made;
}

/// A partition's directory with an account, a shelf for it, and somebody who asks for snapshots.
struct shelved {
  void change(const std::string& text) {
    write(accounts / "default" / "account" / "data.mdb", text);
    write(accounts / "default" / "account" / "lock", "1");
    write(accounts / "default" / "audit.log", "who wrote");
  }
  void make(std::uint64_t position) {
    const auto read_so_far = chain_at(position);
    BOOST_REQUIRE(shelf.begin(accounts, read_so_far));
    BOOST_REQUIRE(shelf.finish(read_so_far));
  }
  /// As a node would answer.
  ask_node node() {
    return [this](const std::string& what) -> outcome<std::string> {
      ++asked;
      const auto number = [&](std::string_view name) {
        std::uint64_t n = 0;
        const auto at = what.find(fmt::format("{}=", name)) + name.size() + 1;
        std::from_chars(what.data() + at, what.data() + what.size(), n);
        return n;
      };
      if (what.starts_with("snapshot?"))
        return shelf.manifest_of(number("position"));
      const auto from = what.find("file=") + 5;
      auto file = what.substr(from, what.find('&', from) - from);
      for (auto at = file.find("%2F"); at != std::string::npos; at = file.find("%2F"))
        file.replace(at, 3, "/");
      return shelf.piece(number("position"), file, number("offset"));
    };
  }
  [[nodiscard]] fs::path data_in(const fs::path& of) const {
    return of / accounts_folder / "default" / "account" / "data.mdb";
  }

  tests::temporary_directory scratch;
  fs::path directory = scratch.path() / "partition-03";
  fs::path accounts = directory / accounts_folder;
  fs::path other = scratch.path() / "other";
  snapshot_shelf shelf{directory / snapshots_folder};
  int asked = 0;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_newest_two_snapshots_are_kept, shelved) {
  change("x");
  for (const std::uint64_t position : {5, 9, 30})
    make(position);
  BOOST_TEST((shelf.positions() == std::vector<std::uint64_t>{30, 9}));
}

BOOST_FIXTURE_TEST_CASE(what_was_only_begun_is_no_snapshot, shelved) {
  change("x");
  BOOST_REQUIRE(shelf.begin(accounts, chain_at(5)));
  BOOST_TEST(shelf.positions().empty());
  shelf.abandon();
  BOOST_TEST(fs::is_empty(directory / snapshots_folder));
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_has_the_state_and_nothing_of_the_node, shelved) {
  change("x");
  make(5);
  BOOST_TEST(read(data_in(shelf.files_of(5))) == "x");
  const auto account = shelf.files_of(5) / accounts_folder / "default";
  BOOST_TEST(!fs::exists(account / "account" / "lock"));
  BOOST_TEST(!fs::exists(account / "audit.log"));
}

BOOST_FIXTURE_TEST_CASE(it_is_fetched_in_pieces, shelved) {
  std::string large(3 * snapshot_piece_bytes + 1, 'x');
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<char>(i * 31 + i / 256);
  change(large);
  make(7);
  change("something later");
  BOOST_REQUIRE(fetch_snapshot(node(), {3, 7}, other));
  BOOST_TEST(asked == 1 + 4 + 1); // The manifest, four pieces, and the position.
  BOOST_TEST((read(data_in(other)) == large));
  const auto at = cluster::chain::decoded(read(other / position_file));
  BOOST_REQUIRE(at);
  BOOST_CHECK(*at == chain_at(7));
}

BOOST_FIXTURE_TEST_CASE(a_damaged_file_is_refused, shelved) {
  change("right");
  make(7);
  write(data_in(shelf.files_of(7)), "wrong");
  const auto fetched = fetch_snapshot(node(), {3, 7}, other);
  BOOST_REQUIRE(!fetched);
  BOOST_CHECK(fetched.error().code == failure_code::storage_broken);
  const auto copied = copy_snapshot(shelf, {3, 7}, other);
  BOOST_REQUIRE(!copied);
  BOOST_CHECK(copied.error().code == failure_code::storage_broken);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_grew_or_shrank_is_refused, shelved) {
  change("right");
  make(7);
  for (const char* text : {"right and more", "rig"}) {
    write(data_in(shelf.files_of(7)), text);
    BOOST_TEST(!fetch_snapshot(node(), {3, 7}, other).has_value());
  }
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_of_another_partition_or_position_is_refused, shelved) {
  change("x");
  make(7);
  BOOST_TEST(!fetch_snapshot(node(), {4, 7}, other).has_value());
  fs::rename(directory / snapshots_folder / "7", directory / snapshots_folder / "8");
  BOOST_TEST(!fetch_snapshot(node(), {3, 8}, other).has_value());
}

BOOST_FIXTURE_TEST_CASE(files_that_the_manifest_does_not_name_are_not_given, shelved) {
  change("x");
  make(7);
  write(scratch.path() / "secret", "hush");
  BOOST_TEST(!shelf.piece(7, "../../../../secret", 0).has_value());
  BOOST_TEST(!shelf.piece(8, "position", 0).has_value());
}

// --- directories that are exchanged --------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_directory_is_exchanged_wholly, shelved) {
  write(directory / "a", "old");
  write(being_made(directory) / "a", "new");
  BOOST_REQUIRE(exchange_directory(directory, old_directory::removed));
  BOOST_TEST(read(directory / "a") == "new");
  BOOST_TEST(std::distance(fs::directory_iterator{scratch.path()}, {}) == 1);
}

BOOST_FIXTURE_TEST_CASE(what_may_be_needed_again_is_set_aside, shelved) {
  write(directory / "a", "old");
  write(being_made(directory) / "a", "new");
  BOOST_REQUIRE(exchange_directory(directory, old_directory::set_aside));
  BOOST_TEST(read(directory / "a") == "new");
  BOOST_TEST(std::distance(fs::directory_iterator{scratch.path()}, {}) == 2);
  BOOST_REQUIRE(finish_exchange(directory));
  BOOST_TEST(std::distance(fs::directory_iterator{scratch.path()}, {}) == 2);
}

// The states that a crash can leave, in their order.
BOOST_FIXTURE_TEST_CASE(after_a_crash_there_is_the_old_one_or_the_new_one, shelved) {
  const auto place = [&](const char* ending) { return fs::path{directory.string() + ending}; };
  const auto finished = [&] {
    BOOST_REQUIRE(finish_exchange(directory));
    BOOST_TEST(std::distance(fs::directory_iterator{scratch.path()}, {}) == 1);
    return read(directory / "a");
  };
  write(directory / "a", "old");
  write(place(".new") / "a", "half");
  BOOST_TEST(finished() == "old");
  write(place(".ready") / "a", "new");
  BOOST_TEST(finished() == "old");
  fs::rename(directory, place(".gone"));
  write(place(".ready") / "a", "new");
  BOOST_TEST(finished() == "new");
  write(place(".gone") / "a", "old");
  BOOST_TEST(finished() == "new");
}

BOOST_AUTO_TEST_SUITE_END()
