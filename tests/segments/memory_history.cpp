#include "tests/segments/memory_history.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace memory_history {

namespace {

std::uint32_t number_of(std::vector<std::string>& list, std::string_view name) {
  const auto known = std::find(list.begin(), list.end(), name);
  if (known == list.end()) {
    list.emplace_back(name);
    return static_cast<std::uint32_t>(list.size() - 1);
  }
  return static_cast<std::uint32_t>(known - list.begin());
}

std::uint64_t below(std::mt19937_64& random, std::uint64_t n) {
  return random() % n;
}

bool chance(std::mt19937_64& random, double share) {
  return static_cast<double>(random() >> 11) * 0x1p-53 < share;
}

template <class Number>
void store(std::vector<std::byte>& out, std::uint64_t number) {
  const auto n = static_cast<Number>(number);
  const auto* bytes = reinterpret_cast<const std::byte*>(&n);
  out.insert(out.end(), bytes, bytes + sizeof n);
}

std::vector<std::byte> packed(const std::vector<std::uint64_t>& numbers, std::uint8_t width) {
  std::vector<std::byte> out;
  for (const std::uint64_t n : numbers) {
    if (width == 1)
      store<std::uint8_t>(out, n);
    else if (width == 2)
      store<std::uint16_t>(out, n);
    else if (width == 4)
      store<std::uint32_t>(out, n);
    else if (width == 8)
      store<std::uint64_t>(out, n);
  }
  return out;
}

/// Any width up to `widest` that holds numbers up to `most`.
std::uint8_t some_width(std::uint64_t most, std::uint8_t widest, std::mt19937_64& random) {
  std::vector<std::uint8_t> fitting;
  constexpr std::uint8_t widths[] = {1, 2, 4, 8};
  for (const std::uint8_t width : widths)
    if (width <= widest && (width == 8 || most < std::uint64_t{1} << (8 * width)))
      fitting.push_back(width);
  return fitting[below(random, fitting.size())];
}

} // namespace

std::uint32_t names::metric(std::string_view name) {
  return number_of(metrics, name);
}

std::uint32_t names::attribute(std::string_view path) {
  return number_of(attributes, path);
}

std::uint32_t names::event_property(std::string_view key) {
  return number_of(properties, key);
}

profile::profile(const plain::profile& source, const names& known)
  : source_(&source), known_(&known) {
  for (std::size_t i = 0; i < source.events.size(); ++i)
    events_[source.events[i].metric].push_back({source.events[i].time, source.events[i].value, i});
  for (auto& [metric, events] : events_)
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
}

model::value_view profile::attribute(std::uint32_t attribute) const {
  const auto found = source_->attributes.find(known_->attributes.at(attribute));
  return found == source_->attributes.end() ? model::value_view{} : found->second.view();
}

std::span<const model::event_view> profile::events(std::uint32_t metric) const {
  const auto found = events_.find(known_->metrics.at(metric));
  return found == events_.end() ? std::span<const model::event_view>{} : std::span{found->second};
}

model::value_view profile::property(std::uint32_t, const model::event_view& event,
                                    std::uint32_t event_property) const {
  const auto& properties = source_->events.at(event.handle).properties;
  const auto found = properties.find(known_->properties.at(event_property));
  return found == properties.end() ? model::value_view{} : found->second.view();
}

model::profile_view::span_of_time profile::event_times() const {
  span_of_time times;
  for (const auto& event : source_->events) {
    if (times.first > times.last)
      times = {event.time, event.time};
    times.first = std::min(times.first, event.time);
    times.last = std::max(times.last, event.time);
  }
  return times;
}

