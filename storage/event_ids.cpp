#include "storage/event_ids.hpp"

#include "storage/event_block.hpp"

#include <algorithm>

namespace storage {

namespace {

constexpr std::size_t template_head = 2; // Bytes before the prefix: shape, digits.
constexpr std::uint8_t digits_max = 18;

bool has_number(id_shape shape) {
  return shape != id_shape::literal && shape != id_shape::seconds;
}

std::uint64_t number_at(const model::integer_column& column, std::uint32_t i) {
  return static_cast<std::uint64_t>(column.base)
       + static_cast<std::uint64_t>(column.scale) * column.raw(i);
}

/// The first i in [from, to) whose raw is `raw` and that `matches`.
template <class Matches>
std::optional<std::uint32_t> find_raw(const model::integer_column& column, std::uint64_t raw,
                                      std::uint32_t from, std::uint32_t to,
                                      const Matches& matches) {
  std::optional<std::uint32_t> found;
  with_width(column.width, [&]<class T>(const T*) {
    if constexpr (std::is_same_v<T, no_raw>) {
      for (auto i = from; i < to && raw == 0 && !found; ++i)
        if (matches(i))
          found = i;
    } else {
      if (raw > all_ones(sizeof(T)))
        return;
      const auto wanted = static_cast<T>(raw);
      const auto* const raws = reinterpret_cast<const T*>(column.raws);
      for (auto i = from; i < to && !found; ++i)
        if (raws[i] == wanted && matches(i))
          found = i;
    }
  });
  return found;
}

} // namespace

const char* unique_id_columns::read(messages::UniqueIds::Reader from, std::uint64_t events) {
  const auto column = from.getTemplates();
  if (const char* wrong = read_dictionary(column.getDictionary(), templates))
    return wrong;
  if (const char* wrong = read_codes(column.getWidth(), column.getConstant(), column.getCodes(),
                                     events, codes))
    return wrong;
  if (const char* wrong = read_integers(from.getHigh(), events, high))
    return wrong;
  return read_integers(from.getLow(), events, low);
}

const char* unique_id_columns::fault(std::uint32_t events) const {
  if (const char* wrong = templates.fault())
    return wrong;
  for (std::uint32_t c = 1; c <= templates.size(); ++c) {
    const auto text = templates.entry(c).text;
    if (text.size() < template_head || text[0] < 0 || text[0] > static_cast<char>(id_shape::seconds)
        || text[1] < 0 || text[1] > static_cast<char>(digits_max))
      return "a unique id has an unknown shape";
  }
  for (std::uint32_t i = 0; i < events; ++i)
    if (const auto code = codes.code(i); code == 0 || code > templates.size())
      return "an event has no unique id";
  return nullptr;
}

split_id unique_id_columns::template_of(std::uint32_t event) const {
  const auto text = templates.entry(codes.code(event)).text;
  return {text.substr(template_head), static_cast<id_shape>(text[0]),
          static_cast<std::uint8_t>(text[1])};
}

split_id unique_id_columns::at(std::uint32_t event) const {
  auto parts = template_of(event);
  if (has_number(parts.shape)) {
    parts.high = number_at(high, event);
    parts.low = number_at(low, event);
  }
  return parts;
}

std::optional<std::uint32_t> unique_id_columns::find(std::uint32_t from, std::uint32_t to,
                                                     const split_id& id) const {
  const auto same_template = [&](std::uint32_t i) {
    const auto other = template_of(i);
    return other.shape == id.shape && other.digits == id.digits && other.prefix == id.prefix;
  };
  if (!has_number(id.shape)) {
    for (auto i = from; i < to; ++i)
      if (same_template(i))
        return i;
    return std::nullopt;
  }
  const auto distance = id.low - static_cast<std::uint64_t>(low.base);
  const auto scale = static_cast<std::uint64_t>(low.scale);
  if (distance % scale != 0)
    return std::nullopt;
  return find_raw(low, distance / scale, from, to, [&](std::uint32_t i) {
    return number_at(high, i) == id.high && same_template(i);
  });
}

// --- unique_id_merge -----------------------------------------------------------------------

std::uint32_t unique_id_merge::template_number(const split_id& id) {
  std::string key;
  key.reserve(template_head + id.prefix.size());
  key.push_back(static_cast<char>(id.shape));
  key.push_back(static_cast<char>(id.digits));
  key.append(id.prefix);
  const auto view = [](std::string_view text) {
    return model::value_view{model::value_kind::text, 0, text};
  };
  if (const auto known = collector_.find(view(key)); known != 0)
    return known;
  return collector_.add(view(keys_.emplace_back(std::move(key))));
}

unique_id_merge::unique_id_merge(const unique_id_columns* old, std::uint32_t old_events,
                                 std::span<const new_event> added,
                                 std::span<const std::uint8_t> used)
  : old_(old) {
  integer_sides high{old ? &old->high : nullptr, old_events};
  integer_sides low{old ? &old->low : nullptr, old_events};
  const auto widen = [](integer_sides& sides, std::uint64_t number) {
    const auto n = static_cast<std::int64_t>(number);
    sides.least = sides.any_added ? std::min(sides.least, n) : n;
    sides.most = sides.any_added ? std::max(sides.most, n) : n;
    sides.any_added = true;
  };
  added_.reserve(added.size());
  split_id last;
  std::uint32_t last_number = 0;
  for (const auto& event : added) {
    auto id = split(event.unique_id);
    if (event.unique_id.empty() || is_seconds_id(id, event.time))
      id = {{}, id_shape::seconds};
    // Neighbours mostly share their template.
    if (last_number == 0 || id.shape != last.shape || id.digits != last.digits
        || id.prefix != last.prefix) {
      last_number = template_number(id);
      last = id;
    }
    const bool numbered = has_number(id.shape);
    added_.push_back({last_number, numbered, id.high, id.low});
    if (numbered) {
      widen(high, id.high);
      widen(low, id.low);
    }
  }
  templates_.emplace(old ? &old->templates : nullptr, collector_, used);
  high_ = plan_integers(high);
  low_ = plan_integers(low);
}

std::uint8_t unique_id_merge::code_bytes() const {
  return templates_->size() <= 1 ? std::uint8_t{0} : code_width(templates_->size());
}

std::uint64_t unique_id_merge::largest(std::uint64_t events) const {
  return std::max<std::uint64_t>(
    {code_bytes() * events, high_.width * events, low_.width * events, templates_->text_bytes()});
}

std::uint64_t unique_id_merge::words(std::uint64_t events) const {
  return 32 + dictionary_words(*templates_) + words_for(code_bytes() * events)
       + words_for(high_.width * events) + words_for(low_.width * events);
}

void unique_id_merge::write(std::span<const run> runs, std::uint64_t events,
                            messages::UniqueIds::Builder to) const {
  auto column = to.initTemplates();
  write_dictionary(*templates_, column.initDictionary());
  const auto width = code_bytes();
  column.setWidth(width);
  if (width == 0) {
    column.setConstant(templates_->size());
  } else {
    auto codes = column.initCodes(static_cast<unsigned>(width * events));
    const auto new_codes = templates_->added_codes();
    write_codes(width, old_ ? &old_->codes : nullptr, templates_->old_codes(), runs,
                reinterpret_cast<std::byte*>(codes.begin()),
                [&](std::uint32_t i) { return new_codes[added_[i].template_number]; });
  }
  const auto write_half = [&](const integer_layout& layout, const model::integer_column* old,
                              messages::IntegerColumn::Builder half, std::uint64_t parts::*number) {
    half.setBase(layout.base);
    half.setWidth(layout.width);
    auto raws = half.initRaws(static_cast<unsigned>(layout.width * events));
    write_raws(layout, old, false, runs, reinterpret_cast<std::byte*>(raws.begin()),
               [&](std::uint32_t i) {
                 const auto& p = added_[i];
                 return p.has_number ? layout.raw_of(static_cast<std::int64_t>(p.*number)) : 0;
               });
  };
  write_half(high_, old_ ? &old_->high : nullptr, to.initHigh(), &parts::high);
  write_half(low_, old_ ? &old_->low : nullptr, to.initLow(), &parts::low);
}

} // namespace storage
