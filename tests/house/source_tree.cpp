#include "tests/house/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

namespace house {

namespace {

namespace fs = std::filesystem;

// Folders of the root that hold no sources of ours.
constexpr std::string_view foreign_folders[] = {".git", ".cache", "build"};

constexpr std::string_view our_extensions[] = {".cpp", ".hpp", ".capnp", ".md", ".txt", ".cmake"};

constexpr std::string_view our_names[] = {
  ".clang-format", ".clang-tidy", ".gitignore", "CMakePresets.json", "LICENSE", "Makefile",
};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_ours(const fs::path& relative) {
  const auto first = relative.begin()->string();
  return is_one_of(relative.extension().string(), our_extensions)
      || is_one_of(relative.filename().string(), our_names) || first == "scripts" || first == ".ci";
}

std::string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    throw std::runtime_error{"cannot read " + file.string()};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<source_file> read_tree(const fs::path& root) {
  std::vector<source_file> files;
  for (auto entry = fs::recursive_directory_iterator{root}; entry != fs::end(entry); ++entry) {
    const auto relative = entry->path().lexically_relative(root);
    const auto first = relative.begin()->string();
    if (entry.depth() == 0 && is_one_of(first, foreign_folders)) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file() || !is_ours(relative))
      continue;
    files.push_back(
      {relative.generic_string(), entry.depth() == 0 ? "" : first, contents(entry->path())});
  }
  std::ranges::sort(files, {}, &source_file::path);
  return files;
}

} // namespace

const std::vector<source_file>& source_tree() {
  static const auto files = read_tree(ROLLCALL_SOURCE_DIR);
  return files;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_code(const source_file& file) {
  return file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
}

std::string complaint(const source_file& file, std::size_t line, std::string_view what) {
  return file.path + ":" + std::to_string(line) + ": " + std::string{what};
}

std::string joined(const std::vector<std::string>& complaints) {
  constexpr std::size_t shown_max = 50;
  std::string text;
  for (std::size_t i = 0; i < std::min(complaints.size(), shown_max); ++i)
    text += "\n  " + complaints[i];
  if (complaints.size() > shown_max)
    text += "\n  and " + std::to_string(complaints.size() - shown_max) + " more";
  return text;
}

} // namespace house