class block::dictionary final : public model::value_dictionary {
public:
  std::uint32_t size() const override {
    return static_cast<std::uint32_t>(entries.size());
  }
  model::value_view entry(std::uint32_t code) const override {
    return entries.at(code - 1).view();
  }
  bool is_distinct() const override {
    for (auto e = entries.begin(); e != entries.end(); ++e)
      if (std::find(entries.begin(), e, *e) != e)
        return false;
    return true;
  }
  const model::integer_column* instants() const override {
    return times.raws == nullptr ? nullptr : &times;
  }
  const double* numbers() const override {
    return side_by_side.empty() ? nullptr : side_by_side.data();
  }
  /// Works the instants out when every entry names one.
  void tell_instants(std::deque<std::vector<std::byte>>& bytes, std::mt19937_64& random) {
    std::vector<std::int64_t> found;
    for (const auto& e : entries) {
      const auto t = e.kind == model::value_kind::text ? model::parse_instant(e.text)
                                                       : std::nullopt;
      if (!t)
        return;
      found.push_back(model::to_ms(*t));
    }
    if (found.empty())
      return;
    const auto least = *std::ranges::min_element(found);
    std::uint64_t scale = 0;
    for (const auto t : found)
      scale = std::gcd(scale, static_cast<std::uint64_t>(t - least));
    scale = scale == 0 || chance(random, 0.3) ? 1 : scale;
    std::vector<std::uint64_t> raws;
    for (const auto t : found)
      raws.push_back(static_cast<std::uint64_t>(t - least) / scale);
    const auto most = *std::ranges::max_element(raws);
    const std::uint8_t width = most == 0 && chance(random, 0.5) ? std::uint8_t{0}
                                                                : some_width(most, 8, random);
    bytes.push_back(packed(raws, width));
    bytes.back().resize(bytes.back().size() + 1); // Something to point at, of width 0 too.
    times = {bytes.back().data(), width, least, static_cast<std::int64_t>(scale)};
  }
  /// Puts the numbers side by side when all entries are some.
  void tell_numbers() {
    for (const auto& e : entries) {
      if (e.kind != model::value_kind::number) {
        side_by_side.clear();
        return;
      }
      side_by_side.push_back(e.number);
    }
  }
  std::vector<model::value> entries;
  std::vector<double> side_by_side;
  model::integer_column times{};
};

class block::metric_columns final : public model::event_columns {
public:
  model::coded_column property(std::uint32_t event_property) const override {
    const auto found = properties.find(event_property);
    return found == properties.end() ? model::coded_column{} : found->second;
  }
  std::vector<std::uint32_t> offsets;
  std::map<std::uint32_t, model::coded_column> properties;
};

block::~block() = default;

model::coded_column block::coded(const std::vector<model::value>& rows, std::mt19937_64& random) {
  auto entries = std::make_unique<dictionary>();
  std::vector<std::uint64_t> codes;
  for (const auto& v : rows) {
    if (v.kind == model::value_kind::unset) {
      codes.push_back(0);
      continue;
    }
    // Now and then an equal value gets a second code.
    const auto known = std::find(entries->entries.begin(), entries->entries.end(), v);
    if (known == entries->entries.end() || chance(random, 0.02)) {
      entries->entries.push_back(v);
      codes.push_back(entries->entries.size());
    } else {
      codes.push_back(static_cast<std::uint64_t>(known - entries->entries.begin()) + 1);
    }
  }
  model::coded_column column;
  if (entries->entries.empty() && chance(random, 0.5))
    return column;
  const bool is_constant = std::all_of(codes.begin(), codes.end(),
                                       [&](std::uint64_t c) { return c == codes.front(); });
  if (is_constant && !codes.empty() && chance(random, 0.7)) {
    column.constant = static_cast<std::uint32_t>(codes.front());
  } else {
    column.width = some_width(entries->entries.size(), 4, random);
    bytes_.push_back(packed(codes, column.width));
    column.codes = bytes_.back().data();
  }
  if (chance(random, 0.8))
    entries->tell_instants(bytes_, random);
  if (chance(random, 0.8))
    entries->tell_numbers();
  column.dictionary = entries.get();
  dictionaries_.push_back(std::move(entries));
  return column;
}

