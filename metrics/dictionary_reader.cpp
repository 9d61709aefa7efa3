#include "metrics/reading.hpp"
#include "metrics/where.hpp"
#include "metrics/words.hpp"
#include "segments/json_reader.hpp"
#include "segments/place.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace metrics {

namespace {

constexpr std::size_t name_length_max = 64;
constexpr std::size_t entries_max = 2'000;
constexpr std::int64_t version_max = 1'000'000;
constexpr std::int64_t window_hours_max = 2'160; // 90 days.

/// Small letters, digits and underscores, a letter first.
bool is_name(std::string_view text) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= name_length_max && is_small(text.front())
      && std::ranges::all_of(
        text, [&](char c) { return is_small(c) || (c >= '0' && c <= '9') || c == '_'; });
}

entry_facts read_facts(table_reader& from, std::string_view name, std::uint32_t line) {
  entry_facts facts;
  facts.name = name;
  facts.description = from.text("description");
  facts.owner = from.text("owner");
  facts.version = static_cast<std::uint32_t>(from.integer("version", 1, version_max));
  facts.synonyms = from.texts("synonyms");
  for (const auto& synonym : facts.synonyms)
    if (!is_name(synonym))
      from.refuse(from.line_of("synonyms"),
                  "the synonym " + segments::shortened(std::string_view{synonym})
                    + " is no name; a name is small letters, digits and _, a letter first");
  facts.disagreement = from.text_or("disagreement", "");
  facts.alternatives = from.texts("alternatives");
  facts.at = {from.file(), line};
  return facts;
}

void read_fields(table_reader& from, reading& into, event_set& made) {
  for (const auto& metric : from.tables("metrics")) {
    table_reader member{into, from.file(), from.title() + ": metrics", metric, metric.line};
    auto name = member.text("name");
    const auto by = member.choice_or("channel", channel_words, channel::any);
    member.refuse_others();
    const auto is_same = [&](const auto& other) { return other.metric == name && !name.empty(); };
    if (std::ranges::any_of(made.members, is_same))
      member.refuse(metric.line, "the metric is listed twice: " + name);
    made.members.push_back({std::move(name), by});
  }
  if (made.members.empty())
    from.refuse(from.line_of("metrics"),
                "metrics is missing or empty; list the metrics of the set");
}

void read_fields(table_reader& from, reading& into, conversion_metric& made) {
  for (const auto& each : from.tables("metrics")) {
    table_reader events{into, from.file(), from.title() + ": metrics", each, each.line};
    conversion_events some{events.text("name"), events.text_or("where", ""),
                           events.text_or("value", "")};
    events.refuse_others();
    std::vector<segments::definition_error> errors;
    parse_where(some.where, errors);
    for (const auto& error : errors)
      events.refuse(events.line_of("where"), "where" + error.pointer + ": found " + error.found
                                               + "; allowed: " + error.allowed);
    const auto is_same = [&](const auto& other) { return other.metric == some.metric; };
    if (!some.metric.empty() && std::ranges::any_of(made.events, is_same))
      events.refuse(each.line, "the metric is listed twice: " + some.metric);
    made.events.push_back(std::move(some));
  }
  if (made.events.empty())
    from.refuse(from.line_of("metrics"),
                "metrics is missing or empty; list the metrics whose events are conversions");
}

void read_fields(table_reader& from, reading& /*unused*/, measure& made) {
  made.in = from.choice<unit>("unit", unit_words);
  made.counts = from.choice<counting>("counts", counting_words);
  made.events = from.text_or("events", "");
  made.property = from.text_or("property", "");
  made.where = from.text_or("where", "");
  made.of = from.choice<population>("population", population_words);
  made.basis = from.choice<time_basis>("time_basis", time_basis_words);
  made.zone = zone_words.at(from.choice_or("zone", zone_words, std::size_t{0}));
  made.bot_clicks = from.choice_or("bot_clicks", policy_words, policy::not_applicable);
  made.apple_privacy_opens = from.choice_or("apple_privacy_opens", policy_words,
                                            policy::not_applicable);
}

