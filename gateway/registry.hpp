#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Figures for operators, in the text format of Prometheus.
namespace gateway {

enum class figure_kind : std::uint8_t { counter, gauge, histogram };

using label_names = std::vector<std::string>;
using label_values = std::vector<std::string>;

/// Writes the text: a family with its kind and its meaning, then its samples.
class exposition {
public:
  /// Names are letters, digits and `_`; a counter's ends in `_total`.
  void begin(std::string_view name, figure_kind kind, std::string_view help);
  /// A sample of the family begun last; `suffix` is for the parts of a histogram.
  void sample(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
              double value);
  void sample(const label_names& names, const label_values& values, double value,
              std::string_view suffix = {}, std::string_view bound = {});
  [[nodiscard]] const std::string& text() const {
    return text_;
  }

private:
  void append_label(std::string_view name, std::string_view value, bool is_first);
  void append_value(double value);

  std::string family_;
  std::string text_;
};

/// Counts by labels. Any thread.
class counter_family {
public:
  counter_family(std::string name, std::string help, label_names labels);

  void add(std::initializer_list<std::string_view> values, std::uint64_t n = 1);
  void write(exposition& to) const;

private:
  std::string name_;
  std::string help_;
  label_names labels_;
  mutable std::mutex guard_;
  std::map<label_values, std::uint64_t, std::less<>> series_;
};

/// How often a value was within each of the bounds, by labels. Any thread.
class histogram_family {
public:
  /// `bounds` rise.
  histogram_family(std::string name, std::string help, label_names labels,
                   std::vector<double> bounds);

  void observe(std::initializer_list<std::string_view> values, double value);
  void write(exposition& to) const;

private:
  struct series {
    std::vector<std::uint64_t> within; // By bound; the last is beyond them all.
    double sum = 0;
  };

  std::string name_;
  std::string help_;
  label_names labels_;
  std::vector<double> bounds_;
  mutable std::mutex guard_;
  std::map<label_values, series, std::less<>> series_;
};

/// What `/metrics` is made of: families, and what is read only when somebody asks.
class registry {
public:
  /// Called for every text, in the order of adding.
  void add(std::function<void(exposition&)> source) {
    sources_.push_back(std::move(source));
  }
  [[nodiscard]] std::string text() const;

private:
  std::vector<std::function<void(exposition&)>> sources_;
};

} // namespace gateway
