#pragma once

#include "segments/rule.hpp"

#include <memory>
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
  /// A person's values in the order of `look_at`, fetched when they are asked for: most people are
  /// told by the first.
  class values {
  public:
    /// `fetch(i)` gives the value at place `i`; it must outlive this.
    template <class Fetch>
    explicit values(const Fetch& fetch)
      : from_(std::addressof(fetch)), fetch_([](const void* from, std::size_t i) {
          return (*static_cast<const Fetch*>(from))(i);
        }) {
    }
    model::value_view operator[](std::size_t i) const {
      return fetch_(from_, i);
    }

  private:
    const void* from_;
    model::value_view (*fetch_)(const void*, std::size_t);
  };

  /// Binds `path` and returns its place among the values.
  std::size_t look_at(std::string path, model::name_binder& names);
  void set_moves(bool moves) {
    depends_on_time_ = moves;
  }
  /// How many values `judge` may ask for.
  [[nodiscard]] std::size_t looked_at() const {
    return paths_.size();
  }
  /// The verdict about values in the order of `look_at`. Depends on nothing but `now` and the
  /// values that it asks for.
  [[nodiscard]] virtual verdict judge(values v, std::int64_t now) const = 0;
  struct code_verdicts {
    std::span<std::uint8_t> holds;      // 0 or 1, by code - 1.
    std::span<std::int64_t> next_flips; // `never`, or empty when the rule does not move.
  };
  /// The same for every value of a dictionary at once, when the rule looks at one attribute only.
  /// False, with nothing done: ask `judge`.
  virtual bool judge_all(const model::value_dictionary&, std::int64_t, const code_verdicts&) const {
    return false;
  }

private:
  void scan_one(const model::block_view& block, std::int64_t now, const scan_result& result) const;
  void scan_many(const model::block_view& block, std::int64_t now, const scan_result& result) const;

  std::vector<std::string> paths_; // Parallel to attributes().
};

} // namespace segments
