#include "metrics/reading.hpp"
#include "metrics/where.hpp"
#include "metrics/words.hpp"
#include "segments/json_reader.hpp"
#include "segments/parse_condition.hpp"
#include "segments/place.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

namespace metrics {

namespace {

using names = std::vector<std::string_view>;

std::string quoted(std::string_view text) {
  return segments::shortened(text);
}

bool is_filled_in(std::string_view set) {
  return set == conversion_set || set == metric_set;
}

bool is_of_segments(counting what) {
  return what == counting::members || what == counting::joins || what == counting::leaves;
}

bool is_of_a_number(counting what) {
  return what == counting::sum || what == counting::minimum || what == counting::maximum;
}

/// A dimension that needs no entry.
bool is_free_dimension(std::string_view name) {
  return std::ranges::any_of(
    std::array<std::string_view, 3>{"property:", "profile:", "segment:"},
    [&](auto prefix) { return name.size() > prefix.size() && name.starts_with(prefix); });
}

class name_lint {
public:
  explicit name_lint(reading& all) : all_(all), made_(all.made) {
  }

  void run() {
    lint_sets();
    collect();
    for (const auto& [name, entry] : made_.measures)
      lint(entry);
    for (const auto& [name, entry] : made_.derived)
      lint(entry);
    for (const auto& [name, entry] : made_.conversions)
      lint_alternatives("conversion", entry.facts, conversions_);
    for (const auto& [name, entry] : made_.dimensions)
      lint(entry);
    for (auto& [name, entry] : made_.datasources)
      lint(entry);
    for (const auto& [name, entry] : made_.reports)
      lint(entry);
  }

private:
  // --- what is known --------------------------------------------------------

  void lint_sets() {
    for (const auto& [name, set] : made_.event_sets) {
      if (is_filled_in(name))
        all_.refuse("events", set.facts, "",
                    "the set is filled in by each request; take another name");
      sets_.push_back(name);
    }
    sets_.push_back(conversion_set);
    sets_.push_back(metric_set);
    std::ranges::sort(sets_);
  }

  template <class Entry>
  void collect_names(const char* kind, const entries_of<Entry>& entries, names& into) {
    for (const auto& [name, entry] : entries)
      into.push_back(name);
    for (const auto& [name, entry] : entries)
      owned_.push_back({kind, &entry.facts});
  }

  /// Names first, then synonyms: whoever comes second is at fault.
  void collect_synonyms(names& into) {
    std::ranges::sort(into);
    for (const auto& [kind, facts] : owned_)
      for (const auto& synonym : facts->synonyms) {
        const auto at = std::ranges::lower_bound(into, std::string_view{synonym});
        if (at != into.end() && *at == synonym)
          all_.refuse(kind, *facts, "synonyms",
                      "the synonym " + quoted(synonym) + " is a name already");
        else
          into.insert(at, synonym);
      }
    owned_.clear();
  }

  void collect() {
    collect_names("measure", made_.measures, statistics_);
    collect_names("derived", made_.derived, statistics_);
    collect_synonyms(statistics_);
    collect_names("conversion", made_.conversions, conversions_);
    collect_synonyms(conversions_);
    collect_names("dimension", made_.dimensions, dimensions_);
    collect_synonyms(dimensions_);
    collect_names("datasource", made_.datasources, datasources_);
    collect_synonyms(datasources_);
    collect_names("report", made_.reports, reports_);
    collect_synonyms(reports_);
    names with_synonyms;
    collect_names("events", made_.event_sets, with_synonyms);
    with_synonyms.push_back(conversion_set);
    with_synonyms.push_back(metric_set);
    collect_synonyms(with_synonyms);
    for (const auto& [name, source] : made_.datasources) {
      clicks_.push_back(source.clicks);
      opens_.push_back(source.opens);
    }
  }

  static bool knows(const names& known, std::string_view name) {
    return std::ranges::binary_search(known, name);
  }

  /// Refuses a name that is not among the known.
  void must_know(const names& known, std::string_view what, std::string_view name, const char* kind,
                 const entry_facts& entry, const char* field) {
    if (!knows(known, name))
      all_.refuse(kind, entry, field,
                  "no " + std::string{what} + " is called " + quoted(name) + meant(known, name));
  }

