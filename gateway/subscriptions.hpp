#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Jobs by which people agree to be written to, or take it back (klaviyo-api.md §2.3). They are
/// done when they are answered. Whom nobody knows becomes a profile.
///
/// A list with double opt-in subscribes like any other, since Rollcall can ask nobody to confirm;
/// `double_optin` says that nobody was asked.
void add_subscription_routes(route_table& routes);

} // namespace gateway
