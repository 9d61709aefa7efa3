#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// What the engine is doing: GET /api/rollcall/inspection. Its actors as a tree with their
/// mailboxes, rates and errors, its partitions with what waits there, its builds. And orders to an
/// actor: POST /api/rollcall/actors/{name}/restart and …/stop, which the audit log names.
void add_inspection_routes(route_table& routes);

} // namespace gateway
