#include "metrics/contrast.hpp"

#include "metrics/words.hpp"

#include <algorithm>

namespace metrics {

namespace {

/// One thing that two measures may differ in.
struct axis {
  std::string_view name;
  bool (*differs)(const measure&, const measure&);
  void (*take)(measure&, const measure&);
};

/// One of the two leaves out what the other counts.
bool leaves_out(policy a, policy b) {
  return (a == policy::exclude) != (b == policy::exclude);
}

constexpr axis axes[] = {
  {"events",
   [](const measure& a, const measure& b) {
     return a.events != b.events || a.property != b.property;
   },
   [](measure& a, const measure& b) {
     a.events = b.events;
     a.property = b.property;
   }},
  {"filter", [](const measure& a, const measure& b) { return a.where != b.where; },
   [](measure& a, const measure& b) { a.where = b.where; }},
  {"counting", [](const measure& a, const measure& b) { return a.counts != b.counts; },
   [](measure& a, const measure& b) {
     a.counts = b.counts;
     a.in = b.in;
   }},
  {"time basis",
   [](const measure& a, const measure& b) { return a.basis != b.basis || a.of != b.of; },
   [](measure& a, const measure& b) {
     a.basis = b.basis;
     a.of = b.of;
   }},
  {"bots",
   [](const measure& a, const measure& b) { return leaves_out(a.bot_clicks, b.bot_clicks); },
   [](measure& a, const measure& b) { a.bot_clicks = b.bot_clicks; }},
  {"Apple privacy opens",
   [](const measure& a, const measure& b) {
     return leaves_out(a.apple_privacy_opens, b.apple_privacy_opens);
   },
   [](measure& a, const measure& b) { a.apple_privacy_opens = b.apple_privacy_opens; }},
};

class way {
public:
  explicit way(contrast& made) : made_(made) {
  }

  /// From a statistic to another, both by their own names.
  void go(const std::string& from, const std::string& to) {
    const auto a = made_.words.derived.find(from);
    const auto b = made_.words.derived.find(to);
    if (a == made_.words.derived.end() && b == made_.words.derived.end()) {
      for (const auto& [axis_name, statistic] : measures_between(from, to))
        step(axis_name, statistic);
    } else if (a != made_.words.derived.end() && b != made_.words.derived.end()
               && have_one_shape(a->second.value, b->second.value)) {
      go_by_names(a->second, b->second);
    } else {
      step("formula", to);
    }
    // The last one is what was asked for, under its own name.
    if (!made_.steps.empty())
      made_.steps.back().statistic = to;
  }

private:
  using piece = std::pair<std::string, std::string>; // Axis, statistic.

  void step(std::string axis_name, std::string statistic) {
    made_.steps.push_back({std::move(axis_name), std::move(statistic)});
  }

  std::vector<piece> measures_between(const std::string& from, const std::string& to) {
    std::vector<piece> pieces;
    const auto a = made_.words.measures.find(from);
    const auto b = made_.words.measures.find(to);
    if (a == made_.words.measures.end() || b == made_.words.measures.end())
      return {{"formula", to}};
    auto now = a->second;
    for (const auto& x : axes) {
      if (!x.differs(now, b->second))
        continue;
      x.take(now, b->second);
      pieces.emplace_back(std::string{x.name} + " of " + from, add(now));
    }
    if (!pieces.empty())
      pieces.back().second = to;
    return pieces;
  }

  static bool have_one_shape(const formula& a, const formula& b) {
    return std::ranges::equal(a.steps(), b.steps(), [](const auto& x, const auto& y) {
      return x.kind == y.kind && x.number == y.number && x.name == y.name;
    });
  }

  void go_by_names(const derived_metric& from, const derived_metric& to) {
    auto names = from.value.names();
    const auto& wanted = to.value.names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == wanted[i])
        continue;
      const auto mine = made_.words.statistic(names[i]).value_or(names[i]);
      const auto theirs = made_.words.statistic(wanted[i]).value_or(wanted[i]);
      const bool are_measures = made_.words.measures.contains(mine)
                             && made_.words.measures.contains(theirs);
      const auto pieces = are_measures ? measures_between(mine, theirs)
                                       : std::vector<piece>{{"formula of " + mine, theirs}};
      for (const auto& [axis_name, statistic] : pieces) {
        names[i] = statistic;
        step(axis_name, add(from, names));
      }
    }
    if (from.when_zero != to.when_zero)
      step("value of a division by zero", to.facts.name);
  }

  std::string add(measure m) {
    auto name = next_name();
    m.facts.name = name;
    made_.words.measures.insert_or_assign(name, std::move(m));
    return name;
  }

  /// The formula with other names in the places of its own.
  std::string add(derived_metric d, const std::vector<std::string>& names) {
    auto name = next_name();
    d.facts.name = name;
    d.value = d.value.with_names(names);
    made_.words.derived.insert_or_assign(name, std::move(d));
    return name;
  }

  std::string next_name() {
    return "~" + std::to_string(++last_);
  }

  contrast& made_;
  std::size_t last_ = 0;
};

} // namespace

contrast contrast_of(const dictionary& words, std::string_view from, std::string_view to) {
  contrast made;
  made.words = words;
  made.first = words.statistic(from).value_or(std::string{from});
  way{made}.go(made.first, words.statistic(to).value_or(std::string{to}));
  return made;
}

} // namespace metrics
