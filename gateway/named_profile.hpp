#pragma once

#include "gateway/body.hpp"
#include "gateway/profile_shape.hpp"
#include "gateway/router.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The profile that a body names beside something else: of an event, of a subscription.
namespace gateway {

/// Who says it. A browser cannot change what names a profile that is there already: such a change
/// is passed over, as Klaviyo does (klaviyo-api.md §2.5).
enum class speaker : std::uint8_t { server, browser };

/// Reads `{"data": {type, id, attributes, meta}}`, with `meta` there or among the attributes, at
/// `pointer`. Takes from `from` what it has used. Mistakes go into `found`; without one, `who` of
/// the line names somebody. An `anonymous_id` is passed over: nobody but Klaviyo's scripts knows
/// whose it is.
profile_line read_named_profile(const call& c, boost::json::value& from, const std::string& pointer,
                                speaker by, mistakes& found);

} // namespace gateway
