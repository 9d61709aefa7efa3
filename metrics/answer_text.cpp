#include "metrics/answer.hpp"
#include "metrics/words.hpp"
#include "model/instant.hpp"

#include <algorithm>

namespace metrics {

namespace {

class json_writer {
public:
  std::string take() {
    return std::move(out_);
  }
  void open(char bracket) {
    begin();
    out_ += bracket;
    is_first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    is_first_ = false;
  }
  void key(std::string_view name) {
    begin();
    model::append_json_string(out_, name);
    out_ += ':';
    is_first_ = true; // No comma before the value.
  }
  void text(std::string_view value) {
    begin();
    model::append_json_string(out_, value);
  }
  void raw(std::string_view value) {
    begin();
    out_ += value;
  }
  void number(double value) {
    raw(model::format_number(value));
  }
  void count(std::uint64_t value) {
    raw(std::to_string(value));
  }
  void value(const statistic_value& v) {
    v ? number(*v) : raw("null");
  }
  void field(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void field(std::string_view name, std::uint64_t value) {
    key(name);
    count(value);
  }

private:
  void begin() {
    if (!is_first_)
      out_ += ',';
    is_first_ = false;
  }
  std::string out_;
  bool is_first_ = true;
};

void write_values(json_writer& to, const answer& a,
                  const std::vector<std::vector<statistic_value>>& values) {
  to.open('{');
  for (std::size_t s = 0; s < a.statistics.size(); ++s) {
    to.key(a.statistics[s].name);
    if (a.intervals.empty()) {
      to.value(values[s][0]);
      continue;
    }
    to.open('[');
    for (const auto& v : values[s])
      to.value(v);
    to.close(']');
  }
  to.close('}');
}

void write_row(json_writer& to, const answer& a, const std::vector<std::string>* groupings,
               const answer_row& row) {
  to.open('{');
  if (groupings != nullptr) {
    to.key("groupings");
    to.open('{');
    for (std::size_t g = 0; g < groupings->size(); ++g)
      to.field((*groupings)[g], row.values[g]);
    to.close('}');
  }
  to.key("statistics");
  write_values(to, a, row.statistics);
  if (!row.before.empty()) {
    to.key("before");
    write_values(to, a, row.before);
  }
  to.close('}');
}

/// The fields of an object.
void write_rollup(json_writer& to, const answer& a, const answer_rollup& r) {
  to.key("group_by");
  to.open('[');
  for (const auto& g : r.groupings)
    to.text(g);
  to.close(']');
  to.key("results");
  to.open('[');
  for (const auto& row : r.rows)
    write_row(to, a, &r.groupings, row);
  to.close(']');
  to.field("rows", r.rows_in_all);
  const auto total = [&](std::string_view name, const std::optional<answer_row>& row) {
    if (!row)
      return;
    to.key(name);
    write_row(to, a, nullptr, *row);
  };
  total("all", r.all);
  total("listed", r.listed);
  total("other", r.other);
  if (!r.gaps.empty()) {
    to.key("rows_against_all");
    to.open('[');
    for (const auto& gap : r.gaps) {
      to.open('{');
      to.field("statistic", a.statistics[gap.statistic].name);
      to.key("rows");
      to.number(gap.rows);
      to.key("all");
      to.number(gap.total);
      to.field("because", gap.because);
      to.close('}');
    }
    to.close(']');
  }
}

void write_range(json_writer& to, std::string_view name, const time_range& range) {
  to.key(name);
  to.open('{');
  to.field("start", model::format_instant(model::from_ms(range.from)));
  to.field("end", model::format_instant(model::from_ms(range.to)));
  to.close('}');
}

void write_statistics(json_writer& to, const answer& a) {
  to.key("statistics");
  to.open('[');
  for (const auto& s : a.statistics) {
    to.open('{');
    to.field("name", s.name);
    if (s.entry != s.name)
      to.field("entry", s.entry);
    to.field("version", s.version);
    to.field("definition", s.definition);
    to.field("unit", unit_words[static_cast<std::size_t>(s.in)]);
    to.field("exactness", "exact");
    if (!s.formula.empty())
      to.field("formula", s.formula);
    to.close('}');
  }
  to.close(']');
}

void write_settings(json_writer& to, const answer& a) {
  const auto& settings = a.settings;
  to.key("settings");
  to.open('{');
  to.field("week_start", settings.week_start);
  to.field("bots", settings.bots);
  to.field("apple_privacy", settings.apple_privacy);
  if (!settings.windows.empty()) {
    to.key("attribution");
    to.open('{');
    to.field("model", settings.attribution_model);
    for (const auto& [field, hours] : settings.windows)
      to.field(field, static_cast<std::uint64_t>(hours));
    to.close('}');
  }
  if (!settings.conversion_definition.empty()) {
    to.key("conversion_metric");
    to.open('{');
    if (!settings.conversion_metric.empty())
      to.field("name", settings.conversion_metric);
    to.field("definition", settings.conversion_definition);
    to.close('}');
  }
  to.field("hash", settings.hash);
  to.close('}');
}

void write_completeness(json_writer& to, const answer& a) {
  to.key("completeness");
  to.open('{');
  to.field("profiles", a.profiles_read);
  to.field("events", a.events_read);
  to.field("without_send", a.without_send);
  to.key("open_windows");
  to.number(a.touches == 0 ? 0.0
                           : static_cast<double>(a.open_touches) / static_cast<double>(a.touches));
  to.key("log_positions");
  to.open('[');
  for (const auto p : a.positions)
    to.count(p);
  to.close(']');
  to.field("catalogue_reads", a.catalogue_reads);
  to.close('}');
}

/// Quoted where commas, quotes or line ends are in it.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos)
    return std::string{text};
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    if (c == '"')
      out += c;
  }
  return out + '"';
}

} // namespace

