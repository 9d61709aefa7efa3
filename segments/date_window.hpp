#pragma once

#include "segments/calendar.hpp"
#include "segments/definition.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace segments {

/// Where an instant stands in a window at some "now", and the next "now" at which that may be
/// different.
struct standing {
  bool inside = false;
  std::int64_t next = never;
  [[nodiscard]] bool is_never_inside() const {
    return !inside && next == never;
  }
};

/// A date filter made ready. For a fixed "now" most filters are an interval of instants (`at`); for
/// a fixed instant they are an interval of "now" (`enter`, `leave`), which is what tells the time
/// of the next change.
class date_window {
public:
  date_window() = default;
  /// `zone_name` of the filter "profile" gives a window without a zone of its own: pass one to
  /// `at`. Throws std::invalid_argument for a zone that does not exist.
  date_window(const date_filter& rule, const zone& account_zone);

  /// False: static, or the whole of time.
  [[nodiscard]] bool moves() const {
    return moves_;
  }
  /// False: anniversaries. Their instants come back every year, so they have no single interval.
  [[nodiscard]] bool is_interval() const {
    return is_interval_;
  }
  [[nodiscard]] bool uses_profile_zone() const {
    return uses_profile_zone_;
  }
  [[nodiscard]] const zone& own_zone() const {
    return *zone_;
  }

  /// The window at one "now" in one zone.
  class fixed {
  public:
    fixed(const date_window& window, const zone& in, std::int64_t now);

    /// Instants inside: earliest() <= t <= latest(). Of intervals only.
    [[nodiscard]] std::int64_t earliest() const {
      return earliest_;
    }
    [[nodiscard]] std::int64_t latest() const {
      return latest_;
    }
    [[nodiscard]] std::int64_t now() const {
      return now_;
    }
    [[nodiscard]] bool moves() const {
      return window_->moves_;
    }
    [[nodiscard]] bool is_interval() const {
      return window_->is_interval_;
    }
    /// Instants may be later than latest() and come in as time passes.
    [[nodiscard]] bool admits() const {
      return window_->admits_;
    }
    /// Instants inside fall out as time passes.
    [[nodiscard]] bool expels() const {
      return window_->expels_;
    }
    /// First whole second of "now" at which `t` is inside. Of intervals that move; never decreases
    /// with `t`.
    [[nodiscard]] std::int64_t enter(std::int64_t t) const;
    /// First whole second of "now" after `enter(t)` at which `t` is outside again; `never` when it
    /// stays.
    [[nodiscard]] std::int64_t leave(std::int64_t t) const;
    /// The same window at another instant.
    [[nodiscard]] fixed at(std::int64_t now) const {
      return {*window_, *zone_, now};
    }
    /// Of every window.
    [[nodiscard]] standing stands(std::int64_t t) const;
    /// The same for many instants; `next` may be empty.
    void stand(std::span<const std::int64_t> instants, std::span<std::uint8_t> inside,
               std::span<std::int64_t> next) const;

  private:
    [[nodiscard]] standing in_year(std::int64_t t) const;
    void stand_in_year(std::span<const std::int64_t> instants, std::span<std::uint8_t> inside,
                       std::span<std::int64_t> next) const;
    [[nodiscard]] standing anniversary(std::int64_t t) const;

    const date_window* window_;
    const zone* zone_;
    std::int64_t now_;
    std::int64_t earliest_ = always;
    std::int64_t latest_ = never;
  };

  [[nodiscard]] fixed at(std::int64_t now) const {
    return {*this, *zone_, now};
  }
  [[nodiscard]] fixed at(std::int64_t now, const zone& profile_zone) const {
    return {*this, uses_profile_zone_ ? profile_zone : *zone_, now};
  }

private:
  date_operator op_ = date_operator::alltime;
  bool whole_days_ = false; // from_ and to_ count days, else milliseconds.
  bool moves_ = false;
  bool is_interval_ = true;
  bool admits_ = false;
  bool expels_ = false;
  bool uses_profile_zone_ = false;
  std::int64_t from_ = 0;
  std::int64_t to_ = 0;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  const zone* zone_ = &utc();
};

/// A "now" that many people are asked about: remembers the windows at it, which take longer to work
/// out than to ask.
class moment {
public:
  explicit moment(std::int64_t now) : now_(now) {
  }
  [[nodiscard]] std::int64_t now() const {
    return now_;
  }
  /// What `window.at(now, profile_zone)` gives, until four others were asked for. Windows and zones
  /// must outlive this.
  const date_window::fixed& of(const date_window& window, const zone& profile_zone) {
    const zone& in = window.uses_profile_zone() ? profile_zone : window.own_zone();
    for (const auto& known : known_)
      if (known && known->window == &window && known->in == &in)
        return known->at;
    auto& place = known_[next_++ % known_.size()];
    place.emplace(entry{&window, &in, window.at(now_, in)});
    return place->at;
  }

private:
  struct entry {
    const date_window* window;
    const zone* in;
    date_window::fixed at;
  };
  std::int64_t now_;
  std::array<std::optional<entry>, 4> known_;
  std::size_t next_ = 0;
};

inline std::int64_t date_window::fixed::enter(std::int64_t t) const {
  const date_window& w = *window_;
  t = std::clamp(t, always, never);
  switch (w.op_) {
  case date_operator::at_least:
    return w.whole_days_ ? zone_->day_start(zone_->day(t) + w.from_ + 1)
                         : floor_to_second(t + w.from_) + second_ms;
  case date_operator::in_the_last:
    return ceil_to_second(t);
  case date_operator::between:
    return w.whole_days_ ? zone_->day_start(zone_->day(t) + w.from_) : ceil_to_second(t + w.from_);
  case date_operator::in_the_next:
    return w.whole_days_ ? zone_->day_start(zone_->day(t) - w.from_) : ceil_to_second(t - w.from_);
  default:
    return never;
  }
}

inline std::int64_t date_window::fixed::leave(std::int64_t t) const {
  const date_window& w = *window_;
  t = std::clamp(t, always, never);
  switch (w.op_) {
  case date_operator::in_the_last:
    return w.whole_days_ ? zone_->day_start(zone_->day(t) + w.from_ + 1)
                         : floor_to_second(t + w.from_) + second_ms;
  case date_operator::between:
    return w.whole_days_ ? zone_->day_start(zone_->day(t) + w.to_ + 1)
                         : floor_to_second(t + w.to_) + second_ms;
  case date_operator::in_the_next:
    return floor_to_second(t) + second_ms;
  default:
    return never;
  }
}

} // namespace segments
