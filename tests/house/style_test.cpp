#include "tests/house/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <set>

BOOST_AUTO_TEST_SUITE(style_test)

namespace {

using namespace house;

constexpr std::size_t columns_max = 100;

/// Characters, not bytes.
std::size_t width(std::string_view line) {
  return static_cast<std::size_t>(
    std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Prose, tables of data and settings may be as wide as they must.
bool has_limited_width(const source_file& file) {
  const auto& path = file.path;
  return is_code(file) || path.ends_with(".capnp") || path.ends_with(".cmake")
      || path.ends_with("CMakeLists.txt") || file.folder == "scripts";
}

/// For each line whether it holds a piece of a raw string, which nobody may reformat.
std::vector<bool> raw_lines(std::string_view text) {
  std::vector<bool> is_raw;
  std::string closing; // What ends the raw string that is open; empty = none is.
  for (const auto line : lines_of(text)) {
    is_raw.push_back(!closing.empty());
    std::size_t at = 0;
    while (at != std::string_view::npos) {
      if (closing.empty()) {
        at = line.find("R\"", at);
        const auto bracket = line.find('(', at);
        if (at == std::string_view::npos || bracket == std::string_view::npos)
          break;
        closing = ")" + std::string{line.substr(at + 2, bracket - at - 2)} + "\"";
        is_raw.back() = true;
      }
      at = line.find(closing, at);
      if (at != std::string_view::npos)
        closing.clear();
    }
  }
  return is_raw;
}

/// Numbers of the lines that are too wide. Links cannot be broken, so their lines may be.
std::vector<std::size_t> too_wide(std::string_view text) {
  std::vector<std::size_t> found;
  const auto lines = lines_of(text);
  const auto is_raw = raw_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!is_raw[i] && lines[i].find("://") == std::string_view::npos
        && width(lines[i]) > columns_max)
      found.push_back(i + 1);
  return found;
}

bool is_word(std::string_view text, std::size_t at, std::size_t size) {
  const auto letter = [&](std::size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i]));
  };
  return (at == 0 || !letter(at - 1)) && !letter(at + size);
}

bool contains_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1))
    if (is_word(line, at, word.size()))
      return true;
  return false;
}

/// What reminds of unfinished work. Written in halves, so that this file passes its own test.
bool is_leftover(std::string_view line) {
  static const std::string marks[] = {
    std::string{"TO"} + "DO", std::string{"FIX"} + "ME",       std::string{"XX"} + "X",
    std::string{"HA"} + "CK", std::string{"place"} + "holder", std::string{"not imple"} + "mented",
  };
  return std::ranges::any_of(marks, [&](const auto& mark) { return contains_word(line, mark); });
}

} // namespace

BOOST_AUTO_TEST_CASE(lines_of_code_have_at_most_100_columns) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree())
    if (has_limited_width(file))
      for (const auto line : too_wide(file.text))
        complaints.push_back(complaint(file, line, "longer than 100 columns"));
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(links_and_raw_strings_may_be_wider) {
  const std::string wide(120, 'x');
  BOOST_TEST(too_wide(wide + "\n").size() == 1);
  BOOST_TEST(too_wide("// https://" + wide + "\n").empty());
  BOOST_TEST(too_wide("f(R\"(" + wide + "\n" + wide + ")\");\n").empty());
  BOOST_TEST(too_wide("f(R\"a(" + wide + ")\"\n)a\", R\"(\n" + wide + ")\");\n").empty());
  BOOST_TEST(too_wide("f(R\"(x)\");\n" + wide + "\n") == std::vector<std::size_t>{2},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_line_ends_in_a_blank_and_no_source_holds_a_tab) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree()) {
    const auto lines = lines_of(file.text);
    const auto is_raw = raw_lines(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (is_raw[i])
        continue;
      if (lines[i].ends_with(' ') || lines[i].ends_with('\r'))
        complaints.push_back(complaint(file, i + 1, "ends in a blank"));
      if (is_code(file) && lines[i].find('\t') != std::string_view::npos)
        complaints.push_back(complaint(file, i + 1, "holds a tab"));
    }
  }
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(nothing_reminds_of_unfinished_work) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree()) {
    const auto lines = lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (is_leftover(lines[i]))
        complaints.push_back(complaint(file, i + 1, "a leftover marker"));
  }
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(leftover_markers_are_recognised_as_words) {
  BOOST_TEST(is_leftover("// TO"
                         "DO: later"));
  BOOST_TEST(is_leftover("a place"
                         "holder."));
  BOOST_TEST(!is_leftover("mañana TODOS los días, methods of TODOLIST"));
}

BOOST_AUTO_TEST_CASE(every_file_ends_with_one_newline) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree())
    if (!file.text.empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")))
      complaints.push_back(file.path);
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(every_header_is_guarded_by_pragma_once) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree())
    if (file.path.ends_with(".hpp") && !file.text.starts_with("#pragma once\n"))
      complaints.push_back(file.path);
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(every_header_of_the_core_is_documented) {
  std::vector<std::string> complaints;
  std::size_t headers = 0;
  for (const auto& file : source_tree()) {
    const bool is_core = file.folder == "model" || file.folder == "segments"
                      || file.folder == "metrics";
    if (!is_core || !file.path.ends_with(".hpp"))
      continue;
    ++headers;
    if (file.text.find("/// ") == std::string::npos)
      complaints.push_back(file.path);
  }
  BOOST_TEST(headers > 5);
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_CASE(every_folder_with_sources_explains_itself) {
  std::set<std::string> with_code;
  std::set<std::string> with_readme;
  for (const auto& file : source_tree()) {
    if (is_code(file))
      with_code.insert(file.folder == "include" ? "library" : file.folder);
    if (file.path == file.folder + "/README.md")
      with_readme.insert(file.folder);
  }
  std::vector<std::string> complaints;
  std::ranges::set_difference(with_code, with_readme, std::back_inserter(complaints));
  BOOST_TEST(complaints.empty(), "no README.md in:" + joined(complaints));
}

BOOST_AUTO_TEST_CASE(every_test_file_opens_a_suite_of_its_name) {
  std::vector<std::string> complaints;
  for (const auto& file : source_tree()) {
    if (file.folder != "tests" || !file.path.ends_with("_test.cpp"))
      continue;
    const auto name = std::filesystem::path{file.path}.stem().string();
    if (file.text.find("BOOST_AUTO_TEST_SUITE(" + name) == std::string::npos)
      complaints.push_back(file.path);
  }
  BOOST_TEST(complaints.empty(), joined(complaints));
}

BOOST_AUTO_TEST_SUITE_END()
