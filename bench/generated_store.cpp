#include "bench/generated_store.hpp"

#include "bench/places.hpp"
#include "bench/random.hpp"
#include "bench/store_words.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace bench {

namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t hour_seconds = 3'600;

// Purposes of a profile's random streams.
constexpr std::uint64_t for_persona = 1;
constexpr std::uint64_t for_history = 2;
constexpr std::uint64_t for_attributes = 3;
constexpr std::uint64_t for_live = 4;

/// What a person is like: all that their history depends on.
struct persona {
  std::int64_t created = 0;
  std::int64_t active_until = 0;
  std::int32_t events = 0;       // About how many they leave.
  std::uint32_t engagement = 0;  // Per mille of e-mails opened.
  bool had_email = false;        // Gets e-mail now or did before unsubscribing.
  bool unsubscribed = false;
  bool gets_sms = false;
  bool fades = false;            // Became quiet before today.
  std::uint32_t favourite = 0;   // Index of a brand.
};

/// How many events people leave: (per mille of people, at most so many). Half leave seven or fewer, one in a hundred leaves hundreds; 20 on
/// average.
struct knot {
  std::uint32_t per_mille;
  std::uint32_t events;
};
constexpr knot activity[] = {{0, 0},    {60, 1},   {200, 2},  {350, 3},   {500, 7},   {650, 12},  {800, 20},
                             {900, 38}, {960, 78}, {985, 150}, {996, 290}, {999, 540}, {1000, 880}};

std::int32_t draw_activity(random_stream& dice) {
  const auto place = dice.below(1'000'000);
  const auto* upper = std::begin(activity) + 1;
  while (place >= upper->per_mille * 1000)
    ++upper;
  const auto* lower = upper - 1;
  const std::uint64_t width = (upper->per_mille - lower->per_mille) * 1000;
  const std::uint64_t into = place - lower->per_mille * 1000;
  return static_cast<std::int32_t>(lower->events + (upper->events - lower->events) * into / width);
}

persona draw_persona(std::uint64_t seed, std::uint32_t number) {
  random_stream dice{seed, number, for_persona};
  persona p;
  // The shop grows: more people came lately than long ago.
  p.created = store_now - 60 - dice.low_below(store_now - store_opening - 60);
  p.events = draw_activity(dice);
  p.engagement = 30 + dice.low_below(900);
  const auto consent = dice.below(100);
  p.had_email = consent < 71;
  p.unsubscribed = consent >= 62 && consent < 71;
  p.gets_sms = dice.chance(180);
  p.favourite = dice.low_below(brands.size());
  p.fades = dice.chance(550);
  const auto known_for = static_cast<std::uint64_t>(store_now - p.created);
  p.active_until = p.fades ? p.created + dice.low_below(known_for) : store_now;
  return p;
}

constexpr std::array<std::uint8_t, 12> month_weights{8, 8, 9, 9, 10, 9, 9, 9, 10, 11, 16, 14};

/// 32 equally likely hours of the day: quiet nights, busy evenings.
constexpr std::array<std::uint8_t, 32> hours{0,  1,  3,  6,  7,  8,  8,  9,  9,  10, 10, 11, 11, 12, 12, 13,
                                             13, 14, 15, 16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22};

std::int64_t campaign_time(std::uint32_t campaign) {
  constexpr std::array<std::int64_t, 4> send_hours{9, 10, 14, 16};
  const auto day = (campaign * 7 + 2) / 3;
  return store_opening + day * day_seconds + send_hours[scrambled(campaign) % 4] * hour_seconds;
}

/// The number of the last campaign that was sent by `time`; the first one if there was none.
std::uint32_t campaign_by(std::int64_t time) {
  auto c = static_cast<std::uint32_t>((time - store_opening) / day_seconds * 3 / 7);
  c = std::min(c + 1, campaign_count - 1);
  while (c > 0 && campaign_time(c) > time)
    --c;
  return c;
}

/// Prices, and the products of each brand, looked up once.
struct shelf {
  std::array<std::uint32_t, product_count> price{};
  std::array<std::vector<std::uint16_t>, brands.size()> of_brand;
};

const shelf& goods() {
  static const auto made = [] {
    shelf s;
    for (std::uint32_t p = 0; p < product_count; ++p) {
      s.price[p] = price_of(p);
      s.of_brand[brand_of(p)].push_back(static_cast<std::uint16_t>(p));
    }
    return s;
  }();
  return made;
}

/// Writes one person's life.
class biographer {
public:
  biographer(const persona& who, std::uint32_t number, random_stream dice, const std::vector<std::uint8_t>& season,
             std::vector<event_row>& out)
    : who_(who), number_(number), dice_(dice), season_(season), out_(out), first_(out.size()) {
  }