void read_fields(table_reader& from, reading& /*unused*/, derived_metric& made) {
  made.in = from.choice<unit>("unit", unit_words);
  made.formula_text = from.text("formula");
  formula::fault why;
  if (auto read = formula::read(made.formula_text, why))
    made.value = std::move(*read);
  else if (!made.formula_text.empty())
    from.refuse(from.line_of("formula"),
                "formula, column " + std::to_string(why.column + 1) + ": " + why.message);
  made.is_share = from.truth_or("share", false);
  if (const auto* zero = from.value("when_zero")) {
    if (zero->kind == toml_kind::text && zero->text == "none")
      made.when_zero.reset();
    else if (zero->kind == toml_kind::integer || zero->kind == toml_kind::number)
      made.when_zero = zero->number;
    else
      from.refuse(from.line_of("when_zero"), "when_zero is a number or \"none\"");
  }
}

void read_fields(table_reader& from, reading& /*unused*/, dimension& made) {
  made.source = from.choice<dimension_source>("source", dimension_source_words);
  made.key = from.text("key");
}

void read_fields(table_reader& from, reading& into, datasource& made) {
  made.kind = from.choice<datasource_kind>("kind", datasource_kind_words);
  made.owner = from.choice_or("messages_of", message_owner_words, message_owner::campaign);
  made.sends = from.texts("sends");
  for (const auto& each : from.tables("touches")) {
    table_reader touch{into, from.file(), from.title() + ": touches", each, each.line};
    auto events = touch.text("events");
    const auto by = touch.choice_or("channel", channel_words, channel::any);
    const auto hours = touch.integer("window_hours", 0, window_hours_max);
    touch.refuse_others();
    made.touches.push_back({std::move(events), by, hours});
  }
  made.clicks = from.text_or("clicks", "");
  made.opens = from.text_or("opens", "");
  made.group_by = from.texts("group_by");
  const bool has_message_fields = from.has("messages_of") || !made.sends.empty()
                               || !made.touches.empty() || !made.clicks.empty()
                               || !made.opens.empty();
  if (made.kind != datasource_kind::messages && has_message_fields)
    from.refuse(from.line_of("kind"), "messages_of, sends, touches, clicks and opens go with "
                                      "kind \"messages\" only");
  if (made.kind == datasource_kind::messages && !from.has("messages_of"))
    from.refuse(from.line_of("kind"), "messages_of is missing: \"campaign\" or \"flow\"");
  if (made.kind == datasource_kind::messages && made.sends.empty())
    from.refuse(from.line_of("kind"), "sends is missing or empty: the event sets that are sends");
}

void read_fields(table_reader& from, reading& /*unused*/, ready_report& made) {
  made.title = from.text("title");
  const auto* request = from.value("request");
  if (request != nullptr && request->kind == toml_kind::table)
    made.request = to_json(*request);
  else
    from.refuse(from.line_of("request"), "the table [report.NAME.request] is missing");
}

/// Reads one file after the other into one dictionary.
class dictionary_reader {
public:
  void read(const dictionary_file& file, bool is_standard) {
    const auto root = read_toml(file, all_.faults);
    if (!root)
      return;
    is_standard_ = is_standard;
    if (is_standard)
      standard_.push_back(file.name);
    for (const auto& section : root->members) {
      auto& made = all_.made;
      if (section.key == "events")
        read_section(file, section, made.event_sets);
      else if (section.key == "measure")
        read_section(file, section, made.measures);
      else if (section.key == "derived")
        read_section(file, section, made.derived);
      else if (section.key == "conversion")
        read_section(file, section, made.conversions);
      else if (section.key == "dimension")
        read_section(file, section, made.dimensions);
      else if (section.key == "datasource")
        read_section(file, section, made.datasources);
      else if (section.key == "report")
        read_section(file, section, made.reports);
      else
        refuse_section(file, section);
    }
  }

  dictionary_result finish() {
    // Each step relies on what the one before has seen.
    if (all_.faults.empty())
      lint_names(all_);
    if (all_.faults.empty())
      lint_formulas(all_);
    if (all_.faults.empty())
      return {std::move(all_.made), {}};
    std::ranges::stable_sort(all_.faults, [](const auto& a, const auto& b) {
      return std::tie(a.at.file, a.at.line) < std::tie(b.at.file, b.at.line);
    });
    return {std::nullopt, std::move(all_.faults)};
  }

private:
  void refuse_section(const dictionary_file& file, const toml_member& section) {
    constexpr std::array<std::string_view, 7> kinds{
      "events", "measure", "derived", "conversion", "dimension", "datasource", "report"};
    all_.faults.push_back({{file.name, section.line},
                           "found " + segments::shortened(std::string_view{section.key})
                             + "; entries are tables [KIND.NAME], KIND one of "
                             + segments::listed(kinds, section.key)});
  }

