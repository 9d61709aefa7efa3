#include "gateway/webhook_message.hpp"

#include "gateway/document.hpp"
#include "gateway/identity.hpp"
#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

/// Null = there is no such profile any more. Flips tell what it is called, and where it is.
json::value profile_of(const account& whose, const rollcall::flip_record& flip) {
  const auto place = whose.engine->find_profile(flip.profile);
  if (!place || place->partition != flip.partition)
    return nullptr;
  return resource_identifier("profile", profile_id(*place));
}

json::object message_of(const account& whose, const rollcall::flip_record& flip) {
  const auto id = fmt::format("{}.{}.{}", flip.segment_id, flip.partition, flip.sequence);
  json::object shown{{"type", "segment-flip"},
                     {"id", id},
                     {"attributes",
                      {{"datetime", instant_text(flip.at)},
                       {"joined", flip.joined},
                       {"cause", model::name_of(flip.cause)},
                       {"detail", flip.detail},
                       {"partition", flip.partition},
                       {"sequence", flip.sequence},
                       {"segment_name", flip.segment},
                       {"profile_name", flip.profile}}},
                     {"relationships",
                      {{"segment", {{"data", resource_identifier("segment", flip.segment_id)}}},
                       {"profile", {{"data", profile_of(whose, flip)}}}}}};
  return {
    {"external_id", id}, {"topic", topic_of(flip)}, {"payload", {{"data", std::move(shown)}}}};
}

} // namespace

std::string signature_of(std::string_view body, std::string_view timestamp,
                         std::string_view secret_key) {
  std::string message{body};
  message += timestamp;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_key.data(), static_cast<int>(secret_key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string http_date(model::instant at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string_view topic_of(const rollcall::flip_record& flip) {
  return flip.joined ? joined_topic : left_topic;
}

http_post make_message(const account& whose, const known_webhook& hook, const http_address& to,
                       std::span<const rollcall::flip_record> flips, model::instant now) {
  json::array data;
  for (const auto& flip : flips)
    data.emplace_back(message_of(whose, flip));
  const auto timestamp = http_date(now);
  http_post message{to};
  message.body = json_text(json::object{{"data", std::move(data)},
                                        {"meta",
                                         {{"klaviyo_account_id", whose.id},
                                          {"klaviyo_webhook_id", hook.id},
                                          {"timestamp", instant_text(now)}}}});
  message.headers = {{"Content-Type", "application/json"},
                     {"Klaviyo-Webhook-Id", hook.id},
                     {"Klaviyo-Timestamp", timestamp},
                     {"Klaviyo-Signature", signature_of(message.body, timestamp, hook.secret_key)}};
  return message;
}

} // namespace gateway
