#include "metrics/reference_page.hpp"

#include "metrics/words.hpp"

#include <utility>

namespace metrics {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text.append(text.empty() ? "`" : ", `").append(name).append("`");
  return text;
}

/// In a line of its own; markup in it stays as it is, and no table or head can begin.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!is_blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

class page {
public:
  explicit page(const dictionary& all) : all_(all) {
  }

  std::string write() {
    text_ = "# Data dictionary\n\nMade from the dictionary's files; every number of a report is "
            "worked out as it stands here.\n";
    section("Statistics: formulas", all_.derived);
    section("Statistics: measures", all_.measures);
    section("Conversion metrics", all_.conversions);
    section("Event sets", all_.event_sets);
    section("Dimensions", all_.dimensions);
    section("Datasources", all_.datasources);
    section("Reports", all_.reports);
    return std::move(text_);
  }

private:
  template <class Entry>
  void section(std::string_view title, const entries_of<Entry>& entries) {
    if (entries.empty())
      return;
    text_.append("\n## ").append(title).append("\n");
    for (const auto& [name, entry] : entries) {
      text_.append("\n### ").append(name).append("\n\n");
      text_.append(one_line(entry.facts.description)).append("\n\n");
      details(entry);
      facts(entry.facts);
    }
  }

  void point(std::string_view what, std::string_view says) {
    if (!says.empty())
      text_.append("- ").append(what).append(": ").append(one_line(says)).append("\n");
  }

  void code(std::string_view what, std::string_view says) {
    if (!says.empty())
      point(what, "`" + std::string{says} + "`");
  }

  void facts(const entry_facts& entry) {
    point("synonyms", joined(entry.synonyms));
    point("sources differ", entry.disagreement);
    point("the other way", joined(entry.alternatives));
    point("version", std::to_string(entry.version) + ", " + entry.owner + ", " + entry.at.file + ":"
                       + std::to_string(entry.at.line));
  }

  void details(const derived_metric& entry) {
    code("formula", entry.formula_text);
    point("unit", std::string{word(entry.in)} + (entry.is_share ? ", a share" : ""));
    point("divided by 0", !entry.when_zero        ? "no value"
                          : *entry.when_zero == 0 ? "0"
                                                  : std::to_string(*entry.when_zero));
    point("rests on", joined(all_.measures_of(entry.facts.name)));
    code("hash", all_.hash_of(entry.facts.name));
  }

  void details(const measure& entry) {
    code("counts", word(entry.counts));
    code("of the events", entry.events);
    code("property", entry.property);
    code("where", entry.where);
    point("unit", word(entry.in));
    code("population", word(entry.of));
    code("time basis", word(entry.basis));
    if (entry.bot_clicks != policy::not_applicable)
      code("clicks by bots", word(entry.bot_clicks));
    if (entry.apple_privacy_opens != policy::not_applicable)
      code("opens by Apple", word(entry.apple_privacy_opens));
    code("hash", all_.hash_of(entry.facts.name));
  }

  void details(const event_set& entry) {
    std::string members;
    for (const auto& member : entry.members) {
      members.append(members.empty() ? "" : ", ").append(member.metric);
      if (member.by != channel::any)
        members.append(" (").append(name_of(member.by)).append(")");
    }
    point("metrics", members);
  }

  void details(const conversion_metric& entry) {
    std::string events;
    for (const auto& some : entry.events) {
      events.append(events.empty() ? "" : ", ").append(some.metric);
      if (!some.where.empty())
        events.append(" where `").append(some.where).append("`");
      if (!some.value.empty())
        events.append(", worth `").append(some.value).append("`");
    }
    point("metrics", events);
    code("hash", hash_of(entry.events));
  }

  void details(const dimension& entry) {
    point("source", std::string{word(entry.source)} + " `" + entry.key + "`");
  }

  void details(const datasource& entry) {
    const bool is_of_messages = entry.kind == datasource_kind::messages;
    point("kind", std::string{word(entry.kind)}
                    + (is_of_messages ? " of a " + std::string{word(entry.owner)} : ""));
    point("sends", joined(entry.sends));
    std::string touches;
    for (const auto& touch : entry.touches) {
      touches.append(touches.empty() ? "" : ", ").append(touch.events);
      if (touch.by != channel::any)
        touches.append(" (").append(name_of(touch.by)).append(")");
      touches.append(" ").append(std::to_string(touch.window_hours)).append(" h");
    }
    point("credit", touches);
    point("grouped by", joined(entry.group_by));
  }

  void details(const ready_report& entry) {
    point("title", entry.title);
    code("request", entry.request);
  }

  const dictionary& all_;
  std::string text_;
};

} // namespace

std::string reference_page(const dictionary& all) {
  return page{all}.write();
}

} // namespace metrics
