#pragma once

#include "model/history.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace segments {

/// The instants that a column's codes stand for, where they lie in its dictionary; milliseconds.
/// Lives as long as the dictionary.
class code_instants {
public:
  /// Nothing when some entry is no text that names an instant, or nobody has worked them out.
  static std::optional<code_instants> of_texts(const model::value_dictionary& dictionary);
  /// The same of numbers, which are whole milliseconds.
  static std::optional<code_instants> of_numbers(const model::value_dictionary& dictionary);

  /// `code` from 1 on.
  [[nodiscard]] std::int64_t at(std::uint32_t code) const {
    return numbers_ != nullptr ? static_cast<std::int64_t>(numbers_[code - 1])
                               : texts_->at(code - 1);
  }
  /// 1 at the place of every code whose instant lies in [earliest, latest], 0 at the others and at
  /// 0, which stands for none. `to` has a place more than there are codes.
  void within(std::int64_t earliest, std::int64_t latest, std::span<std::uint8_t> to) const;

private:
  const model::integer_column* texts_ = nullptr; // One of these.
  const double* numbers_ = nullptr;
};

} // namespace segments
