#include "library/engine_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rollcall {

namespace {

using actors::finished;
using model::failure;
using model::failure_code;
using model::status;
using actor_reading = actors::actor_record::reading;

/// The living actor of that name.
model::outcome<actor_reading> find_actor(const engine::parts& p, std::string_view name) {
  auto all = p.config.directory->read();
  const auto found = std::ranges::find_if(
    all, [&](const actor_reading& a) { return a.alive && a.name == name; });
  if (found == all.end())
    return failure{failure_code::not_found,
                   fmt::format("there is no actor \"{}\" at work; the inspection names those that "
                               "are",
                               name)};
  return std::move(*found);
}

template <class Handle>
status begin_anew(engine::parts& p, const Handle& who) {
  return p.done(p.ask<finished>(who, actors::begin_anew{}, "restart an actor", p.work_deadline));
}

/// What partitions or the BUILD COORDINATOR had only heard of is told to them again.
status compare_segments(engine::parts& p, bool is_everything) {
  return p.done(p.ask<finished>(p.account, actors::compare_segments{is_everything},
                                "compare the segments", p.work_deadline));
}

status restart_partition(engine::parts& p, std::string_view name) {
  for (std::size_t i = 0; i < p.profiles.size(); ++i)
    if (name == fmt::format("profile/{}", i)) {
      auto done = begin_anew(p, p.profiles[i]);
      return done ? compare_segments(p, false) : done;
    }
  return failure{failure_code::not_found, fmt::format("there is no partition \"{}\"", name)};
}

status restart_segment(engine::parts& p, std::string_view name) {
  const auto segment = name.substr(std::string_view{"segment/"}.size());
  const auto found = p.find(segment);
  if (!found)
    return found.error();
  return begin_anew(p, found->speaks);
}

/// Why an actor of this kind goes on.
failure cannot_restart(const actor_reading& a) {
  if (a.kind == "report")
    return {
      failure_code::conflict,
      fmt::format("{} makes one report and ends; stop it and ask for the report again", a.name)};
  if (a.kind == "subscriber")
    return {failure_code::conflict,
            fmt::format("{} belongs to somebody who listens; restart the segment that it listens "
                        "to",
                        a.name)};
  return {failure_code::conflict,
          fmt::format("{} has changes on their way that are nowhere else yet; restart the whole "
                      "server instead",
                      a.name)};
}

} // namespace

status engine::restart_actor(std::string_view name) {
  return guarded([&]() -> status {
    auto& p = *parts_;
    const auto found = find_actor(p, name);
    if (!found)
      return found.error();
    if (found->kind == "profile")
      return restart_partition(p, name);
    if (found->kind == "segment")
      return restart_segment(p, name);
    if (found->kind == "build_coordinator")
      return compare_segments(p, true);
    if (found->kind == "metric_coordinator")
      return begin_anew(p, p.reports);
    if (found->kind == "clock")
      return begin_anew(p, p.timer);
    return cannot_restart(*found);
  });
}

status engine::stop_actor(std::string_view name) {
  return guarded([&]() -> status {
    const auto found = find_actor(*parts_, name);
    if (!found)
      return found.error();
    if (found->kind != "report")
      return failure{
        failure_code::conflict,
        fmt::format("{} cannot be stopped, the engine needs it; reports can", found->name)};
    parts_->config.directory->stop(found->id); // One that has just ended is as good as stopped.
    return model::nothing{};
  });
}

} // namespace rollcall
