#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace model {

/// What may fail in normal life. Codes are numbered and never reused; they are also the exit status
/// families of the command line (see docs/cli.md).
enum class failure_code : std::uint16_t {
  invalid_input = 1,  // The caller's data or definition is wrong.
  not_found = 2,      // No such profile, segment, file.
  conflict = 3,       // Name taken, cycle, identifiers of two profiles.
  storage_full = 4,   // The disk is full; nothing of the refused batch was kept.
  storage_broken = 5, // A checksum, format or invariant of stored data does not hold.
  in_use = 6,         // Another process has the directory open.
  newer_format = 7,   // The directory was written by a newer release.
  cancelled = 8,      // Somebody asked for it.
  unavailable = 9,    // The engine is stopping or an actor is gone.
};

/// An error says what was tried, on what, and what now.
struct failure {
  failure_code code;
  std::string message;
};

/// A value or the reason why there is none.
template <class T>
class [[nodiscard]] outcome {
public:
  outcome(T value) : content_(std::move(value)) {
  }
  outcome(failure why) : content_(std::move(why)) {
  }

  [[nodiscard]] bool has_value() const {
    return content_.index() == 0;
  }
  explicit operator bool() const {
    return has_value();
  }
  T& operator*() {
    return std::get<0>(content_);
  }
  const T& operator*() const {
    return std::get<0>(content_);
  }
  T* operator->() {
    return &std::get<0>(content_);
  }
  const T* operator->() const {
    return &std::get<0>(content_);
  }
  [[nodiscard]] const failure& error() const {
    return std::get<1>(content_);
  }

private:
  std::variant<T, failure> content_;
};

struct nothing {};
using status = outcome<nothing>;

} // namespace model
