#include "metrics/fold_order.hpp"

namespace metrics {

namespace {

/// Pieces one after the other, each with its length, so that no two lists give the same text.
class key_text {
public:
  key_text& operator<<(std::string_view piece) {
    text_ += std::to_string(piece.size());
    text_ += ':';
    text_ += piece;
    return *this;
  }
  template <class Number>
  requires std::is_integral_v<Number> key_text& operator<<(Number n) {
    return *this << std::string_view{std::to_string(n)};
  }
  template <class Enum>
  requires std::is_enum_v<Enum> key_text& operator<<(Enum e) {
    return *this << static_cast<std::int64_t>(e);
  }
  std::string take() {
    return std::move(text_);
  }

private:
  std::string text_;
};

void add(key_text& to, const row_filter& f) {
  to << f.what << f.grouping << f.op << f.values.size();
  for (const auto& v : f.values)
    to << v;
  to << f.parts.size();
  for (const auto& part : f.parts)
    add(to, part);
}

} // namespace

std::string key_of(const fold_order& order) {
  key_text to;
  to << order.kind << order.owner << order.time.from << order.time.to << order.is_timeless
     << order.intervals.size();
  for (const auto t : order.intervals)
    to << t;
  to << order.zone << order.week_start << order.streams.size();
  for (const auto& s : order.streams) {
    to << s.metric << s.by << s.is_message << s.is_send << s.is_delivery << s.is_conversion
       << s.conversion_where << s.conversion_value << s.touch_rank << s.is_click << s.is_open;
    for (const auto w : s.window_ms)
      to << w;
  }
  to << order.measures.size();
  for (const auto& m : order.measures) {
    to << m.name << m.counts << m.property << m.where << m.leaves_bots_out << m.leaves_apple_out
       << m.by_event_time << m.is_credited << m.streams.size();
    for (const auto s : m.streams)
      to << s;
  }
  to << order.groupings.size();
  for (const auto& g : order.groupings)
    to << g.source << g.key << g.fact << g.part << g.moment;
  to << order.rollups.size();
  for (const auto& r : order.rollups) {
    to << r.size();
    for (const auto g : r)
      to << g;
  }
  add(to, order.filter);
  to << order.moment << order.apple_earns_credit << order.with_bots << order.now
     << order.segments.size();
  for (const auto& s : order.segments)
    to << s.number << s.id << s.name;
  to << order.keeps_people << order.collected.has_value();
  if (order.collected) {
    to << order.collected->rollup << order.collected->measure << order.collected->values.size();
    for (const auto& v : order.collected->values)
      to << v;
    to << order.collected->interval.has_value() << order.collected->interval.value_or(0);
  }
  return to.take();
}

std::string survey_key_of(const fold_order& order) {
  key_text to;
  for (const auto& s : order.streams)
    if (s.is_send)
      to << s.metric << s.by << s.is_delivery;
  return to.take();
}

} // namespace metrics
