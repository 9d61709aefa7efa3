#include "bench/generated_store.hpp"

#include "bench/persona.hpp"
#include "bench/store_words.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace bench {

namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t hour_seconds = 3'600;

constexpr std::array<std::uint8_t, 12> month_weights{8, 8, 9, 9, 10, 9, 9, 9, 10, 11, 16, 14};

/// 32 equally likely hours of the day: quiet nights, busy evenings.
constexpr std::array<std::uint8_t, 32> hours{0,  1,  3,  6,  7,  8,  8,  9,  9,  10, 10,
                                             11, 11, 12, 12, 13, 13, 14, 15, 16, 16, 17,
                                             17, 18, 18, 19, 19, 20, 20, 21, 21, 22};

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
  biographer(const persona& who, std::uint32_t number, random_stream dice,
             const std::vector<std::uint8_t>& season, std::vector<event_row>& out)
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
      out_.push_back({time, number_, kind, static_cast<std::uint16_t>(topic),
                      static_cast<std::uint8_t>(detail), value_cents});
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
    const auto opened = sent + 30
                      + (dice_.chance(600) ? dice_.low_below(7'200) : dice_.low_below(172'800));
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
    add(time + day_seconds + dice_.low_below(4 * day_seconds), metric::fulfilled_order, product,
        items, total);
    if (dice_.chance(60))
      add(time + 3 * day_seconds + dice_.low_below(20 * day_seconds), metric::refunded_order,
          product, items, total);
    if (dice_.chance(90))
      add(time + 7 * day_seconds + dice_.low_below(30 * day_seconds), metric::submitted_review,
          product, 1 + dice_.high_below(5));
  }

  const persona& who_;
  std::uint32_t number_;
  random_stream dice_;
  const std::vector<std::uint8_t>& season_;
  std::vector<event_row>& out_;
  std::size_t first_;
};

} // namespace

generated_store::generated_store(std::uint64_t seed, std::uint32_t profiles)
  : seed_(seed), profiles_(profiles) {
  assert(profiles > 0 && profiles <= profiles_max);
  using namespace std::chrono;
  for (auto day = store_opening; day <= store_now; day += day_seconds) {
    const year_month_day ymd{sys_days{days{day / day_seconds}}};
    season_.push_back(month_weights[static_cast<unsigned>(ymd.month()) - 1]);
  }
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
