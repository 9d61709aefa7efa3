#include "actors/partition_state.hpp"
#include "segments/parse.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

/// From what the environment holds back to the state at the end of the log.
namespace actors {

using storage::meta_field;
using storage::meta_key;

namespace {

model::failure broken(std::string what) {
  return {model::failure_code::storage_broken, std::move(what)};
}

/// Splits a record at its packed texts: the words before, then each text.
std::optional<std::string_view> take_text(storage::words_view& words) {
  if (words.empty() || words.size() < storage::words_for(words.front()) + 1)
    return std::nullopt;
  const auto size = storage::words_for(words.front()) + 1;
  const auto text = storage::unpack_bytes(words.first(size));
  words = words.subspan(size);
  return text;
}

} // namespace

model::status partition_state::recover() {
  auto log = storage::embedded_log::open(*where_);
  if (!log)
    return log.error();
  log_ = std::move(*log);

  auto snapshot = where_->read();
  if (!snapshot)
    return snapshot.error();
  if (auto loaded = names_.load(*snapshot); !loaded)
    return loaded;
  auto store = storage::profile_store::open(*where_, names_);
  if (!store)
    return store.error();
  store_ = std::move(*store);
  applier_ = std::make_unique<change_applier>(*store_, names_, members_);

  if (const auto position = snapshot->get(meta_key{meta_field::applied_sequence});
      position && position->size() == 3) {
    applied_ = (*position)[0];
    now_ = model::from_ms(storage::unordered((*position)[1]));
    settled_key_ = storage::unordered((*position)[2]);
  }
  if (const auto fed = snapshot->get(meta_key{meta_field::feed_sequence}))
    feed_stored_ = (*fed)[0];
  auto sources = snapshot->range(
    storage::checkpoints_key{storage::checkpoint_kind::source, 0},
    storage::checkpoints_key{storage::checkpoint_kind::source, UINT64_MAX});
  while (const auto e = sources.next()) {
    auto rest = e->value.subspan(1);
    if (const auto name = take_text(rest))
      sources_.emplace(*name, e->value[0]);
  }

  segments::profile_set alive;
  for (std::uint32_t profile = 0; profile < store_->profiles(); ++profile)
    if (store_->is_alive(profile))
      alive.set(profile, true);
  members_.restore_alive(std::move(alive));
  if (auto restored = restore_definitions(*snapshot); !restored)
    return restored;
  return restore_log(*snapshot);
}

model::status
partition_state::restore_bits(const storage::transaction& from,
                              const std::map<segments::criterion_id, segments::criterion>& known) {
  auto all = from.all(storage::keyspace::bits);
  while (const auto e = all.next()) {
    const auto key = e->as<storage::bits_key>();
    if (key.owner != storage::bits_owner::criterion)
      continue;
    const auto what = known.find(key.id);
    if (what == known.end()) {
      unused_.push_back(key.id);
      continue;
    }
    if (e->value.size() < 3)
      return broken("the bits of a criterion are too short");
    const auto number = static_cast<std::uint32_t>(e->value[1]);
    auto rest = e->value.subspan(2);
    const auto bytes = take_text(rest);
    auto bits = bytes ? segments::decode(*bytes) : std::nullopt;
    if (!bits)
      return broken("the bits of a criterion are broken");
    members_.restore_criterion(number, what->second, *bits, compiler());
    bits_true_at_[number] = e->value[0];
    kept_criteria_.insert(number);
    kept_ids_[number] = key.id;
    auto due = from.range(storage::due_key{key.id, INT64_MIN}, storage::due_key{key.id, INT64_MAX});
    while (const auto d = due.next()) {
      const auto bucket = d->as<storage::due_key>().bucket;
      if (bucket == INT64_MIN) {
        if (d->value.empty())
          return broken("how far ahead due times are known is broken");
        members_.restore_foreseen(number, storage::unordered(d->value.front()));
        continue;
      }
      const auto packed = storage::unpack_bytes(d->value);
      auto profiles = packed ? segments::decode(*packed) : std::nullopt;
      if (!profiles)
        return broken("a bucket of due times is broken");
      members_.due().put(number, bucket, std::move(*profiles), false);
    }
  }
  return from.health();
}

model::status partition_state::restore_definitions(const storage::transaction& from) {
  struct rules {
    std::optional<segments::definition> in_force;
    std::optional<segments::definition> waiting;
  };
  std::map<std::uint64_t, rules> parsed;
  std::map<segments::criterion_id, segments::criterion> criteria;
  auto all = from.all(storage::keyspace::definitions);
  while (const auto e = all.next()) {
    const auto segment = e->as<storage::definitions_key>().segment;
    if (e->value.size() < 4)
      return broken("a definition is too short");
    kept_definition kept;
    kept.version = static_cast<std::uint32_t>(e->value[0]);
    kept.waiting_version = static_cast<std::uint32_t>(e->value[1]);
    auto rest = e->value.subspan(2);
    const auto json = take_text(rest);
    const auto waiting = take_text(rest);
    if (!json || !waiting)
      return broken("a definition is broken");
    kept.json = *json;
    kept.waiting_json = *waiting;
    const auto read = [&](const std::string& text,
                          std::optional<segments::definition>& into) -> model::status {
      auto rule = parse(text);
      if (!rule)
        return broken(fmt::format("the definition of segment {} cannot be read: {}", segment,
                                  rule.error().message));
      for (std::size_t i = 0; i < rule->criteria.size(); ++i)
        criteria.emplace(rule->ids[i], rule->criteria[i]);
      into = std::move(*rule);
      return model::nothing{};
    };
    if (kept.version != 0)
      if (auto done = read(kept.json, parsed[segment].in_force); !done)
        return done;
    if (kept.waiting_version != 0)
      if (auto done = read(kept.waiting_json, parsed[segment].waiting); !done)
        return done;
    definitions_[segment] = std::move(kept);
    if (auto loaded = feed_.load(from, segment); !loaded)
      return loaded;
  }
  if (auto restored = restore_bits(from, criteria); !restored)
    return restored;
  for (auto& [segment, r] : parsed) {
    const auto& kept = definitions_[segment];
    if (r.in_force) {
      Roaring members;
      if (const auto bits = from.get(
            storage::bits_key{storage::bits_owner::segment, {segment, 0}, 0});
          bits && bits->size() > 2) {
        auto packed = bits->subspan(2);
        const auto bytes = take_text(packed);
        auto decoded = bytes ? segments::decode(*bytes) : std::nullopt;
        if (!decoded)
          return broken(fmt::format("the members of segment {} are broken", segment));
        members = std::move(*decoded);
        members_true_at_[segment] = (*bits)[0];
      }
      members_.restore_rule(segment, kept.version, std::move(*r.in_force), members, compiler());
    }
    if (r.waiting)
      members_.define(segment, kept.waiting_version, std::move(*r.waiting), compiler());
  }
  return from.health();
}

model::status partition_state::restore_log(const storage::transaction& from) {
  struct touch_time {
    std::int64_t at = INT64_MIN;
    std::vector<std::uint32_t> metrics;
    std::vector<std::uint32_t> attributes;
  };
  boost::unordered_flat_map<std::uint32_t, touch_time> touched;
  std::vector<change_applier::touched> notes;
  const auto lives_from = store_->profiles_stored_up_to();
  const auto kept_up_to = applied_;
  bool restored = false;

  const auto finish_restoring = [&] {
    restored = true;
    // Due times that came or went since the buckets were stored are found by asking again, see
    // docs/decisions/0006.
    std::size_t overdue = 0;
    for (auto& [profile, t] : touched) {
      if (!store_->is_alive(profile))
        continue;
      for (auto* list : {&t.metrics, &t.attributes}) {
        std::ranges::sort(*list);
        list->erase(std::ranges::unique(*list).begin(), list->end());
      }
      overdue += members_.restore_due(profile, store_->view(profile), t.metrics, t.attributes,
                                      std::max(t.at, settled_key_));
    }
    restore_settled([&](std::uint32_t profile) {
      const auto found = touched.find(profile);
      return found == touched.end() ? INT64_MIN : found->second.at;
    });
    std::vector<std::pair<std::uint32_t, std::int64_t>> touches;
    for (const auto& [profile, t] : touched)
      touches.emplace_back(profile, t.at);
    members_.restore_outlook(settled_key_, model::to_ms(now_), everybody(), touches);
    if (overdue != 0)
      spdlog::debug("partition {}: {} verdicts wait for their due instant", options_.index,
                    overdue);
  };

  std::optional<model::failure> failed;
  const auto read = log_->read(
    from, log_->first(), [&](std::uint64_t sequence, std::string_view bytes) {
      auto r = decode_log_record(bytes);
      if (!r) {
        failed = r.error();
        return false;
      }
      if (sequence > kept_up_to) {
        if (!restored)
          finish_restoring();
        replay(*r, sequence);
        return true;
      }
      for (const auto& b : r->batches) {
        notes.clear();
        applier_->reapply(b.changes, r->now, sequence, sequence > lives_from, notes);
        for (const auto& n : notes) {
          auto& t = touched[n.profile];
          t.at = std::max(t.at, model::to_ms(r->now));
          if (n.metric != 0)
            t.metrics.push_back(n.metric);
          if (n.attribute != 0)
            t.attributes.push_back(n.attribute);
        }
      }
      if (const auto kept = from.get(storage::flips_key{sequence})) {
        const auto e = decode_effects(*kept);
        if (!e) {
          failed = broken(fmt::format("the effects of log record {} are broken", sequence));
          return false;
        }
        for (const auto& b : e->bits)
          if (const auto at = bits_true_at_.find(b.criterion);
              at != bits_true_at_.end() && at->second < sequence)
            members_.restore_bit(b.criterion, b.profile, b.holds);
        for (auto f : e->flips) {
          if (members_true_at_[f.segment] < sequence)
            members_.restore_move(f.segment, f.profile, f.joined);
          if (feed_stored_ < sequence && definitions_.contains(f.segment))
            feed_.append(f);
        }
      }
      return true;
    });
  if (failed)
    return *failed;
  if (!read)
    return read;
  if (!restored)
    finish_restoring();
  // Records that bring no change count too, so that the next commit does not keep effects under an
  // old number.
  applied_ = log_->last();
  return model::nothing{};
}

void partition_state::restore_settled(
  const std::function<std::int64_t(std::uint32_t)>& touched_at) {
  // Stored buckets may hold what was worked through after they were stored: by the clock up to the
  // settled instant, and for a touched profile up to its last touch. Such entries are asked again
  // at that instant for their next one.
  const auto& all = members_.criterion_states();
  auto& due = members_.due();
  std::vector<std::int64_t> keys;
  for (auto key = due.next(); key && *key <= model::to_ms(now_); key = due.next_after(*key))
    keys.push_back(*key);
  for (const auto key : keys)
    for (const auto number : due.criteria_at(key)) {
      const auto waiting = *due.at(number, key);
      for (const auto profile : waiting) {
        const auto through = std::max(settled_key_, touched_at(profile));
        if (key > through)
          continue;
        due.remove(number, key, profile);
        if (!store_->is_alive(profile) || !all[number] || !all[number]->complete)
          continue;
        const auto v = all[number]->compiled->evaluate(store_->view(profile), through);
        if (v.next_flip < model::to_ms(model::instant_max) && v.next_flip <= all[number]->noted)
          due.add(number, profile, v.next_flip, through);
      }
    }
}

void partition_state::replay(const log_record& r, std::uint64_t sequence) {
  now_ = std::max(now_, r.now);
  std::vector<model::flip> flips;
  if (r.what == log_record::kind::changes) {
    change_applier::result applied;
    for (const auto& b : r.batches)
      applier_->apply(b.changes, b.cause, r.now, sequence, applied);
    flips = std::move(applied.flips);
  } else if (r.what == log_record::kind::tick) {
    flips = tick(r.now, r.evaluations_max);
  }
  // What was said about segments stands in the definitions already.
  announce(flips, sequence);
}

} // namespace actors
