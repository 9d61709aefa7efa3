#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// The checkout as the house tests read it.
namespace house {

struct source_file {
  std::string path;   // From the root, with '/'.
  std::string folder; // Its first part; "" at the root.
  std::string text;
};

/// Every file that people write, except data; sorted by path.
const std::vector<source_file>& source_tree();

std::vector<std::string_view> lines_of(std::string_view text);

/// Is it C++?
bool is_code(const source_file& file);

/// Does a sentence `what` of complaint belong to `file`, line `line` (from 1)? Gives `path:line:
/// what`.
std::string complaint(const source_file& file, std::size_t line, std::string_view what);

/// Complaints as one text for a test's message; of very many only the first.
std::string joined(const std::vector<std::string>& complaints);

} // namespace house
