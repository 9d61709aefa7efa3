#pragma once

#include "segments/rule.hpp"

#include <span>
#include <string>
#include <vector>

namespace segments {

/// A criterion that looks at a few attributes of a profile and at nothing else. Heirs say what they
/// think of the values; this class fetches them, one profile or a block of codes at a time.
class attribute_rule : public rule {
public:
  [[nodiscard]] verdict evaluate(const model::profile_view& profile,
                                 std::int64_t now) const override;
  void scan(const model::block_view& block, std::int64_t now, std::span<std::uint64_t> holds,
            std::vector<due_row>& due) const override;
  [[nodiscard]] bool concerns(const model::profile_view&, std::uint32_t,
                              const model::event_view&) const override {
    return false;
  }
  void gather(const model::profile_view& profile, std::int64_t now, evidence& e) const override;

protected:
  using values = std::span<const model::value_view>;

  /// Binds `path` and returns its place among the values.
  std::size_t look_at(std::string path, model::name_binder& names);
  void set_moves(bool moves) {
    depends_on_time_ = moves;
  }
  /// The verdict about values in the order of `look_at`.
  [[nodiscard]] virtual verdict judge(values v, std::int64_t now) const = 0;

private:
  void scan_one(const model::block_view& block, std::int64_t now, const scan_result& result) const;
  void scan_many(const model::block_view& block, std::int64_t now, const scan_result& result) const;

  std::vector<std::string> paths_; // Parallel to attributes().
};

} // namespace segments
