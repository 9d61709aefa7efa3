#include "segments/membership.hpp"

#include "model/limits.hpp"

#include <algorithm>

namespace segments {

namespace {

constexpr std::uint32_t all_blocks = UINT32_MAX;

/// A profile of whom nothing is known.
class nobody_known final : public model::profile_view {
public:
  [[nodiscard]] model::value_view attribute(std::uint32_t) const override {
    return {};
  }
  [[nodiscard]] std::span<const model::event_view> events(std::uint32_t) const override {
    return {};
  }
  [[nodiscard]] model::value_view property(std::uint32_t, const model::event_view&,
                                           std::uint32_t) const override {
    return {};
  }
  [[nodiscard]] span_of_time event_times() const override {
    return {};
  }
};

/// Before anybody is asked.
void begin_to_note(membership::criterion_state& c, std::int64_t now) {
  if (c.compiled->depends_on_time())
    c.foreseen = c.noted = now + membership::ahead_ms;
}

std::span<const std::uint32_t> at(const std::vector<std::vector<std::uint32_t>>& lists,
                                  std::uint32_t index) {
  if (index >= lists.size())
    return {};
  return lists[index];
}

void insert_at(std::vector<std::vector<std::uint32_t>>& lists, std::uint32_t index,
               std::uint32_t number) {
  if (index >= lists.size())
    lists.resize(index + 1);
  if (std::ranges::find(lists[index], number) == lists[index].end())
    lists[index].push_back(number);
}

} // namespace

// --- definitions and builds

void membership::define(std::uint64_t segment, std::uint32_t version, definition what,
                        const compiler& compile) {
  rule r{version, std::move(what), {}, {}};
  for (std::size_t i = 0; i < r.what.criteria.size(); ++i) {
    const auto number = criterion_number(r.what.criteria[i], r.what.ids[i], compile);
    ++criteria_[number]->users;
    r.numbers.push_back(number);
  }
  r.tree = flat_rule{r.what.root, r.numbers};
  auto& s = segment_of(segment);
  const auto replaced = std::exchange(s.waiting, std::move(r));
  if (replaced)
    release(*replaced);
}

void membership::cancel(std::uint64_t segment) {
  const auto found = slots_.find(segment);
  if (found == slots_.end())
    return;
  if (const auto taken = std::exchange(segments_[found->second].waiting, std::nullopt))
    release(*taken);
}

void membership::drop(std::uint64_t segment) {
  cancel(segment);
  const auto found = slots_.find(segment);
  if (found == slots_.end())
    return;
  const auto slot = found->second;
  if (segments_[slot].in_force) {
    take_out_of_force(slot);
    release(*segments_[slot].in_force);
  }
  segments_[slot] = segment_state{};
  slots_.erase(found);
}

std::optional<std::uint32_t> membership::next_block() const {
  std::optional<std::uint32_t> first;
  for (const auto& c : criteria_)
    if (c && !c->complete)
      first = std::min(first.value_or(all_blocks), c->next_block);
  return first;
}

void membership::scan(std::uint32_t block, const model::block_view& view, std::int64_t now) {
  const auto first = block * model::block_rows;
  for (std::uint32_t number = 0; number < criteria_.size(); ++number) {
    auto* c = criteria_[number].get();
    if (c == nullptr || c->complete || c->next_block != block)
      continue;
    if (block == 0)
      begin_to_note(*c, now);
    if (begins_anew(number, now))
      continue;
    due_rows_.clear();
    c->compiled->scan(view, now, c->noted, c->bits.block(block, (view.profiles() + 63) / 64),
                      due_rows_);
    c->next_block = block + 1;
    due_.gather(number, first, due_rows_, now);
  }
}

bool membership::begins_anew(std::uint32_t number, std::int64_t now) {
  auto& c = *criteria_[number];
  if (now <= c.foreseen)
    return false;
  due_.forget(number);
  c.bits = {};
  c.next_block = 0;
  return true;
}

void membership::end_scan(std::uint32_t blocks, std::int64_t now) {
  for (std::uint32_t number = 0; number < criteria_.size(); ++number) {
    auto* c = criteria_[number].get();
    if (c == nullptr || c->complete || c->next_block < blocks)
      continue;
    if (blocks == 0) // There is nobody yet.
      begin_to_note(*c, now);
    if (begins_anew(number, now))
      continue;
    c->bits.filled();
    c->complete = true;
    c->dirty = true;
  }
  work_out_foreseen();
}

std::vector<std::uint64_t> membership::ready() const {
  std::vector<std::uint64_t> found;
  for (const auto& s : segments_)
    if (s.used && s.waiting && std::ranges::all_of(s.waiting->numbers, [&](auto number) {
          return criteria_[number]->complete;
        }))
      found.push_back(s.number);
  std::ranges::sort(found);
  return found;
}

membership::switch_plan membership::plan_switch(std::uint64_t segment) const {
  const auto& s = *find(segment);
  switch_plan plan;
  plan.old_version = s.in_force ? s.in_force->version : 0;
  plan.version = s.waiting->version;
  const auto& r = *s.waiting;
  if (r.what.criteria.empty()) {
    for (std::size_t w = 0; w < alive_.words(); ++w)
      if (const auto now = alive_.word(w) & s.members.word(w); now != 0)
        plan.members.set_word(w, now);
    return plan;
  }
  std::vector<std::uint64_t> joined(alive_.words());
  std::vector<std::uint64_t> left(alive_.words());
  for (std::size_t w = 0; w < alive_.words(); ++w) {
    const auto old = s.members.word(w);
    const auto now = alive_.word(w) & holds_for_64(r.what.root, [&](std::uint32_t leaf) {
                       return criteria_[r.numbers[leaf]]->bits.word(w);
                     });
    joined[w] = now & ~old;
    left[w] = old & ~now;
    if (now != 0)
      plan.members.set_word(w, now);
  }
  plan.joined = bitmap_of(joined);
  plan.left = bitmap_of(left);
  return plan;
}

void membership::carry_out(std::uint64_t segment, switch_plan plan) {
  const auto slot = slots_.at(segment);
  auto& s = segments_[slot];
  if (s.in_force) {
    take_out_of_force(slot);
    release(*s.in_force);
  }
  s.in_force = std::exchange(s.waiting, std::nullopt);
  s.members = std::move(plan.members);
  s.dirty = true;
  put_in_force(slot);
}

std::uint32_t membership::waiting() const {
  return static_cast<std::uint32_t>(
    std::ranges::count_if(segments_, [](const auto& s) { return s.waiting.has_value(); }));
}

std::uint32_t membership::criterion_number(const criterion& what, const criterion_id& id,
                                           const compiler& compile) {
  if (const auto known = numbers_.find(id); known != numbers_.end())
    return known->second;
  auto c = std::make_unique<criterion_state>();
  c->id = id;
  c->what = what;
  c->compiled = compile(what);
  c->holds_for_nobody_known = c->compiled->evaluate(nobody_known{}, 0).holds;
  const auto number = static_cast<std::uint32_t>(criteria_.size());
  criteria_.push_back(std::move(c));
  numbers_.emplace(id, number);
  index(number);
  return number;
}

void membership::index(std::uint32_t number) {
  const auto& compiled = *criteria_[number]->compiled;
  for (const auto metric : compiled.metrics())
    insert_at(by_metric_, metric, number);
  for (const auto attribute : compiled.attributes())
    insert_at(by_attribute_, attribute, number);
  if (compiled.any_event())
    any_event_.push_back(number);
}

void membership::unindex(std::uint32_t number) {
  const auto without = [number](std::vector<std::uint32_t>& list) { std::erase(list, number); };
  std::ranges::for_each(by_metric_, without);
  std::ranges::for_each(by_attribute_, without);
  without(any_event_);
}

void membership::release(const rule& r) {
  for (const auto number : r.numbers)
    if (--criteria_[number]->users == 0) {
      unindex(number);
      due_.forget(number);
      numbers_.erase(criteria_[number]->id);
      criteria_[number].reset();
    }
  work_out_foreseen();
}

membership::segment_state& membership::segment_of(std::uint64_t segment) {
  const auto [found, is_new] = slots_.try_emplace(segment,
                                                  static_cast<std::uint32_t>(segments_.size()));
  if (is_new) {
    segments_.emplace_back();
    segments_.back().number = segment;
    segments_.back().used = true;
  }
  return segments_[found->second];
}

const membership::segment_state* membership::find(std::uint64_t segment) const {
  const auto found = slots_.find(segment);
  return found == slots_.end() ? nullptr : &segments_[found->second];
}

bool membership::is_live(const criterion_state& c, std::uint32_t profile) const {
  return c.complete || profile / model::block_rows < c.next_block;
}

void membership::put_in_force(std::uint32_t slot) {
  auto& s = segments_[slot];
  for (const auto number : s.in_force->numbers)
    criteria_[number]->segments.push_back(slot);
  s.holds_for_nobody_known = !s.in_force->what.criteria.empty()
                          && s.in_force->tree.holds([&](std::uint32_t number) {
                               return criteria_[number]->holds_for_nobody_known;
                             });
  if (s.holds_for_nobody_known)
    hold_for_nobody_known_.push_back(slot);
}

void membership::take_out_of_force(std::uint32_t slot) {
  for (const auto number : segments_[slot].in_force->numbers)
    std::erase(criteria_[number]->segments, slot);
  std::erase(hold_for_nobody_known_, slot);
}

// --- changes

void membership::flip_bit(std::uint32_t number, std::uint32_t profile, bool holds) {
  auto& c = *criteria_[number];
  if (!c.bits.set(profile, holds))
    return;
  c.dirty = true;
  if (c.complete)
    bit_changes_.push_back({number, profile, holds});
  for (const auto slot : c.segments)
    touch(slot);
}

void membership::touch(std::uint32_t slot) {
  if (slot >= touched_in_.size())
    touched_in_.resize(segments_.size());
  if (std::exchange(touched_in_[slot], epoch_) != epoch_)
    touched_.push_back(slot);
}

void membership::bring_near(std::span<const std::uint32_t> criteria, std::uint32_t profile) const {
  // Each step needs what the one before brought; within a step nothing waits for anything.
  for (const auto number : criteria)
    __builtin_prefetch(&criteria_[number]->bits);
  for (const auto number : criteria)
    criteria_[number]->bits.prefetch_page(profile);
  for (const auto number : criteria)
    criteria_[number]->bits.prefetch_bit(profile);
}

void membership::evaluate(std::uint32_t number, std::uint32_t profile,
                          const model::profile_view& view, std::int64_t now) {
  const auto v = criteria_[number]->compiled->evaluate(view, now);
  flip_bit(number, profile, v.holds);
  note_due(number, profile, v, now);
}

void membership::note_due(std::uint32_t number, std::uint32_t profile, const verdict& v,
                          std::int64_t now) {
  if (v.next_flip < never && v.next_flip <= criteria_[number]->noted)
    due_.add(number, profile, v.next_flip, now);
}

void membership::created(std::uint32_t profile) {
  alive_.set(profile, true);
  for (std::uint32_t number = 0; number < criteria_.size(); ++number)
    if (const auto* c = criteria_[number].get();
        c != nullptr && c->holds_for_nobody_known && is_live(*c, profile))
      flip_bit(number, profile, true);
  // A rule may hold although none of its criteria does (none_of).
  for (const auto slot : hold_for_nobody_known_)
    touch(slot);
}

void membership::touch_event(std::uint32_t profile, const model::profile_view& view,
                             std::uint32_t metric, const model::event_view& event,
                             std::int64_t now) {
  bring_near(at(by_metric_, metric), profile);
  for (const auto number : at(by_metric_, metric))
    if (const auto& c = *criteria_[number];
        is_live(c, profile) && c.compiled->concerns(view, metric, event))
      evaluate(number, profile, view, now);
  for (const auto number : any_event_)
    if (is_live(*criteria_[number], profile))
      evaluate(number, profile, view, now);
}

void membership::touch_metric(std::uint32_t profile, const model::profile_view& view,
                              std::uint32_t metric, std::int64_t now) {
  for (const auto number : at(by_metric_, metric))
    if (is_live(*criteria_[number], profile))
      evaluate(number, profile, view, now);
  for (const auto number : any_event_)
    if (is_live(*criteria_[number], profile))
      evaluate(number, profile, view, now);
}

void membership::touch_attribute(std::uint32_t profile, const model::profile_view& view,
                                 std::uint32_t attribute, std::int64_t now) {
  for (const auto number : at(by_attribute_, attribute))
    if (is_live(*criteria_[number], profile))
      evaluate(number, profile, view, now);
}

void membership::erased(std::uint32_t profile, std::vector<move>& moves) {
  alive_.set(profile, false);
  for (std::uint32_t number = 0; number < criteria_.size(); ++number)
    if (auto* c = criteria_[number].get(); c != nullptr && c->bits.set(profile, false)) {
      c->dirty = true;
      if (c->complete)
        bit_changes_.push_back({number, profile, false});
    }
  for (auto& s : segments_)
    if (s.used && s.members.set(profile, false)) {
      s.dirty = true;
      moves.push_back({s.number, profile, false});
    }
}

void membership::finish(std::uint32_t profile, std::vector<move>& moves) {
  if (touched_.empty())
    return;
  std::ranges::sort(touched_, {}, [this](auto slot) { return segments_[slot].number; });
  look_up_bits(profile);
  const bool alive = alive_.contains(profile);
  for (const auto slot : touched_) {
    auto& s = segments_[slot];
    const bool in = alive && s.in_force->tree.holds([this](std::uint32_t number) {
      return (bit_in_[number] & 1) != 0;
    });
    if (s.members.set(profile, in)) {
      s.dirty = true;
      moves.push_back({s.number, profile, in});
    }
  }
  touched_.clear();
  ++epoch_;
}

/// An event may touch hundreds of segments, whose bits of this profile lie all over the memory:
/// they are fetched together, and a criterion's only once.
void membership::look_up_bits(std::uint32_t profile) {
  bit_in_.resize(criteria_.size());
  needed_.clear();
  for (const auto slot : touched_) {
    const auto& s = segments_[slot];
    s.members.prefetch_page(profile);
    for (const auto& n : s.in_force->tree.nodes())
      if (n.kind == boolean_kind::leaf && bit_in_[n.criterion] / 2 != epoch_) {
        bit_in_[n.criterion] = epoch_ * 2;
        needed_.push_back(n.criterion);
      }
  }
  bring_near(needed_, profile);
  for (const auto slot : touched_)
    segments_[slot].members.prefetch_bit(profile);
  for (const auto number : needed_)
    bit_in_[number] |= criteria_[number]->bits.contains(profile) ? 1 : 0;
}

// --- time

std::optional<std::int64_t> membership::next_due() const {
  const auto flip = due_.next();
  if (foreseen_ == INT64_MAX)
    return flip;
  return std::min(flip.value_or(INT64_MAX), foreseen_ - again_ms);
}

void membership::work_out_foreseen() {
  foreseen_ = INT64_MAX;
  for (const auto& c : criteria_)
    if (c && c->complete)
      foreseen_ = std::min(foreseen_, c->foreseen);
}

void membership::foresee(std::uint32_t number, std::uint32_t block, const model::block_view& view,
                         std::int64_t at) {
  const auto& c = *criteria_[number];
  unused_bits_.assign((view.profiles() + 63) / 64, 0);
  due_rows_.clear();
  c.compiled->scan(view, at, c.noted, unused_bits_, due_rows_);
  std::erase_if(due_rows_, [&](const auto& row) { return row.next_flip <= c.foreseen; });
  due_.gather(number, block * model::block_rows, due_rows_, at);
}

membership::due_moves membership::look_ahead(std::int64_t now, std::size_t evaluations_max,
                                             const people_source& people) {
  constexpr std::size_t rows_an_evaluation = 64; // What a scan costs, against asking one by one.
  if (!outlook_) {
    outlook_.emplace().until = now + ahead_ms;
    for (std::uint32_t number = 0; number < criteria_.size(); ++number)
      if (auto* c = criteria_[number].get(); c != nullptr
                                             && c->complete
                                             // Who would be next soon comes along.
                                             && c->foreseen - again_ms <= now + again_ms / 2) {
        outlook_->criteria.push_back(number);
        c->noted = outlook_->until;
      }
  }
  auto& o = *outlook_;
  std::erase_if(o.criteria, [this](auto number) { return criteria_[number] == nullptr; });
  // Everything up to here has happened, and no change is later.
  due_moves result{std::min(now, foreseen_), {}, 0, true};
  for (; o.next_block < people.blocks && result.evaluations < evaluations_max; ++o.next_block) {
    const auto& view = people.block(o.next_block);
    for (const auto number : o.criteria) {
      foresee(number, o.next_block, view, result.at);
      result.evaluations += view.profiles() / rows_an_evaluation + 1;
    }
  }
  if (o.next_block < people.blocks)
    return result;
  for (const auto number : o.criteria) {
    criteria_[number]->foreseen = criteria_[number]->noted;
    criteria_[number]->is_outlook_new = true;
  }
  outlook_.reset();
  work_out_foreseen();
  return result;
}

std::optional<membership::due_moves>
membership::advance(std::int64_t now, std::size_t evaluations_max, const people_source& people) {
  const auto key = due_.next();
  const bool is_due = key && *key <= now;
  // Flips come first, as far as all of them are known.
  if (wants_outlook(now) && (!is_due || *key > foreseen_))
    return look_ahead(now, evaluations_max, people);
  if (!is_due)
    return std::nullopt;
  due_moves result{*key, {}, 0, true};
  const auto waiting = due_.criteria_at(*key);
  // A profile's criteria that are due together are asked together, so that nobody passes through a
  // state that never was.
  Roaring everybody;
  for (const auto number : waiting)
    everybody |= *due_.at(number, *key);
  auto& evaluations = result.evaluations;
  std::optional<std::uint32_t> last;
  for (const auto profile : everybody) {
    if (evaluations >= evaluations_max) {
      result.complete = false;
      break;
    }
    last = profile;
    ++evaluations;
    if (!alive_.contains(profile))
      continue;
    const auto& view = people.profile(profile);
    for (const auto number : waiting)
      if (is_live(*criteria_[number], profile) && due_.at(number, *key)->contains(profile)) {
        evaluate(number, profile, view, *key);
        ++evaluations;
      }
    finish(profile, result.moves);
  }
  for (const auto number : waiting)
    if (last)
      due_.remove_up_to(number, *key, *last);
    else
      due_.remove_bucket(number, *key);
  return result;
}

void membership::settle(std::uint32_t profile, const model::profile_view& view, std::int64_t now,
                        std::vector<due_moves>& moves) {
  // Keys that an evaluation adds lie after the one it was made at, so this ends.
  std::optional<std::int64_t> after;
  for (auto key = due_.next(); key && *key <= now; key = due_.next_after(*after)) {
    after = *key;
    due_moves at_key{*key, {}, 0, true};
    for (const auto number : due_.criteria_at(*key)) {
      const auto* waiting = due_.at(number, *key);
      if (waiting == nullptr || !waiting->contains(profile))
        continue;
      if (is_live(*criteria_[number], profile))
        evaluate(number, profile, view, *key);
      due_.remove(number, *key, profile);
    }
    finish(profile, at_key.moves);
    if (!at_key.moves.empty())
      moves.push_back(std::move(at_key));
  }
}

// --- questions

const profile_set* membership::members(std::uint64_t segment) const {
  const auto* s = find(segment);
  return s == nullptr ? nullptr : &s->members;
}

std::vector<membership::state> membership::states() const {
  std::vector<state> all;
  for (const auto& s : segments_)
    if (s.used)
      all.push_back({s.number, s.in_force ? s.in_force->version : 0,
                     s.waiting ? s.waiting->version : 0, s.members.size()});
  std::ranges::sort(all, {}, &state::segment);
  return all;
}

const definition* membership::rule_in_force(std::uint64_t segment) const {
  const auto* s = find(segment);
  return s == nullptr || !s->in_force ? nullptr : &s->in_force->what;
}

const compiled_criterion* membership::compiled(const criterion_id& id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : criteria_[found->second]->compiled.get();
}

std::size_t membership::criteria() const {
  return numbers_.size();
}

// --- keeping and restoring

std::vector<membership::bit_change> membership::take_bit_changes() {
  return std::exchange(bit_changes_, {});
}

bool membership::has_new_outlook() const {
  return std::ranges::any_of(criteria_,
                             [](const auto& c) { return c && c->complete && c->is_outlook_new; });
}

bool membership::members_dirty(std::uint64_t segment) const {
  const auto* s = find(segment);
  return s != nullptr && s->dirty;
}

void membership::members_stored(std::uint64_t segment) {
  segment_of(segment).dirty = false;
}

void membership::restore_criterion(std::uint32_t number, const criterion& what, const Roaring& bits,
                                   const compiler& compile) {
  if (number >= criteria_.size())
    criteria_.resize(number + 1);
  auto c = std::make_unique<criterion_state>();
  c->id = id_of(what);
  c->what = what;
  c->compiled = compile(what);
  c->holds_for_nobody_known = c->compiled->evaluate(nobody_known{}, 0).holds;
  c->bits = profile_set{bits};
  c->complete = true;
  c->dirty = c->is_outlook_new = false;
  numbers_[c->id] = number;
  criteria_[number] = std::move(c);
  index(number);
}

void membership::restore_foreseen(std::uint32_t number, std::int64_t foreseen) {
  criteria_[number]->foreseen = criteria_[number]->noted = foreseen;
  work_out_foreseen();
}

void membership::restore_outlook(std::int64_t settled, std::int64_t now,
                                 const people_source& people,
                                 std::span<const std::pair<std::uint32_t, std::int64_t>> touched) {
  std::vector<std::uint32_t> late;
  for (std::uint32_t number = 0; number < criteria_.size(); ++number)
    if (auto* c = criteria_[number].get(); c != nullptr && c->complete && c->foreseen <= settled) {
      c->noted = std::max(now, settled) + ahead_ms;
      late.push_back(number);
    }
  if (late.empty())
    return;
  boost::unordered_flat_map<std::uint32_t, std::int64_t> later;
  for (const auto& [profile, at] : touched)
    if (at > settled)
      later.emplace(profile, at);
  for (std::uint32_t block = 0; block < people.blocks; ++block) {
    const auto& view = people.block(block);
    const auto first = block * model::block_rows;
    for (const auto number : late) {
      const auto& c = *criteria_[number];
      unused_bits_.assign((view.profiles() + 63) / 64, 0);
      due_rows_.clear();
      c.compiled->scan(view, settled, c.noted, unused_bits_, due_rows_);
      std::erase_if(due_rows_, [&](const auto& row) { return later.contains(first + row.row); });
      due_.gather(number, first, due_rows_, settled);
    }
  }
  for (const auto& [profile, at] : later)
    if (alive_.contains(profile))
      for (const auto number : late)
        note_due(number, profile,
                 criteria_[number]->compiled->evaluate(people.profile(profile), at), at);
  for (const auto number : late) {
    criteria_[number]->foreseen = criteria_[number]->noted;
    criteria_[number]->is_outlook_new = true;
  }
  work_out_foreseen();
}

void membership::restore_rule(std::uint64_t segment, std::uint32_t version, definition what,
                              const Roaring& members, const compiler& compile) {
  define(segment, version, std::move(what), compile);
  const auto slot = slots_.at(segment);
  auto& s = segments_[slot];
  s.in_force = std::exchange(s.waiting, std::nullopt);
  s.members = profile_set{members};
  s.dirty = false;
  put_in_force(slot);
}

void membership::restore_bit(std::uint32_t number, std::uint32_t profile, bool holds) {
  if (number < criteria_.size() && criteria_[number])
    if (criteria_[number]->bits.set(profile, holds))
      criteria_[number]->dirty = true;
}

void membership::restore_move(std::uint64_t segment, std::uint32_t profile, bool joined) {
  const auto found = slots_.find(segment);
  if (found == slots_.end())
    return;
  auto& s = segments_[found->second];
  if (s.members.set(profile, joined))
    s.dirty = true;
}

void membership::restore_erased(std::uint32_t profile) {
  alive_.set(profile, false);
}

std::size_t membership::restore_due(std::uint32_t profile, const model::profile_view& view,
                                    std::span<const std::uint32_t> metrics,
                                    std::span<const std::uint32_t> attributes, std::int64_t now) {
  std::size_t different = 0;
  const auto ask = [&](std::uint32_t number) {
    const auto& c = *criteria_[number];
    if (!c.complete)
      return;
    const auto v = c.compiled->evaluate(view, now);
    different += v.holds != c.bits.contains(profile) ? 1 : 0;
    note_due(number, profile, v, now);
  };
  for (const auto metric : metrics)
    std::ranges::for_each(at(by_metric_, metric), ask);
  if (!metrics.empty())
    std::ranges::for_each(any_event_, ask);
  for (const auto attribute : attributes)
    std::ranges::for_each(at(by_attribute_, attribute), ask);
  return different;
}

} // namespace segments
