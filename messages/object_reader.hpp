#pragma once

#include "model/objects.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace messages {

/// What a description says; or nothing, and then where the mistake is and what may stand there.
struct object_reading {
  std::optional<model::object_update> update{};
  std::string field{}; // Below the object, "messages.0.channel"; empty = the object itself.
  std::string reason{};
};

/// Reads the JSON object that describes a campaign, flow or tag; messages/README.md lists its
/// fields. Lines of input, batches and stored objects are read by this one function.
object_reading read_object(model::object_kind kind, std::string_view json);

/// The object as JSON without spaces. Read again, it gives the same object; what is not set is left
/// out.
std::string object_json(const model::described_object& object);

} // namespace messages
