#include "node/demo_store.hpp"

#include "model/instant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace node {

enum class demo_events::metric : std::uint8_t {
  active_on_site,
  viewed_product,
  added_to_cart,
  started_checkout,
  placed_order,
  ordered_product,
  fulfilled_order,
  submitted_review,
  received_email,
  opened_email,
  clicked_email,
  received_sms,
  clicked_sms,
};

namespace {

/// The shop opened on 2024-01-01T00:00:00Z.
constexpr std::int64_t opening = 1'704'067'200;
constexpr std::int64_t day = 86'400;
constexpr double span = static_cast<double>(demo_now - opening);

/// Mean events of a session; found by counting, so that the history ends near demo_now.
constexpr double events_per_session = 3.2255;

constexpr std::array<std::string_view, 13> metric_names{
  "Active on Site",  "Viewed Product",  "Added to Cart",    "Started Checkout", "Placed Order",
  "Ordered Product", "Fulfilled Order", "Submitted Review", "Received Email",   "Opened Email",
  "Clicked Email",   "Received SMS",    "Clicked SMS"};

struct product {
  std::string_view name;
  std::string_view brand;
  std::string_view category;
  std::uint32_t cents;
};

constexpr std::array<product, 20> products{{
  {"Straight Jeans", "Northwind", "Jeans", 7900},
  {"Tapered Jeans", "Northwind", "Jeans", 8900},
  {"Raw Denim Jeans", "Harbor & Pine", "Jeans", 14900},
  {"Linen Shirt", "Harbor & Pine", "Shirts", 5900},
  {"Oxford Shirt", "Northwind", "Shirts", 4900},
  {"Flannel Shirt", "Tallgrass", "Shirts", 5400},
  {"Merino Sweater", "Tallgrass", "Knitwear", 9900},
  {"Cable Cardigan", "Tallgrass", "Knitwear", 11900},
  {"Rain Jacket", "Skerry", "Outerwear", 15900},
  {"Down Parka", "Skerry", "Outerwear", 24900},
  {"Waxed Jacket", "Harbor & Pine", "Outerwear", 21900},
  {"Trail Runner", "Skerry", "Shoes", 12900},
  {"Canvas Sneaker", "Plain Goods", "Shoes", 6900},
  {"Leather Boot", "Harbor & Pine", "Shoes", 18900},
  {"Wool Sock 3-Pack", "Plain Goods", "Basics", 2400},
  {"Cotton Tee", "Plain Goods", "Basics", 1900},
  {"Cotton Tee 3-Pack", "Plain Goods", "Basics", 4900},
  {"Canvas Tote", "Plain Goods", "Bags", 2900},
  {"Weekender", "Skerry", "Bags", 13900},
  {"Leather Belt", "Tallgrass", "Basics", 3900},
}};

struct place {
  std::string_view city;
  std::string_view region;
  std::string_view zip;
  std::string_view country;
  std::string_view zone;
};

constexpr std::array<place, 28> places{{
  {"Boston", "MA", "02110", "United States", "America/New_York"},
  {"Cambridge", "MA", "02139", "United States", "America/New_York"},
  {"Brookline", "MA", "02446", "United States", "America/New_York"},
  {"Andover", "MA", "01810", "United States", "America/New_York"},
  {"New York", "NY", "10001", "United States", "America/New_York"},
  {"Brooklyn", "NY", "11201", "United States", "America/New_York"},
  {"Philadelphia", "PA", "19103", "United States", "America/New_York"},
  {"Washington", "DC", "20001", "United States", "America/New_York"},
  {"Atlanta", "GA", "30303", "United States", "America/New_York"},
  {"Miami", "FL", "33130", "United States", "America/New_York"},
  {"Nashville", "TN", "37203", "United States", "America/Chicago"},
  {"Minneapolis", "MN", "55401", "United States", "America/Chicago"},
  {"Chicago", "IL", "60614", "United States", "America/Chicago"},
  {"Dallas", "TX", "75201", "United States", "America/Chicago"},
  {"Austin", "TX", "78701", "United States", "America/Chicago"},
  {"Denver", "CO", "80202", "United States", "America/Denver"},
  {"Phoenix", "AZ", "85003", "United States", "America/Phoenix"},
  {"Los Angeles", "CA", "90012", "United States", "America/Los_Angeles"},
  {"San Diego", "CA", "92101", "United States", "America/Los_Angeles"},
  {"San Francisco", "CA", "94103", "United States", "America/Los_Angeles"},
  {"Portland", "OR", "97201", "United States", "America/Los_Angeles"},
  {"Seattle", "WA", "98101", "United States", "America/Los_Angeles"},
  {"Toronto", "ON", "M5H", "Canada", "America/Toronto"},
  {"London", "England", "EC1A", "United Kingdom", "Europe/London"},
  {"Berlin", "Berlin", "10115", "Germany", "Europe/Berlin"},
  {"Lisbon", "Lisboa", "1100", "Portugal", "Europe/Lisbon"},
  {"Madrid", "Madrid", "28001", "Spain", "Europe/Madrid"},
  {"Paris", "Ile-de-France", "75001", "France", "Europe/Paris"},
}};

constexpr std::array<std::string_view, 24> first_names{
  "Ada",   "Ben",   "Clara", "David", "Elena", "Felix", "Grace", "Hugo",
  "Iris",  "Jonas", "Kira",  "Leo",   "Maya",  "Nils",  "Olga",  "Paul",
  "Quinn", "Rosa",  "Sam",   "Tara",  "Umar",  "Vera",  "Wes",   "Zoe"};
constexpr std::array<std::string_view, 24> last_names{
  "Abbott", "Baker",  "Cohen", "Diaz",   "Evans",  "Fischer", "Garcia", "Hughes",
  "Ivanov", "Jensen", "Khan",  "Lopez",  "Moreau", "Nguyen",  "Olsen",  "Patel",
  "Quist",  "Rossi",  "Silva", "Tanaka", "Ueda",   "Vega",    "Walsh",  "Young"};
constexpr std::array<std::string_view, 5> sizes{"XS", "S", "M", "L", "XL"};
constexpr std::array<std::string_view, 3> browsers{"Chrome", "Safari", "Firefox"};

std::string when(std::int64_t seconds) {
  return model::format_instant(model::from_ms(seconds * 1000));
}

/// Customers come evenly over the years: who has number p of n arrived when this share of the span
/// had passed.
std::int64_t arrival_of(std::uint32_t number, std::uint32_t profiles) {
  return opening + static_cast<std::int64_t>(span * number / profiles);
}

} // namespace

