#pragma once

#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace gateway {

/// More flips than this are not gone through for one question.
inline constexpr std::uint64_t replayed_flips_max = 20'000'000;

struct past_member {
  rollcall::profile_place place{};
  model::instant joined_at{};
};

/// Who was a member of a segment at a past instant: the feed, replayed from its beginning. In order
/// of place. It is what was true then by what the engine knew then; what came late changes nothing
/// in it. Fails with `conflict` when the feed does not go back to its first flip, or is too long.
model::outcome<std::vector<past_member>> members_at(rollcall::engine& engine,
                                                    std::string_view segment, model::instant at);

} // namespace gateway
