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
  static constexpr std::size_t depth_max = 64;
  static constexpr std::size_t steps_max = 1'000;
  /// Reads the text. Total: never throws; nothing and the reason when it is no formula.
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
  /// the whole have none; a division by 0 gives `when_zero`. A value that no double can hold is
  /// none.
  [[nodiscard]] std::optional<double>
  value(const std::function<std::optional<double>(std::size_t)>& value_of,
        std::optional<double> when_zero) const;

  enum class step_kind : std::uint8_t { number, name, add, subtract, multiply, divide, negate };
  struct step {
    step_kind kind{};
    double number = 0;      // Of `number`.
    std::uint32_t name = 0; // Of `name`: index into `names`.
  };
  /// The same expression about other names, as many as it has.
  [[nodiscard]] formula with_names(std::vector<std::string> names) const {
    auto made = *this;
    made.names_ = std::move(names);
    return made;
  }
  /// The expression in postfix order, for those who work out something else than a value.
  [[nodiscard]] const std::vector<step>& steps() const {
    return steps_;
  }

private:
  friend class formula_reader;
  std::vector<step> steps_;
  std::vector<std::string> names_;
};

} // namespace metrics
