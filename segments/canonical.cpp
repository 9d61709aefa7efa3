#include "segments/canonical.hpp"

#include "model/value.hpp"
#include "segments/canonical_words.hpp"

#include <xxhash.h>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

namespace segments {

namespace {

// "Rollcall". A change renames every stored criterion.
constexpr XXH64_hash_t id_seed = 0x526F'6C6C'6361'6C6C;

/// Writes nested JSON arrays without spaces.
class writer {
public:
  template <class... Parts>
  writer& array(const Parts&... parts) {
    separate();
    out_ += '[';
    (write(parts), ...);
    out_ += ']';
    return *this;
  }
  std::string take() {
    return std::move(out_);
  }

private:
  void separate() {
    if (!out_.empty() && out_.back() != '[')
      out_ += ',';
  }
  void bare(std::string_view text) {
    separate();
    out_ += text;
  }

  void write(std::string_view text) {
    separate();
    model::append_json_string(out_, text);
  }
  void write(const std::string& text) {
    write(std::string_view{text});
  }
  void write(const char* text) {
    write(std::string_view{text});
  }
  void write(bool truth) {
    bare(truth ? "true" : "false");
  }
  void write(double number) {
    bare(model::format_number(number));
  }
  void write(std::int64_t number) {
    bare(std::to_string(number));
  }
  void write(model::instant instant) {
    write(model::format_instant(instant));
  }
  void write(const model::value& item) {
    bare(model::to_json(item.view()));
  }
  template <class T>
  void write(const std::optional<T>& part) {
    if (part)
      write(*part);
    else
      bare("null");
  }
  template <class T>
  void write(const std::vector<T>& parts) {
    separate();
    out_ += '[';
    for (const auto& part : parts)
      write(part);
    out_ += ']';
  }
  /// Operands of a filter; none stand for the null operand where one is asked for.
  template <class T>
  void operands(const std::vector<T>& parts, bool one) {
    if (one && parts.empty())
      bare("null");
    else
      write(parts);
  }

  void write(const filter& f) {
    std::visit([this](const auto& each) { write(each); }, f);
  }

  void write(const text_filter& f) {
    const bool set = f.op == text_operator::in || f.op == text_operator::not_in
                  || f.op == text_operator::phone_country_in
                  || f.op == text_operator::phone_country_not_in;
    open("text", word(f.op));
    operands(f.operands, !set);
    close();
  }
  void write(const number_filter& f) {
    if (f.upper)
      array("number", "between", f.operand, *f.upper);
    else
      array("number", word(f.op), f.operand);
  }
  void write(const boolean_filter& f) {
    array("boolean", f.operand);
  }
  void write(const existence_filter& f) {
    array(f.is_set ? "set" : "not-set");
  }
  void write(const list_filter& f) {
    const bool set = f.op == list_operator::contains_all || f.op == list_operator::contains_any
                  || f.op == list_operator::not_contains_all
                  || f.op == list_operator::not_contains_any;
    open("list", word(f.op));
    operands(f.operands, !set);
    close();
  }
  void write(const list_length_filter& f) {
    array("length", word(f.op), f.operand);
  }
  void write(const date_filter& f) {
    open("date", word(f.op));
    switch (f.op) {
    case date_operator::alltime:
    case date_operator::anniversary:
    case date_operator::anniversary_month:
      break;
    case date_operator::before:
    case date_operator::after:
      write(f.start);
      break;
    case date_operator::between_static:
      write(f.start);
      write(f.end);
      break;
    case date_operator::at_least:
    case date_operator::in_the_last:
    case date_operator::in_the_next:
    case date_operator::anniversary_last:
    case date_operator::anniversary_next:
      write(f.from);
      write(word(f.unit));
      break;
    case date_operator::between:
      write(f.from);
      write(f.to);
      write(word(f.unit));
      break;
    case date_operator::calendar_month:
      write(f.from);
      break;
    }
    if (!f.zone.empty())
      array("zone", f.zone);
    close();
  }

  void write(const event_filter& f) {
    array(f.property, f.test);
  }
  void write(const sequence_step& s) {
    array(s.exists ? "then" : "without", s.events.metric, s.events.where, s.within_ms);
  }
  void write(const consent_filter& f) {
    array(f.field, f.method, f.test);
  }

  void open(std::string_view kind, std::string_view op) {
    separate();
    out_ += '[';
    write(kind);
    write(op);
  }
  void close() {
    out_ += ']';
  }

