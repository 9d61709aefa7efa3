#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

namespace actors {

/// Restarts an actor where it stands: it drops what it has in memory and comes back from the disk
/// and from what others tell, as at the start of the engine. Its mailbox stays, so nothing that
/// waits there is lost; whoever waits for an answer that was being made gets it later or is refused
/// with a reason.
struct begin_anew {};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::begin_anew)
