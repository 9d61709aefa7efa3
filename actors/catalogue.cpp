#include "actors/catalogue.hpp"

#include "actors/inlining.hpp"
#include "model/value.hpp"
#include "segments/json_reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace actors {

namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t id_length = 6;
constexpr std::size_t segment_name_bytes_max = 256;

using model::failure;
using model::failure_code;

bool is_utf8(std::string_view text) {
  std::string literal;
  model::append_json_string(literal, text);
  std::vector<segments::definition_error> errors;
  return segments::read_json(literal, errors).has_value();
}

std::optional<failure> fault_of_name(std::string_view name) {
  if (!is_utf8(name))
    return failure{failure_code::invalid_input, "a segment's name has to be UTF-8"};
  if (name.empty() || name.size() > segment_name_bytes_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a segment's name has 1 to {} bytes; \"{:.60}\" has {}",
                               segment_name_bytes_max, name, name.size())};
  return {};
}

failure no_such_segment(std::string_view called) {
  return {failure_code::not_found,
          fmt::format("there is no segment \"{}\", neither by name nor by id", called)};
}

} // namespace

std::string short_id(std::string_view kind, std::string_view name, unsigned attempt) {
  const auto seed = XXH3_64bits_withSeed(kind.data(), kind.size(), attempt);
  auto hash = XXH3_64bits_withSeed(name.data(), name.size(), seed);
  std::string id;
  for (std::size_t i = 0; i < id_length; ++i, hash >>= 5)
    id += digits[hash & 31];
  return id;
}

// --- name_register -------------------------------------------------------------------------------

bool name_register::learn(std::string_view name) {
  if (knows(name))
    return false;
  unsigned attempt = 0;
  auto id = short_id(kind_, name, attempt);
  while (name_by_id_.contains(id))
    id = short_id(kind_, name, ++attempt);
  names_.emplace_back(name);
  name_by_id_.emplace(id, name);
  id_by_name_.emplace(name, std::move(id));
  return true;
}

bool name_register::knows(std::string_view name) const {
  return id_by_name_.find(name) != id_by_name_.end();
}

std::optional<std::string> name_register::find(std::string_view name_or_id) const {
  if (knows(name_or_id))
    return std::string{name_or_id};
  const auto found = name_by_id_.find(name_or_id);
  if (found == name_by_id_.end())
    return {};
  return found->second;
}

std::string name_register::id_of(std::string_view name) const {
  const auto found = id_by_name_.find(name);
  return found == id_by_name_.end() ? std::string{} : found->second;
}

// --- catalogue -----------------------------------------------------------------------------------

const segment_entry* catalogue::find(std::string_view name_or_id) const {
  auto found = by_name_.find(name_or_id);
  if (found == by_name_.end()) {
    found = by_id_.find(name_or_id);
    if (found == by_id_.end())
      return nullptr;
  }
  return &segments_.at(found->second);
}

segments::parse_context catalogue::context(const segment_entry* self,
                                           const segment_entry* edited) const {
  segments::parse_context c;
  c.metric_name = [this](std::string_view text) { return metrics.find(text); };
  c.list_name = [this](std::string_view text) { return lists.find(text); };
  c.segment = [this,
               edited](std::string_view text) -> std::optional<segments::parse_context::referred> {
    const auto* entry = find(text);
    if (!entry)
      return {};
    if (edited && entry->number == edited->number)
      entry = edited;
    return segments::parse_context::referred{entry->id, entry->name, entry->json()};
  };
  if (self) {
    c.self_id = self->id;
    c.self_name = self->name;
  }
  return c;
}

std::string catalogue::free_id(std::uint64_t number, std::string_view name) const {
  const auto text = fmt::format("{} {}", number, name);
  unsigned attempt = 0;
  auto id = short_id("segment", text, attempt);
  while (find(id))
    id = short_id("segment", text, ++attempt);
  return id;
}

catalogue::decision catalogue::decide_create(std::span<const named_rule> all,
                                             model::instant now) const {
  if (all.size() == 1)
    return decide_create_one(all.front(), now);
  auto with_those_before = *this;
  decision d;
  for (std::size_t i = 0; i < all.size() && !d.refused; ++i) {
    auto one = with_those_before.decide_create_one(all[i], now);
    if (one.refused) {
      d.refused = failure{one.refused->code, fmt::format("segment {} of {}: {}", i + 1, all.size(),
                                                         one.refused->message)};
    }
    for (auto& e : one.errors) {
      e.pointer = fmt::format("/{}{}", i, e.pointer);
      d.errors.push_back(std::move(e));
    }
    for (auto& made : one.redefined) {
      with_those_before.accept(made.entry);
      d.redefined.push_back(std::move(made));
    }
  }
  return d;
}

catalogue::decision catalogue::decide_create_one(const named_rule& what, model::instant now) const {
  const auto& [name, json] = what;
  decision d;
  d.refused = fault_of_name(name);
  if (!d.refused && find(name))
    d.refused = failure{
      failure_code::conflict,
      fmt::format("a segment \"{}\" exists already; edit it or take another name", name)};
  if (d.refused)
    return d;
  segment_entry entry;
  entry.number = last_number_ + 1;
  entry.id = free_id(entry.number, name);
  entry.name = name;
  entry.created = now;
  entry.editions.push_back({1, now, "created", json});
  const auto account = context(&entry, nullptr);
  auto parsed = segments::parse_definition(json, account);
  if (!parsed.rule) {
    d.errors = std::move(parsed.errors);
    return d;
  }
  entry.references = std::move(parsed.rule->references);
  auto standing_alone = actors::inlined(json, account);
  d.redefined.push_back({std::move(entry), std::move(standing_alone)});
  return d;
}

