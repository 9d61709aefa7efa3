#pragma once

#include "actors/listing.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a PROFILE ACTOR is asked about the people of its partition, many at a time.
namespace actors {

struct show_profiles {
  std::vector<std::uint32_t> profiles; // Numbers.
};
struct profile_texts {
  std::vector<std::optional<std::string>> texts; // JSON, in the order asked; nothing = is gone.
};

struct list_profiles {
  profile_question asked;
};
struct list_events {
  event_question asked;
};
struct read_events {
  std::vector<event_key> keys;
};
struct event_contents {
  std::vector<std::optional<event_content>> events; // In the order asked; nothing = is gone.
};
struct sample_properties {
  property_question asked;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::show_profiles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::profile_texts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_profiles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::profile_lines)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::event_keys)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::event_contents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::sample_properties)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::property_samples)
