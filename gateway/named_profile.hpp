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

struct named_profile {
  profile_line line{};
  std::string pointer{}; // To what has `data`.
  /// Whether `meta` stood among the attributes; errors point there then.
  bool has_inner_meta = false;
};

/// Reads `{"data": {type, id, attributes, meta}}`, with `meta` there or among the attributes, at
/// `pointer`. Takes from `from` what it has used. Mistakes go into `found`; without one, `who` of
/// the line names somebody. An `anonymous_id` is passed over: nobody but Klaviyo's scripts knows
/// whose it is.
named_profile read_named_profile(const call& c, boost::json::value& from, std::string pointer,
                                 speaker by, mistakes& found);

/// The reader's error about the profile as one of the body's; `line` is the profile's.
error_entry to_error(const messages::line_error& why, std::string_view line,
                     const named_profile& profile);

/// The line's records. Throws a refusal when the reader does not take it.
model::change_batch changes_of(const named_profile& profile);

} // namespace gateway