catalogue::decision catalogue::decide_edit(std::string_view segment, std::string_view json,
                                           model::instant now) const {
  decision d;
  const auto* known = find(segment);
  if (!known) {
    d.refused = no_such_segment(segment);
    return d;
  }
  auto edited = *known;
  edited.is_cancelled = false;
  edited.editions.push_back({known->version() + 1, now, "edited", std::string{json}});
  const auto account = context(&edited, nullptr);
  auto parsed = segments::parse_definition(json, account);
  if (!parsed.rule) {
    d.errors = std::move(parsed.errors);
    return d;
  }
  edited.references = std::move(parsed.rule->references);
  d.redefined.push_back({edited, inlined(edited, account)});

  for (const auto& [number, other] : segments_) {
    if (std::find(other.references.begin(), other.references.end(), edited.id)
        == other.references.end())
      continue;
    auto dependant = other;
    dependant.is_cancelled = false;
    dependant.editions.push_back(
      {other.version() + 1, now, fmt::format("segment {} was edited", edited.name), other.json()});
    const auto seen = context(&dependant, &edited);
    auto again = segments::parse_definition(dependant.json(), seen);
    if (!again.rule) {
      d.redefined.clear();
      d.refused = failure{
        failure_code::conflict,
        fmt::format("with this definition, segment \"{}\", which stands on it, would be wrong: {}",
                    other.name, segments::describe(again.errors))};
      return d;
    }
    dependant.references = std::move(again.rule->references);
    auto standing_alone = inlined(dependant, seen);
    d.redefined.push_back({std::move(dependant), std::move(standing_alone)});
  }
  return d;
}

catalogue::decision catalogue::decide_activation(std::string_view segment, bool is_active,
                                                 model::instant now) const {
  decision d;
  const auto* known = find(segment);
  if (!known) {
    d.refused = no_such_segment(segment);
    return d;
  }
  if (known->is_active == is_active)
    return d;
  auto entry = *known;
  entry.is_active = is_active;
  entry.is_cancelled = false;
  entry.editions.push_back(
    {known->version() + 1, now, is_active ? "activated" : "deactivated", known->json()});
  auto standing_alone = inlined(entry);
  d.redefined.push_back({std::move(entry), std::move(standing_alone)});
  return d;
}

model::outcome<segment_entry> catalogue::decide_drop(std::string_view segment) const {
  const auto* known = find(segment);
  if (!known)
    return no_such_segment(segment);
  std::string dependants;
  std::size_t count = 0;
  for (const auto& [number, other] : segments_)
    if (std::find(other.references.begin(), other.references.end(), known->id)
        != other.references.end())
      dependants += fmt::format("{}\"{}\"", count++ == 0 ? "" : ", ", other.name);
  if (count != 0)
    return failure{failure_code::conflict,
                   fmt::format("segment \"{}\" cannot be dropped: {} {} to it; drop or edit {} "
                               "first",
                               known->name, dependants, count == 1 ? "refers" : "refer",
                               count == 1 ? "that one" : "those")};
  return *known;
}

model::outcome<std::vector<segment_entry>> catalogue::decide_rename(std::string_view segment,
                                                                    std::string_view name) const {
  const auto* known = find(segment);
  if (!known)
    return no_such_segment(segment);
  if (auto fault = fault_of_name(name))
    return std::move(*fault);
  if (const auto* other = find(name); other && other != known)
    return failure{failure_code::conflict,
                   fmt::format("segment \"{}\" cannot be called \"{}\": another segment has that "
                               "name or id already; take another name",
                               known->name, name)};
  std::vector<segment_entry> changed{*known};
  changed.front().name = name;
  for (const auto& [number, other] : segments_) {
    if (std::find(other.references.begin(), other.references.end(), known->id)
        == other.references.end())
      continue;
    auto json = with_segment_renamed(other.json(), known->name, name);
    if (json == other.json())
      continue;
    changed.push_back(other);
    changed.back().editions.back().json = std::move(json);
  }
  return changed;
}

void catalogue::accept(segment_entry entry) {
  last_number_ = std::max(last_number_, entry.number);
  if (const auto known = segments_.find(entry.number);
      known != segments_.end() && known->second.name != entry.name)
    by_name_.erase(known->second.name);
  by_name_[entry.name] = entry.number;
  by_id_[entry.id] = entry.number;
  const auto number = entry.number;
  segments_[number] = std::move(entry);
}

void catalogue::forget(std::uint64_t number) {
  const auto found = segments_.find(number);
  if (found == segments_.end())
    return;
  by_name_.erase(found->second.name);
  by_id_.erase(found->second.id);
  segments_.erase(found);
}

catalogue::checked catalogue::check(std::string_view json) const {
  const auto account = context(nullptr, nullptr);
  auto parsed = segments::parse_definition(json, account);
  if (!parsed.rule)
    return {{}, std::move(parsed.errors)};
  return {actors::inlined(json, account), {}};
}

std::string catalogue::inlined(const segment_entry& entry) const {
  return inlined(entry, context(&entry, nullptr));
}

std::string catalogue::inlined(const segment_entry& entry,
                               const segments::parse_context& account) const {
  return entry.is_active ? actors::inlined(entry.json(), account) : std::string{frozen_definition};
}

std::vector<std::string> catalogue::names_of(const std::vector<std::string>& ids) const {
  std::vector<std::string> names;
  for (const auto& id : ids)
    if (const auto* entry = find(id))
      names.push_back(entry->name);
  return names;
}

} // namespace actors
