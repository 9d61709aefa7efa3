#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace actors {

/// The first so many of all lines that come by, in the order of `Before`.
template <class Line, class Before>
class first_lines {
public:
  first_lines(std::size_t limit, Before before) : limit_(limit), before_(std::move(before)) {
  }

  /// False: so many others come before it that `add` would drop it.
  [[nodiscard]] bool takes(const Line& line) const {
    return lines_.size() < limit_ || before_(line, lines_.front());
  }
  void add(Line line) {
    if (!takes(line))
      return;
    if (lines_.size() == limit_) {
      std::ranges::pop_heap(lines_, before_);
      lines_.pop_back();
    }
    lines_.push_back(std::move(line));
    std::ranges::push_heap(lines_, before_);
  }
  [[nodiscard]] bool is_full() const {
    return lines_.size() == limit_;
  }
  /// The last one that still counts. Only while it is full.
  [[nodiscard]] const Line& last() const {
    return lines_.front();
  }
  /// In order. Nothing is left.
  std::vector<Line> take() {
    std::ranges::sort_heap(lines_, before_);
    return std::move(lines_);
  }

private:
  std::size_t limit_;
  Before before_;
  std::vector<Line> lines_; // A heap, the last one in front.
};

} // namespace actors
