#include "actors/event_listing.hpp"
#include "actors/partition_state.hpp"
#include "actors/profile_listing.hpp"
#include "actors/property_sampling.hpp"

#include <algorithm>
#include <utility>

/// Pieces of everybody that a partition finds.
namespace actors {

namespace {

constexpr std::chrono::microseconds turn{1'000}; // Of one listing, while others wait.

} // namespace

std::uint64_t partition_state::begin_listing(listing_question asked) {
  const auto number = ++last_listing_;
  if (auto* profiles = std::get_if<profile_question>(&asked)) {
    listings_.push_back({number, std::make_unique<profile_listing>(
                                   std::move(*profiles), options_.index, *store_, names_)});
  } else if (auto* events = std::get_if<event_question>(&asked)) {
    const bool is_of_one = events->profile.has_value();
    auto listing = std::make_unique<event_listing>(std::move(*events), options_.index, *store_,
                                                   names_);
    if (is_of_one) {
      listing->read_one(*store_);
      told_listings_.push_back({number, listing->answer(*store_)});
    } else {
      listings_.push_back({number, std::move(listing)});
    }
  } else {
    listings_.push_back({number, std::make_unique<property_sampling>(
                                   std::get<property_question>(asked), *store_, names_)});
  }
  return number;
}

partition::listing_result partition_state::listing_slice(std::chrono::microseconds budget) {
  listing_result result;
  result.found = std::exchange(told_listings_, {});
  const auto end = std::chrono::steady_clock::now() + budget;
  while (!listings_.empty()) {
    auto running = std::move(listings_.front());
    listings_.pop_front();
    if (running.scan->go_on(*store_, std::min(end, std::chrono::steady_clock::now() + turn)))
      result.found.push_back({running.number, running.scan->answer(*store_)});
    else
      listings_.push_back(std::move(running));
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  result.done = listings_.empty();
  return result;
}

std::optional<event_content> partition_state::event(const event_key& key) const {
  return read_event(*store_, names_, key);
}

} // namespace actors
