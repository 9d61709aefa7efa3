#pragma once

#include "gateway/exchange.hpp"
#include "gateway/profile_shape.hpp"
#include "model/instant.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Bodies of subscription jobs (klaviyo-api.md §2.3).
namespace gateway {

enum class subscribing : std::uint8_t { begin, end };

/// Somebody agrees to something, or takes it back.
struct consent_change {
  std::string_view kept_as; // What the engine calls it: "email", "sms_transactional".
  model::instant at{};
};

struct subscriber {
  std::string id;          // Empty = not given.
  profile_identifiers who; // Without an external id.
  std::vector<consent_change> consents;
};

struct subscription_job {
  std::string custom_source; // Empty = none.
  std::string list;          // Id; empty = none.
  std::vector<subscriber> people;
};

/// Throws every mistake. Of a push subscription only the consent counts, since Rollcall sends
/// nothing: tokens may be there, and so may a date of birth for gates of age; neither is kept.
subscription_job read_subscription_job(const request& asked, subscribing what, model::instant now);

} // namespace gateway