bool demo_profiles::append_next(std::string& lines) {
  if (next_ >= size_.profiles)
    return false;
  const auto number = next_++;
  const auto below = [&](std::uint64_t bound) { return random_() % bound; };
  const auto created = arrival_of(number, size_.profiles);
  const auto first = first_names[below(first_names.size())];
  const auto last = last_names[below(last_names.size())];
  const auto& home = places[below(10) < 8 ? below(22) : below(places.size())];
  auto out = std::back_inserter(lines);
  fmt::format_to(
    out,
    R"({{"external_id":"cust-{:06}","email":"{}.{}.{}@example.org","first_name":"{}","last_name":"{}")",
    number, char(first[0] | 0x20), last, number, first, last);
  if (below(10) < 6)
    fmt::format_to(out, R"(,"phone_number":"{}{:07}")",
                   home.country == "United States" ? "+1617" : "+4930", number);
  fmt::format_to(
    out,
    R"(,"created":"{}","location":{{"city":"{}","region":"{}","zip":"{}","country":"{}","timezone":"{}"}})",
    when(created), home.city, home.region, home.zip, home.country, home.zone);

  fmt::format_to(out,
                 R"(,"properties":{{"loyalty_points":{},"is_wholesale":{},"favorite_brand":"{}")",
                 below(1000) * below(4), below(50) == 0, products[below(products.size())].brand);
  if (below(10) < 7)
    fmt::format_to(out, R"(,"birthday":"{}-{:02}-{:02}")", 1950 + below(56), 1 + below(12),
                   1 + below(28));
  if (const auto at = below(sizes.size()); below(2) == 0)
    fmt::format_to(out, R"(,"sizes":["{}","{}"])", sizes[at], sizes[(at + 1) % sizes.size()]);
  lines.push_back('}');

  const auto consented = created + static_cast<std::int64_t>(below(day));
  const auto email = below(100);
  fmt::format_to(
    out,
    R"(,"subscriptions":{{"email":{{"marketing":{{"consent":"{}","consent_timestamp":"{}","method":"{}"}}}})",
    email < 70   ? "SUBSCRIBED"
    : email < 78 ? "UNSUBSCRIBED"
                 : "NEVER_SUBSCRIBED",
    when(consented), below(2) == 0 ? "FORM" : "CHECKOUT");
  if (below(100) < 35)
    fmt::format_to(
      out,
      R"(,"sms":{{"marketing":{{"consent":"{}","consent_timestamp":"{}","method":"CHECKOUT"}}}})",
      below(10) < 9 ? "SUBSCRIBED" : "UNSUBSCRIBED", when(consented));
  lines.push_back('}');

  if (below(100) < 45) {
    const auto next_order = demo_now / day * day
                          + (static_cast<std::int64_t>(below(120)) - 20) * day;
    fmt::format_to(
      out,
      R"(,"predictive_analytics":{{"historic_clv":{:.2f},"predicted_clv":{:.2f},"churn_probability":{:.3f},)"
      R"("expected_date_of_next_order":"{}","ranked_channel_affinity":["{}","{}"]}})",
      static_cast<double>(below(90000)) / 100, static_cast<double>(below(40000)) / 100,
      static_cast<double>(below(1000)) / 1000, when(next_order).substr(0, 10),
      below(3) == 0 ? "sms" : "email", "push");
  }
  if (below(100) < 8)
    fmt::format_to(
      out, R"(,"lists":[{{"id":"VIP","joined_at":"{}"}}])",
      when(created
           + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(demo_now - created) + 1))));
  lines.append("}\n");
  return true;
}

