#pragma once

#include "gateway/document.hpp"
#include "gateway/router.hpp"
#include "model/objects.hpp"

namespace gateway {

/// A flow's actions, as far as they are known: those that send its messages, one a message and
/// under the message's id. Whoever wants a flow's messages finds them through these.
resource flow_action_resource(const model::described_object& flow,
                              const model::object_message& message);

/// `/api/flow-actions`, `/api/flow-messages` and the actions below `/api/flows`.
void add_flow_action_routes(route_table& routes);

} // namespace gateway
