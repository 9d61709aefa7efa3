#pragma once

#include "gateway/account.hpp"
#include "model/change.hpp"

#include <rollcall/rollcall.hpp>

namespace gateway {

/// Hands changes in and waits until they are durable. Refused records are in the receipt.
rollcall::receipt take_changes(const account& whose, model::change_batch changes);

/// Hands changes in and waits until they are durable; for handlers that answer with what came of
/// them. A refused record is a refusal: 409 for identifiers of two profiles, else 400, at
/// `pointer`.
rollcall::receipt apply_changes(const account& whose, model::change_batch changes,
                                std::string_view pointer = "/data");

} // namespace gateway
