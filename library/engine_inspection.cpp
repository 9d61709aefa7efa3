#include "library/engine_parts.hpp"
#include "library/ordered.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace rollcall {

namespace {

using messages::operation_kind;
using model::outcome;

partition_info to_info(std::uint32_t index, actors::partition_report&& s) {
  const auto& f = s.figures;
  return {index,         f.profiles,      f.profile_numbers,    f.log_first,       f.log_last,
          f.delta_bytes, f.delta_records, f.due_entries,        f.next_due,        f.now,
          f.criteria,    f.segments,      std::move(s.trouble), s.waiting_records, s.is_merging,
          s.is_building};
}

actor_info to_info(actors::actor_record::reading&& r, actors::actor_record::clock::time_point now) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  actor_info a;
  a.id = r.id;
  a.parent = r.parent;
  a.kind = std::move(r.kind);
  a.name = std::move(r.name);
  a.alive = r.alive;
  a.mailbox_depth = r.depth;
  a.mailbox_depth_max = r.depth_max;
  a.messages_in = r.arrived;
  a.messages_by_type = std::move(r.by_type);
  a.busy = r.busy;
  if (r.alive && r.running_since != actors::actor_record::clock::time_point{})
    a.running_for = std::max(milliseconds{0}, duration_cast<milliseconds>(now - r.running_since));
  a.age = duration_cast<milliseconds>(now - r.born);
  a.last_error = std::move(r.last_error);
  return a;
}

constexpr std::size_t samples_max = 10;

void add(actors::property_sample&& one, actors::property_sample& to) {
  for (std::size_t k = 0; k < to.kinds.size(); ++k)
    to.kinds[k] += one.kinds[k];
  to.dates += one.dates;
  for (auto& value : one.values)
    if (to.values.size() < samples_max
        && std::find(to.values.begin(), to.values.end(), value) == to.values.end())
      to.values.push_back(std::move(value));
}

/// What most of the values are. Objects have no kind of their own, and are shown as text.
const char* kind_of(const actors::property_sample& sample) {
  const auto count = [&](model::value_kind kind) {
    return sample.kinds[static_cast<std::size_t>(kind)];
  };
  const auto texts = count(model::value_kind::text);
  const auto others = count(model::value_kind::nested);
  const std::array<std::pair<std::uint32_t, const char*>, 4> all{{
    {texts + others, texts != 0 && sample.dates == texts + others ? "Date" : "String"},
    {count(model::value_kind::number), "Number"},
    {count(model::value_kind::boolean), "Boolean"},
    {count(model::value_kind::list), "List"},
  }};
  return std::max_element(all.begin(), all.end(),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
    ->second;
}

} // namespace

outcome<std::vector<metric_info>> engine::metrics() {
  return guarded([&]() -> outcome<std::vector<metric_info>> {
    auto ids = parts_->ask<actors::name_ids>(
      parts_->account, actors::ask_name_ids{actors::name_of_what::metric}, "list the metrics");
    if (!ids)
      return ids.error();
    auto sums = parts_->ask_all<actors::metric_sums>(actors::sum_metrics{}, "sum the metrics",
                                                     parts::work_deadline);
    if (!sums)
      return sums.error();
    std::map<std::string, metric_info> by_name;
    for (auto& [name, id] : ids->names)
      by_name[name] = {name, std::move(id), 0, 0, 0};
    for (const auto& partition : *sums)
      for (const auto& m : partition.metrics) {
        const auto found = by_name.find(
          m.name); // One that only a definition speaks of is not the account's.
        if (found == by_name.end())
          continue;
        found->second.events += m.events;
        found->second.profiles += m.profiles;
        found->second.value_sum += m.value_sum;
      }
    std::vector<metric_info> all;
    for (auto& [name, info] : by_name)
      all.push_back(std::move(info));
    return all;
  });
}

outcome<std::vector<metric_property>> engine::metric_properties(std::string_view metric) {
  return guarded([&]() -> outcome<std::vector<metric_property>> {
    const auto known = parts_->ask<actors::found_names>(
      parts_->account, actors::find_names{actors::name_of_what::metric, {std::string{metric}}},
      "find a metric");
    if (!known)
      return known.error();
    auto told = parts_->ask_all<actors::property_samples>(
      actors::sample_properties{{known->names.front()}}, "look at the properties of events");
    if (!told)
      return told.error();
    std::map<std::string, actors::property_sample> by_name;
    for (auto& partition : *told)
      for (auto& one : partition.properties) {
        auto& to = by_name[one.name];
        add(std::move(one), to);
      }
    std::vector<metric_property> all;
    for (auto& [name, sample] : by_name)
      all.push_back({name, kind_of(sample), std::move(sample.values)});
    return all;
  });
}

