#include "segments/chain.hpp"
#include "segments/event_source.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

/// Steps in order (semantics S20).
namespace segments {

namespace {

constexpr std::size_t shown_events_max = 20;

struct compiled_step {
  bool exists;
  event_selection events;
  std::optional<std::int64_t> within;
  std::size_t metric = 0; // Place among the rule's metrics.
  std::size_t link = 0;   // Slot of the shared property.
};

class sequence_rule final : public rule {
public:
  sequence_rule(const sequence_criterion& c, const compile_context& context)
    : window_(c.during, context.account_zone), limit_(c.window_ms),
      is_linked_(!c.equal_property.empty()), account_zone_(context.account_zone) {
    bool uses_profile_zone = window_.uses_profile_zone();
    depends_on_time_ = window_.moves();
    for (const auto& given : c.steps) {
      compiled_step step{given.exists, event_selection{given.events, context}, given.within_ms};
      if (is_linked_)
        step.link = step.events.slot_of(c.equal_property, context);
      const auto known = std::find(metrics_.begin(), metrics_.end(), step.events.metric);
      step.metric = static_cast<std::size_t>(known - metrics_.begin());
      if (known == metrics_.end())
        metrics_.push_back(step.events.metric);
      uses_profile_zone = uses_profile_zone || step.events.uses_profile_zone();
      for (const auto& t : step.events.moving)
        depends_on_time_ = depends_on_time_ || t.test.moves();
      steps_.push_back(std::move(step));
    }
    if (uses_profile_zone)
      attributes_.push_back(context.names.attribute(timezone_path));
    for (const bool exists : {true, false})
      for (std::size_t s = 0; s < steps_.size(); ++s)
        if (steps_[s].exists == exists)
          asked_.push_back(s);
  }

  [[nodiscard]] verdict evaluate(const model::profile_view& profile,
                                 std::int64_t now) const override {
    const zone& in = zone_in(profile);
    return judge(sources_of(profile), window_.at(now, in), in);
  }

  void scan(const model::block_view& block, std::int64_t now, std::int64_t until,
            std::span<std::uint64_t> holds, std::vector<due_row>& due) const override {
    const scan_result result{holds, due, until};
    std::vector<bound_columns> bound;
    bound.reserve(steps_.size());
    for (const auto& step : steps_)
      bound.emplace_back(block.events(step.events.metric), step.events);
    row_zones zones{block, attributes_.empty() ? nullptr : &attributes_[0], account_zone_};
    const block_rows rows{block};
    std::vector<column_events> sources;
    sources.reserve(steps_.size());
    const zone* last = &account_zone_;
    auto w = window_.at(now, *last);
    each_candidate(rows, bound, w, [&](std::uint32_t row) {
      sources.clear();
      for (const auto& columns : bound)
        sources.emplace_back(columns, row);
      const zone& in = zones.of(row);
      if (&in != last) {
        last = &in;
        w = window_.at(now, in);
      }
      result.put(row, judge(sources, w, in));
    });
    rows.each_unclean(
      [&](std::uint32_t row) { result.put(row, evaluate(block.profile(row), now)); });
  }

  [[nodiscard]] bool concerns(const model::profile_view& profile, std::uint32_t metric,
                              const model::event_view& event) const override {
    const bool may_pass = std::any_of(steps_.begin(), steps_.end(), [&](const compiled_step& s) {
      return s.events.metric == metric && s.events.may_pass(profile, event);
    });
    return may_pass
        && (window_.moves() || window_.at(0, zone_in(profile)).stands(event.time).inside);
  }

  void gather(const model::profile_view& profile, std::int64_t now, evidence& e) const override {
    const zone& in = zone_in(profile);
    const auto w = window_.at(now, in);
    const auto sources = sources_of(profile);
    std::vector<std::tuple<std::int64_t, std::size_t, std::size_t, evidence::event>> found;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      std::size_t count = 0;
      each_inside(sources[s], steps_[s].events, w, in, [&](std::size_t i, std::int64_t) {
        ++count;
        found.emplace_back(sources[s].time(i), steps_[s].metric, i,
                           evidence::event{steps_[s].events.metric, sources[s].event(i)});
      });
      if (s != 0)
        e.found += ", ";
      e.found += "step " + std::to_string(s + 1) + ": " + std::to_string(count)
               + (count == 1 ? " matching event" : " matching events");
    }
    const auto key = [](const auto& f) {
      return std::tuple{std::get<0>(f), std::get<1>(f), std::get<2>(f)};
    };
    std::sort(found.begin(), found.end(),
              [&](const auto& a, const auto& b) { return key(a) > key(b); });
    found.erase(std::unique(found.begin(), found.end(),
                            [&](const auto& a, const auto& b) { return key(a) == key(b); }),
                found.end());
    e.events_in_all = found.size();
    for (std::size_t k = 0; k < found.size() && k < shown_events_max; ++k)
      e.events.push_back(std::get<3>(found[k]));
  }

private:
  /// Calls `visit(row)` for the clean rows that have events of every step that must be, none of
  /// them left behind by the time frame `w` where that is the same for everybody.
  template <class Visit>
  void each_candidate(const block_rows& rows, const std::vector<bound_columns>& bound,
                      const date_window::fixed& w, const Visit& visit) const {
    const std::int64_t since = w.is_interval() && attributes_.empty() ? w.earliest() : always;
    std::vector<rows_since> active;
    for (std::size_t s = 0; s < steps_.size(); ++s)
      if (steps_[s].exists)
        active.emplace_back(bound[s].columns(), since);
    for (std::size_t word = 0; word < rows.words(); ++word) {
      std::uint64_t candidates = rows.clean(word);
      for (const auto& of_step : active)
        candidates &= of_step[word];
      block_rows::each_bit(word, candidates, visit);
    }
  }

