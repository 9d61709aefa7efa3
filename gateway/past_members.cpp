#include "gateway/past_members.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace gateway {

namespace {

using model::failure;
using model::failure_code;

constexpr std::size_t flips_at_once = 50'000;

/// Goes through the flips of a feed in order.
class replay {
public:
  explicit replay(model::instant at) : at_(at) {
  }

  model::status take(const rollcall::flip_record& flip) {
    if (++flips_ > replayed_flips_max)
      return failure{failure_code::conflict,
                     fmt::format("the feed of segment \"{}\" has more than {} flips, too many to "
                                 "go through",
                                 flip.segment, replayed_flips_max)};
    if (sequences_.size() <= flip.partition)
      sequences_.resize(flip.partition + 1);
    if (flip.sequence != ++sequences_[flip.partition])
      return failure{failure_code::conflict,
                     fmt::format("the feed of segment \"{}\" does not go back to its first flip, "
                                 "so nobody can tell who was a member then",
                                 flip.segment)};
    if (flip.at > at_)
      return model::nothing{};
    const auto key = std::uint64_t{flip.place.partition} << 32 | flip.place.number;
    if (flip.joined)
      joined_[key] = flip.at;
    else
      joined_.erase(key);
    return model::nothing{};
  }

  [[nodiscard]] std::vector<past_member> members() const {
    std::vector<past_member> all;
    all.reserve(joined_.size());
    for (const auto& [key, at] : joined_)
      all.push_back({{static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key)}, at});
    std::ranges::sort(all, {}, &past_member::place);
    return all;
  }

private:
  model::instant at_;
  std::uint64_t flips_ = 0;
  std::vector<std::uint64_t> sequences_;                            // Passed, by partition.
  boost::unordered_flat_map<std::uint64_t, model::instant> joined_; // By place.
};

} // namespace

model::outcome<std::vector<past_member>> members_at(rollcall::engine& engine,
                                                    std::string_view segment, model::instant at) {
  replay all{at};
  for (std::string cursor;;) {
    auto page = engine.feed(segment, cursor, flips_at_once);
    if (!page)
      return page.error();
    for (const auto& flip : page->flips)
      if (auto taken = all.take(flip); !taken)
        return taken.error();
    if (page->flips.empty())
      return all.members();
    cursor = std::move(page->cursor);
  }
}

} // namespace gateway
