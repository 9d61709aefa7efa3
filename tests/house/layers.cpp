#include "tests/house/layers.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

namespace house {

namespace {

// Standard headers that bring in the outside world.
constexpr std::string_view impure_headers[] = {
  "<condition_variable>", "<csignal>", "<ctime>",     "<filesystem>", "<fstream>",    "<future>",
  "<iostream>",           "<random>",  "<semaphore>", "<stop_token>", "<syncstream>", "<thread>",
};

// Calls that ask the outside world.
constexpr std::string_view impure_words[] = {
  "system_clock::now",
  "steady_clock::now",
  "high_resolution_clock",
  "random_device",
  "getenv(",
  "std::time(",
  "fopen(",
  "std::printf(",
  "fprintf(",
  "std::cout",
  "std::cerr",
};

folder_set words(const std::string& text) {
  std::istringstream in{text};
  folder_set found;
  for (std::string word; in >> word;)
    found.insert(word);
  return found;
}

/// `<header>` or `"header"` of an include directive, with its quotes; "" for any other line.
std::string included(std::string_view line) {
  std::istringstream in{std::string{line}};
  std::string directive;
  std::string header;
  in >> directive;
  if (directive == "#") {
    in >> header;
    directive += header;
  }
  if (directive != "#include")
    return "";
  in >> header;
  return header;
}

bool is_posix(std::string_view header) {
  return header.starts_with("<sys/") || header.starts_with("<arpa/") || header.starts_with("<net")
      || (header.ends_with(".h>") && header.find('/') == std::string_view::npos);
}

bool is_standard(std::string_view header) {
  return header.starts_with('<') && header.find_first_of("/.") == std::string_view::npos;
}

bool starts_like(std::string_view header, std::string_view pattern) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos)
    return header.starts_with(pattern);
  const auto end = pattern.substr(star + 1);
  return header.starts_with(pattern.substr(0, star)) && header.find(end) != std::string_view::npos;
}

std::string refusal(const layer_table& layers, const std::string& folder,
                    const std::string& header) {
  const auto may = [&](const folder_set& allowed) { return allowed.contains(folder); };
  for (const auto& [pattern, allowed] : layers.foreign)
    if (starts_like(header, pattern))
      return may(allowed) ? "" : folder + " may not include " + header;
  if (header.starts_with('"')) {
    const auto target = header.substr(1, header.find('/') - 1);
    if (header.find('/') == std::string::npos || !layers.folders.contains(target))
      return header + " does not start at the root with one of our folders";
    const auto& allowed = layers.folders.find(folder)->second;
    return target == folder || allowed.contains(target) ? ""
                                                        : folder + " may not include " + header;
  }
  const bool is_pure = layers.pure.contains(folder);
  if (is_standard(header)) {
    const bool is_impure = std::ranges::find(impure_headers, header) != std::end(impure_headers);
    return is_pure && is_impure ? folder + " is pure and may not include " + header : "";
  }
  if (is_posix(header))
    return may(layers.posix) ? "" : folder + " may not include " + header;
  return "no line of docs/layers.txt says who may include " + header;
}

} // namespace

layer_table read_layers(std::string_view text) {
  layer_table table;
  for (const auto line : lines_of(text)) {
    if (line.empty() || line.starts_with('#'))
      continue;
    const auto colon = line.find(": ") != std::string_view::npos ? line.find(": ")
                                                                 : line.rfind(':');
    if (colon == std::string_view::npos)
      throw std::runtime_error{"docs/layers.txt: no colon in: " + std::string{line}};
    const std::string key{line.substr(0, colon)};
    auto allowed = words(std::string{line.substr(colon + 1)});
    if (key == "posix")
      table.posix = std::move(allowed);
    else if (key == "pure")
      table.pure = std::move(allowed);
    else if (key.starts_with('<') || key.starts_with('"'))
      table.foreign.emplace_back(key, std::move(allowed));
    else
      table.folders.emplace(key, std::move(allowed));
  }
  return table;
}

std::vector<std::string> layer_complaints(const layer_table& layers, const source_file& file) {
  std::vector<std::string> complaints;
  if (!layers.folders.contains(file.folder))
    return {complaint(file, 1, "docs/layers.txt does not know the folder " + file.folder)};
  const bool is_pure = layers.pure.contains(file.folder);
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto header = included(lines[i]); !header.empty())
      if (const auto why = refusal(layers, file.folder, header); !why.empty())
        complaints.push_back(complaint(file, i + 1, why));
    if (!is_pure)
      continue;
    for (const auto word : impure_words)
      if (lines[i].find(word) != std::string_view::npos)
        complaints.push_back(
          complaint(file, i + 1, file.folder + " is pure and may not say " + std::string{word}));
  }
  return complaints;
}

} // namespace house
