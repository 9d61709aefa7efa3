#include "library/engine_parts.hpp"

#include <algorithm>
#include <utility>

namespace rollcall {

namespace {

using model::failure;
using model::outcome;

/// A message has no more profiles than this, so that changes need not wait long behind it.
constexpr std::size_t profiles_at_once = 500;

/// Which of the places that were asked about lie in one partition, and what they are called there.
struct partition_share {
  std::vector<std::size_t> asked_at;
  std::vector<std::uint32_t> numbers;
};

std::vector<partition_share> by_partition(std::span<const profile_place> places,
                                          std::size_t partitions) {
  std::vector<partition_share> shares(partitions);
  for (std::size_t i = 0; i < places.size(); ++i)
    if (places[i].partition < partitions) {
      shares[places[i].partition].asked_at.push_back(i);
      shares[places[i].partition].numbers.push_back(places[i].number);
    }
  return shares;
}

} // namespace

outcome<profile_place> engine::find_profile(std::string_view identifier) {
  return guarded([&]() -> outcome<profile_place> {
    const auto found = parts_->ask<actors::found_person>(
      parts_->account, actors::find_person{std::string{identifier}}, "find a profile");
    if (!found)
      return found.error();
    return profile_place{found->place.partition, found->place.profile};
  });
}

outcome<std::vector<std::optional<std::string>>>
engine::profiles(std::span<const profile_place> places) {
  return guarded([&]() -> outcome<std::vector<std::optional<std::string>>> {
    std::vector<std::optional<std::string>> all(places.size());
    const auto shares = by_partition(places, parts_->profiles.size());
    std::size_t most = 0;
    for (const auto& share : shares)
      most = std::max(most, share.numbers.size());
    for (std::size_t first = 0; first < most; first += profiles_at_once) {
      const auto piece_of = [&](std::size_t p) -> std::optional<actors::show_profiles> {
        const auto& numbers = shares[p].numbers;
        if (first >= numbers.size())
          return std::nullopt;
        const auto from = numbers.begin() + static_cast<std::ptrdiff_t>(first);
        const auto count = std::min(profiles_at_once, numbers.size() - first);
        return actors::show_profiles{{from, from + static_cast<std::ptrdiff_t>(count)}};
      };
      auto told = parts_->ask_some<actors::profile_texts>(piece_of, "show profiles");
      if (!told)
        return told.error();
      for (std::size_t p = 0; p < told->size(); ++p)
        for (std::size_t i = 0; i < (*told)[p].texts.size(); ++i)
          all[shares[p].asked_at[first + i]] = std::move((*told)[p].texts[i]);
    }
    return all;
  });
}

} // namespace rollcall
