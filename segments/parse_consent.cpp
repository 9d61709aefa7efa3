#include "segments/parse_condition.hpp"
#include "segments/parse_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace segments {

namespace {

/// Who may be filtered how: one bit for each column of the table in docs/segments.md.
using audience = std::uint8_t;

constexpr audience email_subscribed = 1 << 0;
constexpr audience email_unsubscribed = 1 << 1;
constexpr audience email_suppressed = 1 << 2; // Only the three suppression dates.
constexpr audience sms_subscribed = 1 << 3;
constexpr audience sms_unsubscribed = 1 << 4;
constexpr audience push_any = 1 << 5;

enum class need : std::uint8_t { none, optional, required };

/// One row of the consent filters: field, method, and the further test that it takes.
struct consent_row {
  audience who;
  std::string_view field;
  std::string_view method; // Only of the field `method`.
  need test = need::none;
  filter_kinds kinds = 0;
  std::string_view only_value = {}; // The one text that the test may name.
};

constexpr filter_kinds suppression_date = legal::date | legal::is_set;
constexpr audience either_sms = sms_subscribed | sms_unsubscribed;
constexpr audience either_email = email_subscribed | email_unsubscribed;

constexpr auto consent_rows = std::to_array<consent_row>({
  {either_email | either_sms | push_any, "status_date", "", need::required, legal::date},
  {email_unsubscribed | email_suppressed, "bounce_date", "", need::required, suppression_date},
  {email_unsubscribed | email_suppressed, "manual_suppression_date", "", need::required,
   suppression_date},
  {email_unsubscribed | email_suppressed, "invalid_email_date", "", need::required,
   suppression_date},
  {email_subscribed, "custom_source", "", need::required, legal::text_equals},
  {email_subscribed, "is_double_opt_in", "", need::required, legal::boolean},
  {sms_subscribed, "is_rcs_capable", "", need::required, legal::boolean},
  {either_email, "method", "api", need::optional, legal::text_in},
  {email_subscribed, "method", "back_in_stock"},
  {sms_unsubscribed, "method", "bulk_remove"},
  {sms_unsubscribed, "method", "carrier_deactivation"},
  {either_sms, "method", "checkout"},
  {email_unsubscribed, "method", "data_warehouse_import"},
  {sms_unsubscribed, "method", "failed_age_gate"},
  {email_subscribed | either_sms, "method", "form", need::optional, legal::text_in},
  {either_email | either_sms, "method", "inbound_message"},
  {email_subscribed | either_sms, "method", "integration", need::required, legal::text_in,
   "shopify"},
  {email_unsubscribed, "method", "integration", need::required, legal::text_in, "constant_contact"},
  {email_unsubscribed, "method", "mailbox_provider"},
  {email_subscribed | either_sms, "method", "manual_add", need::optional, legal::text_in},
  {email_subscribed | either_sms, "method", "manual_import", need::optional, legal::text_in},
  {email_unsubscribed, "method", "manual_import"},
  {email_unsubscribed | sms_unsubscribed, "method", "manual_remove"},
  {sms_unsubscribed, "method", "message_blocked"},
  {email_unsubscribed, "method", "one_click_unsubscribe"},
  {email_subscribed, "method", "preference_page", need::optional, legal::text_equals},
  {email_unsubscribed | either_sms, "method", "preference_page"},
  {email_unsubscribed, "method", "profile_modification"},
  {sms_unsubscribed, "method", "provided_landline"},
  {sms_unsubscribed, "method", "provided_no_age"},
  {either_email | either_sms, "method", "sftp"},
  {email_unsubscribed, "method", "spam_complaint"},
});

constexpr audience whatsapp = 1 << 6;

constexpr auto permission_rows = std::to_array<consent_row>({
  {whatsapp, "effective_date", "", need::required, legal::date},
  {whatsapp, "recorded_date", "", need::required, legal::date},
  {whatsapp, "subscribe_method", "form", need::optional, legal::text_in},
  {whatsapp, "subscribe_method", "api"},
  {whatsapp, "subscribe_method", "back_in_stock"},
  {whatsapp, "subscribe_method", "bigcommerce"},
  {whatsapp, "subscribe_method", "bulk_remove"},
  {whatsapp, "subscribe_method", "campaign_monitor"},
  {whatsapp, "subscribe_method", "carrier_deactivation"},
  {whatsapp, "subscribe_method", "checkout"},
  {whatsapp, "subscribe_method", "constant_contact"},
  {whatsapp, "subscribe_method", "exact_target"},
  {whatsapp, "subscribe_method", "facebook"},
  {whatsapp, "subscribe_method", "failed_age_gate"},
  {whatsapp, "subscribe_method", "inbound_message"},
  {whatsapp, "subscribe_method", "integration"},
  {whatsapp, "subscribe_method", "mad_mimi"},
  {whatsapp, "subscribe_method", "magento_two"},
  {whatsapp, "subscribe_method", "mailbox_provider"},
  {whatsapp, "subscribe_method", "manual_add"},
  {whatsapp, "subscribe_method", "manual_import"},
  {whatsapp, "subscribe_method", "manual_remove"},
  {whatsapp, "subscribe_method", "message_blocked"},
  {whatsapp, "subscribe_method", "netsuite"},
  {whatsapp, "subscribe_method", "preference_page"},
  {whatsapp, "subscribe_method", "provided_landline"},
  {whatsapp, "subscribe_method", "provided_no_age"},
  {whatsapp, "subscribe_method", "sftp"},
  {whatsapp, "subscribe_method", "shopify"},
  {whatsapp, "subscribe_method", "social_instagram_message"},
  {whatsapp, "subscribe_method", "spam_complaint"},
  {whatsapp, "subscribe_method", "square"},
  {whatsapp, "subscribe_method", "wix"},
  {whatsapp, "subscribe_method", "woocommerce"},
});

void add_once(std::vector<std::string_view>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(name);
}

/// The row that a filter of this audience names, mistakes noted; null when there is none.
const consent_row* parse_row(const place& at, std::span<const consent_row> rows, audience who) {
  std::vector<std::string_view> fields;
  for (const auto& row : rows)
    if ((row.who & who) != 0)
      add_once(fields, row.field);
  const auto field = at.member("field").choice(fields);
  if (!field)
    return nullptr;
  std::vector<const consent_row*> candidates;
  std::vector<std::string_view> methods;
  for (const auto& row : rows) {
    if ((row.who & who) == 0 || row.field != fields[*field])
      continue;
    candidates.push_back(&row);
    methods.push_back(row.method);
  }
  if (methods.front().empty())
    return candidates.front();
  const auto method = at.member("method").choice(methods);
  return method ? candidates[*method] : nullptr;
}

std::optional<filter> parse_test(const place& at, const consent_row& row) {
  if (row.only_value.empty())
    return parse_filter(at, row.kinds);
  auto test = parse_filter(at, row.kinds, std::span{&row.only_value, 1});
  if (test && std::get<text_filter>(*test).operands.empty()) {
    at.member("value").refuse("[\"" + std::string{row.only_value} + "\"]");
    return std::nullopt;
  }
  return test;
}

std::optional<consent_filter>
parse_consent_filter(const place& at, std::span<const consent_row> rows, audience who) {
  if (!at.must_be_object("with \"field\""))
    return std::nullopt;
  const auto row = parse_row(at, rows, who);
  if (!row)
    return std::nullopt;
  std::vector<std::string_view> fields{"field"};
  if (!row->method.empty())
    fields.emplace_back("method");
  const auto test = at.member("filter");
  // `null` stands for an absent filter everywhere.
  if (row->test != need::none || test.is_nothing())
    fields.emplace_back("filter");
  at.must_have_only(fields);
  consent_filter out{std::string{row->field}, std::string{row->method}, std::nullopt};
  if (row->test == need::required || (row->test == need::optional && !test.is_nothing())) {
    out.test = parse_test(test, *row);
    if (!out.test)
      return std::nullopt;
  }
  return out;
}

std::vector<consent_filter> parse_consent_filters(const place& at,
                                                  std::span<const consent_row> rows, audience who,
                                                  need presence) {
  std::vector<consent_filter> out;
  if (presence != need::required && at.is_nothing())
    return out;
  if (presence == need::none) {
    at.refuse("null, or no filters, with this channel, can_receive_marketing and subscription");
    return out;
  }
  if (!at.is(json_kind::array)) {
    at.refuse(presence == need::required ? "an array of objects with \"field\""
                                         : "an array of objects with \"field\", null");
    return out;
  }
  for (std::size_t i = 0; i < at.items(); ++i)
    if (auto filter = parse_consent_filter(at.item(i), rows, who))
      out.push_back(std::move(*filter));
  return out;
}

/// One line of the table of legal combinations.
struct consent_case {
  channel on;
  bool can_receive;
  subscription state;
  need filters = need::none;
  audience who = 0;
};

constexpr auto consent_cases = std::to_array<consent_case>({
  {channel::email, true, subscription::any},
  {channel::email, true, subscription::subscribed, need::optional, email_subscribed},
  {channel::email, true, subscription::never_subscribed},
  {channel::email, false, subscription::any, need::optional, email_suppressed},
  {channel::email, false, subscription::unsubscribed, need::optional, email_unsubscribed},
  {channel::email, false, subscription::never_subscribed, need::required, email_suppressed},
  {channel::email, false, subscription::subscribed, need::required, email_suppressed},
  {channel::sms, true, subscription::subscribed, need::optional, sms_subscribed},
  {channel::sms, false, subscription::any},
  {channel::sms, false, subscription::unsubscribed, need::optional, sms_unsubscribed},
  {channel::sms, false, subscription::never_subscribed},
  {channel::push, true, subscription::any, need::optional, push_any},
  {channel::push, false, subscription::any},
});

constexpr std::array<std::string_view, 3> channels{"email", "sms", "push"};
constexpr std::array<std::string_view, 4> subscriptions{"any", "subscribed", "unsubscribed",
                                                        "never_subscribed"};

constexpr std::array<std::string_view, 6> reachabilities{
  "explicitly_reachable",   "implicitly_reachable",   "implicitly_or_explicitly_reachable",
  "explicitly_unreachable", "implicitly_unreachable", "implicitly_or_explicitly_unreachable"};

/// The line of the table that channel, can_receive_marketing and subscription make.
const consent_case* parse_case(const place& consent, const place& status) {
  const auto on = consent.member("channel").choice(channels);
  const auto can_receive = consent.member("can_receive_marketing").truth();
  if (!on || !can_receive) {
    static_cast<void>(status.member("subscription").choice(subscriptions));
    return nullptr;
  }
  std::vector<const consent_case*> cases;
  std::vector<std::string_view> states;
  for (const auto& each : consent_cases) {
    if (each.on != static_cast<channel>(*on) || each.can_receive != *can_receive)
      continue;
    cases.push_back(&each);
    states.push_back(subscriptions[static_cast<std::size_t>(each.state)]);
  }
  const auto state = status.member("subscription").choice(states);
  return state ? cases[*state] : nullptr;
}

} // namespace

