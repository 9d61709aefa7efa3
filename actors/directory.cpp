#include "actors/directory.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>

namespace actors {

actor_record::actor_record(std::uint64_t id, std::uint64_t parent) : id_(id), parent_(parent) {
}

void actor_record::message_begins(const std::type_info* type, clock::time_point now) {
  running_since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  const auto depth = arrived_.load(std::memory_order_relaxed)
                   - handled_.load(std::memory_order_relaxed);
  if (depth > depth_max_.load(std::memory_order_relaxed))
    depth_max_.store(depth, std::memory_order_relaxed);
  const auto start = type ? reinterpret_cast<std::uintptr_t>(type) >> 4 : 0;
  for (std::size_t i = 0; type && i < types_max; ++i) {
    auto& slot = types_[(start + i) % types_max];
    const auto* known = slot.type.load(std::memory_order_relaxed);
    if (!known)
      slot.type.store(type, std::memory_order_relaxed);
    else if (known != type)
      continue;
    slot.count.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  other_types_.fetch_add(1, std::memory_order_relaxed);
}

void actor_record::message_ends(clock::time_point now, bool was_handled) {
  const clock::time_point began{clock::duration{running_since_.load(std::memory_order_relaxed)}};
  busy_ns_.fetch_add(std::chrono::nanoseconds{now - began}.count(), std::memory_order_relaxed);
  running_since_.store(0, std::memory_order_relaxed);
  if (was_handled)
    handled_.fetch_add(1, std::memory_order_relaxed);
}

void actor_record::call_it(std::string kind, std::string name) {
  const std::lock_guard lock{texts_};
  kind_ = std::move(kind);
  name_ = std::move(name);
}

void actor_record::note_error(std::string text) {
  const std::lock_guard lock{texts_};
  last_error_ = std::move(text);
}

actor_record::reading actor_record::read() const {
  reading r;
  r.id = id_;
  r.parent = parent_;
  r.alive = alive_.load(std::memory_order_relaxed);
  r.arrived = arrived_.load(std::memory_order_relaxed);
  const auto handled = handled_.load(std::memory_order_relaxed);
  r.depth = r.alive && r.arrived > handled ? r.arrived - handled : 0;
  r.depth_max = std::max(depth_max_.load(std::memory_order_relaxed), r.depth);
  for (const auto& slot : types_)
    if (const auto* type = slot.type.load(std::memory_order_relaxed))
      r.by_type.emplace_back(readable_type(*type), slot.count.load(std::memory_order_relaxed));
  if (const auto other = other_types_.load(std::memory_order_relaxed))
    r.by_type.emplace_back("other", other);
  std::stable_sort(r.by_type.begin(), r.by_type.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  r.busy = std::chrono::nanoseconds{busy_ns_.load(std::memory_order_relaxed)};
  r.born = born_;
  r.running_since = clock::time_point{
    clock::duration{running_since_.load(std::memory_order_relaxed)}};
  const std::lock_guard lock{texts_};
  r.kind = kind_;
  r.name = name_;
  r.last_error = last_error_;
  return r;
}

void actor_directory::add(std::shared_ptr<actor_record> record, std::function<void()> stop) {
  const std::lock_guard lock{guard_};
  const auto id = record->id();
  living_[id] = {std::move(record), std::move(stop)};
}

void actor_directory::stop_all() {
  std::vector<std::function<void()>> stops;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [id, actor] : living_)
      stops.push_back(actor.stop);
  }
  for (const auto& stop : stops)
    stop();
}

bool actor_directory::stop(std::uint64_t id) {
  std::function<void()> stop;
  {
    const std::lock_guard lock{guard_};
    const auto found = living_.find(id);
    if (found == living_.end())
      return false;
    stop = found->second.stop;
  }
  stop();
  return true;
}

void actor_directory::retire(std::uint64_t id) {
  const std::lock_guard lock{guard_};
  const auto found = living_.find(id);
  if (found == living_.end())
    return;
  found->second.record->ended();
  ended_.push_back(std::move(found->second.record));
  living_.erase(found);
  if (ended_.size() > ended_max)
    ended_.pop_front();
}

std::vector<actor_record::reading> actor_directory::read() const {
  std::vector<std::shared_ptr<actor_record>> records;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [id, actor] : living_)
      records.push_back(actor.record);
    std::sort(records.begin(), records.end(),
              [](const auto& a, const auto& b) { return a->id() < b->id(); });
    records.insert(records.end(), ended_.begin(), ended_.end());
  }
  std::vector<actor_record::reading> readings;
  readings.reserve(records.size());
  for (const auto& record : records)
    readings.push_back(record->read());
  return readings;
}

std::string readable_type(const std::type_info& type) {
  int status = 0;
  char* plain = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string text = status == 0 && plain ? plain : type.name();
  std::free(plain);
  if (text.ends_with(" const"))
    text.resize(text.size() - 6);
  const auto arguments = text.find('<');
  const auto colons = text.rfind("::", arguments);
  if (colons != std::string::npos)
    text.erase(0, colons + 2);
  if (const auto bracket = text.find('<'); bracket != std::string::npos)
    text.resize(bracket);
  return text;
}

} // namespace actors