  void write() {
    while (static_cast<std::int32_t>(out_.size() - first_) < who_.events) {
      const auto occasion = dice_.below(1000);
      if (who_.had_email && occasion < 820)
        get_email();
      else if (who_.gets_sms && occasion < 880)
        get_sms();
      else
        visit(some_time());
    }
    // Follow-ups of the last occasion may exceed the number; the sort key has room for 2^14.
    assert(out_.size() - first_ < (1U << 14));
  }

private:
  void add(std::int64_t time, metric kind, std::uint32_t topic, std::uint32_t detail = 0,
           std::uint32_t value_cents = no_value_cents) {
    if (time <= store_now)
      out_.push_back({time, number_, kind, static_cast<std::uint16_t>(topic), static_cast<std::uint8_t>(detail), value_cents});
  }

  /// Busy seasons and hours are likelier, and for those who are still active the recent past.
  std::int64_t some_time() {
    const auto span = static_cast<std::uint64_t>(who_.active_until - who_.created) + 1;
    std::int64_t day = 0;
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto offset = who_.fades ? dice_.below(span) : dice_.high_below(span);
      day = (who_.created + offset - store_opening) / day_seconds;
      if (dice_.below(16) < season_[static_cast<std::size_t>(day)])
        break;
    }
    auto time = store_opening + day * day_seconds + hours[dice_.below(hours.size())] * hour_seconds
                + dice_.below(hour_seconds);
    if (time < who_.created)
      time = who_.created + dice_.below(60);
    if (time > store_now)
      time = std::max(who_.created, store_now - dice_.below(9 * hour_seconds));
    return time;
  }

  void get_email() {
    const auto campaign = campaign_by(some_time());
    const auto sent = std::max(campaign_time(campaign), who_.created) + dice_.below(900);
    add(sent, metric::received_email, campaign);
    if (!dice_.chance(who_.engagement))
      return;
    const auto client = dice_.low_below(mail_clients.size());
    const auto opened = sent + 30 + (dice_.chance(600) ? dice_.low_below(7'200) : dice_.low_below(172'800));
    add(opened, metric::opened_email, campaign, client);
    if (dice_.chance(150))
      add(opened + 60 + dice_.low_below(86'400), metric::opened_email, campaign, client);
    if (!dice_.chance(220))
      return;
    const auto clicked = opened + 5 + dice_.low_below(600);
    add(clicked, metric::clicked_email, campaign, client);
    if (dice_.chance(450))
      visit(clicked + 3);
  }

  void get_sms() {
    const auto campaign = campaign_by(some_time());
    const auto sent = std::max(campaign_time(campaign), who_.created) + dice_.below(300);
    add(sent, metric::received_sms, campaign);
    if (dice_.chance(160)) {
      add(sent + 20 + dice_.low_below(7'200), metric::clicked_sms, campaign);
    }
  }

  std::uint32_t choose_product() {
    const auto& liked = goods().of_brand[who_.favourite];
    if (!liked.empty() && dice_.chance(350))
      return liked[dice_.low_below(liked.size())];
    return dice_.low_below(product_count);
  }

  void visit(std::int64_t time) {
    add(time, metric::active_on_site, 0, dice_.low_below(browsers.size()));
    std::uint32_t product = 0;
    for (int views = 0; views == 0 || (views < 8 && dice_.chance(480)); ++views) {
      product = choose_product();
      time += 8 + dice_.low_below(400);
      add(time, metric::viewed_product, product, 0, goods().price[product]);
    }
    if (!dice_.chance(260))
      return;
    time += 15 + dice_.low_below(200);
    add(time, metric::added_to_cart, product, 0, goods().price[product]);
    if (!dice_.chance(620))
      return;
    time += 20 + dice_.low_below(900);
    const auto items = 1 + dice_.low_below(order_items_max);
    std::uint32_t total = 0;
    for (std::uint32_t item = 0; item < items; ++item)
      total += goods().price[item_of(product, item)] * quantity_of(product, item);
    add(time, metric::started_checkout, product, items, total);
    if (!dice_.chance(660))
      return;
    buy(time + 40 + dice_.low_below(1'200), product, items, total);
  }

  void buy(std::int64_t time, std::uint32_t product, std::uint32_t items, std::uint32_t total) {
    add(time, metric::placed_order, product, items, total);
    for (std::uint32_t item = 0; item < items; ++item) {
      const auto p = item_of(product, item);
      const auto quantity = quantity_of(product, item);
      add(time, metric::ordered_product, p, quantity, goods().price[p] * quantity);
    }
    add(time + day_seconds + dice_.low_below(4 * day_seconds), metric::fulfilled_order, product, items, total);
    if (dice_.chance(60))
      add(time + 3 * day_seconds + dice_.low_below(20 * day_seconds), metric::refunded_order, product, items, total);
    if (dice_.chance(90))
      add(time + 7 * day_seconds + dice_.low_below(30 * day_seconds), metric::submitted_review, product,
          1 + dice_.high_below(5));
  }

  const persona& who_;
  std::uint32_t number_;
  random_stream dice_;
  const std::vector<std::uint8_t>& season_;
  std::vector<event_row>& out_;
  std::size_t first_;
};

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
    const auto day = static_cast<std::int64_t>(dice.below(20'000)) - 7'300; // 1950-01-06 to 2004-10-09.
    const std::chrono::year_month_day born{std::chrono::sys_days{std::chrono::days{day}}};
    const auto month = std::to_string(100 + static_cast<unsigned>(born.month()));
    const auto of_month = std::to_string(100 + static_cast<unsigned>(born.day()));
    row.birthday = std::to_string(static_cast<int>(born.year())) + '-' + month.substr(1) + '-' + of_month.substr(1);
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
  constexpr std::array<std::string_view, 4> ways_out{"ONE_CLICK_UNSUBSCRIBE", "PREFERENCE_PAGE", "SPAM_COMPLAINT", "API"};
  constexpr std::array<std::string_view, 4> reasons{"HARD_BOUNCE", "USER_SUPPRESSED", "INVALID_EMAIL", "SPAM_COMPLAINT"};
  auto& email = row.email_consent;
  if (who.unsubscribed) {
    email = {"UNSUBSCRIBED", within(dice, who.created, INT64_MAX), pick(dice, ways_out)};
    if (dice.chance(500))
      row.suppressed = suppression{"UNSUBSCRIBE", email.time};
  } else if (who.had_email) {
    email = {"SUBSCRIBED", within(dice, who.created, 200 * day_seconds)};
    const auto way = dice.below(100);
    email.method = way < 55 ? "FORM" : way < 70 ? "API" : way < 85 ? "PREFERENCE_PAGE" : "MANUAL_IMPORT";
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

generated_store::generated_store(std::uint64_t seed, std::uint32_t profiles) : seed_(seed), profiles_(profiles) {
  assert(profiles > 0 && profiles <= profiles_max);
  using namespace std::chrono;
  for (auto day = store_opening; day <= store_now; day += day_seconds) {
    const year_month_day ymd{sys_days{days{day / day_seconds}}};
    season_.push_back(month_weights[static_cast<unsigned>(ymd.month()) - 1]);
  }
}

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

void generated_store::history(std::uint32_t number, std::vector<event_row>& out) const {
  const auto who = draw_persona(seed_, number);
  biographer{who, number, random_stream{seed_, number, for_history}, season_, out}.write();
}

event_row generated_store::live_event(std::uint64_t n, std::uint32_t per_second) const {
  random_stream dice{seed_, n, for_live};
  // An active person is met as much oftener as their history is longer.
  std::uint32_t who = 0;
  for (int attempt = 0; attempt < 16; ++attempt) {
    who = dice.below(profiles_);
    if (static_cast<std::int32_t>(dice.below(150)) < draw_persona(seed_, who).events)
      break;
  }
  event_row e;
  e.time = store_now + 1 + static_cast<std::int64_t>(n / per_second);
  e.profile = who;
  const auto product = dice.low_below(product_count);
  const auto campaign = campaign_count - 1 - dice.below(3);
  const auto occasion = dice.below(100);
  const auto goods_event = [&](metric kind) {
    e.kind = kind;
    e.topic = static_cast<std::uint16_t>(product);
    e.value_cents = goods().price[product];
  };
  if (occasion < 30) {
    e.kind = metric::received_email;
    e.topic = static_cast<std::uint16_t>(campaign);
  } else if (occasion < 45) {
    e.kind = metric::opened_email;
    e.topic = static_cast<std::uint16_t>(campaign);
    e.detail = static_cast<std::uint8_t>(dice.low_below(mail_clients.size()));
  } else if (occasion < 49) {
    e.kind = metric::clicked_email;
    e.topic = static_cast<std::uint16_t>(campaign);
    e.detail = static_cast<std::uint8_t>(dice.low_below(mail_clients.size()));
  } else if (occasion < 62) {
    e.kind = metric::active_on_site;
    e.detail = static_cast<std::uint8_t>(dice.low_below(browsers.size()));
  } else if (occasion < 84) {
    goods_event(metric::viewed_product);
  } else if (occasion < 91) {
    goods_event(metric::added_to_cart);
  } else if (occasion < 95) {
    goods_event(metric::started_checkout);
    e.detail = 1;
  } else if (occasion < 98) {
    goods_event(metric::placed_order);
    e.detail = 1;
  } else {
    goods_event(metric::ordered_product);
    e.detail = 1;
  }
  return e;
}

} // namespace bench
