#include "metrics/formula.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace metrics {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

using index_list = std::vector<std::uint32_t>;

void add_all(index_list& to, const index_list& from) {
  for (const auto index : from)
    if (std::ranges::find(to, index) == to.end())
      to.push_back(index);
}

} // namespace

/// Recursive descent: a sum of products of factors. Stops at the first fault.
class formula_reader {
public:
  explicit formula_reader(std::string_view text) : text_(text) {
  }

  std::optional<formula> read(formula::fault& why) {
    if (read_sum(0) && (at_ == text_.size() || refuse("an operator (+ - * /) or the end")))
      return std::move(made_);
    why = std::move(fault_);
    return std::nullopt;
  }

private:
  using kind = formula::step_kind;

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]))
      ++at_;
  }

  [[nodiscard]] char next() const {
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  /// Notes what was expected where the reader stands. Always false.
  bool refuse(std::string_view expected) {
    std::string found = "the end";
    if (at_ < text_.size()) {
      auto end = at_ + 1;
      while (end < text_.size() && (text_[end] & 0xC0) == 0x80) // The rest of one character.
        ++end;
      found = '"' + std::string{text_.substr(at_, end - at_)} + '"';
    }
    return fail("found " + found + "; expected " + std::string{expected});
  }

  bool fail(std::string message) {
    fault_ = {at_, std::move(message)};
    return false;
  }

  bool take(formula::step step) {
    if (made_.steps_.size() == formula::steps_max)
      return fail("more than " + std::to_string(formula::steps_max) + " numbers, names and "
                  + "operators; split it into several metrics");
    made_.steps_.push_back(step);
    return true;
  }

  bool read_sum(std::size_t depth) {
    if (!read_product(depth))
      return false;
    while (next() == '+' || next() == '-') {
      const auto what = text_[at_++] == '+' ? kind::add : kind::subtract;
      if (!read_product(depth) || !take({what}))
        return false;
    }
    return true;
  }

  bool read_product(std::size_t depth) {
    if (!read_factor(depth))
      return false;
    while (next() == '*' || next() == '/') {
      const auto what = text_[at_++] == '*' ? kind::multiply : kind::divide;
      if (!read_factor(depth) || !take({what}))
        return false;
    }
    return true;
  }

  /// A number, a name, a sum in parentheses, or a minus and a factor; and the blanks behind it.
  bool read_factor(std::size_t depth) {
    if (depth > formula::depth_max)
      return fail("nested more than " + std::to_string(formula::depth_max) + " deep");
    skip_blanks();
    bool is_read = false;
    if (next() == '(') {
      ++at_;
      is_read = read_sum(depth + 1) && (next() == ')' || refuse("\")\" or an operator (+ - * /)"));
      ++at_;
    } else if (next() == '-') {
      ++at_;
      is_read = read_factor(depth + 1) && take({kind::negate});
    } else if (is_digit(next())) {
      is_read = read_number();
    } else if (is_letter(next())) {
      is_read = read_name();
    } else {
      is_read = refuse("a name, a number, \"(\" or \"-\"");
    }
    if (is_read)
      skip_blanks();
    return is_read;
  }

  bool read_number() {
    auto end = at_;
    while (end < text_.size() && is_digit(text_[end]))
      ++end;
    if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
      ++end;
      while (end < text_.size() && is_digit(text_[end]))
        ++end;
    }
    double number = 0;
    const auto [stop, failed] = std::from_chars(text_.data() + at_, text_.data() + end, number,
                                                std::chars_format::fixed);
    if (failed != std::errc{} || stop != text_.data() + end || !std::isfinite(number))
      return fail("a number outside the range of a double");
    at_ = end;
    if (is_letter(next()) || next() == '.')
      return refuse("an operator (+ - * /) behind the number");
    return take({kind::number, number});
  }

  bool read_name() {
    auto end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end])))
      ++end;
    const auto name = text_.substr(at_, end - at_);
    at_ = end;
    auto& names = made_.names_;
    const auto known = std::ranges::find(names, name);
    const auto index = static_cast<std::uint32_t>(known - names.begin());
    if (known == names.end())
      names.emplace_back(name);
    return take({kind::name, 0, index});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  formula made_;
  formula::fault fault_;
};

std::optional<formula> formula::read(std::string_view text, fault& why) {
  return formula_reader{text}.read(why);
}

std::vector<formula::ratio> formula::ratios() const {
  const auto named = [&](const index_list& list) {
    std::vector<std::string> names;
    for (const auto index : list)
      names.push_back(names_[index]);
    return names;
  };
  std::vector<ratio> found;
  std::vector<index_list> stack; // Which names occur in each operand.
  for (const auto& each : steps_) {
    if (each.kind == step_kind::number || each.kind == step_kind::name) {
      stack.emplace_back();
      if (each.kind == step_kind::name)
        stack.back().push_back(each.name);
    } else if (each.kind != step_kind::negate) {
      const auto right = std::move(stack.back());
      stack.pop_back();
      if (each.kind == step_kind::divide)
        found.push_back({named(stack.back()), named(right)});
      add_all(stack.back(), right);
    }
  }
  return found;
}

std::vector<std::vector<std::string>> formula::sums() const {
  struct operand {
    index_list terms; // Names that stand in it as they are.
    bool is_sum = false;
  };
  std::vector<std::vector<std::string>> found;
  std::vector<operand> stack;
  const auto close = [&](const operand& done) {
    if (!done.is_sum || done.terms.empty())
      return;
    found.emplace_back();
    for (const auto index : done.terms)
      found.back().push_back(names_[index]);
  };
  for (const auto& each : steps_) {
    if (each.kind == step_kind::number || each.kind == step_kind::name) {
      stack.emplace_back();
      if (each.kind == step_kind::name)
        stack.back().terms.push_back(each.name);
    } else if (each.kind != step_kind::negate) {
      const auto right = std::move(stack.back());
      stack.pop_back();
      auto& left = stack.back();
      if (each.kind == step_kind::add || each.kind == step_kind::subtract) {
        add_all(left.terms, right.terms);
        left.is_sum = true;
      } else {
        close(left);
        close(right);
        left = {};
      }
    }
  }
  if (!stack.empty())
    close(stack.back());
  return found;
}

std::optional<double>
formula::value(const std::function<std::optional<double>(std::size_t)>& value_of,
               std::optional<double> when_zero) const {
  std::vector<double> stack;
  for (const auto& each : steps_) {
    if (each.kind == step_kind::number) {
      stack.push_back(each.number);
      continue;
    }
    if (each.kind == step_kind::name) {
      const auto known = value_of(each.name);
      if (!known)
        return std::nullopt;
      stack.push_back(*known);
      continue;
    }
    if (each.kind == step_kind::negate) {
      stack.back() = -stack.back();
      continue;
    }
    const auto right = stack.back();
    stack.pop_back();
    auto& left = stack.back();
    if (each.kind == step_kind::add) {
      left += right;
    } else if (each.kind == step_kind::subtract) {
      left -= right;
    } else if (each.kind == step_kind::multiply) {
      left *= right;
    } else if (right != 0) {
      left /= right;
    } else if (when_zero) {
      left = *when_zero;
    } else {
      return std::nullopt;
    }
    if (!std::isfinite(left))
      return std::nullopt;
  }
  if (stack.empty() || !std::isfinite(stack.back()))
    return std::nullopt;
  return stack.back() == 0 ? 0.0 : stack.back(); // Also of -0.
}

} // namespace metrics
