#include "actors/partition_state.hpp"
#include "metrics/growth.hpp"

#include <algorithm>
#include <charconv>

/// What a partition adds up for reports.
namespace actors {

namespace {

constexpr std::size_t feed_page = 100'000;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

template <class Visit>
void each_flip(const feed& from, std::uint64_t segment, const Visit& visit) {
  for (std::uint64_t after = 0;;) {
    const auto page = from.read(segment, after, feed_page);
    for (const auto& f : page)
      visit(f);
    if (page.size() < feed_page)
      return;
    after = page.back().sequence;
  }
}

} // namespace

std::uint64_t partition_state::begin_survey(const metrics::fold_order& order) {
  reports_.try_emplace(++last_report_, metrics::survey::make(order, names_), *store_);
  return last_report_;
}

std::uint64_t partition_state::begin_fold(const metrics::fold_order& order,
                                          std::vector<metrics::fold_object> objects) {
  ++last_report_;
  if (order.kind == metrics::datasource_kind::segments) {
    // Counted at once: the feeds are all there is to read.
    metrics::growth counts{order};
    for (std::size_t s = 0; s < order.segments.size(); ++s) {
      const auto segment = order.segments[s].number;
      counts.begin(s, count(segment));
      each_flip(feed_, segment,
                [&](const model::flip& f) { counts.add(model::to_ms(f.at), f.joined); });
    }
    grown_.push_back({last_report_, {}, counts.result()});
    return last_report_;
  }
  auto members = std::make_unique<membership_snapshot>();
  for (const auto& g : order.groupings) {
    if (g.source != metrics::group_source::membership)
      continue;
    const auto segment = number_in(g.key);
    std::vector<model::flip> flips;
    if (g.moment != metrics::membership_moment::now)
      each_flip(feed_, segment, [&](const model::flip& f) { flips.push_back(f); });
    members->add(g.key, members_.members(segment), flips);
  }
  auto fold = metrics::fold::make(order, std::move(objects), names_, members.get());
  reports_.try_emplace(last_report_, std::move(fold), std::move(members), *store_);
  return last_report_;
}

partition::report_result partition_state::report_slice(std::chrono::microseconds budget) {
  report_result result;
  result.found = std::exchange(grown_, {});
  const auto end = std::chrono::steady_clock::now() + budget;
  for (auto r = reports_.begin(); r != reports_.end();) {
    auto& scan = r->second;
    if (!scan.go_on(*store_, end))
      break;
    auto& found = result.found.emplace_back();
    found.report = r->first;
    if (scan.survey() != nullptr)
      found.surveyed = scan.survey()->result();
    else
      found.added_up = scan.fold()->result();
    r = reports_.erase(r);
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  for (auto& found : result.found)
    found.position = log_->last();
  result.done = reports_.empty();
  return result;
}

} // namespace actors
