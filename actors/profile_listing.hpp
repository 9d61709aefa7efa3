#pragma once

#include "actors/first_lines.hpp"
#include "actors/listing.hpp"
#include "actors/people_scan.hpp"
#include "storage/name_table.hpp"

#include <memory>

namespace actors {

/// Whether an attribute is ordered as the instant that its text names; others are as text.
bool is_ordered_as_instant(std::string_view attribute);

/// Finds the first so many profiles in an order.
class profile_listing final : public people_scan {
public:
  profile_listing(profile_question asked, std::uint32_t partition,
                  const storage::profile_store& people, const storage::names& names);
  [[nodiscard]] listing_answer answer(const storage::profile_store& people) override;

protected:
  void read_columns(const storage::profile_store& people, const model::block_view& columns,
                    std::uint32_t first, const row_bits& wanted) override;
  void read_profile(const storage::profile_store& people, std::uint32_t profile) override;
  [[nodiscard]] bool is_decided(std::uint32_t from) const override;

private:
  struct by_order {
    std::shared_ptr<const profile_question> order;
    bool operator()(const profile_line& a, const profile_line& b) const {
      return comes_before(a, b, *order);
    }
  };
  [[nodiscard]] bool orders_by_attribute() const;
  /// `joined_at`: only of a list. `instant` is what `orders` names, when that is known.
  void offer(std::uint32_t profile, model::value_view joined_at, model::value_view orders,
             std::optional<std::int64_t> instant);

  std::shared_ptr<const profile_question> asked_;
  std::uint32_t partition_;
  std::uint32_t list_ = 0;      // Number of the attribute; 0 = nobody here has it.
  std::uint32_t attribute_ = 0; // The same of what orders.
  first_lines<profile_line, by_order> found_;
  profile_line candidate_; // Scratch, so that most texts are compared without memory of their own.
};

} // namespace actors
