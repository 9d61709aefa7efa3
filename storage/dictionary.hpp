#pragma once

#include "model/history.hpp"

#include <cstdint>
#include <string_view>

namespace storage {

/// A block's dictionary of values, read where it lies.
class dictionary_reader final : public model::value_dictionary {
public:
  [[nodiscard]] std::uint32_t size() const override {
    return size_;
  }
  [[nodiscard]] model::value_view entry(std::uint32_t code) const override;

  // Filled in by the block codec; sizes are checked there.
  std::uint32_t size_ = 0;
  model::value_kind kind_ = model::value_kind::unset; // Of every entry, or unset: see kinds_.
  const std::uint8_t* kinds_ = nullptr;
  const double* numbers_ = nullptr;        // Null: no entry has a number.
  const std::uint32_t* offsets_ = nullptr; // Null: no entry has text.
  const char* bytes_ = nullptr;
};

} // namespace storage
