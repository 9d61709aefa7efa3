#include "bench/generated_store.hpp"
#include "bench/persona.hpp"
#include "bench/places.hpp"
#include "bench/store_words.hpp"

#include <algorithm>
#include <chrono>

namespace bench {

namespace {

constexpr std::int64_t day_seconds = 86'400;

template <std::size_t Size>
std::string_view pick(random_stream& dice, const std::array<std::string_view, Size>& from) {
  return from[dice.below(Size)];
}

void append_lower(std::string& out, std::string_view text) {
  for (const auto c : text)
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/// Makes names unlike each other: base 36, least digit first.
void append_base36(std::string& out, std::uint32_t number) {
  do {
    out += "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
    number /= 36;
  } while (number != 0);
}

std::int64_t within(random_stream& dice, std::int64_t from, std::int64_t longest) {
  const auto room = std::min(longest, store_now - from);
  return from + (room > 0 ? dice.low_below(static_cast<std::uint64_t>(room)) : 0);
}

std::int32_t jittered(random_stream& dice, std::int32_t at) {
  return at + static_cast<std::int32_t>(dice.below(40'001)) - 20'000;
}

void settle(random_stream& dice, profile_row& row) {
  if (dice.chance(20))
    return;
  if (dice.chance(830)) {
    const auto& place = us_places()[dice.below(us_places().size())];
    row.city = place.city;
    row.region = place.state;
    row.country = dice.chance(930) ? "United States" : "US";
    row.time_zone = place.time_zone;
    if (dice.chance(960)) {
      row.zip = place.zip;
      row.has_zip_point = true;
      row.zip_latitude = place.latitude;
      row.zip_longitude = place.longitude;
    }
    row.has_point = dice.chance(550);
    row.latitude = jittered(dice, place.latitude);
    row.longitude = jittered(dice, place.longitude);
    return;
  }
  const auto& place = foreign_places()[dice.below(foreign_places().size())];
  row.city = place.city;
  row.country = place.country;
  row.time_zone = place.time_zone;
  row.has_point = dice.chance(700);
  row.latitude = jittered(dice, place.latitude);
  row.longitude = jittered(dice, place.longitude);
}

void dial(random_stream& dice, profile_row& row) {
  if (!dice.chance(450))
    return;
  const auto foreign = std::find_if(foreign_places().begin(), foreign_places().end(),
                                    [&](const foreign_place& p) { return p.city == row.city; });
  row.phone_number = foreign == foreign_places().end() ? "+1617" : foreign->dial;
  const auto digits = std::to_string(10'000'000 + row.number);
  row.phone_number += digits.substr(1);
}

void describe_person(random_stream& dice, const persona& who, profile_row& row) {
  if (dice.chance(600))
    row.loyalty_points = dice.low_below(2'000);
  if (dice.chance(300))
    row.is_wholesale = dice.chance(80);
  if (dice.chance(500)) {
    const auto day = static_cast<std::int64_t>(dice.below(20'000))
                   - 7'300; // 1950-01-06 to 2004-10-09.
    const std::chrono::year_month_day born{std::chrono::sys_days{std::chrono::days{day}}};
    const auto month = std::to_string(100 + static_cast<unsigned>(born.month()));
    const auto of_month = std::to_string(100 + static_cast<unsigned>(born.day()));
    row.birthday = std::to_string(static_cast<int>(born.year())) + '-' + month.substr(1) + '-'
                 + of_month.substr(1);
  }
  if (dice.chance(400)) {
    const auto wanted = 1 + dice.low_below(row.sizes.size());
    const auto first = dice.low_below(all_sizes.size());
    for (std::uint32_t i = 0; i < wanted; ++i)
      row.sizes[row.size_count++] = all_sizes[(first + i * 2) % all_sizes.size()];
  }
  if (dice.chance(700))
    row.favorite_brand = brands[who.favourite];
  if (dice.chance(150))
    row.referrer = pick(dice, referrers);
}

void ask_consent(random_stream& dice, const persona& who, profile_row& row) {
  constexpr std::array<std::string_view, 5> forms{"FORM01", "FORM02", "FORM03", "FORM04", "FORM05"};
  constexpr std::array<std::string_view, 4> ways_out{"ONE_CLICK_UNSUBSCRIBE", "PREFERENCE_PAGE",
                                                     "SPAM_COMPLAINT", "API"};
  constexpr std::array<std::string_view, 4> reasons{"HARD_BOUNCE", "USER_SUPPRESSED",
                                                    "INVALID_EMAIL", "SPAM_COMPLAINT"};
  auto& email = row.email_consent;
  if (who.unsubscribed) {
    email = {"UNSUBSCRIBED", within(dice, who.created, INT64_MAX), pick(dice, ways_out)};
    if (dice.chance(500))
      row.suppressed = suppression{"UNSUBSCRIBE", email.time};
  } else if (who.had_email) {
    email = {"SUBSCRIBED", within(dice, who.created, 200 * day_seconds)};
    const auto way = dice.below(100);
    email.method = way < 55 ? "FORM"
                 : way < 70 ? "API"
                 : way < 85 ? "PREFERENCE_PAGE"
                            : "MANUAL_IMPORT";
    if (way < 55)
      email.method_detail = pick(dice, forms);
    email.double_optin = dice.chance(400);
  } else if (dice.chance(500)) {
    email.state = "NEVER_SUBSCRIBED";
  }
  if (!row.suppressed && dice.chance(35))
    row.suppressed = suppression{pick(dice, reasons), within(dice, who.created, INT64_MAX)};
  if (who.gets_sms && !row.phone_number.empty()) {
    row.sms_consent = {"SUBSCRIBED", within(dice, who.created, 300 * day_seconds)};
    row.sms_consent.method = dice.chance(500) ? "CHECKOUT" : "FORM";
    if (row.sms_consent.method == "FORM")
      row.sms_consent.method_detail = pick(dice, forms);
  } else if (dice.chance(60)) {
    row.sms_consent = {"UNSUBSCRIBED", within(dice, who.created, INT64_MAX), "INBOUND_MESSAGE"};
  }
}

void predict(random_stream& dice, const persona& who, profile_row& row) {
  if (who.events < 6 || !dice.chance(650))
    return;
  constexpr std::array<std::string_view, 3> genders{"likely_female", "likely_male", "uncertain"};
  constexpr std::array<std::string_view, 3> channels{"email", "sms", "push"};
  predictions p;
  p.churn_thousandths = who.fades ? 300 + dice.below(700) : dice.below(700);
  p.orders = 1 + dice.low_below(1 + static_cast<std::uint32_t>(who.events) / 10);
  p.average_order_cents = 2'000 + dice.low_below(30'000);
  p.historic_clv_cents = p.orders * p.average_order_cents;
  p.predicted_order_tenths = dice.low_below(80);
  p.predicted_clv_cents = p.predicted_order_tenths * p.average_order_cents / 10;
  p.days_between_orders_tenths = p.orders > 1 ? 30 + dice.low_below(3'000) : 0;
  p.next_order = (store_now / day_seconds - 120 + dice.below(240)) * day_seconds;
  p.gender = pick(dice, genders);
  const auto best = dice.low_below(channels.size());
  for (std::uint32_t i = 0; i < channels.size(); ++i)
    p.channels[i] = channels[(best + i) % channels.size()];
  row.predicted = p;
}

void join_lists(random_stream& dice, const persona& who, profile_row& row) {
  const auto join = [&](std::string_view list) {
    row.lists[row.list_count++] = {list, within(dice, who.created, INT64_MAX)};
  };
  if (who.had_email && dice.chance(800))
    join("Newsletter");
  if (row.sms_consent.state == "SUBSCRIBED")
    join("SMS Club");
  if (dice.chance(40))
    join("VIP");
  if (row.is_wholesale.value_or(false))
    join("Wholesale");
  if (dice.chance(60))
    join("Giveaway 2025");
}

} // namespace

void generated_store::profile(std::uint32_t number, profile_row& row) const {
  row = profile_row{};
  const auto who = draw_persona(seed_, number);
  random_stream dice{seed_, number, for_attributes};
  row.number = number;
  append_external_id(row.external_id, number);
  row.created = who.created;
  row.first_name = pick(dice, first_names);
  row.last_name = pick(dice, last_names);
  if (dice.chance(940)) {
    append_lower(row.email, row.first_name);
    row.email += '.';
    append_lower(row.email, row.last_name);
    row.email += '.';
    append_base36(row.email, number);
    row.email += '@';
    row.email += mail_domains[dice.low_below(mail_domains.size())];
  }
  settle(dice, row);
  dial(dice, row);
  describe_person(dice, who, row);
  ask_consent(dice, who, row);
  predict(dice, who, row);
  join_lists(dice, who, row);
}

} // namespace bench
