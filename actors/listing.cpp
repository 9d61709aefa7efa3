#include "actors/listing.hpp"

#include <xxhash.h>

#include <tuple>

namespace actors {

namespace {

auto tie(profile_place p) {
  return std::tuple{p.partition, p.profile};
}

} // namespace

bool comes_before(const profile_line& a, const profile_line& b, const profile_question& order) {
  if (order.order == profile_order::place)
    return order.is_descending ? tie(b.place) < tie(a.place) : tie(a.place) < tie(b.place);
  if (a.is_without != b.is_without)
    return b.is_without;
  if (!a.is_without) {
    const auto difference = order.order == profile_order::text ? a.text.compare(b.text)
                          : a.at == b.at                       ? 0
                          : a.at < b.at                        ? -1
                                                               : 1;
    if (difference != 0)
      return (difference < 0) != order.is_descending;
  }
  return tie(a.place) < tie(b.place);
}

bool comes_before(const event_key& a, const event_key& b) {
  return std::tuple{a.time, tie(a.place), a.metric, a.id_hash}
       < std::tuple{b.time, tie(b.place), b.metric, b.id_hash};
}

std::uint64_t hash_of_unique_id(std::string_view unique_id) {
  return XXH3_64bits(unique_id.data(), unique_id.size());
}

} // namespace actors
