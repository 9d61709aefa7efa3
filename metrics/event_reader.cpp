#include "metrics/event_reader.hpp"

#include "metrics/where.hpp"

#include <algorithm>
#include <cmath>

namespace metrics {

std::size_t event_reader::slot_of(std::string_view property, model::name_binder& names) {
  const auto number = names.event_property(property);
  const auto known = std::ranges::find(slots_, number, &slot_state::property);
  const auto slot = static_cast<std::size_t>(known - slots_.begin());
  if (slot == slots_.size())
    slots_.push_back({number, {}, {}});
  return slot;
}

void event_reader::turn_to_block(const model::block_view& block) {
  columns_ = block.events(metric_);
  for (auto& s : slots_) {
    s.column = columns_ ? columns_->property(s.property) : model::coded_column{};
    if (s.column.dictionary == nullptr)
      continue;
    s.numbers.assign(std::size_t{s.column.dictionary->size()} + 1, unknown);
    s.numbers[0] = 0;
  }
}

message_reader::message_reader(event_reader& events, channel by, model::name_binder& names,
                               value_table& values)
  : events_(events), values_(values), by_(by), campaign_(events.slot_of("campaign_id", names)),
    flow_(events.slot_of("flow_id", names)), message_(events.slot_of("message_id", names)),
    channel_(events.slot_of("send_channel", names)),
    variation_(events.slot_of("variation", names)) {
}

void message_reader::turn_to_block() {
  only_ = nullptr;
  std::size_t telling = 0;
  for (const auto slot : slots())
    if (events_.column(slot).dictionary != nullptr) {
      only_ = &events_.column(slot);
      ++telling;
    }
  if (telling != 1) {
    only_ = nullptr;
    return;
  }
  by_code_.assign(std::size_t{only_->dictionary->size()} + 1, 0);
}

std::uint32_t message_reader::message(std::uint32_t i, tuple_table& known) {
  if (only_ == nullptr || !events_.reads_columns())
    return look_up(i, known);
  auto& message = by_code_[events_.code(i, *only_)];
  if (message == 0)
    message = look_up(i, known) + 1; // `none` becomes 0 and is looked up again.
  return message - 1;
}

std::uint32_t message_reader::look_up(std::uint32_t i, tuple_table& known) {
  const std::uint32_t now[5] = {events_.property(i, campaign_), events_.property(i, flow_),
                                events_.property(i, message_), events_.property(i, channel_),
                                events_.property(i, variation_)};
  if (std::equal(now, now + 5, last_))
    return last_message_;
  std::copy(now, now + 5, last_);
  const auto campaign = values_.shown(now[0]);
  const auto object = campaign != 0 ? campaign : values_.shown(now[1]);
  if (object == 0) {
    last_message_ = none;
    return none;
  }
  const auto id = values_.shown(now[2]);
  const std::uint32_t tuple[tuple_width] = {campaign != 0 ? 0u : 1u, object, id != 0 ? id : object,
                                            values_.shown(now[4]),
                                            static_cast<std::uint32_t>(channel_of(now[3]))};
  bool is_new = false;
  last_message_ = known.number_of(tuple, is_new);
  return last_message_;
}

message_facts message_reader::facts_of(const std::uint32_t* tuple) {
  return {tuple[0] == 0 ? message_owner::campaign : message_owner::flow, tuple[1], tuple[2],
          tuple[3], static_cast<channel>(tuple[4])};
}

channel message_reader::channel_of(std::uint32_t number) const {
  const auto v = values_.value(number);
  if (v.kind != model::value_kind::text)
    return by_;
  if (v.text == "push" || v.text == "mobile_push")
    return channel::push;
  for (const auto c : {channel::email, channel::sms, channel::push, channel::whatsapp})
    if (v.text == name_of(c))
      return c;
  return by_;
}

event_tests::event_tests(const std::string& where, event_reader& events, model::name_binder& names,
                         const segments::zone& zone, std::int64_t now)
  : zone_(&zone), now_(now) {
  std::vector<segments::definition_error> errors;
  for (const auto& f : parse_where(where, errors)) {
    test made{0, f.property == "$value", segments::predicate{f.test, zone}, {}};
    if (!made.is_value)
      made.slot = events.slot_of(f.property, names);
    tests_.push_back(std::move(made));
  }
}

bool event_tests::pass(std::uint32_t i, event_reader& events, const value_table& values) {
  for (auto& t : tests_) {
    if (t.is_value) {
      const double value = events.value(i);
      if (!holds(t, std::isnan(value) ? model::value_view{}
                                      : model::value_view{model::value_kind::number, value, {}}))
        return false;
      continue;
    }
    const auto number = events.property(i, t.slot);
    if (number >= t.verdicts.size())
      t.verdicts.resize(std::max<std::size_t>(values.size(), number + 1), -1);
    auto& verdict = t.verdicts[number];
    if (verdict < 0)
      verdict = holds(t, values.value(number)) ? 1 : 0;
    if (verdict == 0)
      return false;
  }
  return true;
}

bool event_tests::holds(const test& t, model::value_view v) const {
  return t.predicate.is_date() ? t.predicate.test(v, now_, *zone_).inside : t.predicate.matches(v);
}

} // namespace metrics
