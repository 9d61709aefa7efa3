#pragma once

#include "metrics/request.hpp"
#include "segments/place.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Inside the folder only: how a request is read. Its members are in request.cpp and, of rows
// (groupings, filter, order), in request_rows.cpp.
namespace metrics {

using segments::place;

/// Names of what a map holds, for messages.
template <class Map>
std::vector<std::string_view> names_in(const Map& all) {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : all)
    names.push_back(name);
  return names;
}

/// Reads field by field; mistakes go to the list of the root's place.
class request_reader {
public:
  request_reader(const place& root, const request_context& account)
    : root_(root), account_(account), words_(*account.words) {
  }
  request read();

private:
  [[nodiscard]] bool is_about(datasource_kind kind) const;
  void read_datasource();

  /// The member under either of two names, not both.
  [[nodiscard]] place either(std::string_view name, std::string_view other) const;
  std::optional<std::string> read_metric(const place& at);
  /// Keeps the name of a metric that neither the account nor the dictionary knows.
  void note_unknown(const std::string& metric);
  void read_conversion();
  std::optional<conversion_events> read_conversion_events(const place& at);
  /// Reads filters in the segment grammar and gives them back as JSON.
  static std::string read_where(const place& at);
  void read_metrics();

  /// Why a statistic cannot be had from this datasource; empty = it can.
  [[nodiscard]] std::string obstacle(const std::string& name) const;

  /// What the other fields have to be like because of a statistic.
  void note_needs(const std::string& name);

  /// Every statistic that this datasource has.
  [[nodiscard]] std::vector<std::string_view> fitting_statistics() const;
  static std::string_view describe(population p);
  void read_statistics();
  void read_time();

  /// Of timeframes with a key none is too long.
  [[nodiscard]] bool is_short_enough() const;
  void read_timeframe(const place& at);
  static std::optional<wall_time> read_wall_time(const place& at);
  void read_comparison(const place& at);
  std::optional<grouping> read_grouping(const place& at);
  std::optional<grouping> grouping_of(const place& at, const std::string& text);
  static std::optional<grouping> attribute_of(const place& at, grouping g, const std::string& path);
  std::optional<grouping> membership_of(const place& at, grouping g, std::string segment);

  /// Nothing when the datasource does not know the dimension.
  [[nodiscard]] std::optional<grouping> of_dictionary(grouping g, const dimension& d) const;
  std::optional<std::vector<grouping>> read_grouping_list(const place& at);
  void read_groupings();
  void read_filter();
  std::optional<row_filter> read_row_filter(const place& at, unsigned depth);
  std::optional<row_filter> read_leaf(const place& at);

  /// Values as rows show them.
  static std::optional<std::string> read_operand(const place& at);
  void read_order();
  void read_one_order(const place& at);
  place root_;
  const request_context& account_;
  const dictionary& words_;
  const datasource* source_ = nullptr;
  bool needs_time_ = false;
  std::string profiles_statistic_; // One that counts profiles; empty = none does.
  request made_;
};

} // namespace metrics
