#pragma once

#include "metrics/answer.hpp"
#include "metrics/dictionary.hpp"
#include "metrics/fold.hpp"
#include "metrics/request.hpp"
#include "tests/metrics/plain_report.hpp"
#include "tests/metrics/random_reports.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// The engine's way from a request to its answer, over partitions that are kept in memory.
namespace report_run {

inline constexpr std::uint64_t cases_by_default = 5'500;

/// Calls `check` with seeds until it has something to say three times, and makes that errors of the
/// test that runs. ROLLCALL_REPORT_CASES changes `cases_by_default` and all else in proportion;
/// ROLLCALL_SEED repeats one.
void for_all_seeds(std::uint64_t cases,
                   const std::function<std::string(std::uint64_t seed)>& check);

/// A drawn account: partitions as blocks with lying rows and dead ones.
class account {
public:
  explicit account(random_reports& drawn);
  ~account();

  /// The account's zone; metrics are asked for by their names.
  [[nodiscard]] metrics::request_result read(const std::string& json) const;
  /// Survey, join and fold of every partition. Blocks are read in part early, profile by profile.
  [[nodiscard]] std::vector<metrics::fold_result> folded(const metrics::fold_order& order,
                                                         random_reports& drawn) const;
  /// What the plain evaluator looks at.
  [[nodiscard]] const std::vector<const plain::profile*>& living() const {
    return living_;
  }
  [[nodiscard]] const std::vector<model::described_object>& described() const {
    return described_;
  }
  [[nodiscard]] const std::vector<plain::segment>& segments() const {
    return segments_;
  }

  /// Who is or was in a segment: made up, for the engine and the plain evaluator alike.
  static bool is_member(const std::string& segment, const plain::profile& person,
                        std::optional<std::int64_t> at);

private:
  struct block;
  struct partition;

  /// Joins and leaves of a partition's people, added up.
  [[nodiscard]] metrics::fold_result grown(const metrics::fold_order& order,
                                           std::size_t index) const;
  template <class Reader>
  void feed(Reader& to, const partition& from, random_reports& drawn) const;

  std::string zone_;
  metrics::report_settings settings_;
  std::vector<std::vector<plain::profile>> people_;
  std::vector<model::described_object> described_;
  std::vector<plain::segment> segments_;
  std::vector<partition> partitions_;
  std::vector<const plain::profile*> living_;
};

/// An account and what it is asked.
struct asked_case {
  explicit asked_case(std::uint64_t seed, bool orderly = false);
  /// Reads, plans and folds. What is wrong with the request; empty = nothing.
  std::string ask(const std::string& json);
  /// The same with a request that was read.
  void ask(const metrics::request& wanted);

  [[nodiscard]] metrics::answer concluded() const;
  /// Without a limit.
  [[nodiscard]] metrics::answer concluded_whole() const;
  [[nodiscard]] plain::report plainly() const;
  /// The request and all that it depends on, for messages.
  [[nodiscard]] std::string described() const;

  random_reports drawn;
  report_run::account account;
  std::string text;
  metrics::request asked;
  metrics::fold_order order;
  std::vector<metrics::fold_result> parts;
  std::optional<metrics::fold_order> order_before; // Of the compared timeframe.
  std::vector<metrics::fold_result> parts_before;
  std::optional<bool> was_sent{}; // When somebody needed to know.
  bool was_asked_again = false;   // Rows were left out, whose people had not been kept.

private:
  void keep_people(bool kept);
  void fold();
  [[nodiscard]] metrics::answer concluded(const metrics::request& of) const;
};

} // namespace report_run
