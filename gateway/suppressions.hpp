#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Jobs by which people are kept from e-mail, or let have it again (klaviyo-api.md §2.3). Of
/// addresses they are done when they are answered; lists and segments are worked through in the
/// background, and go on after a restart once somebody asks for a job or the account is opened
/// (route_table::open).
void add_suppression_routes(route_table& routes);

} // namespace gateway
