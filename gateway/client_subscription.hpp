#pragma once

#include "gateway/router.hpp"
#include "model/change.hpp"

namespace gateway {

/// Of POST /client/subscriptions: consent on the channels that the body names, or on those of the
/// e-mail address and phone number that it gives, and membership of the list. What kept these
/// channels from being used goes (klaviyo-api.md §2.3). Nobody is asked to confirm, not for a list
/// with double opt-in either.
model::change_batch read_client_subscription(const call& c);

} // namespace gateway
