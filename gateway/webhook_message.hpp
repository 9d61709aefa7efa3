#pragma once

#include "gateway/account.hpp"
#include "gateway/http_client.hpp"
#include "gateway/webhook_store.hpp"
#include "model/instant.hpp"

#include <rollcall/rollcall.hpp>

#include <span>
#include <string>
#include <string_view>

/// What a webhook's receiver gets (klaviyo-api.md §2.17).
namespace gateway {

/// HMAC-SHA256 of the body and the timestamp behind it, as 64 hexadecimal digits.
std::string signature_of(std::string_view body, std::string_view timestamp,
                         std::string_view secret_key);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(model::instant at);

/// The topic that a flip belongs to.
std::string_view topic_of(const rollcall::flip_record& flip);

/// A signed request that tells of flips, in their order. `external_id` of each is made of segment,
/// partition and sequence: the same flip has the same one, whenever it is told.
http_post make_message(const account& whose, const known_webhook& hook, const http_address& to,
                       std::span<const rollcall::flip_record> flips, model::instant now);

} // namespace gateway
