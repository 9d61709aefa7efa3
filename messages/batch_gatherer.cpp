#include "messages/batch_gatherer.hpp"

#include <cassert>
#include <cstdint>

namespace messages {

namespace {

/// The piece's arena is copied in one go, so that every reference only moves.
void move_by(std::uint32_t distance, model::text_ref& text) {
  text.at = text.size == 0 ? 0 : text.at + distance;
}

void move_by(std::uint32_t distance, model::identifier_refs& who) {
  move_by(distance, who.external_id);
  move_by(distance, who.email);
  move_by(distance, who.phone_number);
}

} // namespace

void batch_gatherer::begin(model::change_batch& whole) {
  assert(whole.records.empty() && whole.names.empty() && whole.bytes.empty());
  whole_ = &whole;
  names_.enter(whole);
}

void batch_gatherer::append(const model::change_batch& piece) {
  numbers_.clear();
  for (const auto name : piece.names)
    numbers_.push_back(names_.number(name_space::plain, piece.text(name)));

  assert(piece.bytes.size() <= UINT32_MAX - whole_->bytes.size());
  const auto distance = static_cast<std::uint32_t>(whole_->bytes.size());
  const auto first_property = static_cast<std::uint32_t>(whole_->properties.size());
  whole_->bytes.append(piece.bytes);
  for (auto r : piece.records) {
    r.name = model::has_name(r.kind) ? numbers_[r.name] : 0;
    r.first_property += first_property;
    move_by(distance, r.who);
    move_by(distance, r.into);
    move_by(distance, r.unique_id);
    whole_->records.push_back(r);
  }
  for (auto p : piece.properties) {
    p.name = numbers_[p.name];
    move_by(distance, p.text);
    whole_->properties.push_back(p);
  }
}

} // namespace messages
