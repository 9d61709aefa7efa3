#include "storage/profile_store.hpp"

#include "storage/profile_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace storage {

namespace {

// Where store_profiles writes: the bits of living profiles, cut into pieces that stay small
// records.
constexpr block_key alive_key{column_kind::profiles, 0, 0};

} // namespace

profile_store::profile_store(environment& where, names& table)
  : where_(where), names_(table), profile_reader_(std::make_unique<profile_reader>(*this)),
    block_reader_(std::make_unique<block_reader>(*this)) {
}

profile_store::~profile_store() = default;

model::outcome<std::unique_ptr<profile_store>> profile_store::open(environment& where,
                                                                   names& table) {
  std::unique_ptr<profile_store> store{new profile_store(where, table)};
  auto snapshot = where.read();
  if (!snapshot)
    return snapshot.error();
  if (const auto kept = snapshot->get(alive_key); kept && kept->size() >= 2) {
    store->profiles_stored_up_to_ = (*kept)[0];
    store->profiles_ = static_cast<std::uint32_t>((*kept)[1]);
    store->alive_.assign(kept->begin() + 2, kept->end());
  }
  auto marks = snapshot->range(checkpoints_key{checkpoint_kind::merge, 0},
                               checkpoints_key{checkpoint_kind::merge, UINT64_MAX});
  while (const auto e = marks.next()) {
    const auto block = e->as<checkpoints_key>().number;
    if (block >= store->merged_up_to_.size())
      store->merged_up_to_.resize(block + 1);
    store->merged_up_to_[block] = e->value[0];
  }
  if (auto healthy = snapshot->health(); !healthy)
    return healthy.error();
  store->snapshot_.emplace(std::move(*snapshot));
  return store;
}

std::uint32_t profile_store::blocks() const {
  return (profiles_ + model::block_rows - 1) / model::block_rows;
}

bool profile_store::is_alive(std::uint32_t profile) const {
  return profile < profiles_ && (alive_[profile / 64] >> (profile % 64) & 1) != 0;
}

void profile_store::set_alive(std::uint32_t profile, bool alive) {
  const std::size_t needed = (profile / model::block_rows + 1) * block_words;
  if (alive_.size() < needed)
    alive_.resize(needed);
  const auto mask = std::uint64_t{1} << (profile % 64);
  auto& bits = alive_[profile / 64];
  bits = alive ? bits | mask : bits & ~mask;
}

// --- changes

std::uint32_t profile_store::create() {
  const auto number = profiles_++;
  set_alive(number, true);
  return number;
}

std::optional<model::event_view> profile_store::add_event(std::uint32_t profile,
                                                          std::uint32_t metric, std::int64_t time,
                                                          double value, std::string_view unique_id,
                                                          std::span<const new_property> properties,
                                                          std::uint64_t sequence) {
  const auto block = profile / model::block_rows;
  const auto row = profile % model::block_rows;
  std::string own_id;
  if (unique_id.empty())
    own_id = seconds_id(time);
  const std::string_view id = unique_id.empty() ? std::string_view{own_id} : unique_id;
  auto& delta = delta_of(block, sequence);
  if (delta.has_event(row, metric, id))
    return std::nullopt;
  if (!delta.is_dropped(row))
    if (const auto* stored = events_of(block, metric);
        stored != nullptr && row < stored->rows() && stored->find(row, id))
      return std::nullopt;
  const auto place = delta.add_event(row, metric, time, value, unique_id, properties);
  profile_reader_->forget();
  return model::event_view{time, value, delta_handle | place};
}

void profile_store::set_attribute(std::uint32_t profile, std::uint32_t attribute,
                                  model::value_view value, std::uint64_t sequence) {
  delta_of(profile / model::block_rows, sequence)
    .set_attribute(profile % model::block_rows, attribute, value);
}

void profile_store::erase(std::uint32_t profile, std::uint64_t sequence) {
  erase_again(profile, sequence, true);
}

void profile_store::erase_again(std::uint32_t profile, std::uint64_t sequence, bool drop_data) {
  if (drop_data)
    delta_of(profile / model::block_rows, sequence).drop(profile % model::block_rows);
  set_alive(profile, false);
  profile_reader_->forget();
}

delta_block& profile_store::delta_of(std::uint32_t block, std::uint64_t sequence) {
  if (block >= deltas_.size())
    deltas_.resize(block + 1);
  if (!deltas_[block]) {
    deltas_[block] = std::make_unique<delta_block>();
    deltas_[block]->first_sequence = sequence;
  }
  return *deltas_[block];
}

const delta_block* profile_store::delta_at(std::uint32_t block) const {
  return block < deltas_.size() ? deltas_[block].get() : nullptr;
}

// --- questions