std::optional<criterion> parse_consent(const place& at) {
  at.must_have_only({"type", "consent"});
  const auto consent = at.member("consent");
  if (!consent.must_be_object("with \"channel\", \"can_receive_marketing\" and \"consent_status\""))
    return std::nullopt;
  consent.must_have_only({"channel", "can_receive_marketing", "consent_status"});
  const auto status = consent.member("consent_status");
  if (!status.must_be_object("with \"subscription\""))
    return std::nullopt;
  status.must_have_only({"subscription", "filters"});
  const auto found = parse_case(consent, status);
  if (!found)
    return std::nullopt;
  auto filters = parse_consent_filters(status.member("filters"), consent_rows, found->who,
                                       found->filters);
  return consent_criterion{found->on, found->can_receive, found->state, std::move(filters)};
}

std::optional<criterion> parse_permission(const place& at) {
  constexpr std::array<std::string_view, 2> names{"whatsapp_marketing", "whatsapp_transactional"};
  at.must_have_only({"type", "channel", "permission"});
  const auto on = at.member("channel").choice(names);
  const auto permission = at.member("permission");
  if (!permission.must_be_object("with \"reachable_status\""))
    return std::nullopt;
  permission.must_have_only({"reachable_status", "filters"});
  const auto index = permission.member("reachable_status").choice(reachabilities);
  if (!index)
    return std::nullopt;
  permission_criterion out{on && *on == 1, static_cast<reachability>(*index), {}};
  const bool is_explicit = out.status == reachability::explicitly_reachable
                        || out.status == reachability::explicitly_unreachable;
  const auto filters = permission.member("filters");
  if (!is_explicit && !filters.is_nothing())
    filters.refuse(
      "null, or no filters: they go with \"explicitly_reachable\" and \"explicitly_unreachable\"");
  else
    out.filters = parse_consent_filters(filters, permission_rows, whatsapp,
                                        is_explicit ? need::required : need::none);
  if (!on)
    return std::nullopt;
  return out;
}

} // namespace segments
