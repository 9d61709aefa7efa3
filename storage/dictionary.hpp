#pragma once

#include "model/history.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace storage {

/// A block's dictionary of values, read where it lies. The codec (block_codec.hpp) fills in the
/// places; null = no such column.
class dictionary_reader final : public model::value_dictionary {
public:
  struct places {
    std::uint32_t size = 0;
    model::value_kind kind = model::value_kind::unset; // Of every entry; unset = see kinds.
    const std::uint8_t* kinds = nullptr;
    const double* numbers = nullptr;
    const std::uint32_t* offsets = nullptr; // One more than entries.
    const char* bytes = nullptr;
    std::size_t byte_count = 0;
    bool has_instants = false;
    model::integer_column instants{};
  };

  dictionary_reader() = default;
  explicit dictionary_reader(const places& at) : at_(at) {
  }

  [[nodiscard]] std::uint32_t size() const override {
    return at_.size;
  }
  [[nodiscard]] model::value_view entry(std::uint32_t code) const override {
    const auto i = code - 1;
    model::value_view v;
    v.kind = at_.kinds ? static_cast<model::value_kind>(at_.kinds[i]) : at_.kind;
    if (at_.numbers)
      v.number = at_.numbers[i];
    if (at_.offsets)
      v.text = {at_.bytes + at_.offsets[i], at_.offsets[i + 1] - at_.offsets[i]};
    return v;
  }
  [[nodiscard]] const model::integer_column* instants() const override {
    return at_.has_instants ? &at_.instants : nullptr;
  }
  [[nodiscard]] const double* numbers() const override {
    return at_.kinds == nullptr && at_.kind == model::value_kind::number ? at_.numbers : nullptr;
  }
  /// What `dictionary_merge` makes is.
  [[nodiscard]] bool is_distinct() const override {
    return true;
  }
  /// Checks every entry; null = all is well, otherwise what is wrong.
  [[nodiscard]] const char* fault() const;

  [[nodiscard]] const places& at() const {
    return at_;
  }

private:
  places at_;
};

/// The value as dictionaries keep it: nothing beside what its kind uses, and no -0.
model::value_view normalized(model::value_view v);

/// Equal values have equal hashes. `v` is normalized.
std::uint64_t hash_of(model::value_view v);

/// Gives numbers to distinct values, from 1 in the order of their first appearance. Keeps views
/// only.
class value_collector {
public:
  /// The number of a normalized value.
  std::uint32_t add(model::value_view v);
  /// The number of a value that was added, or 0.
  [[nodiscard]] std::uint32_t find(model::value_view v) const;

  [[nodiscard]] std::span<const model::value_view> values() const {
    return values_;
  }

private:
  void grow();

  std::vector<model::value_view> values_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t>
    slots_; // Numbers by hash, open addressing; a power of two, at most half full.
};

/// An old dictionary and the values of new rows become one: what to write, and what the old and the
/// new codes turn into.
class dictionary_merge {
public:
  /// `old` may be null. `used`: one flag an old code (from 0), or empty = all are used. Unused ones
  /// go.
  dictionary_merge(const dictionary_reader* old, const value_collector& added,
                   std::span<const std::uint8_t> used);

  [[nodiscard]] std::uint32_t size() const {
    return kept_count_ + static_cast<std::uint32_t>(appended_.size());
  }
  /// Old codes stay what they are.
  [[nodiscard]] bool keeps_codes() const {
    return keeps_codes_;
  }
  /// The new code of old code c at place c; empty when keeps_codes().
  [[nodiscard]] std::span<const std::uint32_t> old_codes() const {
    return old_codes_;
  }
  /// The code of the collector's number n at place n (0 at 0).
  [[nodiscard]] std::span<const std::uint32_t> added_codes() const {
    return added_codes_;
  }

  [[nodiscard]] const dictionary_reader* old() const {
    return old_;
  }
  [[nodiscard]] std::span<const model::value_view> appended() const {
    return appended_;
  }
  [[nodiscard]] std::uint32_t kept() const {
    return kept_count_;
  }
  /// Calls f(value) for each entry of the new dictionary in order.
  template <class F>
  void each(const F& f) const {
    for (std::uint32_t c = 1; old_ && c <= old_->size(); ++c)
      if (keeps_codes_ || old_codes_[c] != 0)
        f(old_->entry(c));
    for (const auto& v : appended_)
      f(v);
  }
  /// What the entries name, in order, when every one of them is a text that names an instant;
  /// milliseconds.
  [[nodiscard]] std::vector<std::int64_t> instants() const;
  [[nodiscard]] std::uint64_t text_bytes() const {
    return text_bytes_;
  }
  [[nodiscard]] bool has_numbers() const {
    return has_numbers_;
  }
  [[nodiscard]] bool has_text() const {
    return has_text_;
  }
  /// Kind of every entry, or unset when they differ.
  [[nodiscard]] model::value_kind kind() const {
    return kind_;
  }

private:
  void measure(model::value_view v);

  const dictionary_reader* old_;
  bool keeps_codes_ = true;
  std::uint32_t kept_count_ = 0;
  std::vector<std::uint32_t> old_codes_;
  std::vector<std::uint32_t> added_codes_;
  std::vector<model::value_view> appended_;
  std::uint64_t text_bytes_ = 0;
  bool has_numbers_ = false;
  bool has_text_ = false;
  bool measured_ = false;
  model::value_kind kind_ = model::value_kind::unset;
};

} // namespace storage
