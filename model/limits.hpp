#pragma once

#include <cstdint>

/// Bounds that several folders share.
namespace model {

/// Neighbouring profiles that share one block of columns: profile ordinal o stands in block o /
/// block_rows, row o % block_rows.
inline constexpr std::uint32_t block_rows = 4096;

} // namespace model
