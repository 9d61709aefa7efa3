#include "tests/house/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

BOOST_AUTO_TEST_SUITE(docs_test)

namespace {

using namespace house;
namespace fs = std::filesystem;

const fs::path root = ROLLCALL_SOURCE_DIR;

std::string contents(const fs::path& file) {
  std::ifstream in{file};
  BOOST_REQUIRE_MESSAGE(in, "cannot read " << file);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Targets of `[text](target)` in a line, without those that leave the checkout.
std::vector<std::string> links_in(std::string_view line) {
  std::vector<std::string> links;
  for (auto at = line.find("]("); at != std::string_view::npos; at = line.find("](", at + 1)) {
    const auto start = at + 2;
    const auto target = line.substr(start, line.find(')', start) - start);
    if (target.find("://") == std::string_view::npos && !target.starts_with('#'))
      links.emplace_back(target.substr(0, target.find('#')));
  }
  return links;
}

} // namespace

BOOST_AUTO_TEST_CASE(links_between_documents_lead_somewhere) {
  std::vector<std::string> complaints;
  std::size_t links = 0;
  for (const auto& file : source_tree()) {
    if (!file.path.ends_with(".md"))
      continue;
    const auto lines = lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i)
      for (const auto& link : links_in(lines[i])) {
        ++links;
        if (!fs::exists(root / fs::path{file.path}.parent_path() / link))
          complaints.push_back(complaint(file, i + 1, "leads nowhere: " + link));
      }
  }
  BOOST_TEST(links > 5);
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(the_readme_quotes_the_files_of_its_tour) {
  const auto readme = contents(root / "README.md");
  for (const auto* name : {"store.ndjson", "buyers.json"}) {
    const auto text = contents(root / "examples/tour" / name);
    for (const auto line : lines_of(text))
      BOOST_TEST(readme.find("    " + std::string{line} + "\n") != std::string::npos,
                 name << ": not in README.md: " << line);
  }
}

BOOST_AUTO_TEST_CASE(links_are_found) {
  BOOST_TEST(links_in("see [a](b.md), [c](https://d.org) and [e](f/g.md#h)").size() == 2);
  BOOST_TEST(links_in("see [a](b.md#c)").front() == "b.md");
  BOOST_TEST(links_in("an array[i](j) is a link, plain text is not").size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
