#pragma once

#include "gateway/account.hpp"
#include "model/objects.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

/// Campaigns and flows out of their descriptions.
namespace gateway {

std::vector<model::described_object> described_objects(const account& whose,
                                                       model::object_kind kind);
/// Refuses with 404.
model::described_object find_described(const account& whose, model::object_kind kind,
                                       std::string_view id);
/// The object that has a message of this id, and the message; refuses with 404, where `sought` is
/// what was looked for: empty = the message.
std::pair<model::described_object, model::object_message>
find_message(const account& whose, model::object_kind kind, std::string_view id,
             std::string_view sought = {});

boost::json::value instant_or_null(const std::optional<model::instant>& at);
/// Empty text is null.
boost::json::value text_or_null(std::string_view text);

} // namespace gateway
