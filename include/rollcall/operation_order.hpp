#pragma once

#include "model/outcome.hpp"

#include <any>
#include <functional>
#include <string>

namespace rollcall {

/// What an operation came to: the outcome of the engine's call that it stands for.
struct performed_operation {
  std::any answer;
};

/// Decides in which order everything that changes an engine counts, where other engines follow the
/// same order and so come to hold the same. An engine that was opened with one hands every change
/// to it, and is changed by `engine::perform` alone.
class operation_order {
public:
  using performed = std::function<void(model::outcome<performed_operation>)>;

  virtual ~operation_order() = default;

  /// Puts an operation, bytes that only an engine reads, behind all before it. `done` is called
  /// once, from any thread: with what `engine::perform` told for it, or with a failure: of
  /// `unavailable` it may be performed later nevertheless, of all others it never is.
  virtual void put(std::string operation, performed done) = 0;
};

} // namespace rollcall
