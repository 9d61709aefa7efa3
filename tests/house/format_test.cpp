#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <set>
#include <sstream>
#include <string>

BOOST_AUTO_TEST_SUITE(format_test)

namespace {

namespace ut = boost::unit_test;

struct finished {
  int status = -1; // As of pclose; 0 = success.
  std::string output;
};

finished run(const std::string& command) {
  finished result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  BOOST_REQUIRE(pipe);
  std::array<char, 4096> piece{};
  while (const auto size = std::fread(piece.data(), 1, piece.size(), pipe))
    result.output.append(piece.data(), size);
  result.status = pclose(pipe);
  return result;
}

const std::string at_root = "cd '" ROLLCALL_SOURCE_DIR "' && ";

/// Other releases of the tool format differently, and an unpacked archive does not tell which files
/// are ours.
boost::test_tools::assertion_result tools_are_there(ut::test_unit_id) {
  boost::test_tools::assertion_result verdict{true};
  if (run("clang-format --version").output.find("version 14.") == std::string::npos) {
    verdict = false;
    verdict.message() << "NOT CHECKED: clang-format 14 is missing";
  } else if (run(at_root + "git ls-files").status != 0) {
    verdict = false;
    verdict.message() << "NOT CHECKED: this is no git checkout";
  }
  return verdict;
}

/// The files that clang-format complains about, each once.
std::string names_in(const std::string& output) {
  std::set<std::string> names;
  std::istringstream in{output};
  for (std::string line; std::getline(in, line);)
    if (line.find("[-Wclang-format-violations]") != std::string::npos)
      names.insert(line.substr(0, line.find(':')));
  std::string text;
  for (const auto& name : names)
    text += "\n  " + name;
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(clang_format_would_change_nothing, *ut::precondition(tools_are_there)) {
  const auto check = run(at_root + "scripts/format --check");
  BOOST_TEST(check.status == 0, "`make format` mends:" << names_in(check.output));
}

BOOST_AUTO_TEST_SUITE_END()