  [[nodiscard]] const zone& zone_in(const model::profile_view& profile) const {
    return attributes_.empty() ? account_zone_
                               : zone_of(profile.attribute(attributes_[0]), account_zone_);
  }

  [[nodiscard]] std::vector<profile_events> sources_of(const model::profile_view& profile) const {
    std::vector<profile_events> sources;
    sources.reserve(steps_.size());
    for (const auto& step : steps_)
      sources.emplace_back(profile, step.events);
    return sources;
  }

  /// The same as `each_inside` for the common case: nobody outside the interval is looked at but
  /// the next to come.
  template <class Source, class Visit>
  static std::int64_t each_in_interval(const Source& events, const date_window::fixed& w,
                                       const Visit& visit) {
    std::int64_t next = never;
    std::size_t i = events.earlier_than(w.earliest());
    const std::size_t inside_end = events.earlier_than(w.latest() + 1);
    for (; i < inside_end; ++i) {
      if (!events.passes(i))
        continue;
      const std::int64_t time = events.time(i);
      if (next == never && w.expels())
        next = w.leave(time); // The oldest one leaves first.
      visit(i, time);
    }
    if (!w.admits())
      return next;
    while (i < events.size() && !events.passes(i))
      ++i;
    return i < events.size() ? std::min(next, w.enter(events.time(i))) : next;
  }

  /// Calls `visit(i, …)` for each event of the step inside the time frame; returns the next change
  /// of any.
  template <class Source, class Visit>
  static std::int64_t each_inside(const Source& events, const event_selection& selection,
                                  const date_window::fixed& w, const zone& in, const Visit& visit) {
    if (w.is_interval() && selection.moving.empty())
      return each_in_interval(events, w, visit);
    std::int64_t next = never;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const standing in_frame = w.stands(events.time(i));
      if (in_frame.is_never_inside() || !events.passes(i))
        continue;
      const standing in_tests = stands(events, i, selection.moving, w.now(), in);
      if (in_tests.is_never_inside())
        continue;
      next = std::min({next, in_frame.next, in_tests.next});
      if (in_frame.inside && in_tests.inside)
        visit(i, events.time(i));
    }
    return next;
  }

  /// An event of a step, with the value that links it to the others.
  struct linked_event {
    std::int64_t time;
    std::uint64_t key;
    model::value_view link;
  };

  template <class Source>
  [[nodiscard]] verdict judge(const std::vector<Source>& sources, const date_window::fixed& w,
                              const zone& in) const {
    thread_local std::vector<std::vector<linked_event>> found;
    if (found.size() < steps_.size())
      found.resize(steps_.size());
    verdict v;
    for (const std::size_t s : asked_) {
      auto& events = found[s];
      events.clear();
      const auto& step = steps_[s];
      const std::int64_t next = each_inside(
        sources[s], step.events, w, in, [&](std::size_t i, std::int64_t time) {
          const auto link = is_linked_ ? sources[s].property(i, step.link) : model::value_view{};
          if (!is_linked_ || link.is_set())
            events.push_back({time, step.metric << 32 | i, link});
        });
      if (step.exists && next == never && events.empty())
        return {}; // Nobody can do without this step, and time does not bring it.
      v.next_flip = std::min(v.next_flip, next);
    }
    v.holds = has_chain(found);
    return v;
  }

  [[nodiscard]] bool has_chain(const std::vector<std::vector<linked_event>>& found) const {
    for (std::size_t s = 0; s < steps_.size(); ++s)
      if (steps_[s].exists && found[s].empty())
        return false;
    if (!is_linked_)
      return has_chain_with(found, nullptr);
    std::vector<model::value_view> links;
    for (const auto& event : found[0])
      if (std::find(links.begin(), links.end(), event.link) == links.end())
        links.push_back(event.link);
    return std::any_of(links.begin(), links.end(),
                       [&](const model::value_view& link) { return has_chain_with(found, &link); });
  }

  /// Whether events with this link (null: any) form a chain.
  [[nodiscard]] bool has_chain_with(const std::vector<std::vector<linked_event>>& found,
                                    const model::value_view* link) const {
    thread_local chain_search search;
    search.clear();
    search.window = limit_;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      const auto& step = steps_[s];
      const auto last = static_cast<std::uint32_t>(search.within.size());
      if (step.exists)
        search.within.push_back(step.within);
      else
        search.bans.push_back({last - 1, step.within, {}});
      for (const auto& event : found[s]) {
        if (link != nullptr && !(event.link == *link))
          continue;
        if (step.exists)
          search.candidates.push_back({event.time, last, event.key});
        else
          search.bans.back().times.push_back(event.time);
      }
    }
    std::erase_if(search.bans, [](const chain_search::ban& b) { return b.times.empty(); });
    return search.exists();
  }

  std::vector<compiled_step> steps_;
  std::vector<std::size_t> asked_; // Steps in the order in which they are asked.
  date_window window_;
  std::optional<std::int64_t> limit_;
  bool is_linked_;
  const zone& account_zone_;
};

} // namespace

std::shared_ptr<const rule> make_rule(const sequence_criterion& c, const compile_context& context) {
  return std::make_shared<sequence_rule>(c, context);
}

} // namespace segments