demo_events::demo_events(const demo_size& size)
  : size_(size), random_(size.seed + 1),
    sessions_(std::max(1.0, static_cast<double>(size.events) / events_per_session)) {
  next_session_at_ = opening;
}

double demo_events::position_of(std::int64_t time) const {
  return static_cast<double>(time - opening) / span;
}

std::uint32_t demo_events::someone(std::int64_t time) {
  const auto arrived = std::max<std::uint64_t>(
    std::min<std::uint64_t>(50, size_.profiles),
    static_cast<std::uint64_t>(position_of(time) * size_.profiles));
  // One visitor in four is a regular, one of twenty customers; the others came lately rather than
  // long ago.
  if (chance(25))
    return static_cast<std::uint32_t>(below(arrived / 20 + 1) * 20 % arrived);
  const auto u = static_cast<double>(below(1 << 20)) / (1 << 20);
  return static_cast<std::uint32_t>(
    arrived - 1 - static_cast<std::uint64_t>(static_cast<double>(arrived) * u * u));
}

void demo_events::plan(event e) {
  e.order = planned_count_++;
  planned_.push(e);
}

void demo_events::plan_message(std::int64_t time, std::uint32_t profile) {
  const auto campaign = static_cast<std::uint16_t>((time - opening) / (7 * day));
  const auto seconds = [&](std::uint64_t hours) {
    return static_cast<std::int64_t>(60 + below(hours * 3600));
  };
  if (chance(10)) {
    plan({.time = time, .profile = profile, .kind = metric::received_sms, .topic = campaign});
    if (chance(12))
      plan({.time = time + seconds(2),
            .profile = profile,
            .kind = metric::clicked_sms,
            .topic = campaign});
    return;
  }
  plan({.time = time, .profile = profile, .kind = metric::received_email, .topic = campaign});
  if (!chance(38))
    return;
  const auto opened = time + seconds(20);
  plan({.time = opened, .profile = profile, .kind = metric::opened_email, .topic = campaign});
  if (!chance(25))
    return;
  plan({.time = opened + 15, .profile = profile, .kind = metric::clicked_email, .topic = campaign});
  plan_visit(opened + 20, profile);
}

