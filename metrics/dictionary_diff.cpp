#include "metrics/dictionary_diff.hpp"

#include "metrics/words.hpp"

#include <tuple>
#include <type_traits>
#include <utility>

namespace metrics {

namespace {

bool same_words(const entry_facts& a, const entry_facts& b) {
  return std::tie(a.description, a.owner, a.version, a.synonyms, a.disagreement, a.alternatives)
      == std::tie(b.description, b.owner, b.version, b.synonyms, b.disagreement, b.alternatives);
}

// Everything about an entry that can change what a report shows, besides the hash of statistics.

auto shown(const measure& entry) {
  return std::tie(entry.in);
}

auto shown(const derived_metric& entry) {
  return std::tie(entry.in, entry.is_share);
}

auto shown(const conversion_metric& entry) {
  return hash_of(entry.events);
}

auto shown(const dimension& entry) {
  return std::tie(entry.source, entry.key);
}

auto shown(const ready_report& entry) {
  return std::tie(entry.request);
}

std::vector<std::pair<std::string, channel>> shown(const event_set& entry) {
  std::vector<std::pair<std::string, channel>> members;
  for (const auto& member : entry.members)
    members.emplace_back(member.metric, member.by);
  return members;
}

auto shown(const datasource& entry) {
  std::vector<std::tuple<std::string, channel, std::int64_t>> touches;
  for (const auto& touch : entry.touches)
    touches.emplace_back(touch.events, touch.by, touch.window_hours);
  return std::tuple{entry.kind,   entry.owner, entry.sends,   std::move(touches),
                    entry.clicks, entry.opens, entry.group_by};
}

class comparison {
public:
  comparison(const dictionary& before, const dictionary& after) : before_(before), after_(after) {
  }

  std::vector<std::string> run() {
    compare("conversion", before_.conversions, after_.conversions);
    compare("datasource", before_.datasources, after_.datasources);
    compare("derived", before_.derived, after_.derived);
    compare("dimension", before_.dimensions, after_.dimensions);
    compare("events", before_.event_sets, after_.event_sets);
    compare("measure", before_.measures, after_.measures);
    compare("report", before_.reports, after_.reports);
    return std::move(lines_);
  }

private:
  template <class Entry>
  void compare(const char* kind, const entries_of<Entry>& before, const entries_of<Entry>& after) {
    std::map<std::string, std::string> told;
    for (const auto& [name, old] : before)
      if (const auto found = after.find(name); found == after.end())
        told[name] = "removed";
      else
        told[name] = change(old, found->second);
    for (const auto& [name, entry] : after)
      if (!before.contains(name))
        told[name] = "added";
    for (const auto& [name, what] : told)
      if (!what.empty())
        lines_.push_back(std::string{kind} + " " + name + ": " + what);
  }

  template <class Entry>
  std::string change(const Entry& old, const Entry& now) const {
    bool may_change = shown(old) != shown(now);
    if constexpr (std::is_same_v<Entry, measure> || std::is_same_v<Entry, derived_metric>)
      may_change |= before_.hash_of(old.facts.name) != after_.hash_of(now.facts.name);
    if (!may_change && same_words(old.facts, now.facts) && title_of(old) == title_of(now))
      return {};
    std::string what = may_change ? "value may change" : "words only";
    if (old.facts.version != now.facts.version)
      what += " (version " + std::to_string(old.facts.version) + " -> "
            + std::to_string(now.facts.version) + ")";
    return what;
  }

  static std::string title_of(const ready_report& entry) {
    return entry.title;
  }
  template <class Entry>
  static std::string title_of(const Entry& /*unused*/) {
    return {};
  }

  const dictionary& before_;
  const dictionary& after_;
  std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> difference(const dictionary& before, const dictionary& after) {
  return comparison{before, after}.run();
}

} // namespace metrics
