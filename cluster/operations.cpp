#include "cluster/operations.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cluster {

namespace {

// In front of each piece: its size, and whether the operation ends with it.
constexpr std::size_t head_bytes = 8;
constexpr std::uint32_t goes_on = 1;
constexpr std::size_t piece_bytes_min = 1024; // Less is not worth a head.
constexpr std::size_t operation_bytes_max = std::size_t{1} << 30;

model::failure broken(const char* why) {
  return {model::failure_code::storage_broken, std::string{"a record of operations "} + why};
}

} // namespace

std::size_t operation_packer::add(std::string_view operation, std::size_t offset) {
  const auto left = operation.size() - offset;
  const auto used = payload_.size() + head_bytes;
  if (used >= bytes_max_)
    return 0;
  const auto size = std::min(left, bytes_max_ - used);
  if (size < left && size < piece_bytes_min && !payload_.empty())
    return 0;
  const std::uint32_t head[2] = {static_cast<std::uint32_t>(size), size < left ? goes_on : 0};
  payload_.append(reinterpret_cast<const char*>(head), sizeof head);
  payload_.append(operation.substr(offset, size));
  return size;
}

std::string operation_packer::take() {
  return std::exchange(payload_, {});
}

model::status operation_unpacker::take(
  std::uint64_t epoch, std::string_view payload,
  const std::function<void(std::uint32_t index, std::string_view operation)>& each) {
  if (epoch != epoch_)
    piece_.clear();
  epoch_ = epoch;
  std::uint32_t index = 0;
  while (!payload.empty()) {
    std::uint32_t head[2];
    if (payload.size() < sizeof head)
      return broken("ends inside a head");
    std::memcpy(head, payload.data(), sizeof head);
    payload.remove_prefix(sizeof head);
    const std::size_t size = head[0];
    if (size == 0 || size > payload.size() || head[1] > goes_on)
      return broken("has a head that does not fit");
    const auto bytes = payload.substr(0, size);
    payload.remove_prefix(size);
    if (piece_.size() + size > operation_bytes_max)
      return broken("makes an operation too large");
    if (head[1] == goes_on) {
      if (!payload.empty())
        return broken("goes on behind a piece that is not the last one");
      piece_.append(bytes);
      return model::nothing{};
    }
    if (piece_.empty()) {
      each(index++, bytes);
    } else {
      piece_.append(bytes);
      each(index++, std::exchange(piece_, {}));
    }
  }
  return model::nothing{};
}

} // namespace cluster
