#pragma once

#include "gateway/exchange.hpp"
#include "model/outcome.hpp"

#include <string>
#include <string_view>

namespace gateway {

/// What the first line of a request asks for.
struct target {
  /// Decoded, without slashes at its end; `%2F` and `%25` stay as they are, so that a slash inside
  /// of a name does not part it. `decode_part` does the rest.
  std::string path;
  named_texts query;
};

/// Reads "/api/lists?fields%5Blist%5D=name", or the same behind "http://host". Fails on broken
/// percent-encoding, on what is no UTF-8 once decoded, and on control characters in the path.
model::outcome<target> read_target(std::string_view text);

/// Reads "a=1&b=2": `+` and `%20` are spaces, `%2B` is a plus; without `=` the value is empty.
model::outcome<named_texts> read_query(std::string_view text);

/// A part of `target::path` as it was meant.
std::string decode_part(std::string_view part);

} // namespace gateway
