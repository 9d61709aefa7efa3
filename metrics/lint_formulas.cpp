#include "metrics/reading.hpp"
#include "metrics/words.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace metrics {

namespace {

constexpr std::size_t chain_max = 64; // Formulas above one another.

/// How often each unit is a factor of a number; fractions and plain numbers have none.
struct dimensions_of_number {
  std::array<int, unit_words.size()> powers{};
  bool is_literal = false; // A number of the formula itself, which goes with everything.

  [[nodiscard]] int power(unit u) const {
    return powers.at(static_cast<std::size_t>(u));
  }
  /// People, messages and events are all pieces.
  [[nodiscard]] int pieces() const {
    return power(unit::events) + power(unit::people) + power(unit::messages);
  }
};

dimensions_of_number of_unit(unit u) {
  dimensions_of_number made;
  if (u != unit::fraction && u != unit::number)
    made.powers.at(static_cast<std::size_t>(u)) = 1;
  return made;
}

std::string in_words(const dimensions_of_number& number) {
  std::string above;
  std::string below;
  for (std::size_t i = 0; i < unit_words.size(); ++i)
    for (int n = 0; n < std::min(std::abs(number.powers.at(i)), 3); ++n) {
      auto& side = number.powers.at(i) > 0 ? above : below;
      side.append(side.empty() ? "" : " * ").append(unit_words.at(i));
    }
  if (above.empty())
    above = below.empty() ? "plain numbers" : "1";
  return below.empty() ? above : above + " / " + below;
}

class formula_lint {
public:
  explicit formula_lint(reading& all) : all_(all), made_(all.made) {
  }

  void run() {
    for (const auto& [name, entry] : made_.derived)
      if (!walk(name, entry))
        return; // Everything else walks along formulas and would not end.
    for (const auto& [name, entry] : made_.derived) {
      lint_units(entry);
      lint_ratios(entry);
      if (entry.is_share)
        lint_share(entry);
    }
  }

private:
  void refuse(const derived_metric& entry, const char* field, std::string_view message) {
    all_.refuse("derived", entry.facts, field, message);
  }

  [[nodiscard]] std::string own_name(std::string_view name) const {
    return made_.statistic(name).value_or(std::string{name});
  }

  // --- cycles ---------------------------------------------------------------

  /// Follows the formula down to the measures. False: it comes back to itself, or goes too deep.
  bool walk(const std::string& name, const derived_metric& entry) {
    if (heights_.contains(name))
      return true;
    const auto open = std::ranges::find(path_, name);
    if (open != path_.end()) {
      std::string circle;
      for (auto at = open; at != path_.end(); ++at)
        circle += *at + " -> ";
      refuse(entry, "formula", "the formula comes back to itself: " + circle + name);
      return false;
    }
    path_.push_back(name);
    std::size_t height = 1;
    for (const auto& each : entry.value.names()) {
      const auto below = made_.derived.find(own_name(each));
      if (below == made_.derived.end())
        continue;
      if (path_.size() > chain_max || !walk(below->first, below->second)) {
        if (path_.size() > chain_max)
          refuse(entry, "formula",
                 "more than " + std::to_string(chain_max) + " formulas above one another");
        return false;
      }
      height = std::max(height, heights_.at(below->first) + 1);
    }
    path_.pop_back();
    heights_[name] = height;
    if (height > chain_max)
      refuse(entry, "formula",
             "more than " + std::to_string(chain_max) + " formulas above one another");
    return height <= chain_max;
  }

  // --- units ----------------------------------------------------------------

  [[nodiscard]] unit unit_of(std::string_view name) const {
    const auto own = own_name(name);
    const auto found = made_.measures.find(own);
    return found != made_.measures.end() ? found->second.in : made_.derived.at(own).in;
  }

