#include "tests/house/layers.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(layers_test)

namespace {

using namespace house;

const layer_table& layers() {
  static const auto table = [] {
    const auto& files = source_tree();
    const auto found = std::ranges::find(files, "docs/layers.txt", &source_file::path);
    BOOST_REQUIRE(found != files.end());
    return read_layers(found->text);
  }();
  return table;
}

/// What is said about one line in a file of `folder`.
std::size_t complaints_about(const char* folder, const char* line) {
  return layer_complaints(layers(), {std::string{folder} + "/file.cpp", folder, line}).size();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_include_follows_the_layers) {
  std::vector<std::string> complaints;
  std::size_t files = 0;
  for (const auto& file : source_tree())
    if (is_code(file)) {
      ++files;
      std::ranges::copy(layer_complaints(layers(), file), std::back_inserter(complaints));
    }
  BOOST_TEST(files > 20);
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(no_folder_includes_back) {
  for (const auto& [folder, allowed] : layers().folders)
    for (const auto& target : allowed)
      BOOST_TEST(!layers().folders.at(target).contains(folder),
                 folder << " and " << target << " may include each other");
}

BOOST_AUTO_TEST_CASE(includes_against_the_direction_are_found) {
  BOOST_TEST(complaints_about("model", "#include \"segments/parse.hpp\"") == 1U);
  BOOST_TEST(complaints_about("segments", "#include \"messages/reader.hpp\"") == 1U);
  BOOST_TEST(complaints_about("storage", "#include \"actors/partition.hpp\"") == 1U);
  BOOST_TEST(complaints_about("actors", "#include \"partition.hpp\"") == 1U);
  BOOST_TEST(complaints_about("examples", "#include \"actors/partition.hpp\"") == 1U);
  BOOST_TEST(complaints_about("actors", "#include \"storage/environment.hpp\"") == 0U);
}

BOOST_AUTO_TEST_CASE(foreign_headers_outside_their_folders_are_found) {
  BOOST_TEST(complaints_about("actors", "#include <lmdb.h>") == 1U);
  BOOST_TEST(complaints_about("storage", "#include <lmdb.h>") == 0U);
  BOOST_TEST(complaints_about("actors", "#include \"messages/flips.capnp.h\"") == 1U);
  BOOST_TEST(complaints_about("storage", "#include \"messages/flips.capnp.h\"") == 0U);
  BOOST_TEST(complaints_about("actors", "#include <capnp/message.h>") == 1U);
  BOOST_TEST(complaints_about("storage", "  #  include <caf/actor.hpp>") == 1U);
  BOOST_TEST(complaints_about("node", "#include <roaring/roaring.hh>") == 1U);
  BOOST_TEST(complaints_about("node", "#include <unheard/of.hpp>") == 1U);
}

BOOST_AUTO_TEST_CASE(impurity_in_a_pure_folder_is_found) {
  BOOST_TEST(complaints_about("segments", "#include <fstream>") == 1U);
  BOOST_TEST(complaints_about("segments", "#include <spdlog/spdlog.h>") == 1U);
  BOOST_TEST(complaints_about("segments", "#include <unistd.h>") == 1U);
  BOOST_TEST(complaints_about("model", "auto t = std::chrono::system_clock::now();") == 1U);
  BOOST_TEST(complaints_about("model", "std::random_device seed;") == 1U);
  BOOST_TEST(complaints_about("node", "auto t = std::chrono::system_clock::now();") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
