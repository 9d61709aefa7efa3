#include "segments/event_measure.hpp"

#include "segments/event_judge.hpp"

#include <algorithm>
#include <iterator>

namespace segments {

namespace {

constexpr std::size_t shown_events_max = 20;

std::string_view name_of(measure m) {
  switch (m) {
  case measure::sum:
    return "sum";
  case measure::average:
    return "average";
  case measure::minimum:
    return "minimum";
  case measure::maximum:
    return "maximum";
  case measure::distinct:
    return "distinct values";
  default:
    return {};
  }
}

} // namespace

event_measure::event_measure(const event_criterion& c, const compile_context& context)
  : selection_(c.events, context), window_(c.during, context.account_zone), what_(c.what),
    holds_(c.holds), range_(range_of(c.holds)), account_zone_(context.account_zone) {
  if (!c.property.empty() && c.property != "$value")
    measured_ = selection_.slot_of(c.property, context);
  for (const auto& f : c.picked) {
    auto made = selection_.make_test(f, context);
    (made.test.is_date() ? picked_moving_ : picked_).push_back(std::move(made));
  }
  asks_each_ = !window_.is_interval() || !selection_.moving.empty() || !picked_moving_.empty();
  metrics_.push_back(selection_.metric);
  const auto uses_profile_zone = [](const event_test& t) { return t.test.uses_profile_zone(); };
  if (window_.uses_profile_zone() || selection_.uses_profile_zone()
      || std::any_of(picked_moving_.begin(), picked_moving_.end(), uses_profile_zone))
    attributes_.push_back(context.names.attribute(timezone_path));
  const auto moves = [](const event_test& t) { return t.test.moves(); };
  depends_on_time_ = window_.moves()
                  || std::any_of(selection_.moving.begin(), selection_.moving.end(), moves)
                  || std::any_of(picked_moving_.begin(), picked_moving_.end(), moves);
}

const zone& event_measure::zone_in(const model::profile_view& profile) const {
  return attributes_.empty() ? account_zone_
                             : zone_of(profile.attribute(attributes_[0]), account_zone_);
}

verdict event_measure::evaluate(const model::profile_view& profile, std::int64_t now) const {
  const zone& in = zone_in(profile);
  return judge(profile_events{profile, selection_}, window_.at(now, in), in);
}

bool event_measure::concerns(const model::profile_view& profile, std::uint32_t metric,
                             const model::event_view& event) const {
  if (metric != selection_.metric || !selection_.may_pass(profile, event))
    return false;
  return window_.moves() || window_.at(0, zone_in(profile)).stands(event.time).inside;
}

void event_measure::gather(const model::profile_view& profile, std::int64_t now,
                           evidence& e) const {
  const profile_events events{profile, selection_};
  const zone& in = zone_in(profile);
  const auto w = window_.at(now, in);
  std::vector<std::size_t> inside;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.passes(i) && w.stands(events.time(i)).inside
        && stands(events, i, selection_.moving, now, in).inside)
      inside.push_back(i);
  const auto pick = [&](std::size_t k) { return inside[k]; };
  e.events_in_all = inside.size();
  for (std::size_t k = inside.size(); k > 0 && e.events.size() < shown_events_max; --k)
    e.events.push_back({selection_.metric, events.event(pick(k - 1))});

  e.found = std::to_string(inside.size())
          + (inside.size() == 1 ? " matching event" : " matching events");
  if (what_ == measure::distinct) {
    e.found += ", " + std::to_string(distinct(events, inside.size(), pick)) + " "
             + std::string{name_of(what_)};
    return;
  }
  if (picks()) {
    if (!inside.empty()) {
      const std::size_t at = what_ == measure::first ? inside.front() : inside.back();
      e.found += what_ == measure::first ? ", the first at " : ", the last at ";
      e.found += model::format_instant(model::from_ms(events.time(at)));
    }
    return;
  }
  if (what_ == measure::count)
    return;
  std::vector<double> present;
  for (const double x : numbers(events, inside.size(), pick))
    if (!std::isnan(x))
      present.push_back(x);
  const double sum = sum_of(present);
  if (what_ != measure::sum && present.empty()) {
    e.found += ", none with a number";
    return;
  }
  const double result = what_ == measure::sum     ? sum
                      : what_ == measure::average ? sum / static_cast<double>(present.size())
                      : what_ == measure::minimum
                        ? *std::min_element(present.begin(), present.end())
                        : *std::max_element(present.begin(), present.end());
  e.found += ", " + std::string{name_of(what_)} + " " + model::format_number(result);
}

std::shared_ptr<const rule> make_rule(const event_criterion& c, const compile_context& context) {
  return std::make_shared<event_measure>(c, context);
}

} // namespace segments
