#include "node/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace node {

namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void append_cell(std::string& line, std::string_view cell, std::size_t width, side aligned) {
  const auto gap = width - std::min(width, width_of(cell));
  if (aligned == side::right)
    line.append(gap, ' ');
  line.append(cell);
  if (aligned == side::left)
    line.append(gap, ' ');
}

} // namespace

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string table::text(std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width_of(columns_[i].title));
    for (const auto& row : rows_)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string all;
  const auto append_line = [&](const auto& cell_of) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0)
        line.append("  ");
      append_cell(line, cell_of(i), widths[i], columns_[i].aligned);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    all.append(line).push_back('\n');
  };
  append_line([&](std::size_t i) -> std::string_view { return columns_[i].title; });
  append_line([&](std::size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : rows_)
    append_line([&](std::size_t i) -> std::string_view { return row[i]; });
  return all;
}

std::string grouped(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string amount(std::uint64_t n, std::string_view word) {
  return fmt::format("{} {}{}", grouped(n), word, n == 1 ? "" : "s");
}

std::string duration_text(double seconds) {
  if (seconds < 0.0995)
    return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 0.9995)
    return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 99.95)
    return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 3600)
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string rate_text(std::uint64_t count, double seconds) {
  if (seconds <= 0)
    return "-";
  const auto rate = static_cast<double>(count) / seconds;
  if (rate >= 999'500)
    return fmt::format("{:.2f} million/s", rate / 1e6);
  return grouped(static_cast<std::uint64_t>(rate + 0.5)) + "/s";
}

} // namespace node
