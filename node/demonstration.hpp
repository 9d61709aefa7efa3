#pragma once

#include "model/outcome.hpp"
#include "node/demo_store.hpp"

#include <rollcall/rollcall.hpp>

#include <string>
#include <vector>

namespace node {

struct demo_request {
  std::string data; // As shown.
  bool json = false;
  demo_size size;
  std::vector<std::string> files; // Instead of the made-up store.
  std::string program = "rollcall";
};

/// Loads a store, builds segments, streams events, lets time pass and explains a person, and prints
/// all of it in sections; with `json` only what it took.
model::status demonstrate(rollcall::engine& engine, const demo_request& wanted);

} // namespace node
