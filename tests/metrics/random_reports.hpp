#pragma once

#include "metrics/dictionary.hpp"
#include "model/objects.hpp"
#include "tests/metrics/plain_growth.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Accounts with messages and what came of them, and requests about them as JSON, drawn from one
/// seed and made so that they meet: times lie on and beside midnights, changes of the clock and the
/// ends of windows, ids are missing or numbers, and some engagement comes before its send.
class random_reports {
public:
  /// `orderly`: every engagement follows its own person's delivery, and nothing is odd.
  explicit random_reports(std::uint64_t seed, bool orderly = false);

  /// The people, partition by partition.
  std::vector<std::vector<plain::profile>> next_partitions();
  std::vector<model::described_object> next_described();
  /// Segments with everybody's coming and going, of so many people.
  std::vector<plain::segment> next_segments(std::size_t people);
  std::string next_request();
  /// What the account settles for all requests, as JSON.
  std::string next_account_settings();
  /// About segments.
  std::string next_growth_request();
  /// The dictionary of the requests: the standard one, and some measures that it has none of.
  static const metrics::dictionary& words();
  /// Statistics of a kind of datasource: "message", "account" or "form".
  [[nodiscard]] static std::vector<std::string> statistics(std::string_view kind);

  [[nodiscard]] const std::string& zone() const {
    return zone_;
  }
  [[nodiscard]] std::int64_t now() const {
    return now_;
  }
  [[nodiscard]] std::mt19937_64& random() {
    return random_;
  }
  [[nodiscard]] std::uint64_t below(std::uint64_t n);
  [[nodiscard]] bool chance(double share);
  template <class List>
  [[nodiscard]] auto one_of(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }

private:
  struct sent_message {
    bool is_flow = false;
    model::value object{};
    model::value id{};   // Unset = missing.
    std::string channel; // Its metrics'.
    std::string object_name{};
    std::string message_name{};
  };

  std::int64_t next_time();
  std::int64_t next_time_after(std::int64_t t);
  double next_value();
  void name(plain::event& e, const sent_message& of);
  plain::event make(const std::string& metric, std::int64_t t, const sent_message& of);
  plain::profile next_person();
  void add_message_story(plain::profile& person);
  void add_other_event(plain::profile& person);

  std::string next_dimension(const std::string& datasource, bool only_people);
  std::string next_filter(const std::string& datasource, bool only_people, int depth);
  /// `is_short`: a week at most.
  std::string next_timeframe(bool is_short);
  std::string next_interval();
  /// Fields that any request may have, each with a comma in front.
  std::string next_settings();
  /// A touch's window, as requests write it.
  std::string next_window();
  std::string next_comparison();
  std::string next_order(const std::vector<std::string>& asked,
                         const std::vector<std::string>& groupings);

  std::mt19937_64 random_;
  bool orderly_;
  std::string zone_;
  std::int64_t now_ = 0;
  std::vector<std::int64_t> instants_; // At which something awkward happens.
  std::vector<sent_message> messages_;
};
