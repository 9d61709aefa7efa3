#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace node {

enum class side : std::uint8_t { left, right };

/// Rows under a header, every column as wide as its widest cell. Widths count code points.
class table {
public:
  struct column {
    std::string title;
    side aligned = side::left;
  };

  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {
  }

  /// One cell a column; missing ones are empty.
  void add(std::vector<std::string> cells);

  [[nodiscard]] std::size_t rows() const {
    return rows_.size();
  }

  /// Header, rule and rows, each line indented by `indent` and ended by a line feed.
  [[nodiscard]] std::string text(std::size_t indent = 0) const;

private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// 1234567 → "1,234,567".
std::string grouped(std::uint64_t n);

/// "1 member", "2,381 members"; for words that take an s.
std::string amount(std::uint64_t n, std::string_view word);

/// "850 ms", "3.2 s", "4 min 05 s".
std::string duration_text(double seconds);

/// "1.23 million/s", "85,000/s"; "-" when no time has passed.
std::string rate_text(std::uint64_t count, double seconds);

} // namespace node
