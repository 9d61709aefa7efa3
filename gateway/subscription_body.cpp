#include "gateway/subscription_body.hpp"

#include "gateway/body.hpp"
#include "gateway/profile_items.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t begun_at_once_max = 1'000;
constexpr std::size_t ended_at_once_max = 100;
constexpr std::size_t tokens_max = 100;

/// What a consent needs to reach anybody.
enum class address : std::uint8_t { email, phone_number, device };

struct known_consent {
  std::string_view channel;
  std::string_view purpose;
  std::string_view kept_as;
  address needs = address::device;
  bool may_begin = true;
  bool has_date = true;
};

constexpr std::array<known_consent, 8> known_consents = {{
  {"email", "marketing", "email", address::email},
  {"email", "open_tracking", "email_open_tracking", address::email, true, false},
  {"sms", "marketing", "sms", address::phone_number},
  {"sms", "transactional", "sms_transactional", address::phone_number},
  {"whatsapp", "marketing", "whatsapp", address::phone_number},
  {"whatsapp", "transactional", "whatsapp_transactional", address::phone_number},
  {"whatsapp", "conversational", "whatsapp_conversational", address::phone_number, false},
  {"push", "marketing", "mobile_push", address::device},
}};

class job_reader {
public:
  job_reader(subscribing what, model::instant now) : what_(what), now_(now) {
  }

  subscription_job read(const json::value& body) {
    const bool begins = what_ == subscribing::begin;
    data_reader read{body,
                     {.type = begins ? "profile-subscription-bulk-create-job"
                                     : "profile-subscription-bulk-delete-job"},
                     found_};
    subscription_job job;
    auto& attributes = read.attributes();
    if (begins) {
      job.custom_source = attributes
                            .text("custom_source", presence::nullable,
                                  {model::object_text_bytes_max, true, {}})
                            .value_or({});
      is_historical_ = attributes.boolean("historical_import", presence::nullable).value_or(false);
    }
    const auto* items = read_items(attributes, presence::required,
                                   begins ? begun_at_once_max : ended_at_once_max);
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i)
      job.people.push_back(read_subscriber((*items)[i], i));
    job.list = read.related_one("list", "list", presence::optional);
    read.finish();
    found_.refuse_if_any();
    return job;
  }

private:
  subscriber read_subscriber(const json::value& item, std::size_t index) {
    subscriber one;
    item_reader read{item, index, found_};
    auto* attributes = read.attributes();
    if (attributes == nullptr)
      return one;
    constexpr text_rule identifier{model::identifier_bytes_max, false, {}};
    if (what_ == subscribing::begin) {
      one.id = read.data().text("id", presence::nullable).value_or({});
      attributes->text("age_gated_date_of_birth", presence::nullable);
    }
    one.who.email = attributes->text("email", presence::nullable, identifier).value_or({});
    one.who.phone_number = attributes->text("phone_number", presence::nullable, identifier)
                             .value_or({});
    if (one.id.empty() && one.who.is_empty())
      found_.add(attributes->pointer(),
                 what_ == subscribing::begin
                   ? "'email' or 'phone_number' is needed, or the profile's id"
                   : "'email' or 'phone_number' is needed");
    read_consents(*attributes, one);
    read.finish();
    return one;
  }

  void read_consents(object_reader& attributes, subscriber& one) {
    auto channels = attributes.nested("subscriptions", presence::required);
    if (!channels)
      return;
    const auto mistakes_before = found_.all().size();
    for (const std::string_view channel : {"email", "sms", "whatsapp", "push"})
      if (auto given = channels->nested(channel, presence::nullable))
        read_channel(channel, *given, one);
    channels->finish();
    if (one.consents.empty() && found_.all().size() == mistakes_before)
      attributes.refuse("subscriptions", "names nothing to agree to, such as 'email.marketing'");
  }

  void read_channel(std::string_view channel, object_reader& given, subscriber& one) {
    for (const auto& known : known_consents)
      if (known.channel == channel && (known.may_begin || what_ == subscribing::end))
        if (auto consent = given.nested(known.purpose, presence::nullable))
          read_consent(known, *consent, one);
    if (channel == "push") {
      read_tokens(given);
      if (what_ == subscribing::begin)
        given.text("anonymous_id", presence::nullable);
    }
    given.finish();
  }

  void read_consent(const known_consent& known, object_reader& given, subscriber& one) {
    const bool begins = what_ == subscribing::begin;
    given.text("consent", presence::required,
               {.choices = {begins ? "SUBSCRIBED" : "UNSUBSCRIBED"}});
    auto at = now_;
    if (begins && known.has_date)
      at = read_consented_at(given);
    given.finish();
    check_address(known, given, one);
    one.consents.push_back({known.kept_as, at});
  }

  model::instant read_consented_at(object_reader& given) {
    constexpr std::string_view key = "consented_at";
    const auto at = given.instant(key, is_historical_ ? presence::required : presence::nullable);
    if (at && !is_historical_)
      given.refuse(key, "is for imports of the past only; set 'historical_import' to true");
    if (at && is_historical_ && *at >= now_)
      given.refuse(key, "must be in the past");
    return at.value_or(now_);
  }

  void check_address(const known_consent& known, const object_reader& given,
                     const subscriber& one) {
    const bool has_none = (known.needs == address::email && one.who.email.empty())
                       || (known.needs == address::phone_number && one.who.phone_number.empty());
    if (has_none && one.id.empty()) // A profile may have what is not said here.
      found_.add(given.pointer(),
                 fmt::format("'{}.{}' needs '{}'", known.channel, known.purpose,
                             known.needs == address::email ? "email" : "phone_number"));
  }

  void read_tokens(object_reader& push) {
    const auto* tokens = push.array("tokens", presence::nullable);
    if (tokens == nullptr)
      return;
    if (tokens->size() > tokens_max)
      push.refuse("tokens", fmt::format("is a list of {} items; at most {} are allowed",
                                        tokens->size(), tokens_max));
    for (std::size_t i = 0; i < std::min(tokens->size(), tokens_max); ++i) {
      const auto pointer = fmt::format("{}/{}", push.pointer_to("tokens"), i);
      const auto* token = (*tokens)[i].if_object();
      if (token == nullptr) {
        found_.add(pointer, "an object with 'token', 'platform' and 'vendor' is needed");
        continue;
      }
      object_reader read{*token, pointer, "push-token", found_};
      read.text("token", presence::required, {model::text_bytes_max, false, {}});
      read.text("platform", presence::required, {.choices = {"android", "ios"}});
      read.text("vendor", presence::required, {.choices = {"apns", "fcm"}});
    }
  }

  subscribing what_;
  model::instant now_;
  bool is_historical_ = false;
  mistakes found_;
};

} // namespace

subscription_job read_subscription_job(const request& asked, subscribing what, model::instant now) {
  return job_reader{what, now}.read(read_body(asked));
}

} // namespace gateway