  void lint_units(const derived_metric& entry) {
    std::vector<dimensions_of_number> stack;
    for (const auto& step : entry.value.steps()) {
      using kind = formula::step_kind;
      if (step.kind == kind::number) {
        stack.emplace_back().is_literal = true;
      } else if (step.kind == kind::name) {
        stack.push_back(of_unit(unit_of(entry.value.names()[step.name])));
      } else if (step.kind != kind::negate) {
        const auto right = stack.back();
        stack.pop_back();
        auto& left = stack.back();
        if (step.kind == kind::multiply || step.kind == kind::divide) {
          for (std::size_t i = 0; i < left.powers.size(); ++i)
            left.powers.at(i) += step.kind == kind::multiply ? right.powers.at(i)
                                                             : -right.powers.at(i);
          left.is_literal = left.is_literal && right.is_literal;
        } else if (left.is_literal) {
          left = right;
        } else if (!right.is_literal && left.powers != right.powers) {
          refuse(entry, "formula",
                 "adds or subtracts what does not go together: " + in_words(left) + " and "
                   + in_words(right));
          return;
        }
      }
    }
    lint_declared_unit(entry, stack.back());
  }

  void lint_declared_unit(const derived_metric& entry, const dimensions_of_number& number) {
    const auto declared = entry.in;
    const auto pieces = number.pieces();
    const auto money = number.power(unit::money);
    const auto credits = number.power(unit::credits);
    bool fits = declared == unit::number;
    if (pieces == 0 && money == 0 && credits == 0) {
      fits = fits || declared == unit::fraction;
    } else if (pieces <= 0 && money == 1 && credits == 0) {
      fits = fits || declared == unit::money; // Also money per piece.
    } else if (pieces <= 0 && money == 0 && credits == 1) {
      fits = fits || declared == unit::credits;
    } else if (pieces == 1 && money == 0 && credits == 0) {
      fits = fits || number.power(declared) == 1;
    }
    if (!fits)
      refuse(entry, "unit",
             "unit is \"" + std::string{word(declared)} + "\", but the formula gives "
               + in_words(number));
  }

  // --- ratios ---------------------------------------------------------------

  /// The measures that the names rest on.
  [[nodiscard]] std::set<std::string> measures_under(const std::vector<std::string>& names) const {
    std::set<std::string> found;
    for (const auto& name : names)
      for (auto& below : made_.measures_of(name))
        found.insert(std::move(below));
    return found;
  }

  void lint_ratios(const derived_metric& entry) {
    for (const auto& ratio : entry.value.ratios()) {
      auto all = measures_under(ratio.above);
      const auto below = measures_under(ratio.below);
      if (all.empty() || below.empty())
        continue;
      all.insert(below.begin(), below.end());
      const auto& first = made_.measures.at(*all.begin());
      const measure* timed = nullptr;
      for (const auto& name : all) {
        const auto& each = made_.measures.at(name);
        if (each.of != first.of) {
          refuse(entry, "formula",
                 "the sides of a ratio differ in population: " + first.facts.name + " is about "
                   + std::string{word(first.of)} + ", " + name + " about "
                   + std::string{word(each.of)});
          return;
        }
        if (each.basis == time_basis::none)
          continue;
        if (timed != nullptr && timed->basis != each.basis) {
          refuse(entry, "formula",
                 "the sides of a ratio differ in time basis: " + timed->facts.name + " goes by "
                   + std::string{word(timed->basis)} + ", " + name + " by "
                   + std::string{word(each.basis)});
          return;
        }
        timed = &each;
      }
    }
  }

  // --- shares ---------------------------------------------------------------

  /// Names of the measures that are added up to this; nothing when it is no such sum.
  [[nodiscard]] std::optional<std::set<std::string>>
  terms_of(std::span<const formula::step> steps, const std::vector<std::string>& names) const {
    std::set<std::string> terms;
    for (const auto& step : steps) {
      if (step.kind == formula::step_kind::add)
        continue;
      if (step.kind != formula::step_kind::name)
        return std::nullopt;
      const auto own = own_name(names[step.name]);
      if (made_.measures.contains(own)) {
        if (!terms.insert(own).second)
          return std::nullopt; // Counted twice.
        continue;
      }
      const auto& below = made_.derived.at(own).value;
      const auto more = terms_of(below.steps(), below.names());
      if (!more)
        return std::nullopt;
      for (const auto& term : *more)
        if (!terms.insert(term).second)
          return std::nullopt;
    }
    return terms;
  }

