#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// What browsers and apps send with the account's public key (klaviyo-api.md §2.5). They learn
/// nothing: everything that can be read is answered with 202.
void add_client_routes(route_table& routes);

} // namespace gateway