outcome<std::vector<list_info>> engine::lists() {
  return guarded([&]() -> outcome<std::vector<list_info>> {
    auto told = parts_->ask<actors::name_ids>(
      parts_->account, actors::ask_name_ids{actors::name_of_what::list}, "list the lists");
    if (!told)
      return told.error();
    std::vector<list_info> all;
    for (auto& [name, id] : told->names)
      all.push_back({std::move(id), std::move(name)});
    return all;
  });
}

outcome<list_info> engine::add_list(std::string_view name) {
  return in_order<outcome<list_info>>(
    *parts_, {.kind = operation_kind::add_list, .texts = {std::string{name}}},
    [&]() -> outcome<list_info> {
      auto added = parts_->ask<actors::added_list>(
        parts_->account, actors::add_list{std::string{name}}, "add a list");
      if (!added)
        return added.error();
      return list_info{std::move(added->id), std::string{name}};
    });
}

outcome<std::vector<model::described_object>> engine::objects() {
  return guarded([&]() -> outcome<std::vector<model::described_object>> {
    const auto listed = parts_->ask<actors::object_list>(parts_->account, actors::read_objects{},
                                                         "list the described objects");
    if (!listed)
      return listed.error();
    return std::vector<model::described_object>{*listed->all};
  });
}

outcome<engine_figures> engine::figures() {
  return guarded([&]() -> outcome<engine_figures> {
    auto told = parts_->ask_all<actors::partition_report>(actors::read_figures{},
                                                          "read the figures");
    if (!told)
      return told.error();
    auto listed = parts_->ask<actors::segment_list>(parts_->account, actors::list_segments{},
                                                    "count the segments");
    if (!listed)
      return listed.error();
    engine_figures all;
    all.now = parts_->clock->now();
    all.clock = parts_->clock->is_manual() ? clock_kind::manual : clock_kind::real;
    all.account_zone = parts_->store->settings().zone;
    all.segments = listed->segments.size();
    for (std::uint32_t p = 0; p < told->size(); ++p) {
      all.profiles += (*told)[p].figures.profiles;
      all.partitions.push_back(to_info(p, std::move((*told)[p])));
    }
    return all;
  });
}

outcome<freshness> engine::freshness() {
  return guarded([&]() -> outcome<rollcall::freshness> {
    rollcall::freshness seen;
    seen.as_of = parts_->clock->now();
    const auto told = parts_->ask_all<actors::partition_report>(actors::read_figures{},
                                                                "ask how fresh the data is");
    if (!told)
      return told.error();
    for (const auto& partition : *told) {
      // Who is due is still where he was: true is what was so a second before.
      if (const auto& due = partition.figures.next_due)
        seen.as_of = std::min(seen.as_of, *due - std::chrono::seconds{1});
      seen.log_positions.push_back(partition.figures.log_last);
    }
    return seen;
  });
}

std::vector<actor_info> engine::inspect() const {
  const auto now = actors::actor_record::clock::now();
  std::vector<actor_info> all;
  std::map<std::uint64_t, parts::sample> looked;
  const std::lock_guard lock{parts_->samples_guard};
  for (auto& reading : parts_->config.directory->read()) {
    const auto known = parts_->samples.find(reading.id);
    const auto before = known == parts_->samples.end() ? parts::sample{reading.born, 0, {}}
                                                       : known->second;
    const std::chrono::duration<double> span = now - before.at;
    const auto arrived = reading.arrived;
    const auto busy = reading.busy;
    auto info = to_info(std::move(reading), now);
    if (span.count() > 0 && info.alive) {
      info.messages_per_second = static_cast<double>(arrived - before.arrived) / span.count();
      info.busy_share = std::clamp(
        std::chrono::duration<double>(busy - before.busy).count() / span.count(), 0.0, 1.0);
    }
    // A look soon after another one keeps the older mark, so that rates stay rates over a second or
    // more.
    looked[info.id] = span < std::chrono::seconds{1} && known != parts_->samples.end()
                      ? before
                      : parts::sample{now, arrived, busy};
    all.push_back(std::move(info));
  }
  parts_->samples = std::move(looked);
  return all;
}

outcome<std::vector<std::string>> engine::check(std::uint32_t step) {
  return guarded([&]() -> outcome<std::vector<std::string>> {
    if (step == 0)
      return model::failure{model::failure_code::invalid_input,
                            "a step of 0; 1 checks every profile, 10 every tenth"};
    auto checked = parts_->ask_all<actors::partition_faults>(
      actors::check_partition{step}, "check the data", parts::work_deadline);
    if (!checked)
      return checked.error();
    std::vector<std::string> all;
    for (std::size_t p = 0; p < checked->size(); ++p)
      for (auto& line : (*checked)[p].lines)
        all.push_back("partition " + std::to_string(p) + ": " + line);
    return all;
  });
}

} // namespace rollcall
