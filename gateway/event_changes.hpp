#pragma once

#include "gateway/named_profile.hpp"
#include "gateway/router.hpp"
#include "model/change.hpp"

/// Bodies about events as changes (klaviyo-api.md §2.4, §2.5). All of them throw every mistake; an
/// event without `time` gets the instant at which the engine takes it.
namespace gateway {

/// Of POST /api/events and /client/events.
model::change_batch read_event(const call& c, speaker by);

/// Of POST /api/event-bulk-create-jobs: all of its events, or none.
model::change_batch read_event_groups(const call& c);

/// Of POST /client/event-bulk-create: one such group.
model::change_batch read_event_group(const call& c);

} // namespace gateway
