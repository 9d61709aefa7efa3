#pragma once

#include "model/history.hpp"
#include "segments/definition.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace segments {

/// The verdict of one criterion on one profile at one instant.
struct verdict {
  bool holds = false;
  /// The earliest instant after `now` at which the passing of time alone may change `holds`: whole
  /// seconds, milliseconds since 1970. It may be early (then asking again gives the same verdict
  /// and a later instant) but never late. model::instant_max in ms = never.
  std::int64_t next_flip = model::to_ms(model::instant_max);
};

/// A criterion made ready for one partition: names are numbers, patterns are compiled, zones are
/// found. Immutable and shared; evaluation is a pure function of (profile, criterion, now).
class compiled_criterion {
public:
  virtual ~compiled_criterion() = default;

  /// `now` in milliseconds, a whole second.
  [[nodiscard]] virtual verdict evaluate(const model::profile_view& profile,
                                         std::int64_t now) const = 0;

  /// Evaluates a whole block at once. Sets `holds` (one bit a row, zeroed by the caller, at least
  /// profiles() bits) for living profiles, and appends every next flip of a living profile up to
  /// and with `until` to `due`. Same answers as `evaluate`, bit for bit.
  struct due_row {
    std::uint32_t row;
    std::int64_t next_flip;
  };
  virtual void scan(const model::block_view& block, std::int64_t now, std::int64_t until,
                    std::span<std::uint64_t> holds, std::vector<due_row>& due) const = 0;

  /// Metrics whose events can matter. `any_event` = every metric does (last_event_date).
  [[nodiscard]] std::span<const std::uint32_t> metrics() const {
    return metrics_;
  }
  [[nodiscard]] bool any_event() const {
    return any_event_;
  }
  /// Attributes whose change can matter.
  [[nodiscard]] std::span<const std::uint32_t> attributes() const {
    return attributes_;
  }
  /// False: adding or dropping this one event cannot change the verdict or the next flip (it passes
  /// none of the filters).
  [[nodiscard]] virtual bool concerns(const model::profile_view& profile, std::uint32_t metric,
                                      const model::event_view& event) const = 0;
  /// True when time alone can ever change a verdict.
  [[nodiscard]] bool depends_on_time() const {
    return depends_on_time_;
  }

protected:
  std::vector<std::uint32_t> metrics_;
  std::vector<std::uint32_t> attributes_;
  bool any_event_ = false;
  bool depends_on_time_ = false;
};

/// `account_zone`: IANA name; an unknown one throws std::invalid_argument (checked at start-up).
std::shared_ptr<const compiled_criterion> compile(const criterion& c, model::name_binder& names,
                                                  const std::string& account_zone);

/// The exact next flip: asks `evaluate` again from its early answers until the verdict really
/// changes. For explanations. Gives up (model::instant_max in ms) after a horizon of 10 years.
std::int64_t exact_next_flip(const compiled_criterion& c, const model::profile_view& profile,
                             std::int64_t now);

/// Why a criterion holds or not, for people.
struct evidence {
  bool holds = false;
  std::int64_t next_flip = model::to_ms(model::instant_max); // Exact.
  std::string rule;  // The criterion in words: "Placed Order at least 1 time in the last 30 days".
  std::string found; // What is there: "2 matching events", "email is \"a@example.org\"", "not set".
  struct event {
    std::uint32_t metric;
    model::event_view what;
  };
  std::vector<event> events; // The matching events, latest first, at most 20.
  std::size_t events_in_all = 0;
};
evidence explain(const criterion& c, const compiled_criterion& compiled,
                 const model::profile_view& profile, model::name_binder& names, std::int64_t now);

/// A criterion in words.
std::string describe(const criterion& c);

/// Value of an expression from its leaves' bits.
template <class Bit>
bool holds(const expression& e, const Bit& bit) {
  switch (e.kind) {
  case boolean_kind::leaf:
    return bit(e.leaf);
  case boolean_kind::all_of:
    for (const auto& child : e.children)
      if (!holds(child, bit))
        return false;
    return true;
  case boolean_kind::any_of:
    for (const auto& child : e.children)
      if (holds(child, bit))
        return true;
    return false;
  case boolean_kind::none_of:
    for (const auto& child : e.children)
      if (holds(child, bit))
        return false;
    return true;
  }
  return false;
}

/// The same for 64 profiles at once, a bit each; `word(leaf)` gives a leaf's bits.
template <class Word>
std::uint64_t holds_for_64(const expression& e, const Word& word) {
  switch (e.kind) {
  case boolean_kind::leaf:
    return word(e.leaf);
  case boolean_kind::all_of: {
    auto bits = ~std::uint64_t{0};
    for (const auto& child : e.children)
      bits &= holds_for_64(child, word);
    return bits;
  }
  default: {
    std::uint64_t bits = 0;
    for (const auto& child : e.children)
      bits |= holds_for_64(child, word);
    return e.kind == boolean_kind::none_of ? ~bits : bits;
  }
  }
}

} // namespace segments
