#include "bench/store_words.hpp"

#include "bench/generated_store.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <vector>

namespace bench {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(metric::count_of_metrics)>
  metric_names{"Received Email",  "Opened Email",    "Clicked Email",    "Active on Site",
               "Viewed Product",  "Added to Cart",   "Started Checkout", "Placed Order",
               "Ordered Product", "Fulfilled Order", "Refunded Order",   "Received SMS",
               "Clicked SMS",     "Submitted Review"};

std::vector<std::string> numbered(std::string_view prefix, std::uint32_t count) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto digits = std::to_string(i);
    names.push_back(std::string{prefix} + std::string(4 - digits.size(), '0') + digits);
  }
  return names;
}

/// Brand and category of every product, looked up once.
struct product_words {
  std::array<std::uint8_t, product_count> brand{};
  std::array<std::uint8_t, product_count> category{};
};

const product_words& products() {
  static const auto words = [] {
    product_words w;
    for (std::uint32_t p = 0; p < product_count; ++p) {
      w.brand[p] = static_cast<std::uint8_t>(brand_of(p));
      w.category[p] = static_cast<std::uint8_t>(category_of(p));
    }
    return w;
  }();
  return words;
}

void append_digits(std::string& out, std::uint64_t number, std::size_t width) {
  std::array<char, 20> digits{};
  auto at = digits.size();
  for (std::size_t i = 0; i < width; ++i) {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  assert(number == 0);
  out.append(digits.data() + at, width);
}

void add_categories(event_details& d, const event_row& event) {
  const auto& words = products();
  for (std::uint32_t item = 0; item < event.detail && d.category_count < d.categories.size();
       ++item) {
    const auto name = categories[words.category[item_of(event.topic, item)]];
    const auto end = d.categories.begin() + d.category_count;
    if (std::find(d.categories.begin(), end, name) == end)
      d.categories[d.category_count++] = name;
  }
}

} // namespace

std::string_view name_of(metric m) {
  return metric_names[static_cast<std::size_t>(m)];
}

event_details details_of(const event_row& event) {
  static const auto campaigns = numbered("CMP-", campaign_count);
  const auto& words = products();
  event_details d;
  switch (event.kind) {
  case metric::opened_email:
  case metric::clicked_email:
    d.client = mail_clients[event.detail];
    [[fallthrough]];
  case metric::received_email:
  case metric::received_sms:
  case metric::clicked_sms:
    d.campaign = campaigns[event.topic];
    break;
  case metric::active_on_site:
    d.client = browsers[event.detail];
    break;
  case metric::started_checkout:
  case metric::placed_order:
  case metric::fulfilled_order:
  case metric::refunded_order:
    d.brand = brands[words.brand[event.topic]];
    d.item_count = event.detail;
    add_categories(d, event);
    break;
  case metric::ordered_product:
    d.quantity = event.detail;
    d.brand = brands[words.brand[event.topic]];
    d.category = categories[words.category[event.topic]];
    break;
  case metric::submitted_review:
    d.stars = event.detail;
    [[fallthrough]];
  case metric::viewed_product:
  case metric::added_to_cart:
    d.brand = brands[words.brand[event.topic]];
    d.category = categories[words.category[event.topic]];
    break;
  case metric::count_of_metrics:
    assert(false);
  }
  return d;
}

void append_event_id(std::string& out, std::uint64_t number) {
  out += "evt-";
  append_digits(out, number, 10);
}

void append_external_id(std::string& out, std::uint32_t profile) {
  out += "cust-";
  append_digits(out, profile, 8);
}

void append_instant(std::string& out, std::int64_t seconds) {
  // Neighbouring calls mostly fall on the same day.
  thread_local std::int64_t known_day = -1;
  thread_local std::string date;
  const auto day = seconds / 86'400;
  if (day != known_day) {
    using namespace std::chrono;
    const year_month_day ymd{sys_days{days{day}}};
    date.clear();
    append_digits(date, static_cast<std::uint64_t>(static_cast<int>(ymd.year())), 4);
    date += '-';
    append_digits(date, static_cast<unsigned>(ymd.month()), 2);
    date += '-';
    append_digits(date, static_cast<unsigned>(ymd.day()), 2);
    date += 'T';
    known_day = day;
  }
  const auto rest = static_cast<std::uint32_t>(seconds % 86'400);
  out += date;
  append_digits(out, rest / 3600, 2);
  out += ':';
  append_digits(out, rest / 60 % 60, 2);
  out += ':';
  append_digits(out, rest % 60, 2);
  out += 'Z';
}

} // namespace bench
