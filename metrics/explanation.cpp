#include "metrics/answer.hpp"
#include "metrics/words.hpp"
#include "model/value.hpp"

#include <algorithm>

namespace metrics {

namespace {

/// A measure of the report with what became of its events.
struct input {
  const measure* entry = nullptr;
  std::size_t place = 0; // In the answer.
};

std::vector<input> inputs_of(const answer& a, const dictionary& words,
                             const std::string& statistic) {
  std::vector<input> found;
  for (const auto& name : words.measures_of(statistic)) {
    const auto at = std::ranges::find(a.measures, name);
    const auto entry = words.measures.find(name);
    if (at != a.measures.end() && entry != words.measures.end())
      found.push_back({&entry->second, static_cast<std::size_t>(at - a.measures.begin())});
  }
  return found;
}

const entry_facts& facts_of(const dictionary& words, const std::string& statistic) {
  const auto d = words.derived.find(statistic);
  return d != words.derived.end() ? d->second.facts : words.measures.find(statistic)->second.facts;
}

std::string number_text(const statistic_value& v) {
  return v ? model::format_number(*v) : "none";
}

std::string events_of(const measure& m, const dictionary& words) {
  if (m.events == conversion_set)
    return "the conversion metric";
  if (m.events == metric_set)
    return "the request's metric";
  std::string text;
  if (const auto set = words.event_sets.find(m.events); set != words.event_sets.end())
    for (const auto& member : set->second.members)
      text += (text.empty() ? "" : ", ") + member.metric;
  return text;
}

/// What the measure went by in this report: the request may name another instant of sends.
std::string_view basis_of(const answer& a, const measure& m) {
  return m.basis == time_basis::send ? std::string_view{a.moment}
                                     : time_basis_words[static_cast<std::size_t>(m.basis)];
}

void append_field(std::string& json, std::string_view name, std::string_view value) {
  if (json.back() != '{')
    json += ',';
  model::append_json_string(json, name);
  json += ':';
  json += value;
}

void append_text(std::string& json, std::string_view name, std::string_view value) {
  std::string quoted;
  model::append_json_string(quoted, value);
  append_field(json, name, quoted);
}

std::string input_json(const answer& a, const dictionary& words, const input& in) {
  const auto& m = *in.entry;
  const auto& tally = a.tallies[in.place];
  std::string json = "{";
  append_text(json, "measure", m.facts.name);
  append_text(json, "description", m.facts.description);
  append_text(json, "counts", counting_words[static_cast<std::size_t>(m.counts)]);
  append_text(json, "events", events_of(m, words));
  append_text(json, "time_basis", basis_of(a, m));
  append_text(json, "population", population_words[static_cast<std::size_t>(m.of)]);
  append_field(json, "total",
               a.totals[in.place] ? model::format_number(*a.totals[in.place]) : "null");
  append_field(json, "counted", std::to_string(tally.counted));
  std::string excluded = "{";
  for (std::size_t i = 0; i < exclusions; ++i)
    if (tally.excluded[i] != 0)
      append_field(excluded, describe(static_cast<exclusion>(i)),
                   std::to_string(tally.excluded[i]));
  append_field(json, "excluded", excluded + '}');
  return json + '}';
}

/// What holds for all statistics.
std::string settings_text(const answer_settings& settings) {
  std::string out = "settings " + settings.hash + ": weeks begin on " + settings.week_start
                  + ", bots: " + settings.bots + ", Apple privacy opens: " + settings.apple_privacy
                  + '\n';
  if (settings.conversion_definition.empty())
    return out;
  out += "  conversions: "
       + (settings.conversion_metric.empty() ? "as the request says" : settings.conversion_metric)
       + ", definition " + settings.conversion_definition
       + "\n  credit: " + settings.attribution_model;
  for (const auto& [field, hours] : settings.windows)
    out += ", " + field + ' ' + std::to_string(hours);
  return out + '\n';
}

std::string settings_json(const answer_settings& settings) {
  std::string json = "{";
  append_text(json, "hash", settings.hash);
  append_text(json, "week_start", settings.week_start);
  append_text(json, "bots", settings.bots);
  append_text(json, "apple_privacy", settings.apple_privacy);
  if (settings.conversion_definition.empty())
    return json + '}';
  append_text(json, "conversion_metric", settings.conversion_metric);
  append_text(json, "conversion_definition", settings.conversion_definition);
  std::string windows = "{";
  append_text(windows, "model", settings.attribution_model);
  for (const auto& [field, hours] : settings.windows)
    append_field(windows, field, std::to_string(hours));
  append_field(json, "attribution", windows + '}');
  return json + '}';
}

} // namespace

std::string explain(const answer& a, const dictionary& words) {
  auto out = settings_text(a.settings);
  for (const auto& s : a.statistics) {
    const auto& facts = facts_of(words, s.entry);
    out += s.name + (s.entry == s.name ? "" : " (" + s.entry + ")") + ": " + facts.description
         + '\n';
    out += "  version " + std::to_string(s.version) + ", definition " + s.definition + ", "
         + facts.at.file + ':' + std::to_string(facts.at.line) + '\n';
    if (!s.formula.empty())
      out += "  = " + s.formula + '\n';
    if (!facts.disagreement.empty())
      out += "  Others differ: " + facts.disagreement + '\n';
    for (const auto& in : inputs_of(a, words, s.entry)) {
      const auto& m = *in.entry;
      const auto& tally = a.tallies[in.place];
      out += "  " + m.facts.name + " = " + number_text(a.totals[in.place]) + ": "
           + std::string{counting_words[static_cast<std::size_t>(m.counts)]} + " of "
           + (m.events.empty() ? std::string{"profiles"} : events_of(m, words)) + ", by "
           + std::string{basis_of(a, m)} + " time\n";
      out += "    " + std::to_string(tally.counted) + " counted\n";
      for (std::size_t i = 0; i < exclusions; ++i)
        if (tally.excluded[i] != 0)
          out += "    " + std::to_string(tally.excluded[i])
               + " not counted: " + std::string{describe(static_cast<exclusion>(i))} + '\n';
    }
  }
  return out;
}

std::string explain_json(const answer& a, const dictionary& words) {
  auto json = "{\"settings\":" + settings_json(a.settings) + ",\"statistics\":[";
  for (const auto& s : a.statistics) {
    const auto& facts = facts_of(words, s.entry);
    std::string one = "{";
    append_text(one, "name", s.name);
    append_text(one, "entry", s.entry);
    append_text(one, "description", facts.description);
    append_field(one, "version", std::to_string(s.version));
    append_text(one, "definition", s.definition);
    append_text(one, "file", facts.at.file);
    append_field(one, "line", std::to_string(facts.at.line));
    if (!s.formula.empty())
      append_text(one, "formula", s.formula);
    if (!facts.disagreement.empty())
      append_text(one, "disagreement", facts.disagreement);
    std::string inputs = "[";
    for (const auto& in : inputs_of(a, words, s.entry))
      inputs += (inputs.size() > 1 ? "," : "") + input_json(a, words, in);
    append_field(one, "inputs", inputs + ']');
    json += (json.back() == '[' ? "" : ",") + one + '}';
  }
  return json + "]}";
}

} // namespace metrics
