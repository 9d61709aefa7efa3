#include "actors/feed.hpp"

#include <algorithm>

namespace actors {

using storage::feed_key;

namespace {

// Runs stay small enough that a page of a feed does not read a whole history.
constexpr std::size_t run_flips_max = 4096;
constexpr std::uint32_t reason_mask = 0x7fffffff;

/// Calls back for each flip of a run from sequence `first` on; stops when `each` says false.
template <class Each>
bool walk(const flip_run& run, std::uint64_t segment, std::uint64_t first, const Each& each) {
  if (!run.everybody) {
    for (auto f : run.list) {
      f.segment = segment;
      f.sequence = first++;
      if (!each(f))
        return false;
    }
    return true;
  }
  const auto& crowd = *run.everybody;
  model::flip f{segment, 0, 0, true, crowd.cause, crowd.at, crowd.detail};
  for (const bool joined : {true, false}) {
    f.joined = joined;
    for (const auto profile : joined ? crowd.joined : crowd.left) {
      f.profile = profile;
      f.sequence = first++;
      if (!each(f))
        return false;
    }
  }
  return true;
}

} // namespace

model::status feed::load(const storage::transaction& from, std::uint64_t segment) {
  const auto last = from.last_in(feed_key{segment, 0}, feed_key{segment + 1, 0});
  if (!last)
    return from.health();
  const auto run = decode_flip_run(last->value);
  if (!run)
    return model::failure{model::failure_code::storage_broken,
                          "a run of a segment's feed is broken"};
  auto& t = tails_[segment];
  t.stored = t.written = last->as<feed_key>().first_sequence + run->size() - 1;
  return from.health();
}

void feed::append(model::flip& f) {
  auto& t = tails_[f.segment];
  f.sequence = t.stored + t.flips.size() + 1;
  if (reasons_.empty() || reasons_.back().at != f.at || reasons_.back().cause != f.cause
      || reasons_.back().detail != f.detail)
    reasons_.push_back({f.cause, f.at, f.detail});
  t.flips.push_back(
    {f.profile, static_cast<std::uint32_t>(reasons_.size() - 1) & reason_mask, f.joined ? 1U : 0U});
  ++tail_size_;
}

model::flip feed::flip_of(std::uint64_t segment, const tail& t, std::size_t at) const {
  const auto& k = t.flips[at];
  const auto& why = reasons_[k.reason];
  return {segment, t.stored + at + 1, k.profile, k.joined != 0, why.cause, why.at, why.detail};
}

void feed::store(storage::write_transaction& to) {
  for (auto& [segment, t] : tails_) {
    for (std::size_t at = 0; at < t.flips.size(); at += run_flips_max) {
      flip_run run;
      const auto end = std::min(at + run_flips_max, t.flips.size());
      run.list.reserve(end - at);
      for (auto i = at; i < end; ++i)
        run.list.push_back(flip_of(segment, t, i));
      to.put(feed_key{segment, t.stored + at + 1}, encode(run));
    }
    t.written = t.stored + t.flips.size();
  }
}

void feed::store(storage::write_transaction& to, std::uint64_t segment, const flip_run& run) {
  if (run.size() == 0)
    return;
  auto& t = tails_[segment];
  to.put(feed_key{segment, t.written + 1}, encode(run));
  t.written += run.size();
}

void feed::stored() {
  for (auto& [segment, t] : tails_) {
    t.stored = t.written;
    t.flips.clear();
  }
  reasons_.clear();
  tail_size_ = 0;
}

void feed::erase(storage::write_transaction& to, std::uint64_t segment) {
  to.erase_range(feed_key{segment, 0}, feed_key{segment + 1, 0});
}

void feed::erased(std::uint64_t segment) {
  if (const auto found = tails_.find(segment); found != tails_.end()) {
    tail_size_ -= found->second.flips.size();
    tails_.erase(found);
  }
}

std::uint64_t feed::last_sequence(std::uint64_t segment) const {
  const auto found = tails_.find(segment);
  return found == tails_.end() ? 0 : found->second.stored + found->second.flips.size();
}

std::vector<model::flip> feed::read(std::uint64_t segment, std::uint64_t after,
                                    std::size_t limit) const {
  std::vector<model::flip> found;
  const auto tail_at = tails_.find(segment);
  if (tail_at == tails_.end() || limit == 0)
    return found;
  const auto& t = tail_at->second;
  if (after < t.stored) {
    auto snapshot = where_.read();
    if (!snapshot)
      return found;
    const auto start = snapshot->last_in(feed_key{segment, 0}, feed_key{segment, after + 2});
    auto runs = snapshot->range(feed_key{segment, start ? start->as<feed_key>().first_sequence : 0},
                                feed_key{segment + 1, 0});
    while (const auto e = runs.next()) {
      const auto run = decode_flip_run(e->value);
      const bool more = run
                     && walk(*run, segment, e->as<feed_key>().first_sequence,
                             [&](const model::flip& f) {
                               if (f.sequence > after)
                                 found.push_back(f);
                               return found.size() < limit;
                             });
      if (!more)
        break;
    }
  }
  auto at = after > t.stored ? after - t.stored : 0;
  for (; at < t.flips.size() && found.size() < limit; ++at)
    found.push_back(flip_of(segment, t, at));
  return found;
}

std::vector<model::instant> feed::joined_at(std::uint64_t segment,
                                            const std::vector<std::uint32_t>& profiles) const {
  std::vector<model::instant> joined(profiles.size());
  if (profiles.empty())
    return joined;
  const auto note = [&](std::uint32_t profile, model::instant at) {
    if (profile < profiles.front() || profile > profiles.back())
      return;
    const auto found = std::ranges::lower_bound(profiles, profile);
    if (found != profiles.end() && *found == profile)
      joined[static_cast<std::size_t>(found - profiles.begin())] = at;
  };
  if (auto snapshot = where_.read()) {
    auto runs = snapshot->range(feed_key{segment, 0}, feed_key{segment + 1, 0});
    while (const auto e = runs.next()) {
      if (each_joining(e->value, note))
        continue;
      const auto run = decode_flip_run(e->value);
      if (!run || !run->everybody)
        break;
      for (std::size_t i = 0; i < profiles.size(); ++i)
        if (run->everybody->joined.contains(profiles[i]))
          joined[i] = run->everybody->at;
    }
  }
  if (const auto found = tails_.find(segment); found != tails_.end())
    for (const auto& k : found->second.flips)
      if (k.joined != 0)
        note(k.profile, reasons_[k.reason].at);
  return joined;
}

} // namespace actors
