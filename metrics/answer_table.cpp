#include "metrics/answer.hpp"
#include "metrics/words.hpp"
#include "model/instant.hpp"

#include <algorithm>
#include <cmath>

namespace metrics {

namespace {

/// Code points, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
    text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// 1234567.5 with two places → "1,234,567.50".
std::string grouped(double value, int places) {
  char digits[400];
  const int size = std::snprintf(digits, sizeof digits, "%.*f", places, std::abs(value));
  std::string text(digits, static_cast<std::size_t>(std::clamp(size, 0, 399)));
  const auto point = std::min(text.find('.'), text.size());
  for (auto at = static_cast<std::ptrdiff_t>(point) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return (value < 0 ? "-" : "") + text;
}

std::string shown(const statistic_value& v, unit in) {
  if (!v)
    return "-";
  switch (in) {
  case unit::fraction:
    return grouped(*v * 100, 2) + " %";
  case unit::money:
    return grouped(*v, 2);
  default:
    return grouped(*v, *v == std::floor(*v) ? 0 : 2);
  }
}

/// Lines of cells; the first `left` columns are aligned left, the others right.
class text_table {
public:
  explicit text_table(std::size_t left) : left_(left) {
  }
  void add(std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i == widths_.size())
        widths_.push_back(0);
      widths_[i] = std::max(widths_[i], width_of(cells[i]));
    }
    lines_.push_back(std::move(cells));
  }
  /// A rule before the next line.
  void rule() {
    rules_.push_back(lines_.size());
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (std::size_t line = 0; line < lines_.size(); ++line) {
      if (std::ranges::find(rules_, line) != rules_.end())
        append_rule(out);
      std::string next;
      for (std::size_t i = 0; i < lines_[line].size(); ++i) {
        const auto& cell = lines_[line][i];
        const std::string space(widths_[i] - width_of(cell), ' ');
        next += i == 0 ? "" : "  ";
        next += i < left_ ? cell + space : space + cell;
      }
      next.erase(next.find_last_not_of(' ') + 1);
      out += next + '\n';
    }
    return out;
  }

private:
  void append_rule(std::string& out) const {
    for (std::size_t i = 0; i < widths_.size(); ++i)
      out += (i == 0 ? "" : "  ") + std::string(widths_[i], '-');
    out += '\n';
  }

  std::size_t left_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> lines_;
  std::vector<std::size_t> rules_;
};

void add_row(text_table& to, const answer& a, const answer_rollup& r, const answer_row& row,
             std::string_view title) {
  const auto series = std::max({std::size_t{1}, a.intervals.size(), a.before_intervals.size()});
  const auto cell = [&](const std::vector<statistic_value>& values, std::size_t t, unit in) {
    return t < values.size() ? shown(values[t], in) : std::string{};
  };
  for (std::size_t t = 0; t < series; ++t) {
    std::vector<std::string> cells = row.values;
    cells.resize(std::max<std::size_t>(r.groupings.size(), a.intervals.empty() ? 1 : 0));
    if (!title.empty() && !cells.empty())
      cells[0] = title;
    if (!a.intervals.empty())
      // The compared timeframe may have more intervals.
      cells.push_back(t < a.intervals.size() ? utc_text(a.intervals[t]).substr(0, 16) : "");
    for (std::size_t s = 0; s < a.statistics.size(); ++s) {
      cells.push_back(cell(row.statistics[s], t, a.statistics[s].in));
      if (!row.before.empty())
        cells.push_back(cell(row.before[s], t, a.statistics[s].in));
    }
    to.add(std::move(cells));
  }
}

std::string rollup_text(const answer& a, const answer_rollup& r) {
  const auto keys = std::max<std::size_t>(r.groupings.size(), a.intervals.empty() ? 1 : 0)
                  + (a.intervals.empty() ? 0 : 1);
  text_table table{keys};
  std::vector<std::string> header = r.groupings;
  header.resize(keys);
  if (!a.intervals.empty())
    header.back() = "from (UTC)";
  for (const auto& s : a.statistics) {
    header.push_back(s.name);
    if (a.before)
      header.emplace_back("before");
  }
  table.add(std::move(header));
  table.rule();
  for (const auto& row : r.rows)
    add_row(table, a, r, row, r.groupings.empty() ? "all" : "");
  if (!r.groupings.empty() && r.all) {
    table.rule();
    if (r.listed)
      add_row(table, a, r, *r.listed, "listed");
    if (r.other)
      add_row(table, a, r, *r.other, "other");
    add_row(table, a, r, *r.all, "all");
  }
  std::string out = table.text();
  if (r.rows_in_all > r.rows.size())
    out += std::to_string(r.rows.size()) + " of " + std::to_string(r.rows_in_all)
         + " rows are listed.\n";
  for (const auto& gap : r.gaps)
    out += a.statistics[gap.statistic].name + ": the rows make " + shown(gap.rows, unit::number)
         + " together, all is " + shown(gap.total, unit::number) + ": " + gap.because + ".\n";
  return out;
}

} // namespace

