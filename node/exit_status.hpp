#pragma once

#include "model/outcome.hpp"

namespace node {

/// What `rollcall` tells the shell. Numbers are documented in docs/cli.md and never reused.
enum class exit_status : int {
  fine = 0,
  bad_input = 1, // Something in the input was wrong; the rest was done.
  usage = 2,     // The command line itself.
  not_found = 3,
  conflict = 4,
  storage_full = 5,
  storage_broken = 6,
  in_use = 7,
  newer_format = 8,
  cancelled = 9,
  unavailable = 10,
};

exit_status status_of(model::failure_code code);

} // namespace node
