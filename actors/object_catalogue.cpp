#include "actors/object_catalogue.hpp"

#include <algorithm>

namespace actors {

const object_entry* object_catalogue::find(const key& which) const {
  const auto found = entries_.find(which);
  return found == entries_.end() ? nullptr : &found->second;
}

std::shared_ptr<const std::vector<model::described_object>> object_catalogue::all() const {
  if (!all_) {
    auto objects = std::make_shared<std::vector<model::described_object>>();
    objects->reserve(entries_.size());
    for (const auto& [which, entry] : entries_)
      objects->push_back(entry.object);
    all_ = std::move(objects);
  }
  return all_;
}

void object_catalogue::accept(object_entry entry) {
  last_number_ = std::max(last_number_, entry.number);
  key which{entry.object.kind, entry.object.id};
  entries_.insert_or_assign(std::move(which), std::move(entry));
  all_.reset();
}

void object_catalogue::forget(const key& which) {
  entries_.erase(which);
  all_.reset();
}

model::outcome<bool> object_draft::take(const model::object_update& update) {
  const object_catalogue::key which{update.given.kind, update.given.id};
  const auto* entry = known_.find(which);
  const auto drafted = changes_.find(which);
  const model::described_object* before = entry ? &entry->object : nullptr;
  if (drafted != changes_.end())
    before = drafted->second.becomes ? &*drafted->second.becomes : nullptr;
  std::optional<model::described_object> after;
  if (!update.is_deleted) {
    auto result = model::merged(before, update);
    if (!result)
      return result.error();
    after = std::move(*result);
  }
  if (before ? after == *before : !after)
    return false;
  if (drafted != changes_.end())
    drafted->second.becomes = std::move(after);
  else
    changes_.emplace(which, change{entry ? entry->number : ++last_number_, std::move(after)});
  return true;
}

} // namespace actors
