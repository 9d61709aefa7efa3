#include "actors/batch_part.hpp"

#include <utility>

namespace actors {

batch_splitter::batch_splitter(const model::change_batch& whole, std::uint32_t partitions)
  : whole_(whole), parts_(partitions) {
}

std::uint32_t batch_splitter::name_in(growing_part& to, std::uint32_t name) const {
  if (to.names.empty())
    to.names.assign(whole_.names.size(), no_name);
  auto& number = to.names[name];
  if (number == no_name) {
    number = static_cast<std::uint32_t>(to.part.changes.names.size());
    to.part.changes.names.push_back(copy(to, whole_.names[name]));
  }
  return number;
}

model::text_ref batch_splitter::copy(growing_part& to, model::text_ref text) const {
  return text.size == 0 ? model::text_ref{} : to.part.changes.add_text(whole_.text(text));
}

/// An even share and a little more, so that most parts grow without being moved.
void batch_splitter::make_room(model::change_batch& changes) const {
  const auto share = [this](std::size_t whole) { return whole / parts_.size() + whole / 16 + 1; };
  changes.records.reserve(share(whole_.records.size()));
  changes.properties.reserve(share(whole_.properties.size()));
  changes.bytes.reserve(share(whole_.bytes.size()));
}

void batch_splitter::add(std::uint32_t record, std::uint32_t partition, std::uint32_t profile,
                         const identifier_mask& told) {
  auto& to = parts_[partition];
  auto& changes = to.part.changes;
  if (changes.records.capacity() == 0)
    make_room(changes);
  auto r = whole_.records[record];
  r.profile = profile;
  r.who = {told[0] ? copy(to, r.who.external_id) : model::text_ref{},
           told[1] ? copy(to, r.who.email) : model::text_ref{},
           told[2] ? copy(to, r.who.phone_number) : model::text_ref{}};
  r.into = {};
  r.unique_id = copy(to, r.unique_id);
  const bool has_name = r.kind == model::change_kind::event
                     || r.kind == model::change_kind::list_add
                     || r.kind == model::change_kind::list_remove;
  r.name = has_name ? name_in(to, r.name) : 0;
  const auto first = r.first_property;
  r.first_property = static_cast<std::uint32_t>(changes.properties.size());
  for (std::uint32_t i = 0; i < r.property_count; ++i) {
    auto p = whole_.properties[first + i];
    p.name = name_in(to, p.name);
    p.text = copy(to, p.text);
    changes.properties.push_back(p);
  }
  changes.records.push_back(r);
  to.part.origins.push_back(record);
}

batch_part batch_splitter::take(std::uint32_t partition) {
  return std::exchange(parts_[partition], {}).part;
}

} // namespace actors
