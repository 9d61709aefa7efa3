#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Why somebody gets no e-mail. The engine keeps a list of texts `REASON|timestamp`, and shows them
/// as objects.
namespace gateway {

enum class suppressing : std::uint8_t { begin, end };

inline constexpr std::string_view suppression_path = "subscriptions['email']['suppression']";
inline constexpr std::string_view user_suppressed = "USER_SUPPRESSED";

/// The texts of a profile whose reason is one of these.
std::vector<std::string> suppressions_for(std::string_view engine_json,
                                          std::span<const std::string_view> reasons);

} // namespace gateway
