#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace gateway_test {

/// `{"data": {"type", "attributes"}}`; `attributes` is what stands between the braces.
inline std::string body_of(std::string_view type, std::string_view attributes) {
  return fmt::format(R"({{"data":{{"type":"{}","attributes":{{{}}}}}}})", type, attributes);
}

/// A member "metric" of that name.
inline std::string metric_named(std::string_view name) {
  return "\"metric\":" + body_of("metric", fmt::format(R"("name":"{}")", name));
}

/// A member "profile" with these attributes.
inline std::string profile_with(std::string_view attributes) {
  return "\"profile\":" + body_of("profile", attributes);
}

/// The body of an event of ada@x.io; `more` begins with a comma.
inline std::string event_body(std::string_view metric, std::string_view properties,
                              std::string_view more = {}) {
  return body_of("event", fmt::format(R"({},{},"properties":{{{}}}{})", metric_named(metric),
                                      profile_with(R"("email":"ada@x.io")"), properties, more));
}

} // namespace gateway_test