profile_store::block_cache& profile_store::cache_of(std::uint32_t block) const {
  if (block >= caches_.size())
    caches_.resize(block + 1);
  if (!caches_[block])
    caches_[block] = std::make_unique<block_cache>();
  return *caches_[block];
}

template <class Column, class Opened>
const Column* profile_store::column_of(Opened& known, column_kind kind, std::uint32_t number,
                                       std::uint32_t block) const {
  const auto [found, is_new] = known.try_emplace(number);
  auto& entry = found->second;
  if (!is_new && entry.snapshot == snapshot_number_)
    return entry.column.get();
  entry.snapshot = snapshot_number_;
  const auto words = snapshot_->get(block_key{kind, number, block});
  // Whoever rewrites a block's columns forgets the block, so a record at the same place is the
  // same.
  if (const auto* at = words ? words->data() : nullptr; is_new || at != entry.at) {
    entry.at = at;
    entry.column.reset();
    if (words)
      if (auto opened = Column::open(*words))
        entry.column = std::make_unique<Column>(std::move(*opened));
  }
  return entry.column.get();
}

const event_block* profile_store::events_of(std::uint32_t block, std::uint32_t metric) const {
  return column_of<event_block>(cache_of(block).events, column_kind::events, metric, block);
}

const attribute_block* profile_store::attributes_of(std::uint32_t block,
                                                    std::uint32_t attribute) const {
  return column_of<attribute_block>(cache_of(block).attributes, column_kind::attribute, attribute,
                                    block);
}

model::value_view profile_store::attribute(std::uint32_t profile, std::uint32_t attribute) const {
  const auto block = profile / model::block_rows;
  const auto row = profile % model::block_rows;
  if (const auto* delta = delta_at(block); delta != nullptr && delta->is_dirty(row)) {
    if (const auto written = delta->attribute(row, attribute))
      return *written;
    if (delta->is_dropped(row))
      return {};
  }
  const auto* stored = attributes_of(block, attribute);
  return stored == nullptr ? model::value_view{} : stored->value(row);
}

const model::profile_view& profile_store::view(std::uint32_t profile) const {
  profile_reader_->turn_to(profile);
  return *profile_reader_;
}

const model::block_view& profile_store::block(std::uint32_t block) const {
  block_reader_->turn_to(block);
  return *block_reader_;
}

std::string profile_store::unique_id(std::uint32_t profile, std::uint32_t metric,
                                     const model::event_view& event) const {
  const auto block = profile / model::block_rows;
  if ((event.handle & delta_handle) == 0)
    return events_of(block, metric)->unique_id(static_cast<std::uint32_t>(event.handle));
  const auto& delta = *delta_at(block);
  const auto& e = delta.at(static_cast<std::uint32_t>(event.handle));
  return e.id_size == 0 ? seconds_id(e.time) : std::string{delta.unique_id(e)};
}

std::vector<new_property> profile_store::properties(std::uint32_t profile, std::uint32_t metric,
                                                    const model::event_view& event) const {
  const auto block = profile / model::block_rows;
  const auto place = static_cast<std::uint32_t>(event.handle);
  if ((event.handle & delta_handle) != 0)
    return delta_at(block)->properties(delta_at(block)->at(place));
  std::vector<new_property> all;
  const auto* stored = events_of(block, metric);
  for (const auto number : stored->properties()) {
    const auto column = stored->property(number);
    if (const auto code = column.dictionary == nullptr ? 0 : column.code(place); code != 0)
      all.push_back({number, column.dictionary->entry(code)});
  }
  return all;
}

std::span<const std::uint32_t> profile_store::event_properties(std::uint32_t block,
                                                               std::uint32_t metric) const {
  const auto* stored = events_of(block, metric);
  return stored == nullptr ? std::span<const std::uint32_t>{} : stored->properties();
}

profile_store::metric_sums profile_store::sums(std::uint32_t metric) const {
  metric_sums total;
  for (std::uint32_t block = 0; block < blocks(); ++block) {
    const auto* stored = events_of(block, metric);
    const auto* delta = delta_at(block);
    const auto rows = std::min(model::block_rows, profiles_ - block * model::block_rows);
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (delta != nullptr && delta->is_dirty(row)) {
        const auto events = view(block * model::block_rows + row).events(metric);
        total.events += events.size();
        total.profiles += events.empty() ? 0 : 1;
        for (const auto& e : events)
          total.value_sum += std::isnan(e.value) ? 0 : e.value;
      } else if (stored != nullptr && row < stored->rows()) {
        const auto from = stored->first[row];
        const auto to = stored->first[row + 1];
        total.events += to - from;
        total.profiles += to != from ? 1 : 0;
        if (!stored->values.all_none)
          for (auto i = from; i < to; ++i)
            if (const auto value = stored->values.at(i); !std::isnan(value))
              total.value_sum += value;
      }
    }
  }
  return total;
}

// --- delta and merging

