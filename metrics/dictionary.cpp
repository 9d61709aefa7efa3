#include "metrics/dictionary.hpp"

#include "metrics/canonical_text.hpp"
#include "metrics/words.hpp"
#include "model/value.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace metrics {

namespace {

template <class Entry>
std::optional<std::string> name_in(const entries_of<Entry>& entries, std::string_view name) {
  if (entries.contains(name))
    return std::string{name};
  for (const auto& [own, entry] : entries)
    if (std::ranges::find(entry.facts.synonyms, name) != entry.facts.synonyms.end())
      return own;
  return std::nullopt;
}

/// Works out hashes from the bottom up, each once.
class hasher {
public:
  explicit hasher(const dictionary& all) : all_(all) {
  }

  std::string hash_of(const std::string& name) {
    if (const auto known = known_.find(name); known != known_.end())
      return known->second;
    known_[name] = "open"; // A dictionary that was read has no circles; others end here.
    std::string hash;
    if (const auto found = all_.measures.find(name); found != all_.measures.end())
      hash = hash_of(found->second);
    else if (const auto derived = all_.derived.find(name); derived != all_.derived.end())
      hash = hash_of(derived->second);
    return known_[name] = hash;
  }

private:
  [[nodiscard]] std::string hash_of(const measure& each) const {
    canonical_text text;
    text.add("measure").add(word(each.counts)).add(each.property).add(word(each.of));
    text.add(word(each.basis)).add(each.zone);
    text.add(word(each.bot_clicks)).add(word(each.apple_privacy_opens));
    text.add(canonical_of(each.where));
    const auto set = all_.event_sets.find(each.events);
    if (set == all_.event_sets.end())
      return text.add("set of the request").add(each.events).hash();
    std::set<std::pair<std::string_view, std::string_view>> members;
    for (const auto& member : set->second.members)
      members.insert({member.metric, name_of(member.by)});
    for (const auto& [metric, by] : members)
      text.add(metric).add(by);
    return text.hash();
  }

  [[nodiscard]] std::string hash_of(const derived_metric& each) {
    constexpr std::array<std::string_view, 7> words{"number", "name", "+", "-", "*", "/", "negate"};
    canonical_text text;
    text.add("derived");
    text.add(each.when_zero ? model::format_number(*each.when_zero) : "none");
    for (const auto& step : each.value.steps()) {
      text.add(words.at(static_cast<std::size_t>(step.kind)));
      if (step.kind == formula::step_kind::number)
        text.add(model::format_number(step.number));
      if (step.kind == formula::step_kind::name) {
        const auto& name = each.value.names()[step.name];
        text.add(hash_of(all_.statistic(name).value_or(name)));
      }
    }
    return text.hash();
  }

  const dictionary& all_;
  std::map<std::string, std::string, std::less<>> known_;
};

} // namespace

std::optional<std::string> dictionary::statistic(std::string_view name) const {
  if (auto found = name_in(measures, name))
    return found;
  return name_in(derived, name);
}

std::optional<std::string> dictionary::dimension_name(std::string_view name) const {
  return name_in(dimensions, name);
}

const conversion_metric* dictionary::conversion(std::string_view name) const {
  const auto own = name_in(conversions, name);
  return own ? &conversions.find(*own)->second : nullptr;
}

std::vector<std::string> dictionary::measures_of(std::string_view statistic_name) const {
  std::set<std::string> seen;
  std::set<std::string> found;
  std::vector<std::string> open{std::string{statistic_name}};
  while (!open.empty()) {
    const auto own = statistic(open.back());
    open.pop_back();
    if (!own || !seen.insert(*own).second)
      continue;
    const auto formula_entry = derived.find(*own);
    if (formula_entry == derived.end())
      found.insert(*own);
    else
      for (const auto& name : formula_entry->second.value.names())
        open.push_back(name);
  }
  return {found.begin(), found.end()};
}

std::string dictionary::hash_of(std::string_view statistic_name) const {
  const auto own = statistic(statistic_name);
  return own ? hasher{*this}.hash_of(*own) : std::string{};
}

std::string hash_of(std::span<const conversion_events> conversions) {
  std::set<std::array<std::string, 3>> all;
  for (const auto& c : conversions)
    all.insert({c.metric, canonical_of(c.where), c.value});
  canonical_text text;
  text.add("conversion");
  for (const auto& [metric, where, value] : all)
    text.add(metric).add(where).add(value);
  return text.hash();
}

} // namespace metrics
