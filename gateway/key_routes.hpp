#pragma once

#include "gateway/accounts.hpp"
#include "gateway/router.hpp"

namespace gateway {

/// Keys of the caller's own account, and accounts of the server:
///     GET, POST      /api/rollcall/keys        GET, DELETE  /api/rollcall/keys/{id}
///     GET, POST      /api/rollcall/accounts
/// The latter only for keys of the default account. `all` must outlive the table.
void add_key_routes(route_table& table, accounts& all);

} // namespace gateway