  /// Where the divisor begins of a formula that ends in a division.
  static std::size_t divisor_of(const std::vector<formula::step>& steps) {
    std::size_t needed = 1;
    auto at = steps.size() - 1;
    while (needed > 0) {
      --at;
      const auto kind = steps[at].kind;
      if (kind == formula::step_kind::name || kind == formula::step_kind::number)
        --needed;
      else if (kind != formula::step_kind::negate)
        ++needed;
    }
    return at;
  }

  static bool is_whole(const measure& each) {
    return each.counts == counting::profiles
        || (each.counts == counting::events && each.in == unit::messages);
  }

  static bool are_people(const measure& each) {
    return each.counts == counting::people || each.counts == counting::message_people;
  }

  [[nodiscard]] bool is_send_set(std::string_view set) const {
    return std::ranges::any_of(made_.datasources, [&](const auto& source) {
      return std::ranges::find(source.second.sends, set) != source.second.sends.end();
    });
  }

  /// Whether `part` can be no more than `whole`, as far as their kinds tell.
  [[nodiscard]] bool is_part(const measure& part, const measure& whole) const {
    if (part.facts.name == whole.facts.name)
      return true;
    if (whole.counts == counting::profiles)
      return part.counts == counting::people;
    if (whole.counts == counting::people)
      return part.counts == counting::people && is_send_set(whole.events);
    return is_whole(whole) && are_people(part);
  }

  void lint_share(const derived_metric& entry) {
    const auto& steps = entry.value.steps();
    const auto& names = entry.value.names();
    if (entry.in != unit::fraction)
      refuse(entry, "unit", "a share is a \"fraction\"");
    if (steps.back().kind != formula::step_kind::divide) {
      refuse(entry, "share", "a share is one division: a part by its whole");
      return;
    }
    const auto divisor = divisor_of(steps);
    const std::span all{steps};
    const auto above = terms_of(all.first(divisor), names);
    const auto below = terms_of(all.subspan(divisor, steps.size() - 1 - divisor), names);
    if (!above || !below) {
      refuse(entry, "share",
             "the part and the whole of a share are measures or sums of different measures");
      return;
    }
    lint_part(entry, *above, *below);
  }

  /// Sends that are counted below may be counted above, each once; else one number of people
  /// stands above sends, recipients or profiles.
  void lint_part(const derived_metric& entry, const std::set<std::string>& above,
                 const std::set<std::string>& below) {
    if (std::ranges::includes(below, above)) {
      for (const auto& name : below)
        if (!is_whole(made_.measures.at(name)))
          return refuse_part(entry, name, "cannot be part of a whole");
      return;
    }
    for (const auto& name : above)
      if (above.size() > 1 || !are_people(made_.measures.at(name)))
        return refuse_part(entry, name, "is no part of what stands below");
    const auto& part = made_.measures.at(*above.begin());
    for (const auto& name : below)
      if (!is_part(part, made_.measures.at(name)))
        return refuse_part(entry, name, "is not what " + part.facts.name + " can be a part of");
  }

  void refuse_part(const derived_metric& entry, const std::string& name, const std::string& why) {
    const auto& each = made_.measures.at(name);
    refuse(entry, "share",
           "could exceed 1: " + name + " (" + std::string{word(each.counts)} + ", "
             + std::string{word(each.in)} + ") " + why
             + "; a share is people by messages, recipients or profiles, or sends by all sends");
  }

  reading& all_;
  const dictionary& made_;
  std::map<std::string, std::size_t> heights_; // Of formulas that end.
  std::vector<std::string> path_;
};

} // namespace

void lint_formulas(reading& all) {
  formula_lint{all}.run();
}

} // namespace metrics
