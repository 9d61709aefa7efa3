#include "storage/profile_readers.hpp"

#include <algorithm>

namespace storage {

namespace {

/// Stored columns with empty rows at the end, for profiles that came after they were written.
class widened_events final : public model::event_columns {
public:
  widened_events(const event_block& stored, std::uint32_t rows)
    : stored_(stored), first_(stored.first.begin(), stored.first.end()) {
    first_.resize(rows + 1, first_.back());
    first = first_;
    times = stored.times;
    values = stored.values;
  }
  [[nodiscard]] model::coded_column property(std::uint32_t event_property) const override {
    return stored_.property(event_property);
  }

private:
  const event_block& stored_;
  std::vector<std::uint32_t> first_;
};

} // namespace

std::span<const model::event_view>
profile_store::profile_reader::events(std::uint32_t metric) const {
  if (metric >= by_metric_.size())
    by_metric_.resize(metric + 1);
  auto& g = by_metric_[metric];
  if (g.turn != turn_) {
    g.turn = turn_;
    g.events.clear();
    gather(metric, g.events);
  }
  return g.events;
}

void profile_store::profile_reader::gather(std::uint32_t metric,
                                           std::vector<model::event_view>& into) const {
  const auto block = profile_ / model::block_rows;
  const auto row = profile_ % model::block_rows;
  const auto* delta = store_.delta_at(block);
  auto in_delta = delta_block::none;
  const auto take_delta_before = [&](std::int64_t time) {
    while (in_delta != delta_block::none && delta->at(in_delta).time < time) {
      const auto& e = delta->at(in_delta);
      into.push_back({e.time, e.value, delta_handle | in_delta});
      in_delta = e.next;
    }
  };
  if (delta != nullptr && delta->is_dirty(row))
    in_delta = delta->chain(row, metric);
  if (delta == nullptr || !delta->is_dropped(row))
    if (const auto* stored = store_.events_of(block, metric);
        stored != nullptr && row < stored->rows())
      for (auto i = stored->first[row]; i < stored->first[row + 1]; ++i) {
        const auto time = stored->times.at(i);
        take_delta_before(time); // At equal times the stored one was taken first.
        into.push_back({time, stored->values.at(i), i});
      }
  take_delta_before(INT64_MAX);
}

model::value_view profile_store::profile_reader::property(std::uint32_t metric,
                                                          const model::event_view& event,
                                                          std::uint32_t event_property) const {
  const auto block = profile_ / model::block_rows;
  const auto place = static_cast<std::uint32_t>(event.handle);
  if ((event.handle & delta_handle) != 0) {
    const auto& delta = *store_.delta_at(block);
    return delta.property(delta.at(place), event_property);
  }
  const auto column = store_.events_of(block, metric)->property(event_property);
  const auto code = column.dictionary == nullptr ? 0 : column.code(place);
  return code == 0 ? model::value_view{} : column.dictionary->entry(code);
}

model::profile_view::span_of_time profile_store::profile_reader::event_times() const {
  span_of_time span;
  for (std::uint32_t metric = 1; metric <= store_.names_.count(name_kind::metric); ++metric) {
    const auto all = events(metric);
    if (all.empty())
      continue;
    const bool is_first = span.first > span.last;
    span.first = is_first ? all.front().time : std::min(span.first, all.front().time);
    span.last = is_first ? all.back().time : std::max(span.last, all.back().time);
  }
  return span;
}

void profile_store::block_reader::turn_to(std::uint32_t block) {
  block_ = block;
  profiles_ = std::min(model::block_rows, store_.profiles_ - block * model::block_rows);
  alive_ = std::span{store_.alive_}.subspan(block * block_words, block_words);
  dirty_.assign(block_words, 0);
  if (const auto* delta = store_.delta_at(block))
    std::ranges::copy(delta->dirty(), dirty_.begin());
  metrics_.clear();
  widened_.clear();
  widened_events_.clear();
}

const model::event_columns* profile_store::block_reader::events(std::uint32_t metric) const {
  const auto* stored = store_.events_of(block_, metric);
  if (stored == nullptr || stored->rows() >= profiles_)
    return stored;
  return widened_events_.emplace_back(std::make_unique<widened_events>(*stored, profiles_)).get();
}

model::coded_column profile_store::block_reader::attribute(std::uint32_t attribute) const {
  const auto* stored = store_.attributes_of(block_, attribute);
  if (stored == nullptr)
    return {};
  const auto& column = stored->column();
  const bool complete = stored->rows() >= profiles_ || column.dictionary == nullptr;
  return complete ? column : widen(column, stored->rows());
}

model::coded_column profile_store::block_reader::widen(const model::coded_column& column,
                                                       std::uint32_t rows) const {
  auto& bytes = widened_.emplace_back(model::block_rows * sizeof(std::uint32_t));
  auto* codes = reinterpret_cast<std::uint32_t*>(bytes.data());
  for (std::uint32_t row = 0; row < rows; ++row)
    codes[row] = column.code(row);
  return {column.dictionary, bytes.data(), 4, 0};
}

std::span<const std::uint32_t> profile_store::block_reader::metrics() const {
  if (metrics_.empty())
    for (std::uint32_t metric = 1; metric <= store_.names_.count(name_kind::metric); ++metric)
      if (store_.events_of(block_, metric) != nullptr)
        metrics_.push_back(metric);
  return metrics_;
}

} // namespace storage
