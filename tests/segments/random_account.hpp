#pragma once

#include "segments/definition.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

/// People and rules drawn from one seed, made so that they meet: few metrics, few values, times on
/// and around the boundaries that rules draw.
class random_account {
public:
  explicit random_account(std::uint64_t seed);

  [[nodiscard]] plain::profile next_profile();
  [[nodiscard]] segments::criterion next_criterion();
  /// Criteria of one kind: the index into segments::criterion's alternatives.
  [[nodiscard]] segments::criterion next_criterion(std::size_t kind);
  [[nodiscard]] segments::date_filter next_date_filter();

  /// A whole second: anywhere in the account's time, or on and around instants at which rules about
  /// this person may change.
  [[nodiscard]] std::int64_t next_now(const plain::profile& person);

  [[nodiscard]] const std::string& zone() const {
    return zone_;
  }
  [[nodiscard]] std::mt19937_64& random() {
    return random_;
  }

private:
  [[nodiscard]] std::uint64_t below(std::uint64_t n);
  [[nodiscard]] bool chance(double share);
  template <class List>
  [[nodiscard]] auto one_of(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }

  [[nodiscard]] std::int64_t next_time();
  [[nodiscard]] std::string next_date_text();
  [[nodiscard]] model::value next_value();
  [[nodiscard]] model::value next_list();
  [[nodiscard]] plain::event next_event();
  void add_consent(plain::profile& p, const std::string& record);

  [[nodiscard]] segments::number_filter next_number_filter(bool small);
  [[nodiscard]] segments::text_filter next_text_filter();
  [[nodiscard]] segments::list_filter next_list_filter();
  [[nodiscard]] segments::filter next_filter();
  [[nodiscard]] segments::event_filter next_event_filter();
  [[nodiscard]] segments::event_selector next_selector();
  [[nodiscard]] std::vector<segments::consent_filter> next_consent_filters(bool is_permission);

  [[nodiscard]] segments::attribute_criterion next_attribute();
  [[nodiscard]] segments::event_criterion next_measure();
  [[nodiscard]] segments::sequence_criterion next_sequence();
  [[nodiscard]] segments::list_criterion next_list_membership();
  [[nodiscard]] segments::consent_criterion next_consent();
  [[nodiscard]] segments::permission_criterion next_permission();
  [[nodiscard]] segments::distance_criterion next_distance();
  [[nodiscard]] segments::region_criterion next_region();
  [[nodiscard]] segments::affinity_criterion next_affinity();

  std::mt19937_64 random_;
  std::string zone_;
  std::int64_t middle_; // The account's time is about this instant.
};