  template <class Entry>
  void read_section(const dictionary_file& file, const toml_member& section,
                    entries_of<Entry>& entries) {
    if (section.value.kind != toml_kind::table) {
      refuse_section(file, section);
      return;
    }
    for (const auto& each : section.value.members)
      read_entry(file, section.key, each, entries);
  }

  template <class Entry>
  void read_entry(const dictionary_file& file, const std::string& kind, const toml_member& each,
                  entries_of<Entry>& entries) {
    table_reader from{all_, file.name, entry_title(kind, each.key), each.value, each.line};
    if (each.value.kind != toml_kind::table) {
      from.refuse(each.line, "an entry is a table [" + kind + ".NAME]");
      return;
    }
    if (!is_name(each.key)) {
      from.refuse(each.line, "a name is small letters, digits and _, a letter first, at most "
                               + std::to_string(name_length_max) + " of them");
      return;
    }
    if (++entries_read_ > entries_max) {
      if (entries_read_ == entries_max + 1)
        from.refuse(each.line, "more than " + std::to_string(entries_max) + " entries");
      return;
    }
    Entry made;
    made.facts = read_facts(from, each.key, each.line);
    read_fields(from, all_, made);
    from.refuse_others();
    if (!makes_room(kind, made.facts, from))
      return;
    for (const auto& field : each.value.members)
      all_.fields[field_key(kind, each.key, field.key)] = {file.name, field.line};
    entries[each.key] = std::move(made);
  }

  /// The entry that has the name already; null = none.
  const entry_facts* holder_of(std::string_view kind, std::string_view name) const {
    const auto in = [&](const auto& entries) -> const entry_facts* {
      const auto found = entries.find(name);
      return found == entries.end() ? nullptr : &found->second.facts;
    };
    const auto& made = all_.made;
    if (kind == "events")
      return in(made.event_sets);
    if (kind == "conversion")
      return in(made.conversions);
    if (kind == "dimension")
      return in(made.dimensions);
    if (kind == "datasource")
      return in(made.datasources);
    if (kind == "report")
      return in(made.reports);
    const auto* found = in(made.measures);
    return found != nullptr ? found : in(made.derived);
  }

  /// Removes the standard entry that the new one replaces. False: it may not replace anything.
  bool makes_room(const std::string& kind, const entry_facts& entry, table_reader& from) {
    const auto* holder = holder_of(kind, entry.name);
    if (holder == nullptr)
      return true;
    const auto where = holder->at.file + ":" + std::to_string(holder->at.line);
    if (is_standard_ || std::ranges::find(standard_, holder->at.file) == standard_.end()) {
      from.refuse(entry.at.line, "the name is given twice; it was first at " + where);
      return false;
    }
    if (entry.version <= holder->version) {
      from.refuse(from.line_of("version"), "replaces the standard entry at " + where
                                             + "; that takes a version above "
                                             + std::to_string(holder->version));
      return false;
    }
    forget_fields(kind, entry.name);
    if (kind == "measure" || kind == "derived") { // They share their names.
      forget_fields(kind == "measure" ? "derived" : "measure", entry.name);
      all_.made.measures.erase(entry.name);
      all_.made.derived.erase(entry.name);
    }
    return true;
  }

  void forget_fields(std::string_view kind, std::string_view name) {
    const auto prefix = field_key(kind, name, "");
    auto at = all_.fields.lower_bound(prefix);
    while (at != all_.fields.end() && at->first.starts_with(prefix))
      at = all_.fields.erase(at);
  }

  reading all_;
  bool is_standard_ = false;
  std::vector<std::string> standard_; // Names of the standard files that were read.
  std::size_t entries_read_ = 0;
};

} // namespace

dictionary_result read_dictionary(std::span<const dictionary_file> files) {
  const auto standard = standard_files();
  dictionary_reader reader;
  for (const auto& file : files)
    reader.read(file, std::ranges::any_of(standard, [&](const auto& known) {
                  return known.name == file.name && known.text == file.text;
                }));
  return reader.finish();
}

} // namespace metrics
