#include "tests/segments/evaluation_support.hpp"

namespace evaluation_support {

model::value text(std::string_view t) {
  return model::value::of_text(t);
}

model::value number(double n) {
  return model::value::of_number(n);
}

model::value boolean(bool b) {
  return model::value::of_boolean(b);
}

model::value list(std::initializer_list<model::value> items) {
  model::value v;
  v.kind = model::value_kind::list;
  for (const auto& item : items)
    model::append_list_item(v.text, item.view());
  return v;
}

segments::verdict verdict_of(const segments::criterion& c, const person& p, std::string_view now,
                             const std::string& account_zone) {
  memory_history::names names;
  const auto compiled = segments::compile(c, names, account_zone);
  return compiled->evaluate(memory_history::profile{p, names}, ms(now));
}

bool holds(const segments::criterion& c, const person& p, std::string_view now,
           const std::string& account_zone) {
  return verdict_of(c, p, now, account_zone).holds;
}

std::string next_flip(const segments::criterion& c, const person& p, std::string_view now,
                      const std::string& account_zone) {
  memory_history::names names;
  const auto compiled = segments::compile(c, names, account_zone);
  const auto at = segments::exact_next_flip(*compiled, memory_history::profile{p, names}, ms(now));
  return at == never ? "never" : model::format_instant(model::from_ms(at));
}

segments::attribute_criterion attribute(const std::string& path, segments::filter test) {
  return {path, std::move(test)};
}

segments::date_filter relative(segments::date_operator op, std::int64_t quantity,
                               segments::date_unit unit) {
  segments::date_filter f;
  f.op = op;
  f.from = quantity;
  f.unit = unit;
  return f;
}

segments::date_filter between(std::int64_t from, std::int64_t to, segments::date_unit unit) {
  auto f = relative(segments::date_operator::between, from, unit);
  f.to = to;
  return f;
}

segments::date_filter fixed(segments::date_operator op, std::string_view start,
                            std::string_view end) {
  segments::date_filter f;
  f.op = op;
  f.start = model::from_ms(ms(start));
  f.end = model::from_ms(ms(end));
  return f;
}

segments::event_criterion count_of(const std::string& metric, segments::comparison op, double n,
                                   segments::date_filter when) {
  segments::event_criterion c;
  c.events.metric = metric;
  c.during = std::move(when);
  c.holds = {op, n, {}};
  return c;
}

segments::sequence_criterion steps(std::initializer_list<std::string> metrics,
                                   std::optional<std::int64_t> window_ms) {
  segments::sequence_criterion c;
  for (const auto& metric : metrics) {
    segments::sequence_step step;
    step.exists = !metric.starts_with('!');
    step.events.metric = metric.substr(step.exists ? 0 : 1);
    c.steps.push_back(std::move(step));
  }
  c.window_ms = window_ms;
  return c;
}

} // namespace evaluation_support