  void lint_alternatives(const char* kind, const entry_facts& entry, const names& known) {
    for (const auto& name : entry.alternatives)
      must_know(known, "entry of that kind", name, kind, entry, "alternatives");
  }

  // --- entry by entry -------------------------------------------------------

  void lint(const measure& entry) {
    const auto& facts = entry.facts;
    const auto refuse = [&](const char* field, std::string_view message) {
      all_.refuse("measure", facts, field, message);
    };
    lint_alternatives("measure", facts, statistics_);
    const bool is_of_events = !is_of_segments(entry.counts) && entry.counts != counting::profiles;
    if (is_of_events && entry.events.empty())
      refuse("counts", "events is missing: the event set to count");
    else if (is_of_events)
      must_know(sets_, "event set", entry.events, "measure", facts, "events");
    else if (!entry.events.empty())
      refuse("events", "counts " + quoted(word(entry.counts)) + " goes without events");
    if (!is_of_a_number(entry.counts) && !entry.property.empty())
      refuse("property", "property goes with counts \"sum\", \"minimum\" and \"maximum\" only");
    if (!is_of_events && !entry.where.empty())
      refuse("where", "where tests events, and counts " + quoted(word(entry.counts)) + " has none");
    if (is_of_segments(entry.counts) != (entry.of == population::segment_members))
      refuse("population", "\"segment_members\" goes with counts \"members\", \"joins\" and "
                           "\"leaves\", and they with it");
    if ((entry.basis == time_basis::none) != (entry.counts == counting::profiles))
      refuse("time_basis", "\"none\" goes with counts \"profiles\", and that with it");
    if (entry.basis == time_basis::send && entry.of != population::message_sends)
      refuse("time_basis", "\"send\" goes with population \"message_sends\" only");
    if (entry.counts == counting::message_people && entry.of != population::message_sends)
      refuse("counts", "\"message_people\" goes with population \"message_sends\" only");
    lint_unit(entry);
    lint_policies(entry);
    lint_where(entry);
  }

  /// What is counted decides what the number can be a number of.
  void lint_unit(const measure& entry) {
    if (is_of_a_number(entry.counts))
      return;
    const bool are_people = entry.in == unit::people;
    const bool are_messages = entry.in == unit::messages;
    const bool fits = entry.counts == counting::events ? entry.in == unit::events || are_messages
                    : entry.counts == counting::message_people ? are_people || are_messages
                                                               : are_people;
    if (!fits)
      all_.refuse("measure", entry.facts, "unit",
                  "counts " + quoted(word(entry.counts)) + " gives no "
                    + std::string{word(entry.in)});
    if (entry.counts == counting::events && are_messages && !is_send(entry.events))
      all_.refuse("measure", entry.facts, "unit",
                  "only events that a datasource lists as sends are counted as messages; these "
                  "are \"events\"");
  }

  bool is_send(std::string_view set) const {
    return std::ranges::any_of(made_.datasources, [&](const auto& each) {
      return std::ranges::find(each.second.sends, set) != each.second.sends.end();
    });
  }

  void lint_policies(const measure& entry) {
    const auto check = [&](const char* field, policy says, const names& sets) {
      const bool concerns = !entry.events.empty()
                         && std::ranges::find(sets, entry.events) != sets.end();
      if (concerns && says == policy::not_applicable)
        all_.refuse("measure", entry.facts, field,
                    std::string{field} + " is missing: \"include\" or \"exclude\"");
      if (!concerns && says != policy::not_applicable)
        all_.refuse("measure", entry.facts, field,
                    std::string{field} + " does not concern these events; leave it out");
    };
    check("bot_clicks", entry.bot_clicks, clicks_);
    check("apple_privacy_opens", entry.apple_privacy_opens, opens_);
  }

  void lint_where(const measure& entry) {
    std::vector<segments::definition_error> errors;
    parse_where(entry.where, errors);
    for (const auto& error : errors)
      all_.refuse("measure", entry.facts, "where",
                  "where" + error.pointer + ": found " + error.found
                    + "; allowed: " + error.allowed);
  }

  void lint(const derived_metric& entry) {
    lint_alternatives("derived", entry.facts, statistics_);
    for (const auto& name : entry.value.names())
      must_know(statistics_, "measure or derived metric", name, "derived", entry.facts, "formula");
    if (entry.value.names().empty())
      all_.refuse("derived", entry.facts, "formula", "the formula names no measure");
  }

