#include "node/exit_status.hpp"

namespace node {

exit_status status_of(model::failure_code code) {
  switch (code) {
  case model::failure_code::invalid_input:
    return exit_status::bad_input;
  case model::failure_code::not_found:
    return exit_status::not_found;
  case model::failure_code::conflict:
    return exit_status::conflict;
  case model::failure_code::storage_full:
    return exit_status::storage_full;
  case model::failure_code::storage_broken:
    return exit_status::storage_broken;
  case model::failure_code::in_use:
    return exit_status::in_use;
  case model::failure_code::newer_format:
    return exit_status::newer_format;
  case model::failure_code::cancelled:
    return exit_status::cancelled;
  case model::failure_code::unavailable:
    return exit_status::unavailable;
  }
  return exit_status::unavailable;
}

} // namespace node
