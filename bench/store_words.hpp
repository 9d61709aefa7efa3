#pragma once

#include "bench/random.hpp"

#include <array>
#include <cstdint>
#include <string_view>

/// What the generated store sells and says, and the odds that go with it.
namespace bench {

inline constexpr std::uint32_t product_count = 2000;
inline constexpr std::uint32_t campaign_count = 480;
inline constexpr std::uint32_t order_items_max = 5;

inline constexpr std::array<std::string_view, 40> brands{
  "Northwind",  "Alder & Ash", "Bluecrest", "Copperfield", "Dunmore",  "Eastgate",    "Fernhill",
  "Galway",     "Harbour",     "Ironbark",  "Juniper",     "Kestrel",  "Larkspur",    "Moorland",
  "Nettle",     "Oakham",      "Pinecrest", "Quarry",      "Ravenna",  "Stonebridge", "Thistle",
  "Umber",      "Valley Co",   "Westerly",  "Xanthe",      "Yarrow",   "Zephyr",      "Amberley",
  "Birchwood",  "Cinder",      "Drift",     "Elmstead",    "Foxglove", "Gable",       "Heath",
  "Indigo Row", "Jasper",      "Kiln",      "Linden",      "Marlowe"};

inline constexpr std::array<std::string_view, 24> categories{
  "Jeans",   "Denim",      "Shirts",   "Dresses", "Shoes",   "Boots",   "Jackets",  "Knitwear",
  "Socks",   "Underwear",  "Bags",     "Belts",   "Hats",    "Scarves", "Gloves",   "Jewellery",
  "Watches", "Sportswear", "Swimwear", "Outdoor", "Kitchen", "Bedding", "Lighting", "Candles"};

inline constexpr std::array<std::string_view, 5> mail_clients{"Gmail", "Apple Mail", "Outlook",
                                                              "Yahoo", "Other"};
inline constexpr std::array<std::string_view, 5> browsers{"Chrome", "Safari", "Firefox", "Edge",
                                                          "Samsung Internet"};
inline constexpr std::array<std::string_view, 7> all_sizes{"M", "L", "S", "XL", "XS", "XXL", "38"};
inline constexpr std::array<std::string_view, 6> referrers{"search",    "social",  "friend",
                                                           "affiliate", "podcast", "print"};
inline constexpr std::array<std::string_view, 8> mail_domains{
  "mailbox.example", "postbox.example", "example.org", "webmail.example",
  "inbox.example",   "example.com",     "example.net", "letters.example"};

inline constexpr std::array<std::string_view, 48> first_names{
  "Ada",    "Ben",    "Carla",  "David",  "Emma",   "Felix", "Grace", "Henry",  "Ines",   "Jack",
  "Karen",  "Liam",   "Maria",  "Noah",   "Olga",   "Paul",  "Quinn", "Rosa",   "Sam",    "Tara",
  "Ursula", "Victor", "Wendy",  "Xavier", "Yara",   "Zoe",   "Aaron", "Bella",  "Chris",  "Diana",
  "Ethan",  "Fiona",  "George", "Helen",  "Ivan",   "Julia", "Kevin", "Laura",  "Miguel", "Nina",
  "Oscar",  "Priya",  "Robert", "Sofia",  "Thomas", "Uma",   "Vera",  "William"};

inline constexpr std::array<std::string_view, 48> last_names{
  "Smith",    "Jones",    "Brown",  "Garcia", "Miller",   "Davis",   "Lopez",   "Wilson",
  "Moore",    "Taylor",   "Thomas", "White",  "Harris",   "Martin",  "Clark",   "Lewis",
  "Walker",   "Hall",     "Young",  "King",   "Wright",   "Hill",    "Scott",   "Green",
  "Adams",    "Baker",    "Nelson", "Carter", "Mitchell", "Perez",   "Roberts", "Turner",
  "Phillips", "Campbell", "Parker", "Evans",  "Edwards",  "Collins", "Stewart", "Morris",
  "Rogers",   "Reed",     "Cook",   "Morgan", "Bell",     "Murphy",  "Bailey",  "Rivera"};

/// A product's brand (an index) and category (an index): a few brands make most of the goods.
constexpr std::uint32_t brand_of(std::uint32_t product) {
  return random_stream{11, product, 1}.low_below(brands.size());
}
constexpr std::uint32_t category_of(std::uint32_t product) {
  return random_stream{11, product, 2}.low_below(categories.size());
}
/// In cents, 4.99 to about 250.
constexpr std::uint32_t price_of(std::uint32_t product) {
  auto dice = random_stream{11, product, 3};
  return 499 + 100 * dice.low_below(1 + dice.below(245));
}
/// The item number `item` of an order led by `product`, and how many of it.
constexpr std::uint32_t item_of(std::uint32_t product, std::uint32_t item) {
  return item == 0 ? product : (product * 7 + item * 131) % product_count;
}
constexpr std::uint32_t quantity_of(std::uint32_t product, std::uint32_t item) {
  auto dice = random_stream{11, product * 8ULL + item, 4};
  return 1 + (dice.chance(150) ? 1 + dice.low_below(3) : 0);
}

} // namespace bench
