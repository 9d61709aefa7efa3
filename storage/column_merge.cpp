#include "storage/column_merge.hpp"

#include <algorithm>

namespace storage {

namespace {

std::uint8_t width_for(std::uint64_t greatest, bool has_none) {
  if (!has_none)
    return raw_width(greatest);
  // One more, so that all ones stays free.
  return greatest == UINT64_MAX ? 8 : std::max<std::uint8_t>(1, raw_width(greatest + 1));
}

} // namespace

std::uint64_t greatest_integer(const integer_sides& sides) {
  if (!sides.old_has_none || sides.old->width == 0)
    return greatest_raw(*sides.old, sides.old_rows);
  const auto none = all_ones(sides.old->width);
  std::uint64_t most = 0;
  with_width(sides.old->width, [&]<class In>(const In*) {
    if constexpr (!std::is_same_v<In, no_raw>) {
      const auto* const raws = reinterpret_cast<const In*>(sides.old->raws);
      for (std::uint64_t i = 0; i < sides.old_rows; ++i)
        most = raws[i] == none ? most : std::max<std::uint64_t>(most, raws[i]);
    }
  });
  return most;
}

integer_layout plan_integers(const integer_sides& sides) {
  integer_layout layout;
  layout.scale = sides.scale;
  layout.has_none = sides.has_none;
  if (!sides.old) {
    layout.base = sides.least;
    layout.width = width_for(layout.raw_of(sides.most), sides.has_none);
    return layout;
  }
  const auto& old = *sides.old;
  const auto old_base = old.base * sides.multiplier;
  layout.base = sides.any_added ? std::min(old_base, sides.least) : old_base;
  layout.factor = static_cast<std::uint64_t>(old.scale * sides.multiplier) / sides.scale;
  layout.shift = layout.raw_of(old_base);
  const auto added = sides.any_added ? layout.raw_of(sides.most) : 0;
  // The usual case needs no look at the old raws: nothing about them changes and the new ones fit.
  const bool same = layout.factor == 1 && layout.shift == 0 && old.width != 0
                 && sides.has_none == sides.old_has_none;
  if (same && width_for(added, sides.has_none) <= old.width) {
    layout.width = old.width;
    return layout;
  }
  const auto greatest = std::max(greatest_integer(sides) * layout.factor + layout.shift, added);
  layout.width = width_for(greatest, sides.has_none);
  return layout;
}

} // namespace storage
