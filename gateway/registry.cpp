#include "gateway/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace gateway {

namespace {

std::string_view name_of(figure_kind kind) {
  switch (kind) {
  case figure_kind::counter:
    return "counter";
  case figure_kind::gauge:
    return "gauge";
  case figure_kind::histogram:
    return "histogram";
  }
  return "untyped";
}

/// The series of these labels, made where there is none.
template <class Series>
Series& find(std::map<label_values, Series, std::less<>>& all,
             std::initializer_list<std::string_view> values) {
  // Most requests find theirs, so it is looked for without making strings.
  thread_local label_values key;
  key.resize(values.size());
  std::ranges::copy(values, key.begin());
  return all[key];
}

} // namespace

void exposition::begin(std::string_view name, figure_kind kind, std::string_view help) {
  family_ = name;
  text_ += fmt::format("# HELP {} ", name);
  for (const char c : help) {
    if (c == '\\')
      text_ += "\\\\";
    else if (c == '\n')
      text_ += "\\n";
    else
      text_ += c;
  }
  text_ += fmt::format("\n# TYPE {} {}\n", name, name_of(kind));
}

void exposition::append_label(std::string_view name, std::string_view value, bool is_first) {
  text_ += is_first ? '{' : ',';
  text_.append(name).append("=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"')
      text_ += '\\';
    if (c == '\n')
      text_ += "\\n";
    else
      text_ += c;
  }
  text_ += '"';
}

void exposition::append_value(double value) {
  if (std::isnan(value))
    text_ += " NaN\n";
  else if (std::isinf(value))
    text_ += value > 0 ? " +Inf\n" : " -Inf\n";
  else
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void exposition::sample(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
                        double value) {
  text_ += family_;
  bool is_first = true;
  for (const auto& [name, of] : labels)
    append_label(name, of, std::exchange(is_first, false));
  if (!is_first)
    text_ += '}';
  append_value(value);
}

void exposition::sample(const label_names& names, const label_values& values, double value,
                        std::string_view suffix, std::string_view bound) {
  text_.append(family_).append(suffix);
  bool is_first = true;
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i)
    append_label(names[i], values[i], std::exchange(is_first, false));
  if (!bound.empty())
    append_label("le", bound, std::exchange(is_first, false));
  if (!is_first)
    text_ += '}';
  append_value(value);
}

counter_family::counter_family(std::string name, std::string help, label_names labels)
  : name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)) {
}

void counter_family::add(std::initializer_list<std::string_view> values, std::uint64_t n) {
  const std::lock_guard lock{guard_};
  find(series_, values) += n;
}

void counter_family::write(exposition& to) const {
  const std::lock_guard lock{guard_};
  to.begin(name_, figure_kind::counter, help_);
  for (const auto& [values, n] : series_)
    to.sample(labels_, values, static_cast<double>(n));
}

histogram_family::histogram_family(std::string name, std::string help, label_names labels,
                                   std::vector<double> bounds)
  : name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)),
    bounds_(std::move(bounds)) {
}

void histogram_family::observe(std::initializer_list<std::string_view> values, double value) {
  const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  const std::lock_guard lock{guard_};
  auto& s = find(series_, values);
  s.within.resize(bounds_.size() + 1);
  ++s.within[static_cast<std::size_t>(at)];
  s.sum += value;
}

void histogram_family::write(exposition& to) const {
  const std::lock_guard lock{guard_};
  to.begin(name_, figure_kind::histogram, help_);
  for (const auto& [values, s] : series_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < s.within.size(); ++i) {
      below += s.within[i];
      to.sample(labels_, values, static_cast<double>(below), "_bucket",
                i < bounds_.size() ? fmt::format("{}", bounds_[i]) : "+Inf");
    }
    to.sample(labels_, values, s.sum, "_sum");
    to.sample(labels_, values, static_cast<double>(below), "_count");
  }
}

std::string registry::text() const {
  exposition all;
  for (const auto& source : sources_)
    source(all);
  return all.text();
}

} // namespace gateway