std::uint64_t profile_store::delta_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& delta : deltas_)
    bytes += delta ? delta->memory() : 0;
  return bytes;
}

std::uint64_t profile_store::delta_records() const {
  std::uint64_t records = 0;
  for (const auto& delta : deltas_)
    records += delta ? delta->records() : 0;
  return records;
}

std::vector<std::uint32_t> profile_store::dirty_blocks() const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t block = 0; block < deltas_.size(); ++block)
    if (deltas_[block])
      found.push_back(block);
  return found;
}

std::uint64_t profile_store::merged_up_to(std::uint32_t block) const {
  return block < merged_up_to_.size() ? merged_up_to_[block] : 0;
}

std::optional<std::uint64_t> profile_store::first_unmerged() const {
  std::optional<std::uint64_t> first;
  for (const auto& delta : deltas_)
    if (delta)
      first = std::min(first.value_or(UINT64_MAX), delta->first_sequence);
  return first;
}

model::status profile_store::merge_block(write_transaction& to, std::uint32_t block,
                                         std::uint64_t sequence) {
  const auto& delta = *deltas_[block];
  const auto rows = std::min(model::block_rows, profiles_ - block * model::block_rows);
  // Rows that were dropped lose their past in every column, so every column must be seen.
  auto metrics = delta.metrics();
  auto attributes = delta.attributes();
  if (delta.any_dropped()) {
    metrics.clear();
    attributes.clear();
    for (std::uint32_t m = 1; m <= names_.count(name_kind::metric); ++m)
      metrics.push_back(m);
    for (std::uint32_t a = 1; a <= names_.count(name_kind::attribute); ++a)
      attributes.push_back(a);
  }
  std::vector<std::vector<new_property>> kept_alive;
  for (const auto metric : metrics) {
    const auto* old = events_of(block, metric);
    const auto added = delta.sorted_events(metric, kept_alive);
    if (old == nullptr && added.empty())
      continue;
    const auto words = merge_events(
      old, rows, added, delta.any_dropped() ? delta.dropped() : std::span<const std::uint64_t>{},
      sequence);
    if (!words)
      return words.error();
    to.put(block_key{column_kind::events, metric, block}, *words);
    kept_alive.clear();
  }
  for (const auto attribute : attributes) {
    const auto* old = attributes_of(block, attribute);
    auto written = delta.sorted_values(attribute);
    if (delta.any_dropped()) {
      std::vector<new_value> cleared;
      for (std::uint32_t row = 0; row < rows; ++row)
        if (delta.is_dropped(row))
          cleared.push_back({row, {}});
      cleared.insert(cleared.end(), written.begin(), written.end());
      written = std::move(cleared);
    }
    if (old == nullptr && written.empty())
      continue;
    const auto words = merge_attributes(old, rows, written, sequence);
    if (!words)
      return words.error();
    to.put(block_key{column_kind::attribute, attribute, block}, *words);
  }
  const word mark = sequence;
  to.put(checkpoints_key{checkpoint_kind::merge, block}, words_view{&mark, 1});
  return to.health();
}

void profile_store::merged(std::span<const std::uint32_t> blocks, std::uint64_t sequence) {
  for (const auto block : blocks) {
    deltas_[block].reset();
    if (block < caches_.size())
      caches_[block].reset();
    if (block >= merged_up_to_.size())
      merged_up_to_.resize(block + 1);
    merged_up_to_[block] = sequence;
  }
  snapshot_.reset(); // It does not have what the deltas had.
  renew();
}

model::status profile_store::store_profiles(write_transaction& to, std::uint64_t sequence) {
  auto record = to.reserve(alive_key, 2 + alive_.size());
  if (record.empty())
    return to.health();
  record[0] = sequence;
  record[1] = profiles_;
  std::ranges::copy(alive_, record.begin() + 2);
  return to.health();
}

void profile_store::renew() {
  profile_reader_->forget();
  auto fresh = where_.read();
  if (!fresh)
    return; // The one that there is tells the same.
  ++snapshot_number_;
  snapshot_.emplace(std::move(*fresh));
}

std::vector<std::string> profile_store::check() const {
  std::vector<std::string> faults;
  auto all = snapshot_->all(keyspace::blocks);
  while (const auto e = all.next()) {
    const auto key = e->as<block_key>();
    if (key.kind == column_kind::profiles)
      continue;
    const auto state = [&]() -> model::status {
      if (key.kind == column_kind::events) {
        auto block = event_block::open(e->value);
        return block ? block->validate() : model::status{block.error()};
      }
      auto block = attribute_block::open(e->value);
      return block ? block->validate() : model::status{block.error()};
    }();
    if (!state)
      faults.push_back(fmt::format("block {} of {} {}: {}", key.block,
                                   key.kind == column_kind::events ? "metric" : "attribute",
                                   key.number, state.error().message));
  }
  return faults;
}

} // namespace storage
