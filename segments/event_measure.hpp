#pragma once

#include "segments/event_source.hpp"
#include "segments/window_flips.hpp"

#include <optional>
#include <vector>

namespace segments {

/// A measure over the events in a window. `judge` is the whole meaning, for events from anywhere;
/// the rest of the class brings the events.
class event_measure final : public rule {
public:
  event_measure(const event_criterion& c, const compile_context& context);

  [[nodiscard]] verdict evaluate(const model::profile_view& profile,
                                 std::int64_t now) const override;
  void scan(const model::block_view& block, std::int64_t now, std::int64_t until,
            std::span<std::uint64_t> holds, std::vector<due_row>& due) const override;
  [[nodiscard]] bool concerns(const model::profile_view& profile, std::uint32_t metric,
                              const model::event_view& event) const override;
  void gather(const model::profile_view& profile, std::int64_t now, evidence& e) const override;

private:
  friend class measure_scan;

  [[nodiscard]] const zone& zone_in(const model::profile_view& profile) const;

  template <class Source>
  [[nodiscard]] verdict judge(const Source& events, const date_window::fixed& w,
                              const zone& in) const;
  /// Events first … end - 1 may matter, and those before `inside_end` are inside the window.
  template <class Source>
  [[nodiscard]] verdict judge_range(const Source& events, const date_window::fixed& w,
                                    std::size_t first, std::size_t inside_end,
                                    std::size_t end) const;
  /// Only whether it holds.
  template <class Source>
  [[nodiscard]] bool holds_in_range(const Source& events, std::size_t first,
                                    std::size_t inside_end) const;
  template <class Source, class Pick>
  [[nodiscard]] bool holds_picked(const Source& events, std::size_t count, const Pick& pick) const;
  /// The same for a count of events that pass no tests.
  template <class Source>
  [[nodiscard]] verdict judge_count(const Source& events, const date_window::fixed& w,
                                    std::size_t first, std::size_t inside_end,
                                    std::size_t end) const;
  /// The events are pick(0) … pick(all - 1) in time order, the first `inside` of them inside the
  /// window.
  template <class Source, class Pick>
  [[nodiscard]] verdict judge_picked(const Source& events, const date_window::fixed& w,
                                     std::size_t inside, std::size_t all, const Pick& pick) const;
  /// For windows and tests that have no single interval: asks every event where it stands.
  template <class Source>
  [[nodiscard]] verdict judge_each(const Source& events, const date_window::fixed& w,
                                   const zone& in) const;

  /// The numbers that the measure is about, in event order; NaN = the event has none. Good until
  /// the next call.
  template <class Source, class Pick>
  [[nodiscard]] std::span<const double> numbers(const Source& events, std::size_t count,
                                                const Pick& pick) const;
  [[nodiscard]] bool needs_numbers() const {
    return what_ == measure::sum || what_ == measure::average || what_ == measure::minimum
        || what_ == measure::maximum;
  }
  template <class Source, class Pick>
  [[nodiscard]] bool measure_holds(const Source& events, std::size_t count, const Pick& pick,
                                   std::span<const double> numbers) const;
  template <class Source, class Pick>
  [[nodiscard]] std::size_t distinct(const Source& events, std::size_t count,
                                     const Pick& pick) const;
  template <class Source>
  [[nodiscard]] bool passes_picked(const Source& events, std::size_t i) const;

  [[nodiscard]] bool picks() const {
    return what_ == measure::first || what_ == measure::last;
  }

  event_selection selection_;
  date_window window_;
  measure what_;
  std::optional<std::size_t> measured_; // Slot of the property instead of the value.
  number_filter holds_;
  count_range range_;
  std::vector<event_test> picked_;
  std::vector<event_test> picked_moving_;
  bool asks_each_ = false;
  const zone& account_zone_;
};

} // namespace segments
