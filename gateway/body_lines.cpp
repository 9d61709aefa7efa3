#include "gateway/body_lines.hpp"

#include "model/limits.hpp"

#include <algorithm>

namespace gateway {

namespace {

constexpr std::size_t line_bytes_kept = model::line_bytes_max + 1;

} // namespace

body_lines::body_lines(const request& asked, line_cut cut)
  : asked_(asked), cut_(cut), piece_(asked.body), has_more_(static_cast<bool>(asked.more)) {
}

bool body_lines::next(std::string& text) {
  text.clear();
  std::size_t lines = 0;
  std::size_t line_at = 0;
  for (;;) {
    if (used_ == piece_.size()) {
      if (!has_more_)
        return !text.empty();
      piece_.clear();
      used_ = 0;
      has_more_ = asked_.more(piece_);
      continue;
    }
    const auto rest = std::string_view{piece_}.substr(used_);
    const auto line = rest.substr(0, rest.find('\n'));
    const auto kept = text.size() - line_at;
    text.append(line.substr(0, line_bytes_kept - std::min(line_bytes_kept, kept)));
    used_ += line.size();
    if (line.size() == rest.size())
      continue;
    text += '\n';
    ++used_;
    line_at = text.size();
    if (++lines == cut_.lines || text.size() >= cut_.bytes)
      return true;
  }
}

} // namespace gateway
