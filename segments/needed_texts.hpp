#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// What a text must contain to be worth a search for a pattern. Searching for a few plain texts is
/// several times faster than running an automaton, and most people's values have none of them.
class needed_texts {
public:
  /// Of no pattern: every text may match.
  needed_texts() = default;
  /// Of a pattern as RE2 reads it; one that RE2 refuses needs nothing.
  explicit needed_texts(const std::string& pattern);

  /// False: the pattern matches nowhere in `text`. True says nothing.
  [[nodiscard]] bool are_in(std::string_view text) const;
  /// Of every list one text is needed. In lower case, whatever the pattern says.
  [[nodiscard]] const std::vector<std::vector<std::string>>& all() const {
    return all_;
  }

private:
  std::vector<std::vector<std::string>> all_;
};

} // namespace segments
