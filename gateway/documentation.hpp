#pragma once

#include "gateway/router.hpp"

#include <string>
#include <string_view>

namespace gateway {

/// gateway/openapi.json: our own routes as OpenAPI 3.1 has them.
std::string_view openapi_text();

/// A page of HTML for reading, made from such a description. Has no scripts.
std::string documentation_page(std::string_view openapi);

/// GET /openapi.json and GET /docs, for everybody.
void add_documentation_routes(route_table& routes);

} // namespace gateway
