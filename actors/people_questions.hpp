#pragma once

#include "actors/listing.hpp"
#include "model/instant.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <compare>
#include <cstddef>
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

/// When these joined a segment.
struct ask_joined {
  std::uint64_t segment = 0;
  std::vector<std::uint32_t> profiles;
};
struct joined_instants {
  std::vector<std::optional<model::instant>> at; // In the order asked; nothing = is no member.
};

/// Where a member stands among all, by the instant of joining.
struct joining {
  model::instant at{};
  std::uint32_t partition = 0;
  std::uint32_t profile = 0;
  friend auto operator<=>(const joining&, const joining&) = default;
};
/// The first members behind a place in that order, or, descending, before it.
struct list_joined {
  std::uint64_t segment = 0;
  bool is_descending = false;
  std::optional<model::instant> from{}; // Inclusive.
  std::optional<model::instant> to{};   // Exclusive.
  std::optional<joining> after{};
  std::size_t limit = 0;
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

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ask_joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::joined_instants)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_joined)
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
