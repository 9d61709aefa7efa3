#include "gateway/client_subscription.hpp"

#include "gateway/account.hpp"
#include "gateway/json_text.hpp"
#include "gateway/lists.hpp"
#include "gateway/named_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

const std::string profile_pointer = "/data/attributes/profile";

/// What a body may subscribe to, and what the engine calls the channel.
struct channel_purposes {
  std::string_view channel;
  std::string_view kept_as;
  std::array<std::string_view, 2> purposes; // The second one may be empty.
};
constexpr std::array<channel_purposes, 4> channels{
  {{"email", "email", {"marketing", ""}},
   {"sms", "sms", {"marketing", "transactional"}},
   {"whatsapp", "whatsapp", {"marketing", "transactional"}},
   {"push", "mobile_push", {"marketing", ""}}}};

/// Which a new consent takes away.
constexpr std::array<std::string_view, 3> lifted_suppressions = {"UNSUBSCRIBE", "SPAM_COMPLAINT",
                                                                 "USER_SUPPRESSED"};

/// The consents that a body gives, as a line has them.
class consent_reader {
public:
  consent_reader(const call& c, std::string source)
    : now_(instant_text(c.whose->engine->now())), source_(std::move(source)) {
  }

  json::object read(const json::value& given, mistakes& found) {
    const auto pointer = profile_pointer + "/data/attributes/subscriptions";
    const auto* object = given.if_object();
    if (object == nullptr) {
      found.add(pointer, "'subscriptions' must be an object");
      return {};
    }
    object_reader reader{*object, pointer, "subscription", found};
    for (const auto& channel : channels)
      if (auto one = reader.nested(channel.channel, presence::optional))
        read_channel(channel, *one);
    reader.finish();
    return std::move(all_);
  }

  /// Marketing on the channels that somebody gives an address of.
  json::object preset(const profile_identifiers& who) {
    if (!who.email.empty())
      add("email", "marketing");
    if (!who.phone_number.empty())
      add("sms", "marketing");
    return std::move(all_);
  }

private:
  void read_channel(const channel_purposes& channel, object_reader& given) {
    for (const auto purpose : channel.purposes)
      if (!purpose.empty())
        if (auto consent = given.nested(purpose, presence::optional)) {
          read_consent(*consent);
          add(channel.kept_as, purpose);
        }
    for (const auto* name : {"open_tracking", "tokens", "anonymous_id"})
      if (given.any(name, presence::nullable) != nullptr)
        given.refuse(name, "is not supported: Rollcall sends nothing and keeps none");
    given.finish();
  }

  static void read_consent(object_reader& consent) {
    consent.text("consent", presence::required, {1'000, true, {"SUBSCRIBED"}});
    if (consent.instant("consented_at", presence::nullable))
      consent.refuse("consented_at", "is for historical imports, which browsers cannot make");
    consent.finish();
  }

  void add(std::string_view channel, std::string_view purpose) {
    json::object consent{{"consent", "SUBSCRIBED"}, {"consent_timestamp", now_}, {"method", "API"}};
    if (!source_.empty())
      consent["custom_method_detail"] = source_;
    auto& of_channel = all_.emplace(channel, json::object{}).first->value().as_object();
    of_channel[purpose] = std::move(consent);
  }

  std::string now_;
  std::string source_;
  json::object all_;
};

/// The suppressions that stay; nothing = there is none to take away.
std::optional<json::array> left_suppressions(const account& whose, const std::string& email) {
  const auto shown = whose.engine->profile(email);
  if (!shown)
    return std::nullopt;
  const auto profile = own_json(*shown);
  boost::system::error_code failed;
  const auto* known = profile.find_pointer("/subscriptions/email/marketing/suppression", failed);
  if (known == nullptr || !known->is_array())
    return std::nullopt;
  json::array left;
  for (const auto& item : known->get_array())
    if (std::ranges::find(lifted_suppressions, text_in(item.as_object(), "reason"))
        == lifted_suppressions.end())
      left.push_back(item);
  return left.size() == known->get_array().size() ? std::nullopt : std::optional{std::move(left)};
}

/// Takes a member of the profile's attributes out.
std::optional<json::value> take_attribute(json::value& profile, std::string_view key) {
  boost::system::error_code failed;
  auto* attributes = profile.find_pointer("/data/attributes", failed);
  auto* object = attributes == nullptr ? nullptr : attributes->if_object();
  const auto found = object == nullptr ? nullptr : object->find(key);
  if (object == nullptr || found == object->end())
    return std::nullopt;
  std::optional<json::value> value{std::move(found->value())};
  object->erase(found);
  return value;
}

/// Puts consents and the list into the profile's line.
void complete(std::string& line, const json::object& consents, const std::string& list) {
  line.pop_back(); // The closing brace; something is before it.
  line += ",\"subscriptions\":";
  append_json(line, consents);
  if (!list.empty()) {
    line += ",\"lists\":";
    append_json(line, json::array{list});
  }
  line += '}';
}

} // namespace

model::change_batch read_client_subscription(const call& c) {
  auto body = read_body(c.asked);
  mistakes found;
  boost::system::error_code failed;
  std::optional<json::value> given;
  named_profile profile;
  const auto& who = profile.line.who;
  if (auto* named = body.find_pointer(profile_pointer, failed)) {
    given = take_attribute(*named, "subscriptions");
    profile = read_named_profile(c, *named, profile_pointer, speaker::browser, found);
  }
  data_reader reader{body, {"subscription"}, found};
  reader.attributes().any("profile", presence::required);
  auto source = reader.attributes().text("custom_source", presence::nullable).value_or({});
  const auto list_id = reader.related_one("list", "list", presence::nullable);
  reader.finish();
  consent_reader consents_of{c, std::move(source)};
  auto consents = given && !given->is_null() ? consents_of.read(*given, found)
                                             : consents_of.preset(who);
  if (found.is_empty() && who.email.empty() && who.phone_number.empty())
    found.add(profile_pointer + "/data/attributes", "an email or a phone_number is needed");
  found.refuse_if_any();
  if (auto* email = consents.if_contains("email"))
    if (auto left = left_suppressions(*c.whose, who.email))
      email->at("marketing").as_object()["suppression"] = std::move(*left);
  const auto list = list_id.empty() ? std::string{} : find_list(*c.whose, list_id).engine_name;
  complete(profile.line.text, consents, list);
  return changes_of(profile);
}

} // namespace gateway
