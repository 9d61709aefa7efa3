#include "bench/persona.hpp"

#include "bench/generated_store.hpp"
#include "bench/store_words.hpp"

#include <iterator>

namespace bench {

namespace {

/// How many events people leave: (per mille of people, at most so many). Half leave seven or fewer,
/// one in a hundred leaves hundreds; 20 on average.
struct knot {
  std::uint32_t per_mille;
  std::uint32_t events;
};
constexpr knot activity[] = {{0, 0},     {60, 1},    {200, 2},   {350, 3},  {500, 7},
                             {650, 12},  {800, 21},  {900, 39},  {960, 80}, {985, 155},
                             {996, 290}, {999, 540}, {1000, 880}};

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

} // namespace

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

} // namespace bench
