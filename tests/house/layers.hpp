#pragma once

#include "tests/house/source_tree.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace house {

using folder_set = std::set<std::string, std::less<>>;

/// docs/layers.txt, read.
struct layer_table {
  std::map<std::string, folder_set, std::less<>> folders;  // Folder → folders it may include.
  std::vector<std::pair<std::string, folder_set>> foreign; // Start of a header → who may.
  folder_set posix;
  folder_set pure;
};

/// Throws std::runtime_error for a line that says nothing known.
layer_table read_layers(std::string_view text);

/// What the includes and the words of one file break.
std::vector<std::string> layer_complaints(const layer_table& layers, const source_file& file);

} // namespace house
