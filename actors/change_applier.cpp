#include "actors/change_applier.hpp"

#include <algorithm>
#include <cmath>

namespace actors {

namespace {

using model::change_kind;
using model::property_action;
using model::value_kind;
using model::value_view;

/// The items of `items` that are not in `than`, and the whole of `than` before them.
std::string appended(std::string_view than, std::string_view items) {
  std::string result{than};
  model::list_items more{items};
  for (auto item = more.next(); item.is_set(); item = more.next()) {
    model::list_items known{result};
    bool is_known = false;
    for (auto k = known.next(); k.is_set() && !is_known; k = known.next())
      is_known = k == item;
    if (!is_known)
      model::append_list_item(result, item);
  }
  return result;
}

std::string removed(std::string_view from, std::string_view items) {
  std::string result;
  model::list_items all{from};
  for (auto item = all.next(); item.is_set(); item = all.next()) {
    model::list_items gone{items};
    bool is_gone = false;
    for (auto g = gone.next(); g.is_set() && !is_gone; g = gone.next())
      is_gone = g == item;
    if (!is_gone)
      model::append_list_item(result, item);
  }
  return result;
}

/// One value as the items of a list.
std::string as_items(value_view v) {
  if (v.kind == value_kind::list)
    return std::string{v.text};
  std::string items;
  if (v.kind == value_kind::text || v.kind == value_kind::number || v.kind == value_kind::boolean)
    model::append_list_item(items, v);
  return items;
}

std::string_view name_of(change_kind kind) {
  switch (kind) {
  case change_kind::event:
    return "event";
  case change_kind::profile:
    return "profile";
  case change_kind::list_add:
    return "list_add";
  case change_kind::list_remove:
    return "list_remove";
  case change_kind::merge:
    return "merge";
  case change_kind::erase:
    return "erase";
  case change_kind::describe:
    return "describe";
  }
  return "";
}

} // namespace

change_applier::change_applier(storage::profile_store& store, storage::names& names,
                               segments::membership& members)
  : store_(store), names_(names), members_(members), external_id_(names.attribute("external_id")),
    email_(names.attribute("email")), phone_number_(names.attribute("phone_number")),
    created_(names.attribute("created")) {
}

void change_applier::number_names(const model::change_batch& batch) {
  for (auto* role : {&as_metric_, &as_property_, &as_attribute_, &as_list_})
    role->assign(batch.names.size(), 0);
}

std::uint32_t change_applier::metric_of(const model::change_batch& batch, std::uint32_t name) {
  auto& number = as_metric_[name];
  return number != 0 ? number : number = names_.metric(batch.name(name));
}

std::uint32_t change_applier::property_of(const model::change_batch& batch, std::uint32_t name) {
  auto& number = as_property_[name];
  return number != 0 ? number : number = names_.event_property(batch.name(name));
}

std::uint32_t change_applier::attribute_of(const model::change_batch& batch, std::uint32_t name) {
  auto& number = as_attribute_[name];
  return number != 0 ? number : number = names_.attribute(batch.name(name));
}

std::uint32_t change_applier::list_of(const model::change_batch& batch, std::uint32_t name) {
  auto& number = as_list_[name];
  if (number == 0)
    number = names_.attribute("list['" + std::string{batch.name(name)} + "']");
  return number;
}

void change_applier::apply(const model::change_batch& batch, model::flip_cause cause,
                           model::instant now, std::uint64_t sequence, result& into) {
  number_names(batch);
  const auto now_ms = model::to_ms(now);
  for (std::uint32_t i = 0; i < batch.records.size(); ++i) {
    const auto& r = batch.records[i];
    const bool is_new = r.profile == store_.profiles();
    if (r.profile > store_.profiles() || (!is_new && !store_.is_alive(r.profile))
        || r.kind == change_kind::merge || r.kind == change_kind::describe) {
      into.notes.push_back({i, record_note::what::rejected, "the profile is gone"});
      continue;
    }
    if (is_new && r.kind == change_kind::erase) {
      into.notes.push_back({i, record_note::what::rejected, "there is no such profile"});
      continue;
    }
    std::vector<std::uint32_t> changed;
    if (is_new) {
      store_.create();
      members_.created(r.profile);
    } else {
      settle(r.profile, now, into);
    }
    if (r.kind == change_kind::erase) {
      for (const auto& [number, kind] :
           {std::pair{external_id_, released_identifier::what::external_id},
            std::pair{email_, released_identifier::what::email},
            std::pair{phone_number_, released_identifier::what::phone_number}})
        if (const auto old = store_.attribute(r.profile, number); old.kind == value_kind::text)
          into.released.push_back({kind, std::string{old.text}, r.profile});
      store_.erase(r.profile, sequence);
      members_.erased(r.profile, moves_);
      report(moves_, cause == model::flip_cause::merge ? cause : model::flip_cause::erasure, now,
             {}, into);
      ++into.applied;
      continue;
    }
    name_profile(batch, r, sequence, changed, &into);
    const auto profile_cause = cause == model::flip_cause::merge ? cause
                                                                 : model::flip_cause::profile;
    if (r.kind == change_kind::event) {
      model::event_view added;
      const bool counts = add_event(batch, r, now, sequence, added);
      if (is_new && store_.attribute(r.profile, created_).kind == value_kind::unset)
        write(r.profile, created_, {value_kind::text, 0, model::format_instant(now)}, sequence,
              changed, &into);
      const auto& view = store_.view(r.profile);
      if (counts)
        members_.touch_event(r.profile, view, metric_of(batch, r.name), added, now_ms);
      for (const auto attribute : changed)
        members_.touch_attribute(r.profile, view, attribute, now_ms);
      members_.finish(r.profile, moves_);
      if (!moves_.empty())
        report(moves_, cause == model::flip_cause::merge ? cause : model::flip_cause::event, now,
               r.unique_id.size != 0 ? std::string{batch.text(r.unique_id)}
                                     : std::to_string(std::chrono::floor<std::chrono::seconds>(
                                                        model::from_ms(added.time))
                                                        .time_since_epoch()
                                                        .count()),
               into);
      if (counts)
        ++into.applied;
      else
        ++into.duplicates;
      if (!counts)
        into.notes.push_back({i, record_note::what::duplicate, {}});
      continue;
    }
    auto updated = update(batch, r, now, sequence, &into);
    changed.insert(changed.end(), updated.begin(), updated.end());
    if (is_new && store_.attribute(r.profile, created_).kind == value_kind::unset)
      write(r.profile, created_, {value_kind::text, 0, model::format_instant(now)}, sequence,
            changed, &into);
    std::ranges::sort(changed);
    const auto twice = std::ranges::unique(changed);
    changed.erase(twice.begin(), twice.end());
    const auto& view = store_.view(r.profile);
    for (const auto attribute : changed)
      members_.touch_attribute(r.profile, view, attribute, now_ms);
    members_.finish(r.profile, moves_);
    report(moves_, profile_cause, now, name_of(r.kind), into);
    ++into.applied;
  }
}

void change_applier::reapply(const model::change_batch& batch, model::instant now,
                             std::uint64_t sequence, bool lives, std::vector<touched>& notes) {
  number_names(batch);
  for (const auto& r : batch.records) {
    if (r.kind == change_kind::merge)
      continue;
    if (lives && r.profile == store_.profiles()) {
      if (r.kind == change_kind::erase)
        continue;
      store_.create();
      members_.restore_created(r.profile);
    }
    const bool in_columns = store_.merged_up_to(r.profile / model::block_rows) >= sequence;
    if (r.kind == change_kind::erase) {
      if (lives)
        members_.restore_erased(r.profile);
      if (!in_columns || lives)
        store_.erase_again(r.profile, sequence, !in_columns);
      continue;
    }
    if (!store_.is_alive(r.profile) && lives)
      continue;
    if (r.kind == change_kind::event)
      notes.push_back({r.profile, metric_of(batch, r.name), 0});
    for (std::uint32_t p = 0; r.kind == change_kind::profile && p < r.property_count; ++p)
      notes.push_back(
        {r.profile, 0, attribute_of(batch, batch.properties[r.first_property + p].name)});
    if (r.kind == change_kind::list_add || r.kind == change_kind::list_remove)
      notes.push_back({r.profile, 0, list_of(batch, r.name)});
    for (const auto& [text, number] :
         {std::pair{r.who.external_id, external_id_}, std::pair{r.who.email, email_},
          std::pair{r.who.phone_number, phone_number_}})
      if (text.size != 0)
        notes.push_back({r.profile, 0, number});
    // It may have been the birth, which the stored count may know already.
    notes.push_back({r.profile, 0, created_});
    if (in_columns)
      continue;
    std::vector<std::uint32_t> changed;
    name_profile(batch, r, sequence, changed, nullptr);
    model::event_view added;
    if (r.kind == change_kind::event)
      add_event(batch, r, now, sequence, added);
    else
      update(batch, r, now, sequence, nullptr);
    // A birth that the stored count knows already is told by the missing date.
    if (store_.attribute(r.profile, created_).kind == value_kind::unset)
      write(r.profile, created_, {value_kind::text, 0, model::format_instant(now)}, sequence,
            changed, nullptr);
  }
}

bool change_applier::add_event(const model::change_batch& batch, const model::change_record& r,
                               model::instant now, std::uint64_t sequence,
                               model::event_view& added) {
  properties_.clear();
  for (std::uint32_t p = 0; p < r.property_count; ++p) {
    const auto& entry = batch.properties[r.first_property + p];
    if (entry.kind != value_kind::unset)
      properties_.push_back({property_of(batch, entry.name), batch.view(entry)});
  }
  const auto time = r.has_time ? r.time : model::to_ms(now);
  const auto taken = store_.add_event(r.profile, metric_of(batch, r.name), time,
                                      r.has_value ? r.value : model::no_value,
                                      batch.text(r.unique_id), properties_, sequence);
  added = taken.value_or(model::event_view{time, model::no_value, 0});
  return taken.has_value();
}

std::vector<std::uint32_t> change_applier::update(const model::change_batch& batch,
                                                  const model::change_record& r, model::instant now,
                                                  std::uint64_t sequence, result* into) {
  std::vector<std::uint32_t> changed;
  if (r.kind == change_kind::list_add) {
    // Who is in already keeps the first joining date.
    const auto list = list_of(batch, r.name);
    if (!store_.attribute(r.profile, list).is_set())
      write(r.profile, list,
            {value_kind::number, static_cast<double>(r.has_time ? r.time : model::to_ms(now)), {}},
            sequence, changed, into);
    return changed;
  }
  if (r.kind == change_kind::list_remove) {
    write(r.profile, list_of(batch, r.name), {}, sequence, changed, into);
    return changed;
  }
  const auto taken = taken_units(batch, r);
  for (std::uint32_t p = 0; p < r.property_count; ++p) {
    const auto& entry = batch.properties[r.first_property + p];
    const auto attribute = attribute_of(batch, entry.name);
    const auto value = batch.view(entry);
    const auto old = store_.attribute(r.profile, attribute);
    if (attribute == created_ && (entry.action == property_action::unset || !value.is_set()))
      continue; // Everybody has a date of birth here.
    switch (entry.action) {
    case property_action::set:
      write(r.profile, attribute, value, sequence, changed, into);
      break;
    case property_action::unset:
      write(r.profile, attribute, {}, sequence, changed, into);
      break;
    case property_action::fill:
      if (!taken.contains(std::string{model::unit_of(batch.name(entry.name))}))
        write(r.profile, attribute, value, sequence, changed, into);
      break;
    case property_action::append: {
      const auto items = appended(as_items(old), as_items(value));
      write(r.profile, attribute, {value_kind::list, 0, items}, sequence, changed, into);
      break;
    }
    case property_action::remove:
      if (old.kind == value_kind::list) {
        const auto items = removed(old.text, as_items(value));
        write(r.profile, attribute, {value_kind::list, 0, items}, sequence, changed, into);
      }
      break;
    }
  }
  return changed;
}

std::set<std::string> change_applier::taken_units(const model::change_batch& batch,
                                                  const model::change_record& r) const {
  std::set<std::string> taken;
  const auto entries = std::span{batch.properties}.subspan(r.first_property, r.property_count);
  if (std::ranges::none_of(entries,
                           [](const auto& e) { return e.action == property_action::fill; }))
    return taken;
  for (std::uint32_t number = 1; number <= names_.count(storage::name_kind::attribute); ++number)
    if (store_.attribute(r.profile, number).is_set())
      taken.emplace(model::unit_of(names_.name(storage::name_kind::attribute, number)));
  return taken;
}

void change_applier::name_profile(const model::change_batch& batch, const model::change_record& r,
                                  std::uint64_t sequence, std::vector<std::uint32_t>& changed,
                                  result* into) {
  for (const auto& [text, number] :
       {std::pair{r.who.external_id, external_id_}, std::pair{r.who.email, email_},
        std::pair{r.who.phone_number, phone_number_}})
    if (text.size != 0)
      write(r.profile, number, {value_kind::text, 0, batch.text(text)}, sequence, changed, into);
}

void change_applier::write(std::uint32_t profile, std::uint32_t attribute, value_view value,
                           std::uint64_t sequence, std::vector<std::uint32_t>& changed,
                           result* into) {
  const auto old = store_.attribute(profile, attribute);
  if (old == value)
    return;
  if (into != nullptr && old.kind == value_kind::text) {
    const auto release = [&](released_identifier::what kind) {
      into->released.push_back({kind, std::string{old.text}, profile});
    };
    if (attribute == external_id_)
      release(released_identifier::what::external_id);
    else if (attribute == email_)
      release(released_identifier::what::email);
    else if (attribute == phone_number_)
      release(released_identifier::what::phone_number);
  }
  store_.set_attribute(profile, attribute, value, sequence);
  changed.push_back(attribute);
}

void change_applier::report(std::vector<segments::membership::move>& moves, model::flip_cause cause,
                            model::instant at, std::string_view detail, result& into) {
  for (const auto& m : moves)
    into.flips.push_back({m.segment, 0, m.profile, m.joined, cause, at, std::string{detail}});
  moves.clear();
}

void change_applier::settle(std::uint32_t profile, model::instant now, result& into) {
  const auto next = members_.next_flip();
  if (!next || *next > model::to_ms(now))
    return;
  due_.clear();
  members_.settle(profile, store_.view(profile), model::to_ms(now), due_);
  for (auto& d : due_)
    report(d.moves, model::flip_cause::clock, model::from_ms(d.at), {}, into);
}

} // namespace actors
