#include "actors/failures.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <fmt/format.h>

#include <string>

namespace actors {

namespace {

constexpr caf::atom_value category = caf::atom("rollcall");

} // namespace

caf::error to_error(const model::failure& why) {
  return {static_cast<std::uint8_t>(why.code), category, caf::make_message(why.message)};
}

model::failure to_failure(const caf::error& e, std::string_view tried) {
  if (e.category() == category && e.context().match_elements<std::string>())
    return {static_cast<model::failure_code>(e.code()), e.context().get_as<std::string>(0)};
  const auto reason = e == caf::sec::request_timeout ? "no answer within the deadline"
                    : e == caf::sec::request_receiver_down
                      ? "the engine is stopping or a part of it has ended"
                      : nullptr;
  return {model::failure_code::unavailable,
          fmt::format("cannot {}: {}; try again, or look at the engine's actors", tried,
                      reason ? reason : caf::to_string(e))};
}

} // namespace actors
