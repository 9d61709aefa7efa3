#pragma once

#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What an account's messages belong to: campaigns, flows and tags, as somebody described them.
namespace model {

enum class object_kind : std::uint8_t { campaign = 1, flow = 2, tag = 3 };

inline constexpr std::array<object_kind, 3> object_kinds{object_kind::campaign, object_kind::flow,
                                                         object_kind::tag};

constexpr std::string_view name_of(object_kind kind) {
  switch (kind) {
  case object_kind::campaign:
    return "campaign";
  case object_kind::flow:
    return "flow";
  case object_kind::tag:
    break;
  }
  return "tag";
}

constexpr std::optional<object_kind> object_kind_named(std::string_view name) {
  for (const auto kind : object_kinds)
    if (name_of(kind) == name)
      return kind;
  return std::nullopt;
}

/// A tag as an object bears it. The name is empty when only the id was told; the tag's own
/// description, if there is one, has it then.
struct object_tag {
  std::string id{};
  std::string name{};
  friend bool operator==(const object_tag&, const object_tag&) = default;
};

/// One of several wordings of a message that are tried against each other.
struct message_variation {
  std::string id{};
  std::string name{};
  friend bool operator==(const message_variation&, const message_variation&) = default;
};

struct object_message {
  std::string id{};
  std::string name{};
  std::string channel{}; // email, sms, push-notification, whatsapp; empty = not told.
  std::vector<message_variation> variations{};
  friend bool operator==(const object_message&, const object_message&) = default;
};

/// How a campaign is sent. Which fields there may be depends on the method.
struct send_strategy {
  std::string method{}; // static, immediate, throttled, smart_send_time, ab_test_campaign.
  std::optional<instant> datetime{};                      // static, throttled
  std::optional<bool> is_local{};                         // static
  std::optional<bool> send_past_recipients_immediately{}; // static
  std::optional<std::uint32_t> throttle_percentage{};     // throttled: of recipients, an hour
  std::string date{};                                     // smart_send_time: YYYY-MM-DD
  friend bool operator==(const send_strategy&, const send_strategy&) = default;
};

/// A campaign, flow or tag. An empty text, list or optional = not told, or taken back. A flow has
/// no channel, strategy and send times of its own, a tag has a name only.
struct described_object {
  object_kind kind = object_kind::campaign;
  std::string id{};
  std::string name{};
  std::string channel{}; // As of a message.
  std::string status{};  // "Sent", "live"
  send_strategy strategy{};
  std::string trigger_type{}; // Of a flow.
  bool archived = false;
  std::optional<instant> send_time{};
  std::optional<instant> created{};
  std::optional<instant> updated{};
  std::optional<instant> scheduled{};
  std::optional<instant> first_batch_due{};
  std::optional<instant> first_batch_started{};
  std::optional<instant> first_delivery{};
  std::optional<instant> send_completed{};
  std::vector<object_tag> tags{};         // As given.
  std::vector<object_message> messages{}; // By id.
  friend bool operator==(const described_object&, const described_object&) = default;
};

/// What an update may say about an object. Bit numbers of object_update::fields.
enum class object_field : std::uint8_t {
  name,
  channel,
  status_name,
  strategy,
  trigger_type,
  archived,
  send_time,
  created,
  updated,
  scheduled,
  first_batch_due,
  first_batch_started,
  first_delivery,
  send_completed,
  tags,
  messages,
};

/// The same of one of its messages.
enum class message_field : std::uint8_t { name, channel, variations };

using object_instant = std::optional<instant> described_object::*;
inline constexpr std::array<std::pair<object_field, object_instant>, 8> object_instants{{
  {object_field::send_time, &described_object::send_time},
  {object_field::created, &described_object::created},
  {object_field::updated, &described_object::updated},
  {object_field::scheduled, &described_object::scheduled},
  {object_field::first_batch_due, &described_object::first_batch_due},
  {object_field::first_batch_started, &described_object::first_batch_started},
  {object_field::first_delivery, &described_object::first_delivery},
  {object_field::send_completed, &described_object::send_completed},
}};

struct message_update {
  object_message given{};
  std::uint32_t fields = 0;
  bool is_deleted = false;
  void name_field(message_field f) {
    fields |= std::uint32_t{1} << static_cast<unsigned>(f);
  }
  [[nodiscard]] bool has(message_field f) const {
    return (fields >> static_cast<unsigned>(f) & 1) != 0;
  }
};

/// One description: what it names replaces what was known, what it does not name stays.
struct object_update {
  described_object given{}; // Kind, id and the named fields; without messages.
  std::uint32_t fields = 0;
  bool is_deleted = false; // The object goes, whatever else is said.
  /// Put over the messages of the same id, or beside the others. object_field::messages means that
  /// those known before go first.
  std::vector<message_update> messages{};
  void name_field(object_field f) {
    fields |= std::uint32_t{1} << static_cast<unsigned>(f);
  }
  [[nodiscard]] bool has(object_field f) const {
    return (fields >> static_cast<unsigned>(f) & 1) != 0;
  }
};

/// The object after the update, which is not a deletion. `known` is null when there was none. Fails
/// with `invalid_input` when it would have more messages than an object may.
outcome<described_object> merged(const described_object* known, const object_update& update);

} // namespace model
