#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace dictionary_support {

metrics::dictionary_result with_mine(std::string_view text) {
  const auto standard_ones = metrics::standard_files();
  std::vector<metrics::dictionary_file> files{standard_ones.begin(), standard_ones.end()};
  files.push_back({std::string{my_file}, std::string{text}});
  return metrics::read_dictionary(files);
}

metrics::dictionary standard(std::string_view mine) {
  auto result = with_mine(mine);
  BOOST_REQUIRE_MESSAGE(result.read, told(result.faults));
  return std::move(*result.read);
}

std::string told(const std::vector<metrics::dictionary_fault>& faults) {
  std::string text;
  for (const auto& fault : faults)
    text += fault.at.file + ":" + std::to_string(fault.at.line) + ": " + fault.message + "\n";
  return text;
}

std::string entry(std::string_view table, std::string_view rest) {
  std::string text = "[";
  text.append(table).append("]\ndescription = \"A test.\"\nowner = \"tests\"\nversion = 1\n");
  return text.append(rest).append("\n");
}

bool tells(const metrics::dictionary_result& result, unsigned line, std::string_view part) {
  return std::ranges::any_of(result.faults, [&](const auto& fault) {
    return fault.at.file == my_file && fault.at.line == line
        && fault.message.find(part) != std::string::npos;
  });
}

} // namespace dictionary_support
