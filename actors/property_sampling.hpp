#pragma once

#include "actors/listing.hpp"
#include "actors/people_scan.hpp"
#include "storage/name_table.hpp"

#include <map>

namespace actors {

/// Finds every property that a metric's events have, and looks at some of its values.
class property_sampling final : public people_scan {
public:
  property_sampling(const property_question& asked, const storage::profile_store& people,
                    const storage::names& names);
  [[nodiscard]] listing_answer answer(const storage::profile_store& people) override;

protected:
  void read_columns(const storage::profile_store& people, const model::block_view& columns,
                    std::uint32_t first, const row_bits& wanted) override;
  void read_profile(const storage::profile_store& people, std::uint32_t profile) override;

private:
  /// False: enough of its values were looked at.
  static bool look_at(property_sample& sample, model::value_view value);
  void read_column(std::uint32_t property, const model::coded_column& column,
                   const model::event_columns& events, const row_bits& wanted);

  const storage::names& names_;
  std::uint32_t metric_;                           // Number; 0 = it has no events here.
  std::map<std::uint32_t, property_sample> found_; // By number.
};

} // namespace actors
