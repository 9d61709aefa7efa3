#include "model/flip.hpp"

namespace model {

const char* name_of(flip_cause cause) {
  switch (cause) {
  case flip_cause::event:
    return "event";
  case flip_cause::profile:
    return "profile";
  case flip_cause::clock:
    return "clock";
  case flip_cause::edit:
    return "edit";
  case flip_cause::build:
    return "build";
  case flip_cause::merge:
    return "merge";
  case flip_cause::erasure:
    return "erasure";
  case flip_cause::correction:
    return "correction";
  }
  return "unknown";
}

} // namespace model
