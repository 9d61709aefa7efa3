#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// An arithmetic expression over names: `+ - * /`, parentheses, decimal numbers and names of
/// measures and derived metrics. Immutable once read.
class formula {
public:
  struct fault {
    std::size_t column = 0; // From 0.
    std::string message;
  };
  /// Reads the text; at most 64 deep and 1,000 steps. Never throws.
  static std::optional<formula> read(std::string_view text, fault& why);

  /// The names that occur, in order of first use.
  [[nodiscard]] const std::vector<std::string>& names() const {
    return names_;
  }
  /// Sides of every division: names that occur above and below it.
  struct ratio {
    std::vector<std::string> above;
    std::vector<std::string> below;
  };
  [[nodiscard]] std::vector<ratio> ratios() const;
  /// Names that are added to or subtracted from each other somewhere, group by group.
  [[nodiscard]] std::vector<std::vector<std::string>> sums() const;

  /// The value, `value_of` being asked by index into `names`. A name without value (nothing) makes
  /// the whole have none; a division by 0 gives `when_zero`.
  [[nodiscard]] std::optional<double>
  value(const std::function<std::optional<double>(std::size_t)>& value_of,
        std::optional<double> when_zero) const;

private:
  enum class step_kind : std::uint8_t { number, name, add, subtract, multiply, divide, negate };
  struct step {
    step_kind kind{};
    double number = 0;
    std::uint32_t name = 0;
  };
  friend class formula_reader;
  std::vector<step> steps_; // In postfix order.
  std::vector<std::string> names_;
};

} // namespace metrics
