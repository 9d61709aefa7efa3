#pragma once

#include "model/history.hpp"

#include <cstdint>
#include <span>

namespace segments {

/// One bit a row: whether `accepted[code]` is 1 for the row's code. Words hold rows 64 w … 64 w +
/// 63; bits past the last row are 0. `accepted` has an entry, 0 or 1, for every code of the column.
void bits_of_codes(const model::coded_column& column, std::uint32_t rows,
                   std::span<const std::uint8_t> accepted, std::span<std::uint64_t> words);

} // namespace segments
