#pragma once

#include <string>
#include <string_view>

// Inside the folder only: what definitions are hashed from.
namespace metrics {

/// Joins pieces so that different lists give different texts.
class canonical_text {
public:
  canonical_text& add(std::string_view piece);
  /// 16 hex digits.
  [[nodiscard]] std::string hash() const;

private:
  std::string text_;
};

/// The one text of all filters that say the same; those that cannot be read stay as they are.
std::string canonical_of(const std::string& where);

} // namespace metrics