  std::string out_;
};

std::string written(const event_filter& f) {
  return writer{}.array(f.property, f.test).take();
}

std::string written(const consent_filter& f) {
  return writer{}.array(f.field, f.method, f.test).take();
}

/// Sorted by what is written, equal ones once.
template <class T>
void sort_unique(std::vector<T>& filters) {
  std::vector<std::pair<std::string, T>> keyed;
  keyed.reserve(filters.size());
  for (auto& f : filters) {
    auto key = written(f);
    keyed.emplace_back(std::move(key), std::move(f));
  }
  const auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(keyed.begin(), keyed.end(), by_key);
  keyed.erase(std::unique(keyed.begin(), keyed.end(), same_key), keyed.end());
  filters.clear();
  for (auto& [key, f] : keyed)
    filters.push_back(std::move(f));
}

void sort_unique(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

void multiply(date_filter& f, std::int64_t factor, date_unit unit) {
  f.from *= factor;
  f.to *= factor;
  f.unit = unit;
}

/// Sixty of `from` are one of `to`; only whole ones change.
void coarsen(date_filter& f, date_unit from, date_unit to) {
  if (f.unit != from || f.from % 60 != 0 || f.to % 60 != 0)
    return;
  f.from /= 60;
  f.to /= 60;
  f.unit = to;
}

void normalise(date_filter& f) {
  const bool counts_back = f.op == date_operator::at_least || f.op == date_operator::in_the_last
                        || f.op == date_operator::in_the_next || f.op == date_operator::between;
  const bool has_unit = counts_back || f.op == date_operator::anniversary_last
                     || f.op == date_operator::anniversary_next;
  if (f.op != date_operator::between)
    f.to = 0;
  else if (f.from > f.to)
    std::swap(f.from, f.to);
  if (f.op == date_operator::between_static && f.start > f.end)
    std::swap(f.start, f.end);
  if (!has_unit)
    f.unit = date_unit::day;
  if (f.unit == date_unit::week)
    multiply(f, 7, date_unit::day);
  if (counts_back && f.rolling && f.unit == date_unit::day)
    multiply(f, 24, date_unit::hour);
  f.rolling = false;
  if (has_unit) {
    coarsen(f, date_unit::second, date_unit::minute);
    coarsen(f, date_unit::minute, date_unit::hour);
  }
  // Spans between instants are the same everywhere, and so is everything that has no days in it.
  const bool zone_matters = f.op != date_operator::alltime && f.op != date_operator::before
                         && !(counts_back && f.unit != date_unit::day);
  if (!zone_matters || f.zone == "UTC")
    f.zone.clear();
}

void normalise(filter& f) {
  if (auto* text = std::get_if<text_filter>(&f)) {
    if (text->op == text_operator::in || text->op == text_operator::not_in
        || text->op == text_operator::phone_country_in
        || text->op == text_operator::phone_country_not_in)
      sort_unique(text->operands);
  } else if (auto* list = std::get_if<list_filter>(&f)) {
    const auto json = [](const model::value& v) { return model::to_json(v.view()); };
    std::sort(list->operands.begin(), list->operands.end(),
              [&](const auto& a, const auto& b) { return json(a) < json(b); });
    list->operands.erase(std::unique(list->operands.begin(), list->operands.end()),
                         list->operands.end());
  } else if (auto* date = std::get_if<date_filter>(&f)) {
    normalise(*date);
  } else if (auto* number = std::get_if<number_filter>(&f); number && number->upper) {
    number->op = comparison::equal;
    if (number->operand > *number->upper)
      std::swap(number->operand, *number->upper);
  }
}

void normalise(std::vector<event_filter>& filters) {
  for (auto& f : filters)
    normalise(f.test);
  sort_unique(filters);
}

void normalise(std::vector<consent_filter>& filters) {
  for (auto& f : filters)
    if (f.test)
      normalise(*f.test);
  sort_unique(filters);
}

void normalise(attribute_criterion& c) {
  normalise(c.test);
}

void normalise(event_criterion& c) {
  normalise(c.events.where);
  normalise(c.during);
  normalise(c.picked);
  if (c.what == measure::first || c.what == measure::last)
    c.holds = {};
  else if (c.holds.upper && c.holds.operand > *c.holds.upper)
    std::swap(c.holds.operand, *c.holds.upper);
}

void normalise(sequence_criterion& c) {
  for (auto& step : c.steps)
    normalise(step.events.where);
  normalise(c.during);
}

void normalise(list_criterion& c) {
  sort_unique(c.lists);
  if (c.joined)
    normalise(*c.joined);
  if (c.joined && c.joined->op == date_operator::alltime)
    c.joined.reset();
}

void normalise(consent_criterion& c) {
  normalise(c.filters);
}

void normalise(permission_criterion& c) {
  normalise(c.filters);
}

void normalise(distance_criterion& /*unused*/) {
}

void normalise(region_criterion& /*unused*/) {
}

void normalise(affinity_criterion& c) {
  normalise(c.test);
}

std::string text_of(const attribute_criterion& c) {
  return writer{}.array("attribute", c.attribute, c.test).take();
}

std::string text_of(const event_criterion& c) {
  if (c.what == measure::first || c.what == measure::last)
    return writer{}
      .array("event", c.events.metric, c.events.where, c.during, word(c.what), c.picked)
      .take();
  return writer{}
    .array("event", c.events.metric, c.events.where, c.during, word(c.what), c.property, c.holds)
    .take();
}

std::string text_of(const sequence_criterion& c) {
  return writer{}.array("sequence", c.steps, c.during, c.window_ms, c.equal_property).take();
}

std::string text_of(const list_criterion& c) {
  return writer{}.array("list", c.is_member, c.lists, c.joined).take();
}

std::string text_of(const consent_criterion& c) {
  return writer{}.array("consent", word(c.on), c.can_receive, word(c.state), c.filters).take();
}

std::string text_of(const permission_criterion& c) {
  return writer{}.array("permission", c.transactional, word(c.status), c.filters).take();
}

std::string text_of(const distance_criterion& c) {
  return writer{}
    .array("distance", c.latitude, c.longitude, c.nearer ? "nearer" : "farther", c.miles)
    .take();
}

std::string text_of(const region_criterion& c) {
  return writer{}.array("region", c.inside, word(c.area)).take();
}

std::string text_of(const affinity_criterion& c) {
  return writer{}
    .array("affinity", c.predicted_channel, c.by_rank ? "rank" : "priority", c.test)
    .take();
}

} // namespace

criterion normalised(criterion c) {
  std::visit([](auto& each) { normalise(each); }, c);
  return c;
}

std::string canonical_text(const criterion& c) {
  return std::visit([](const auto& each) { return text_of(each); }, normalised(c));
}

criterion_id id_of(const criterion& c) {
  const auto text = canonical_text(c);
  const auto hash = XXH3_128bits_withSeed(text.data(), text.size(), id_seed);
  return {hash.low64, hash.high64};
}

} // namespace segments