void demo_events::plan_visit(std::int64_t time, std::uint32_t profile) {
  plan({.time = time,
        .profile = profile,
        .kind = metric::active_on_site,
        .topic = static_cast<std::uint16_t>(below(8))});
  std::uint16_t seen = 0;
  for (auto views = 1 + below(4); views > 0; --views) {
    time += 20 + static_cast<std::int64_t>(below(180));
    seen = static_cast<std::uint16_t>(std::min(below(products.size()), below(products.size())));
    plan({.time = time,
          .profile = profile,
          .kind = metric::viewed_product,
          .topic = seen,
          .cents = products[seen].cents});
  }
  if (!chance(30))
    return;
  time += 30;
  plan({.time = time,
        .profile = profile,
        .kind = metric::added_to_cart,
        .topic = seen,
        .cents = products[seen].cents});
  if (!chance(60))
    return;
  time += 60;
  const auto quantity = static_cast<std::uint8_t>(1 + below(3));
  const auto cents = products[seen].cents * quantity;
  plan({.time = time,
        .profile = profile,
        .kind = metric::started_checkout,
        .quantity = quantity,
        .topic = seen,
        .cents = cents});
  if (!chance(70))
    return;
  time += 90 + static_cast<std::int64_t>(below(300));
  const auto order = ++orders_;
  for (const auto kind : {metric::placed_order, metric::ordered_product})
    plan({.time = time,
          .profile = profile,
          .kind = kind,
          .quantity = quantity,
          .topic = seen,
          .cents = cents,
          .order_number = order});
  time += day + static_cast<std::int64_t>(below(3 * day));
  plan({.time = time,
        .profile = profile,
        .kind = metric::fulfilled_order,
        .quantity = quantity,
        .topic = seen,
        .order_number = order});
  if (chance(20))
    plan({.time = time + 2 * day,
          .profile = profile,
          .kind = metric::submitted_review,
          .quantity = static_cast<std::uint8_t>(5 - std::min(below(5), below(5))),
          .topic = seen,
          .order_number = order});
}

void demo_events::plan_session() {
  const auto time = next_session_at_;
  const auto profile = someone(time);
  if (chance(45))
    plan_message(time, profile);
  else
    plan_visit(time, profile);
  // The shop grows: sessions follow each other three times as fast in the end as in the beginning.
  // Later the pace stays.
  session_ += 1;
  const auto x = session_ / sessions_;
  const auto share = x < 1 ? x * (1.5 - 0.5 * x) : 1 + 0.5 * (x - 1);
  next_session_at_ = opening + static_cast<std::int64_t>(span * share);
}

std::int64_t demo_events::append_next(std::string& lines) {
  while (planned_.empty() || planned_.top().time >= next_session_at_)
    plan_session();
  const auto next = planned_.top();
  planned_.pop();
  append(lines, next);
  ++written_;
  return next.time;
}

void demo_events::append(std::string& lines, const event& e) {
  auto out = std::back_inserter(lines);
  fmt::format_to(
    out,
    R"({{"metric":"{}","unique_id":"evt-{:08}","profile":{{"external_id":"cust-{:06}"}},"time":"{}")",
    metric_names[static_cast<std::size_t>(e.kind)], e.order, e.profile, when(e.time));
  if (e.cents > 0)
    fmt::format_to(out, R"(,"value":{}.{:02},"value_currency":"USD")", e.cents / 100,
                   e.cents % 100);
  const auto& thing = products[e.topic % products.size()];
  switch (e.kind) {
  case metric::active_on_site:
    fmt::format_to(out, R"(,"properties":{{"Browser":"{}"}}}})",
                   browsers[e.topic % browsers.size()]);
    break;
  case metric::received_email:
  case metric::opened_email:
  case metric::clicked_email:
  case metric::received_sms:
  case metric::clicked_sms:
    fmt::format_to(out, R"(,"properties":{{"campaign_id":"campaign-{:03}"}}}})", e.topic);
    break;
  case metric::viewed_product:
  case metric::added_to_cart:
    fmt::format_to(out, R"(,"properties":{{"Product":"{}","Brand":"{}","Category":"{}"}}}})",
                   thing.name, thing.brand, thing.category);
    break;
  case metric::started_checkout:
  case metric::ordered_product:
    fmt::format_to(
      out, R"(,"properties":{{"Product":"{}","Brand":"{}","Categories":["{}"],"Item Count":{}}}}})",
      thing.name, thing.brand, thing.category, e.quantity);
    break;
  case metric::placed_order:
    fmt::format_to(
      out,
      R"(,"properties":{{"OrderId":"order-{:06}","Brand":"{}","Categories":["{}"],"Item Count":{}}}}})",
      e.order_number, thing.brand, thing.category, e.quantity);
    break;
  case metric::fulfilled_order:
    fmt::format_to(out, R"(,"properties":{{"OrderId":"order-{:06}"}}}})", e.order_number);
    break;
  case metric::submitted_review:
    fmt::format_to(out, R"(,"properties":{{"OrderId":"order-{:06}","Product":"{}","Stars":{}}}}})",
                   e.order_number, thing.name, e.quantity);
    break;
  }
  lines.push_back('\n');
}

} // namespace node
