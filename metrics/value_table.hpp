#pragma once

#include "model/value.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// Gives every distinct value a small number, so that groups are tuples of numbers while a fold
/// runs. Number 0 is "not set". Kinds count: the text "1" and the number 1 are two values.
class value_table {
public:
  std::uint32_t number_of(model::value_view v) {
    if (!v.is_set())
      return 0;
    if (const auto known = numbers_.find(key_view{v}); known != numbers_.end())
      return known->second;
    values_.emplace_back(v);
    const auto number = static_cast<std::uint32_t>(values_.size());
    numbers_.emplace(key_view{values_.back().view()}, number);
    return number;
  }
  std::uint32_t number_of_text(std::string_view text) {
    return number_of({model::value_kind::text, 0, text});
  }
  [[nodiscard]] model::value_view value(std::uint32_t number) const {
    return number == 0 ? model::value_view{} : values_[number - 1].view();
  }
  /// As reports show it: a text as it is, anything else as JSON writes it, "" when not set.
  [[nodiscard]] std::string text(std::uint32_t number) const {
    const auto v = value(number);
    if (!v.is_set())
      return {};
    return v.kind == model::value_kind::text ? std::string{v.text} : model::to_json(v);
  }
  /// The number of the text that a value is shown as, 0 when that is empty: equal for values that
  /// rows cannot tell apart.
  std::uint32_t shown(std::uint32_t number) {
    if (number < shown_.size() && shown_[number] != unknown)
      return shown_[number];
    const auto as_text = text(number);
    const auto found = as_text.empty() ? 0 : number_of_text(as_text);
    if (number >= shown_.size())
      shown_.resize(size(), unknown);
    return shown_[number] = found;
  }
  /// How many there are, 0 included.
  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(values_.size()) + 1;
  }

private:
  struct key_view {
    model::value_view v;
    friend bool operator==(const key_view& a, const key_view& b) {
      return a.v == b.v;
    }
    friend std::size_t hash_value(const key_view& k) {
      std::size_t seed = static_cast<std::size_t>(k.v.kind);
      boost::hash_combine(seed, k.v.number);
      boost::hash_combine(seed, std::hash<std::string_view>{}(k.v.text));
      return seed;
    }
  };
  static constexpr std::uint32_t unknown = UINT32_MAX;

  std::vector<std::uint32_t> shown_; // By number; unknown = nobody asked yet.
  std::deque<model::value> values_;  // Their addresses stay, and with them the keys' texts.
  boost::unordered_flat_map<key_view, std::uint32_t> numbers_;
};

/// The same for tuples of `width` numbers; tuples count from 0 in order of first sight.
class tuple_table {
public:
  explicit tuple_table(std::size_t width) : width_(width), slots_(64, empty) {
  }
  /// `tuple` points to `width` numbers; `is_new` tells that nobody had asked for it.
  std::uint32_t number_of(const std::uint32_t* tuple, bool& is_new) {
    auto at = hash(tuple) & (slots_.size() - 1);
    while (slots_[at] != empty) {
      if (same(slots_[at], tuple)) {
        is_new = false;
        return slots_[at];
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    const auto number = count_++;
    slots_[at] = number;
    tuples_.insert(tuples_.end(), tuple, tuple + width_);
    if (std::size_t{count_} * 2 > slots_.size())
      grow();
    is_new = true;
    return number;
  }
  [[nodiscard]] const std::uint32_t* tuple(std::uint32_t number) const {
    return tuples_.data() + std::size_t{number} * width_;
  }
  [[nodiscard]] std::uint32_t size() const {
    return count_;
  }

private:
  static constexpr std::uint32_t empty = UINT32_MAX;

  [[nodiscard]] bool same(std::uint32_t number, const std::uint32_t* other) const {
    const auto* mine = tuple(number);
    for (std::size_t i = 0; i < width_; ++i)
      if (mine[i] != other[i])
        return false;
    return true;
  }
  [[nodiscard]] std::size_t hash(const std::uint32_t* tuple) const {
    std::uint64_t h = 0x9e3779b97f4a7c15;
    for (std::size_t i = 0; i < width_; ++i) {
      h = (h ^ tuple[i]) * 0xff51afd7ed558ccd;
      h ^= h >> 32;
    }
    return static_cast<std::size_t>(h);
  }
  void grow() {
    slots_.assign(slots_.size() * 2, empty);
    for (std::uint32_t number = 0; number < count_; ++number) {
      auto at = hash(tuple(number)) & (slots_.size() - 1);
      while (slots_[at] != empty)
        at = (at + 1) & (slots_.size() - 1);
      slots_[at] = number;
    }
  }

  std::size_t width_;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> tuples_;
  std::vector<std::uint32_t> slots_;
};

} // namespace metrics
