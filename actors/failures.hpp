#pragma once

#include "model/outcome.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/result.hpp>

#include <string_view>
#include <utility>

namespace actors {

/// The answer to an order that has nothing else to say.
struct finished {};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::finished)

namespace actors {

/// Our failures as CAF's errors and back, so that a request is answered once, with a code and a
/// sentence either way.
caf::error to_error(const model::failure& why);

/// An error that CAF itself made (the actor is gone, the deadline passed) becomes `unavailable`,
/// with what was tried.
model::failure to_failure(const caf::error& e, std::string_view tried);

template <class T>
caf::result<T> to_result(model::outcome<T>&& o) {
  if (o)
    return std::move(*o);
  return to_error(o.error());
}

} // namespace actors
