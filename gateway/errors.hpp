#pragma once

#include "gateway/exchange.hpp"
#include "model/outcome.hpp"

#include <string>
#include <utility>
#include <vector>

/// Errors as JSON:API has them (klaviyo-api.md §1.3).
namespace gateway {

/// One mistake in a request, or why it cannot be served.
struct error_entry {
  unsigned status = 400;
  std::string code = "invalid";
  std::string title = "Invalid input.";
  std::string detail{};
  std::string pointer{};   // JSON pointer into the body; empty = none.
  std::string parameter{}; // Name of the query parameter; empty = none.
  std::string meta = "{}"; // JSON object.
};

error_entry invalid_body(std::string pointer, std::string detail);
error_entry invalid_parameter(std::string parameter, std::string detail);
error_entry not_found(std::string_view type, std::string_view id);

/// The status and code that a failure of the engine has outside.
error_entry to_error(const model::failure& why);

/// {"errors":[…]} with the first entry's status. `id` is the request's: entries are numbered below
/// it.
answer to_answer(const std::vector<error_entry>& errors, std::string_view id);

/// What a handler throws to end its request; the router turns it into an answer. Only inside
/// gateway/, where most handlers are a straight line with many ways out.
class refusal {
public:
  explicit refusal(error_entry one) : errors_{std::move(one)} {
  }
  explicit refusal(std::vector<error_entry> all) : errors_(std::move(all)) {
  }
  [[nodiscard]] const std::vector<error_entry>& errors() const {
    return errors_;
  }

private:
  std::vector<error_entry> errors_;
};

/// The value, or the failure as a refusal.
template <class T>
T value_of(model::outcome<T> found) {
  if (!found)
    throw refusal{to_error(found.error())};
  return std::move(*found);
}

} // namespace gateway
