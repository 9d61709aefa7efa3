#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace messages {

/// Bytes behind a block's text that may be read (never used), so that lines parse where they lie.
inline constexpr std::size_t line_padding = 64;

/// Why a line of input was not taken.
struct line_error {
  std::uint64_t line = 0; // From 1.
  std::string field;      // Dotted path, `profile.location.city`; "" = the line as a whole.
  std::string reason;     // What was found and what is allowed.
  std::string text;       // The line, for the reject file; cut to rejected_bytes_max.
};

/// A rejected line is quoted up to here; a longer one could not be loaded anyway.
inline constexpr std::size_t rejected_bytes_max = std::size_t{5} * 1024 * 1024;

/// `line 7, profile.email: …`.
std::string describe(const line_error& error);

/// Whole lines in memory with line_padding readable bytes behind them. The last line may lack its
/// line feed. Owns its memory, so that one thread may read while another parses.
class line_block {
public:
  line_block() = default;
  /// A block that holds a copy of `text`; its first line has the number `first_line`.
  explicit line_block(std::string_view text, std::uint64_t first_line = 1);

  /// What was not yet taken.
  [[nodiscard]] std::string_view rest() const {
    return {memory_.get() + at_, end_ - at_};
  }
  /// Number of the line that rest() begins with.
  [[nodiscard]] std::uint64_t line() const {
    return line_;
  }
  [[nodiscard]] bool is_empty() const {
    return at_ == end_;
  }
  /// Takes one line off the front, without its line feed and a carriage return before it. Requires
  /// !is_empty().
  std::string_view take_line();

private:
  friend class line_source;
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0; // Without the padding.
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 1;
};

} // namespace messages
