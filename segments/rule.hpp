#pragma once

#include "segments/calendar.hpp"
#include "segments/evaluate.hpp"

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// What the kinds of compiled criteria share, and how each is made. Inner side of `compile`.
namespace segments {

/// Every compiled criterion is one.
class rule : public compiled_criterion {
public:
  /// Writes into `e` what of the profile matters: `found`, `events`, `events_in_all`.
  virtual void gather(const model::profile_view& profile, std::int64_t now, evidence& e) const = 0;
};

struct compile_context {
  model::name_binder& names;
  const zone& account_zone;
};

std::shared_ptr<const rule> make_rule(const attribute_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const event_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const sequence_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const list_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const consent_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const permission_criterion& c,
                                      const compile_context& context);
std::shared_ptr<const rule> make_rule(const distance_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const region_criterion& c, const compile_context& context);
std::shared_ptr<const rule> make_rule(const affinity_criterion& c, const compile_context& context);

/// Where a person lives, for the filter zone "profile".
inline constexpr std::string_view timezone_path = "location['timezone']";

/// The zone that the attribute names, or `otherwise`.
inline const zone& zone_of(model::value_view timezone, const zone& otherwise) {
  if (timezone.kind != model::value_kind::text)
    return otherwise;
  const zone* found = find_zone(timezone.text);
  return found ? *found : otherwise;
}

/// The rows of a block in words of 64: which ones the columns tell the truth about, which ones must
/// be asked one by one.
class block_rows {
public:
  explicit block_rows(const model::block_view& block)
    : rows_(block.profiles()), alive_(block.alive()), dirty_(block.dirty()) {
  }
  [[nodiscard]] std::uint32_t rows() const {
    return rows_;
  }
  [[nodiscard]] std::size_t words() const {
    return (std::size_t{rows_} + 63) / 64;
  }
  [[nodiscard]] std::uint64_t clean(std::size_t word) const {
    return living(word) & ~dirty_word(word);
  }
  [[nodiscard]] std::uint64_t unclean(std::size_t word) const {
    return living(word) & dirty_word(word);
  }
  /// Calls `visit(row)` for each living row that the columns tell the truth about.
  template <class Visit>
  void each_clean(const Visit& visit) const {
    for (std::size_t w = 0; w < words(); ++w)
      each_bit(w, clean(w), visit);
  }
  template <class Visit>
  void each_unclean(const Visit& visit) const {
    for (std::size_t w = 0; w < words(); ++w)
      each_bit(w, unclean(w), visit);
  }
  /// Calls `visit(row)` for each row of the word whose bit is set.
  template <class Visit>
  static void each_bit(std::size_t word, std::uint64_t bits, const Visit& visit) {
    for (; bits != 0; bits &= bits - 1)
      visit(static_cast<std::uint32_t>(64 * word + static_cast<unsigned>(std::countr_zero(bits))));
  }

private:
  [[nodiscard]] std::uint64_t living(std::size_t word) const {
    const std::size_t left = rows_ - 64 * word;
    return alive_[word] & (left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1);
  }
  [[nodiscard]] std::uint64_t dirty_word(std::size_t word) const {
    return word < dirty_.size() ? dirty_[word] : 0;
  }

  std::uint32_t rows_;
  std::span<const std::uint64_t> alive_;
  std::span<const std::uint64_t> dirty_;
};

/// Where the verdicts of a scan go.
struct scan_result {
  std::span<std::uint64_t> holds;
  std::vector<compiled_criterion::due_row>& due;
  std::int64_t until; // Later flips are not asked for.

  void put(std::uint32_t row, const verdict& v) const {
    put_holds(row, v.holds);
    put_flip(row, v.next_flip);
  }
  void put_holds(std::uint32_t row, bool does) const {
    if (does)
      holds[row / 64] |= std::uint64_t{1} << (row % 64);
  }
  void put_flip(std::uint32_t row, std::int64_t at) const {
    if (at < never && at <= until)
      due.push_back({row, at});
  }
};

} // namespace segments
