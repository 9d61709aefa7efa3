#pragma once

#include "gateway/document.hpp"
#include "gateway/router.hpp"
#include "model/objects.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gateway {

/// Flows, their messages and the actions that send those, as somebody described them
/// (klaviyo-api.md §2.12).
void add_flow_routes(route_table& routes);

resource flow_resource(const model::described_object& flow);

/// GET …/{id}/flow-triggers and its identifiers: the flows that a thing triggers. Rollcall is not
/// told what triggers a flow, so there are none. `check` refuses when the thing is not there.
void add_flow_trigger_routes(route_table& routes, const std::string& type,
                             const std::vector<std::string>& scopes,
                             std::function<void(const call&)> check);

} // namespace gateway
