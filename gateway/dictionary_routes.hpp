#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Reports in our own words (docs/reports.md), and what the words mean:
///   GET  /api/rollcall/dictionary, /api/rollcall/dictionary/{name}
///   GET  /api/rollcall/reports/{name}          the request of a ready report
///   POST /api/rollcall/reports                 a report, as json, csv, svg or table
///   POST /api/rollcall/reports/explanation     how its numbers came about
///   POST /api/rollcall/reports/difference      why two numbers differ
///   POST /api/rollcall/reports/people          who makes a number
void add_dictionary_routes(route_table& routes);

} // namespace gateway
