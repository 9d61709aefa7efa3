#pragma once

#include "model/instant.hpp"
#include "segments/evaluate.hpp"
#include "tests/segments/memory_history.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// Short words for tests of what criteria mean.
namespace evaluation_support {

inline std::int64_t ms(std::string_view text) {
  return model::to_ms(model::parse_instant(text).value());
}

inline constexpr std::int64_t never = model::to_ms(model::instant_max);

model::value text(std::string_view t);
model::value number(double n);
model::value boolean(bool b);
model::value list(std::initializer_list<model::value> items);

/// A person with one attribute, and more by chaining.
struct person : plain::profile {
  person& with(const std::string& path, model::value v) {
    attributes[path] = std::move(v);
    return *this;
  }
  person& did(const std::string& metric, std::string_view when, double value = model::no_value) {
    events.push_back({metric, ms(when), value, {}});
    return *this;
  }
  /// A property of the event told last.
  person& where(const std::string& property, model::value v) {
    events.back().properties[property] = std::move(v);
    return *this;
  }
};

/// The verdict at an instant, and until when it is promised. The account lives in `account_zone`.
segments::verdict verdict_of(const segments::criterion& c, const person& p, std::string_view now,
                             const std::string& account_zone = "UTC");
bool holds(const segments::criterion& c, const person& p, std::string_view now,
           const std::string& account_zone = "UTC");
/// The exact next flip as text, "never" when there is none.
std::string next_flip(const segments::criterion& c, const person& p, std::string_view now,
                      const std::string& account_zone = "UTC");

segments::attribute_criterion attribute(const std::string& path, segments::filter test);

// Date filters by their names in the grammar.
segments::date_filter relative(segments::date_operator op, std::int64_t quantity,
                               segments::date_unit unit = segments::date_unit::day);
segments::date_filter between(std::int64_t from, std::int64_t to,
                              segments::date_unit unit = segments::date_unit::day);
segments::date_filter fixed(segments::date_operator op, std::string_view start,
                            std::string_view end = "1970-01-01");

/// `metric` so many times during `when`.
segments::event_criterion count_of(const std::string& metric, segments::comparison op, double n,
                                   segments::date_filter when = {});

/// Steps written as metric names; a leading "!" makes a negative step.
segments::sequence_criterion steps(std::initializer_list<std::string> metrics,
                                   std::optional<std::int64_t> window_ms = std::nullopt);

} // namespace evaluation_support
