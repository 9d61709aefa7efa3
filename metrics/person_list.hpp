#pragma once

#include <cstdint>
#include <vector>

namespace metrics {

/// Profile numbers in the order they were met, as the gaps between them: a byte or two each where
/// they ascend, which blocks see to.
class person_list {
public:
  void add(std::uint32_t profile) {
    auto gap = profile - last_; // Of one that is behind the last: around the whole range.
    last_ = profile;
    for (; gap > low_bits; gap >>= bits)
      bytes_.push_back(static_cast<std::uint8_t>(gap | more));
    bytes_.push_back(static_cast<std::uint8_t>(gap));
    ++size_;
  }
  [[nodiscard]] std::uint32_t size() const {
    return size_;
  }
  template <class Visit>
  void each(const Visit& visit) const {
    std::uint32_t profile = 0;
    std::uint32_t gap = 0;
    unsigned shift = 0;
    for (const auto byte : bytes_) {
      gap |= std::uint32_t{byte & low_bits} << shift;
      shift += bits;
      if ((byte & more) != 0)
        continue;
      profile += gap;
      visit(profile);
      gap = 0;
      shift = 0;
    }
  }

private:
  static constexpr unsigned bits = 7;
  static constexpr std::uint32_t low_bits = 0x7f;
  static constexpr std::uint32_t more = 0x80;

  std::vector<std::uint8_t> bytes_;
  std::uint32_t last_ = 0;
  std::uint32_t size_ = 0;
};

} // namespace metrics