block::block(const std::vector<plain::profile>& people, names& known, std::mt19937_64& random,
             block_options options) {
  const std::size_t words = (people.size() + 63) / 64;
  dirty_.assign(words, 0);
  alive_.assign(words, ~std::uint64_t{0}); // Bits past the last row say nothing.
  people_.reserve(people.size());
  std::vector<const plain::profile*> told; // What the columns say.
  for (std::size_t row = 0; row < people.size(); ++row) {
    people_.emplace_back(people[row], known);
    told.push_back(&people[row]);
    if (chance(random, options.dirty)) {
      dirty_[row / 64] |= std::uint64_t{1} << (row % 64);
      told.back() = &people[below(random, people.size())];
    }
    if (chance(random, options.dead))
      alive_[row / 64] &= ~(std::uint64_t{1} << (row % 64));
  }

  for (const auto* person : told)
    for (const auto& [path, v] : person->attributes)
      known.attribute(path);
  for (std::uint32_t a = 0; a < known.attributes.size(); ++a) {
    std::vector<model::value> rows;
    for (const auto* person : told) {
      const auto found = person->attributes.find(known.attributes[a]);
      rows.push_back(found == person->attributes.end() ? model::value{} : found->second);
    }
    attributes_[a] = coded(rows, random);
  }

  for (const auto* person : told)
    for (const auto& event : person->events) {
      known.metric(event.metric);
      for (const auto& [key, v] : event.properties)
        known.event_property(key);
    }
  for (std::uint32_t m = 0; m < known.metrics.size(); ++m) {
    auto columns = std::make_unique<metric_columns>();
    std::vector<const plain::event*> events;
    columns->offsets.push_back(0);
    for (const auto* person : told) {
      const auto begin = events.size();
      for (const auto& event : person->events)
        if (event.metric == known.metrics[m])
          events.push_back(&event);
      std::stable_sort(events.begin() + static_cast<std::ptrdiff_t>(begin), events.end(),
                       [](const auto* a, const auto* b) { return a->time < b->time; });
      columns->offsets.push_back(static_cast<std::uint32_t>(events.size()));
    }
    if (events.empty())
      continue;
    columns->first = columns->offsets;

    const auto [first, last] = std::minmax_element(
      events.begin(), events.end(), [](const auto* a, const auto* b) { return a->time < b->time; });
    std::int64_t scale = 0;
    for (const auto* e : events)
      scale = std::gcd(scale, e->time - (*first)->time);
    if (scale == 0 || chance(random, 0.3))
      scale = 1;
    columns->times.base = (*first)->time;
    columns->times.scale = scale;
    if ((*first)->time != (*last)->time || chance(random, 0.5)) {
      std::vector<std::uint64_t> raws;
      for (const auto* e : events)
        raws.push_back(static_cast<std::uint64_t>((e->time - (*first)->time) / scale));
      columns->times.width = some_width(*std::max_element(raws.begin(), raws.end()), 8, random);
      bytes_.push_back(packed(raws, columns->times.width));
      columns->times.raws = bytes_.back().data();
    }

    // Values as hundredths where that gives every one back, else as they are.
    std::vector<std::uint64_t> hundredths;
    bool has_none = false;
    bool all_none = true;
    bool is_exact = true;
    for (const auto* e : events) {
      const bool is_none = std::isnan(e->value);
      has_none = has_none || is_none;
      all_none = all_none && is_none;
      const double scaled = is_none ? 0 : std::round(e->value * 100) + 100'000;
      is_exact = is_exact && scaled >= 0 && (is_none || (scaled - 100'000) / 100 == e->value);
      hundredths.push_back(static_cast<std::uint64_t>(std::max(0.0, scaled)));
    }
    columns->values.all_none = all_none;
    if (!all_none && is_exact && chance(random, 0.7)) {
      const auto most = *std::max_element(hundredths.begin(), hundredths.end());
      const auto width = some_width(most + 1, 8, random);
      const auto none = width == 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * width)) - 1;
      for (std::size_t i = 0; i < events.size(); ++i)
        if (std::isnan(events[i]->value))
          hundredths[i] = none;
      columns->values.integers.width = width;
      columns->values.integers.base = -100'000;
      columns->values.divisor = 100;
      columns->values.has_none = has_none;
      bytes_.push_back(packed(hundredths, width));
      columns->values.integers.raws = bytes_.back().data();
    } else if (!all_none) {
      std::vector<std::byte> out;
      for (const auto* e : events) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&e->value);
        out.insert(out.end(), bytes, bytes + sizeof e->value);
      }
      bytes_.push_back(std::move(out));
      columns->values.doubles = reinterpret_cast<const double*>(bytes_.back().data());
    }

    for (std::uint32_t p = 0; p < known.properties.size(); ++p) {
      std::vector<model::value> rows;
      for (const auto* e : events) {
        const auto found = e->properties.find(known.properties[p]);
        rows.push_back(found == e->properties.end() ? model::value{} : found->second);
      }
      columns->properties[p] = coded(rows, random);
    }
    metrics_.push_back(m);
    events_[m] = std::move(columns);
  }
}

std::uint32_t block::profiles() const {
  return static_cast<std::uint32_t>(people_.size());
}

const model::event_columns* block::events(std::uint32_t metric) const {
  const auto found = events_.find(metric);
  return found == events_.end() ? nullptr : found->second.get();
}

model::coded_column block::attribute(std::uint32_t attribute) const {
  const auto found = attributes_.find(attribute);
  return found == attributes_.end() ? model::coded_column{} : found->second;
}

std::span<const std::uint32_t> block::metrics() const {
  return metrics_;
}

std::span<const std::uint64_t> block::dirty() const {
  return dirty_;
}

std::span<const std::uint64_t> block::alive() const {
  return alive_;
}

const model::profile_view& block::profile(std::uint32_t row) const {
  return people_.at(row);
}

bool block::is_alive(std::uint32_t row) const {
  return (alive_[row / 64] >> (row % 64) & 1) != 0;
}

} // namespace memory_history