std::string to_table(const answer& a) {
  std::string out;
  for (const auto& r : a.rollups) {
    if (!out.empty())
      out += '\n';
    out += r.rows.empty() ? "Nothing to report.\n" : rollup_text(a, r);
  }
  out += "\nAs of " + model::format_instant(model::from_ms(a.as_of)) + ", days of " + a.zone;
  if (!a.is_timeless)
    out += "; from " + model::format_instant(model::from_ms(a.time.from)) + " until before "
         + model::format_instant(model::from_ms(a.time.to)) + ", by "
         + (a.moment == "event" ? "the events' own time" : a.moment + " time");
  if (a.before)
    out += "; before: from " + model::format_instant(model::from_ms(a.before->from))
         + " until before " + model::format_instant(model::from_ms(a.before->to));
  out += ".\n";
  for (const auto& note : a.notes)
    out += note + '\n';
  if (a.without_send != 0)
    out += std::to_string(a.without_send)
         + (a.without_send == 1 ? " event belongs" : " events belong") + " to no send and "
         + (a.without_send == 1 ? "is" : "are") + " not counted by send time.\n";
  if (a.open_touches != 0)
    out += "Conversions may still come: "
         + shown(static_cast<double>(a.open_touches) / static_cast<double>(a.touches),
                 unit::fraction)
         + " of the attribution windows are open.\n";
  return out;
}

// --- pictures ------------------------------------------------------------------------------------

namespace {

std::string title_of(const answer_row& row) {
  std::string title;
  for (const auto& v : row.values)
    title += (title.empty() ? "" : " · ") + (v.empty() ? std::string{"(not set)"} : v);
  return title.empty() ? "all" : title;
}

double largest(const answer_rollup& r, std::size_t statistic) {
  double most = 0;
  for (const auto& row : r.rows)
    for (const auto& v : row.statistics[statistic])
      most = std::max(most, v.value_or(0));
  return most;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

/// A piece of XML text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      // Characters that XML cannot hold.
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  return out;
}

} // namespace

std::string to_plot(const answer& a, std::size_t statistic, std::size_t width) {
  constexpr std::string_view levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto& r = a.rollups.front();
  const auto most = largest(r, statistic);
  const auto in = a.statistics[statistic].in;
  std::size_t title_width = 0;
  for (const auto& row : r.rows)
    title_width = std::max(title_width, width_of(title_of(row)));
  std::string out = a.statistics[statistic].name + ", largest " + shown(most, in) + '\n';
  for (const auto& row : r.rows) {
    const auto title = title_of(row);
    out += title + std::string(title_width - width_of(title) + 2, ' ');
    if (!a.intervals.empty()) {
      for (const auto& v : row.statistics[statistic])
        out += most <= 0 || v.value_or(0) <= 0
               ? "▁"
               : levels[std::min<std::size_t>(7, static_cast<std::size_t>(*v / most * 8))];
    } else {
      const auto value = row.statistics[statistic][0];
      const auto room = width > title_width + 20 ? width - title_width - 20 : 10;
      const auto bars = most <= 0 ? 0.0 : std::max(0.0, value.value_or(0)) / most;
      out += repeated("█", static_cast<std::size_t>(std::lround(bars * static_cast<double>(room))))
           + ' ' + shown(value, in);
    }
    out += '\n';
  }
  return out;
}

std::string to_svg(const answer& a, std::size_t statistic) {
  constexpr double width = 800;
  constexpr double row_height = 24;
  constexpr double title_width = 240;
  constexpr double chart_height = 300;
  const auto& r = a.rollups.front();
  const auto most = std::max(largest(r, statistic), 1e-300);
  const auto in = a.statistics[statistic].in;
  const auto number = [](double v) { return model::format_number(std::round(v * 100) / 100); };
  const auto text = [&](double x, double y, std::string_view anchor, std::string_view what) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\""
         + std::string{anchor} + "\">" + escaped(what) + "</text>\n";
  };
  const bool is_series = !a.intervals.empty();
  const auto rows = static_cast<double>(r.rows.size());
  const double height = 40 + rows * row_height + (is_series ? chart_height : 0);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width)
                  + "\" height=\"" + number(height)
                  + "\" font-family=\"sans-serif\" font-size=\"12\">\n";
  out += text(8, 20, "start",
              a.statistics[statistic].name + ", largest " + shown(largest(r, statistic), in));
  for (std::size_t i = 0; i < r.rows.size(); ++i) {
    const auto& row = r.rows[i];
    const auto hue = number(static_cast<double>(i * 137 % 360));
    const auto color = "hsl(" + hue + ",55%,45%)";
    const auto y = 40 + static_cast<double>(i) * row_height + (is_series ? chart_height : 0);
    out += text(title_width - 8, y + 12, "end", title_of(row));
    const auto& values = row.statistics[statistic];
    if (!is_series) {
      const auto length = std::max(0.0, values[0].value_or(0)) / most * (width - title_width - 120);
      out += "<rect x=\"" + number(title_width) + "\" y=\"" + number(y) + "\" width=\""
           + number(length) + "\" height=\"16\" fill=\"" + color + "\"/>\n";
      out += text(title_width + length + 6, y + 12, "start", shown(values[0], in));
      continue;
    }
    out += "<rect x=\"" + number(title_width) + "\" y=\"" + number(y)
         + "\" width=\"16\" height=\"16\" fill=\"" + color + "\"/>\n";
    out += "<polyline fill=\"none\" stroke=\"" + color + "\" stroke-width=\"2\" points=\"";
    const auto steps = static_cast<double>(std::max<std::size_t>(values.size() - 1, 1));
    for (std::size_t t = 0; t < values.size(); ++t)
      out += number(20 + static_cast<double>(t) / steps * (width - 40)) + ','
           + number(30 + chart_height - 20
                    - std::max(0.0, values[t].value_or(0)) / most * (chart_height - 40))
           + ' ';
    out += "\"/>\n";
  }
  return out + "</svg>\n";
}

} // namespace metrics