  void lint(const dimension& entry) {
    lint_alternatives("dimension", entry.facts, dimensions_);
    std::span<const std::string_view> keys;
    if (entry.source == dimension_source::message)
      keys = message_keys;
    else if (entry.source == dimension_source::time)
      keys = time_keys;
    else if (entry.source == dimension_source::segment)
      keys = segment_keys;
    if (!keys.empty() && std::ranges::find(keys, entry.key) == keys.end())
      all_.refuse("dimension", entry.facts, "key",
                  "key is " + quoted(entry.key) + "; with source " + quoted(word(entry.source))
                    + " it is one of " + segments::listed(keys, entry.key));
    if (entry.source == dimension_source::profile_attribute)
      lint_path(entry);
  }

  void lint_path(const dimension& entry) {
    segments::json_value path;
    path.kind = segments::json_kind::text;
    path.text = entry.key;
    std::vector<segments::definition_error> errors;
    if (!segments::parse_property(segments::place{&path, "", errors}))
      all_.refuse("dimension", entry.facts, "key",
                  "key is " + quoted(entry.key) + "; allowed: " + errors.front().allowed);
  }

  void lint(datasource& entry) {
    const auto& facts = entry.facts;
    lint_alternatives("datasource", facts, datasources_);
    const auto must_be_set = [&](std::string_view name, const char* field) {
      must_know(sets_, "event set", name, "datasource", facts, field);
    };
    for (const auto& name : entry.sends)
      must_be_set(name, "sends");
    for (const auto& touch : entry.touches)
      must_be_set(touch.events, "touches");
    if (!entry.clicks.empty())
      must_be_set(entry.clicks, "clicks");
    if (!entry.opens.empty())
      must_be_set(entry.opens, "opens");
    for (auto& name : entry.group_by) {
      must_know_dimension(name, "datasource", facts, "group_by");
      if (auto own = made_.dimension_name(name))
        name = std::move(*own);
    }
  }

  void must_know_dimension(std::string_view name, const char* kind, const entry_facts& facts,
                           const char* field) {
    if (!is_free_dimension(name))
      must_know(dimensions_, "dimension", name, kind, facts, field);
  }

  // --- the requests of ready reports ----------------------------------------

  void lint(const ready_report& entry) {
    lint_alternatives("report", entry.facts, reports_);
    std::vector<segments::definition_error> errors;
    const auto request = segments::read_json(entry.request, errors);
    if (!request) {
      all_.refuse("report", entry.facts, "request", "the request is no JSON");
      return;
    }
    const segments::place at{&*request, "", errors};
    const auto source = at.member("datasource");
    if (source.is(segments::json_kind::text))
      must_know(datasources_, "datasource", source.value().text, "report", entry.facts, "request");
    else
      all_.refuse("report", entry.facts, "request", "datasource is missing");
    const auto statistics = texts_in(at.member("statistics"));
    if (statistics.empty())
      all_.refuse("report", entry.facts, "request", "statistics is missing or empty");
    for (const auto name : statistics)
      must_know(statistics_, "statistic", name, "report", entry.facts, "request");
    lint_grouping(at.member("group_by"), entry.facts);
    const auto rollups = at.member("rollups");
    if (rollups.is(segments::json_kind::array))
      for (std::size_t i = 0; i < rollups.items(); ++i)
        lint_grouping(rollups.item(i), entry.facts);
  }

  void lint_grouping(const segments::place& grouping, const entry_facts& facts) {
    for (const auto name : texts_in(grouping))
      must_know_dimension(name, "report", facts, "request");
  }

  static names texts_in(const segments::place& at) {
    names found;
    if (at.is(segments::json_kind::array))
      for (const auto& item : at.value().items)
        if (item.kind == segments::json_kind::text)
          found.push_back(item.text);
    return found;
  }

  struct owner {
    const char* kind;
    const entry_facts* facts;
  };

  reading& all_;
  dictionary& made_;
  names sets_; // All sorted.
  names statistics_;
  names conversions_;
  names dimensions_;
  names datasources_;
  names reports_;
  names clicks_; // Sets that the policies concern.
  names opens_;
  std::vector<owner> owned_;
};

} // namespace

void lint_names(reading& all) {
  name_lint{all}.run();
}

} // namespace metrics
