#include "cluster/directory_copy.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

BOOST_AUTO_TEST_SUITE(directory_copy_test)

namespace {

namespace fs = std::filesystem;
using namespace cluster;
using model::failure_code;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
}

std::string read(const fs::path& file) {
  std::ifstream from{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{from}, {}};
}

bool all_but_locks(std::string_view name) {
  return !is_lock_file(name);
}

/// A directory of two files and a lock, and its copy with a manifest.
struct copied_directory {
  copied_directory() {
    for (std::size_t i = 0; i < large.size(); ++i)
      large[i] = static_cast<char>(i * 31 + i / 256);
    write(from / "account" / "data.mdb", large);
    write(from / "account" / "lock.mdb", "locks");
    write(from / "audit.log", "");
    BOOST_REQUIRE(copy_directory(from, to, all_but_locks));
    auto files = seal_directory(to);
    BOOST_REQUIRE(files);
    what.kind = "snapshot";
    what.partition = 3;
    what.position = 77;
    what.files = std::move(*files);
  }

  tests::temporary_directory scratch;
  fs::path from = scratch.path() / "from";
  fs::path to = scratch.path() / "to";
  std::string large = std::string(3'000'000, 'x');
  manifest what;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_copy_has_every_file_but_locks, copied_directory) {
  BOOST_TEST(read(to / "account" / "data.mdb") == large);
  BOOST_TEST(fs::exists(to / "audit.log"));
  BOOST_TEST(!fs::exists(to / "account" / "lock.mdb"));
  BOOST_REQUIRE(what.files.size() == 2);
  BOOST_TEST(what.files[0].name == "account/data.mdb");
  BOOST_TEST(what.bytes() == large.size());
  BOOST_TEST(verify_directory(to, what).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_manifest_comes_back_as_it_was_written, copied_directory) {
  const auto again = decode_manifest(encoded(what));
  BOOST_REQUIRE(again);
  BOOST_CHECK(*again == what);
}

BOOST_FIXTURE_TEST_CASE(one_changed_byte_is_found, copied_directory) {
  auto changed = large;
  changed[1'500'000] = static_cast<char>(changed[1'500'000] ^ 1);
  write(to / "account" / "data.mdb", changed);
  const auto sound = verify_directory(to, what);
  BOOST_REQUIRE(!sound);
  BOOST_CHECK(sound.error().code == failure_code::storage_broken);
  BOOST_TEST(sound.error().message.find("data.mdb is damaged") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_shorter_file_and_a_missing_one_are_found, copied_directory) {
  fs::resize_file(to / "account" / "data.mdb", large.size() - 1);
  BOOST_TEST(!verify_directory(to, what).has_value());
  fs::remove(to / "account" / "data.mdb");
  BOOST_TEST(!verify_directory(to, what).has_value());
}

BOOST_FIXTURE_TEST_CASE(names_that_lead_out_of_the_directory_are_refused, copied_directory) {
  for (const char* name : {"../x", "/x", "a/../../x", "", "./a"}) {
    what.files[0].name = name;
    BOOST_TEST(!decode_manifest(encoded(what)).has_value(), name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_manifest_is_refused) {
  BOOST_CHECK(decode_manifest("{}").error().code == failure_code::storage_broken);
  BOOST_CHECK(decode_manifest("").error().code == failure_code::storage_broken);
  BOOST_CHECK(decode_manifest(R"({"format":2})").error().code == failure_code::newer_format);
}

BOOST_FIXTURE_TEST_CASE(links_are_not_followed, copied_directory) {
  fs::create_symlink("/etc", from / "etc");
  const auto copied = copy_directory(from, scratch.path() / "again", all_but_locks);
  BOOST_REQUIRE(!copied);
  BOOST_TEST(copied.error().message.find("is a link") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_copy_that_is_told_to_stop_stops, copied_directory) {
  const auto copied = copy_directory(from, scratch.path() / "again", all_but_locks,
                                     [](std::uint64_t) { return false; });
  BOOST_REQUIRE(!copied);
  BOOST_CHECK(copied.error().code == failure_code::cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
