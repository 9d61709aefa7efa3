#include "library/dictionary_entries.hpp"

#include "metrics/words.hpp"
#include "model/value.hpp"

#include <fmt/format.h>

namespace rollcall {

std::string json_string(std::string_view text) {
  std::string json;
  model::append_json_string(json, text);
  return json;
}

namespace {

/// A JSON object, member by member.
class members {
public:
  members& raw(std::string_view name, std::string_view json) {
    body_ += fmt::format("{}{}:{}", body_.empty() ? "" : ",", json_string(name), json);
    return *this;
  }
  members& text(std::string_view name, std::string_view value) {
    return raw(name, json_string(value));
  }
  members& texts(std::string_view name, const std::vector<std::string>& values) {
    std::string json;
    for (const auto& value : values)
      json += (json.empty() ? "" : ",") + json_string(value);
    return raw(name, '[' + json + ']');
  }
  [[nodiscard]] std::string done() const {
    return '{' + body_ + '}';
  }

private:
  std::string body_;
};

std::string detail_of(const metrics::measure& m) {
  auto text = std::string{metrics::word(m.counts)};
  if (!m.events.empty())
    text += " of " + m.events;
  if (!m.property.empty())
    text += ", property " + m.property;
  return text;
}

template <class Events>
std::string metrics_of(const Events& all) {
  std::string names;
  for (const auto& each : all)
    names += (names.empty() ? "" : ", ") + each.metric;
  return names;
}

void add_specifics(members&, const metrics::entry_facts&) {
}

void add_specifics(members& to, const metrics::measure& m) {
  to.text("counts", metrics::word(m.counts))
    .text("events", m.events)
    .text("population", metrics::word(m.of))
    .text("time_basis", metrics::word(m.basis))
    .text("zone", m.zone)
    .text("bot_clicks", metrics::word(m.bot_clicks))
    .text("apple_privacy_opens", metrics::word(m.apple_privacy_opens));
}

void add_specifics(members& to, const metrics::conversion_metric& c) {
  std::string all;
  for (const auto& some : c.events) {
    members one;
    one.text("name", some.metric);
    if (!some.where.empty())
      one.raw("where", some.where);
    if (!some.value.empty())
      one.text("value", some.value);
    all += (all.empty() ? "" : ",") + one.done();
  }
  to.raw("metrics", '[' + all + ']').text("definition", metrics::hash_of(c.events));
}

void add_specifics(members& to, const metrics::derived_metric& d) {
  to.text("formula", d.formula_text)
    .raw("share", d.is_share ? "true" : "false")
    .raw("when_zero", d.when_zero ? model::format_number(*d.when_zero) : "null");
}

/// `specific` is the entry itself where its kind has more to tell than all have.
template <class Specific>
dictionary_entry entry(const metrics::dictionary& all, std::string kind,
                       const metrics::entry_facts& facts, std::string detail, std::string_view unit,
                       const Specific& specific) {
  members to;
  to.text("kind", kind)
    .text("name", facts.name)
    .text("description", facts.description)
    .text("detail", detail)
    .text("owner", facts.owner)
    .raw("version", std::to_string(facts.version))
    .texts("synonyms", facts.synonyms);
  if (!unit.empty())
    to.text("unit", unit).text("definition", all.hash_of(facts.name));
  if (!facts.disagreement.empty())
    to.text("disagreement", facts.disagreement);
  if (!facts.alternatives.empty())
    to.texts("alternatives", facts.alternatives);
  add_specifics(to, specific);
  to.text("file", facts.at.file).raw("line", std::to_string(facts.at.line));
  return {std::move(kind),   facts.name,     facts.description, std::move(detail),
          std::string{unit}, facts.synonyms, to.done()};
}

} // namespace

std::vector<dictionary_entry> entries_of(const metrics::dictionary& all) {
  std::vector<dictionary_entry> entries;
  for (const auto& [name, d] : all.datasources)
    entries.push_back(entry(all, "datasource", d.facts, "", "", d.facts));
  for (const auto& [name, r] : all.reports)
    entries.push_back(entry(all, "report", r.facts, r.title, "", r.facts));
  for (const auto& [name, e] : all.event_sets)
    entries.push_back(entry(all, "events", e.facts, metrics_of(e.members), "", e.facts));
  for (const auto& [name, m] : all.measures)
    entries.push_back(entry(all, "measure", m.facts, detail_of(m), metrics::word(m.in), m));
  for (const auto& [name, d] : all.derived)
    entries.push_back(entry(all, "derived", d.facts, d.formula_text, metrics::word(d.in), d));
  for (const auto& [name, c] : all.conversions)
    entries.push_back(entry(all, "conversion", c.facts, metrics_of(c.events), "", c));
  for (const auto& [name, d] : all.dimensions)
    entries.push_back(entry(all, "dimension", d.facts, d.key, "", d.facts));
  return entries;
}

} // namespace rollcall
