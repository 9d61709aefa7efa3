#include "gateway/described.hpp"

#include "gateway/errors.hpp"
#include "gateway/instant.hpp"

#include <algorithm>
#include <string>

namespace gateway {

std::vector<model::described_object> described_objects(const account& whose,
                                                       model::object_kind kind) {
  auto all = value_of(whose.engine->objects());
  std::erase_if(all, [&](const model::described_object& o) { return o.kind != kind; });
  return all;
}

model::described_object find_described(const account& whose, model::object_kind kind,
                                       std::string_view id) {
  auto all = described_objects(whose, kind);
  const auto found = std::ranges::find(all, id, &model::described_object::id);
  if (found == all.end())
    throw refusal{not_found(model::name_of(kind), id)};
  return std::move(*found);
}

std::pair<model::described_object, model::object_message> find_message(const account& whose,
                                                                       model::object_kind kind,
                                                                       std::string_view id,
                                                                       std::string_view sought) {
  for (auto& object : described_objects(whose, kind)) {
    const auto found = std::ranges::find(object.messages, id, &model::object_message::id);
    if (found == object.messages.end())
      continue;
    auto message = *found;
    return {std::move(object), std::move(message)};
  }
  throw refusal{not_found(
    sought.empty() ? std::string{model::name_of(kind)} + "-message" : std::string{sought}, id)};
}

boost::json::value instant_or_null(const std::optional<model::instant>& at) {
  return at ? boost::json::value(instant_text(*at)) : boost::json::value(nullptr);
}

boost::json::value text_or_null(std::string_view text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

} // namespace gateway