std::string to_json(const answer& a) {
  json_writer to;
  to.open('{');
  to.field("datasource", a.datasource);
  to.field("as_of", model::format_instant(model::from_ms(a.as_of)));
  to.field("timezone", a.zone);
  if (!a.is_timeless) {
    write_range(to, "timeframe", a.time);
    if (a.before)
      write_range(to, "compared_with", *a.before);
    to.field("time_basis", a.moment);
  }
  write_settings(to, a);
  write_statistics(to, a);
  const auto starts = [&](std::string_view name, const std::vector<std::int64_t>& intervals) {
    if (intervals.empty())
      return;
    to.key(name);
    to.open('[');
    for (const auto t : intervals)
      to.text(utc_text(t));
    to.close(']');
  };
  starts("date_times", a.intervals);
  starts("before_date_times", a.before_intervals);
  if (a.has_rollups) {
    to.key("rollups");
    to.open('[');
    for (const auto& r : a.rollups) {
      to.open('{');
      write_rollup(to, a, r);
      to.close('}');
    }
    to.close(']');
  } else {
    write_rollup(to, a, a.rollups.front());
  }
  if (!a.notes.empty()) {
    to.key("notes");
    to.open('[');
    for (const auto& note : a.notes)
      to.text(note);
    to.close(']');
  }
  write_completeness(to, a);
  to.close('}');
  return to.take();
}

namespace {

/// Cells, quoted where they must be, one behind the other.
class csv_line {
public:
  void add(std::string_view cell) {
    if (!is_first_)
      text_ += ',';
    is_first_ = false;
    text_ += csv_cell(cell);
  }
  /// Empty when there is no value, or no such interval.
  void add(const std::vector<statistic_value>& series, std::size_t t) {
    add(t < series.size() && series[t] ? model::format_number(*series[t]) : "");
  }
  [[nodiscard]] std::string line() const {
    return text_ + '\n';
  }

private:
  std::string text_;
  bool is_first_ = true;
};

std::string csv_header(const answer& a, const answer_rollup& r) {
  csv_line header;
  for (const auto& g : r.groupings)
    header.add(g);
  if (!a.intervals.empty())
    header.add("date_time");
  for (const auto& s : a.statistics)
    header.add(s.name);
  if (!a.before_intervals.empty())
    header.add("before_date_time");
  if (a.before)
    for (const auto& s : a.statistics)
      header.add(s.name + "_before");
  return header.line();
}

std::string csv_row(const answer& a, const answer_row& row, std::size_t t) {
  const auto start = [&](const std::vector<std::int64_t>& all) {
    return t < all.size() ? utc_text(all[t]) : std::string{};
  };
  csv_line line;
  for (const auto& v : row.values)
    line.add(v);
  if (!a.intervals.empty())
    line.add(start(a.intervals));
  for (const auto& series : row.statistics)
    line.add(series, t);
  if (!a.before_intervals.empty())
    line.add(start(a.before_intervals));
  for (const auto& series : row.before)
    line.add(series, t);
  return line.line();
}

} // namespace

std::string to_csv(const answer& a) {
  const auto lines = std::max({std::size_t{1}, a.intervals.size(), a.before_intervals.size()});
  std::string out;
  for (const auto& r : a.rollups) {
    if (!out.empty())
      out += '\n';
    out += csv_header(a, r);
    for (const auto& row : r.rows)
      for (std::size_t t = 0; t < lines; ++t)
        out += csv_row(a, row, t);
  }
  return out;
}

} // namespace metrics
