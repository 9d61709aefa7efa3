#pragma once

#include "gateway/exchange.hpp"

#include <cstddef>
#include <string>

namespace gateway {

/// Where a body of lines is cut: behind so many lines, or behind the line that makes it so long.
struct line_cut {
  std::size_t lines = 0;
  std::size_t bytes = 0;
};

/// The lines of a request's body, in texts that are cut alike whatever pieces the body comes in.
/// Must not outlive the request.
class body_lines {
public:
  body_lines(const request& asked, line_cut cut);

  /// Puts the next lines into `text`, of which the last may lack its line feed; false = there are
  /// none. A line is kept up to a byte beyond model::line_bytes_max, by which it is refused. Throws
  /// the refusals of request::more.
  bool next(std::string& text);

private:
  const request& asked_;
  line_cut cut_;
  std::string piece_;
  std::size_t used_ = 0; // Of the piece.
  bool has_more_;
};

} // namespace gateway
