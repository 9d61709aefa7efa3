#pragma once

#include "metrics/answer.hpp"
#include "metrics/dictionary.hpp"
#include "metrics/fold.hpp"
#include "metrics/request.hpp"
#include "tests/metrics/plain_report.hpp"
#include "tests/metrics/random_reports.hpp"

#include <optional>
#include <string>
#include <vector>

/// The engine's way from a request to its answer, over partitions that are kept in memory.
namespace report_run {

const metrics::dictionary& standard_words();

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

private:
  struct block;
  struct partition;

  template <class Reader>
  void feed(Reader& to, const partition& from, random_reports& drawn) const;

  std::string zone_;
  std::vector<std::vector<plain::profile>> people_;
  std::vector<model::described_object> described_;
  std::vector<partition> partitions_;
  std::vector<const plain::profile*> living_;
};

} // namespace report_run
