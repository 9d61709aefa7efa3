#include "tests/segments/definition_support.hpp"

#include "segments/json_reader.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace definition_support {

namespace {

std::optional<std::string> whole_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

std::string file_text(const std::string& name) {
  const auto text = whole_file(std::string{ROLLCALL_SOURCE_DIR} + "/tests/segments/" + name);
  BOOST_REQUIRE_MESSAGE(text, "cannot read tests/segments/" + name);
  return *text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::map<std::string, std::string> klaviyo_examples() {
  const char* named = std::getenv("ROLLCALL_SHARED");
  const std::string shared = named ? named : std::string{ROLLCALL_SOURCE_DIR} + "/../shared";
  const auto text = whole_file(shared + "/reference/klaviyo-segment-examples.json");
  std::map<std::string, std::string> examples;
  if (!text) {
    BOOST_TEST_MESSAGE("SKIPPED: no reference/klaviyo-segment-examples.json in " + shared
                       + "; set ROLLCALL_SHARED");
    return examples;
  }
  const auto document = boost::json::parse(*text);
  for (const auto& [name, condition] : document.as_object())
    examples.emplace(std::string{name}, boost::json::serialize(condition));
  return examples;
}

std::vector<std::string> golden_definitions() {
  std::vector<std::string> definitions;
  for (const auto& line : lines_of(file_text("golden/canonical.txt")))
    if (!line.empty() && line.front() == '{')
      definitions.push_back(line);
  return definitions;
}

segments::parse_context account_with(std::vector<segments::parse_context::referred> known) {
  segments::parse_context account;
  account.metric_name = [](std::string_view written) -> std::optional<std::string> {
    if (written == "PLCORD" || written == "Placed Order")
      return "Placed Order";
    return std::nullopt;
  };
  account.list_name = [](std::string_view written) -> std::optional<std::string> {
    if (written == "NWSLTR" || written == "Newsletter")
      return "Newsletter";
    return std::nullopt;
  };
  account.segment =
    [known = std::move(known)](
      std::string_view written) -> std::optional<segments::parse_context::referred> {
    for (const auto& segment : known)
      if (segment.id == written || segment.name == written)
        return segment;
    return std::nullopt;
  };
  return account;
}

std::vector<std::string> canonical_texts(std::string_view json) {
  const auto parsed = segments::parse_definition(json, account_with());
  BOOST_REQUIRE_MESSAGE(parsed.rule, std::string{json} + "\n" + segments::describe(parsed.errors));
  std::vector<std::string> texts;
  for (const auto& criterion : parsed.rule->criteria)
    texts.push_back(segments::canonical_text(criterion));
  return texts;
}

} // namespace definition_support
