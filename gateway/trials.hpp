#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// What would be, exactly:
///   POST /api/rollcall/segment-previews         members of a definition that nobody has saved
///   POST /api/rollcall/segments/{id}/what-if    who would join and leave with another definition
///   GET  /api/rollcall/segments/{id}/forecast   who joins and leaves if nobody does anything
/// Everybody is judged by both definitions, or at all instants, at one moment: whoever is counted
/// as joining or leaving does so for the question's sake, not because of a change in between.
void add_trial_routes(route_table& routes);

} // namespace gateway
