#pragma once

#include "model/history.hpp"
#include "storage/block_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

/// How one column of an old block and the values of new rows become one column. Every column of a
/// merge follows the same runs.
namespace storage {

/// Rows that stand together in the merged block.
struct run {
  std::uint32_t from = 0; // In the old block, or among the new rows.
  std::uint32_t count = 0;
  bool added = false;
};

/// Stands for the raws of a column of width 0.
struct no_raw {};

/// Calls f with a null pointer of the type that a width means.
template <class F>
void with_width(std::uint8_t width, const F& f) {
  switch (width) {
  case 0:
    return f(static_cast<const no_raw*>(nullptr));
  case 1:
    return f(static_cast<const std::uint8_t*>(nullptr));
  case 2:
    return f(static_cast<const std::uint16_t*>(nullptr));
  case 4:
    return f(static_cast<const std::uint32_t*>(nullptr));
  default:
    return f(static_cast<const std::uint64_t*>(nullptr));
  }
}

/// Fills `out` along the runs: old_row(i) and added_row(i) give the values.
template <class Out, class Old, class Added>
void fill_runs(std::span<const run> runs, Out* out, const Old& old_row, const Added& added_row) {
  for (const auto& r : runs) {
    if (r.added)
      for (std::uint32_t i = 0; i < r.count; ++i)
        out[i] = added_row(r.from + i);
    else
      for (std::uint32_t i = 0; i < r.count; ++i)
        out[i] = old_row(r.from + i);
    out += r.count;
  }
}

/// As fill_runs, for old rows that stay as they are.
template <class Out, class Added>
void copy_runs(std::span<const run> runs, Out* out, const Out* old_rows, const Added& added_row) {
  for (const auto& r : runs) {
    if (r.added)
      for (std::uint32_t i = 0; i < r.count; ++i)
        out[i] = added_row(r.from + i);
    else
      std::memcpy(out, old_rows + r.from, r.count * sizeof(Out));
    out += r.count;
  }
}

/// How a merged column of integers is written.
struct integer_layout {
  std::int64_t base = 0;
  std::uint64_t scale = 1;
  std::uint8_t width = 0;
  bool has_none = false; // The raw that is all ones means "none".
  // An old raw turns into raw * factor + shift, modulo 2^64.
  std::uint64_t factor = 1;
  std::uint64_t shift = 0;

  [[nodiscard]] std::uint64_t raw_of(std::int64_t value) const {
    const auto distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
    return scale == 1 ? distance : distance / scale;
  }
};

/// What is known about the two sides of a column of integers.
struct integer_sides {
  const model::integer_column* old = nullptr; // Null: no old row has an integer.
  std::uint64_t old_rows = 0;                 // Of the old block, dropped ones included.
  bool old_has_none = false;                  // All ones means "none" there.
  std::int64_t multiplier = 1;                // What old integers are multiplied by beforehand.
  bool any_added = false;                     // Some new row has an integer,
  std::int64_t least = 0;                     // from here
  std::int64_t most = 0;                      // to here.
  std::uint64_t scale = 1; // Divides the distances between all integers of the merged column.
  bool has_none = false;   // Some row of the merged column has none.
};

integer_layout plan_integers(const integer_sides& sides);

/// Greatest raw of the old rows, those that mean "none" left out.
std::uint64_t greatest_integer(const integer_sides& sides);

/// Writes the raws; added_raw(i) gives those of new rows, all ones for none.
template <class Added>
void write_raws(const integer_layout& layout, const model::integer_column* old, bool old_has_none,
                std::span<const run> runs, std::byte* out, const Added& added_raw) {
  if (layout.width == 0)
    return;
  with_width(layout.width, [&]<class Out>(const Out*) {
    if constexpr (!std::is_same_v<Out, no_raw>) {
      auto* const to = reinterpret_cast<Out*>(out);
      const auto added = [&](std::uint32_t i) { return static_cast<Out>(added_raw(i)); };
      const bool same = old && old->width == layout.width && layout.factor == 1
                     && layout.shift == 0;
      if (same) // None stays all ones, too.
        return copy_runs(runs, to, reinterpret_cast<const Out*>(old->raws), added);
      with_width(old ? old->width : std::uint8_t{0}, [&]<class In>(const In*) {
        if constexpr (std::is_same_v<In, no_raw>) {
          const auto every = old ? layout.shift : all_ones(layout.width);
          fill_runs(
            runs, to, [&](std::uint32_t) { return static_cast<Out>(every); }, added);
        } else {
          const auto* const from = reinterpret_cast<const In*>(old->raws);
          const auto factor = layout.factor;
          const auto shift = layout.shift;
          if (old_has_none)
            fill_runs(
              runs, to,
              [&](std::uint32_t i) {
                return from[i] == static_cast<In>(~In{0})
                       ? static_cast<Out>(~Out{0})
                       : static_cast<Out>(from[i] * factor + shift);
              },
              added);
          else
            fill_runs(
              runs, to, [&](std::uint32_t i) { return static_cast<Out>(from[i] * factor + shift); },
              added);
        }
      });
    }
  });
}

/// Writes codes: old ones as they are or through `old_codes`, new ones as added_code(i) gives them.
/// `old` null = no old row is set.
template <class Added>
void write_codes(std::uint8_t width, const model::coded_column* old,
                 std::span<const std::uint32_t> old_codes, std::span<const run> runs,
                 std::byte* out, const Added& added_code) {
  if (width == 0)
    return;
  with_width(width, [&]<class Out>(const Out*) {
    if constexpr (!std::is_same_v<Out, no_raw>) {
      auto* const to = reinterpret_cast<Out*>(out);
      const auto added = [&](std::uint32_t i) { return static_cast<Out>(added_code(i)); };
      if (old && old->width == width && old_codes.empty())
        return copy_runs(runs, to, reinterpret_cast<const Out*>(old->codes), added);
      with_width(old ? old->width : std::uint8_t{0}, [&]<class In>(const In*) {
        if constexpr (std::is_same_v<In, no_raw>) {
          const auto code = old ? old->constant : 0;
          const auto every = old_codes.empty() ? code : old_codes[code];
          fill_runs(
            runs, to, [&](std::uint32_t) { return static_cast<Out>(every); }, added);
        } else {
          const auto* const from = reinterpret_cast<const In*>(old->codes);
          if (old_codes.empty())
            fill_runs(
              runs, to, [&](std::uint32_t i) { return static_cast<Out>(from[i]); }, added);
          else
            fill_runs(
              runs, to, [&](std::uint32_t i) { return static_cast<Out>(old_codes[from[i]]); },
              added);
        }
      });
    }
  });
}

} // namespace storage
