#pragma once

#include <algorithm>
#include <array>
#include <string_view>

/// Consents by channel and purpose, as people write them, and the one name that attributes have for
/// the pair: `subscriptions['sms_transactional']['consent']`.
namespace messages {

struct consent_channel {
  std::string_view channel;
  std::string_view purpose;
  std::string_view name;
};

inline constexpr std::array<consent_channel, 8> consent_channels{{
  {"email", "marketing", "email"},
  {"email", "open_tracking", "email_open_tracking"},
  {"sms", "marketing", "sms"},
  {"sms", "transactional", "sms_transactional"},
  {"mobile_push", "marketing", "mobile_push"},
  {"whatsapp", "marketing", "whatsapp"},
  {"whatsapp", "transactional", "whatsapp_transactional"},
  {"whatsapp", "conversational", "whatsapp_conversational"},
}};

/// The pair behind a name; a name that nobody knows is a channel of its own, for marketing.
constexpr consent_channel consent_channel_named(std::string_view name) {
  const auto* found = std::ranges::find(consent_channels, name, &consent_channel::name);
  return found == consent_channels.end() ? consent_channel{name, "marketing", name} : *found;
}

} // namespace messages
