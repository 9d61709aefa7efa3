#include "node/movements.hpp"

#include <algorithm>
#include <charconv>

namespace node {

namespace {

constexpr std::size_t page_size = 100'000;

} // namespace

model::outcome<cursors> feed_ends(rollcall::engine& engine) {
  const auto segments = engine.list();
  if (!segments)
    return segments.error();
  cursors ends;
  for (const auto& segment : *segments) {
    const auto end = engine.feed_end(segment.id);
    if (!end)
      return end.error();
    ends[segment.id] = *end;
  }
  return ends;
}

model::outcome<std::vector<movement>> movements_since(rollcall::engine& engine,
                                                      const cursors& before) {
  const auto segments = engine.list();
  if (!segments)
    return segments.error();
  std::vector<movement> all;
  for (const auto& segment : *segments) {
    movement moved{segment.name, 0, 0, segment.members};
    const auto known = before.find(segment.id);
    auto cursor = known == before.end() ? std::string{} : known->second;
    for (;;) {
      const auto page = engine.feed(segment.id, cursor, page_size);
      if (!page)
        return page.error();
      if (page->flips.empty())
        break;
      for (const auto& flip : page->flips)
        ++(flip.joined ? moved.joined : moved.left);
      cursor = page->cursor;
    }
    all.push_back(std::move(moved));
  }
  return all;
}

std::vector<std::uint64_t> sequences_of(std::string_view cursor) {
  std::vector<std::uint64_t> sequences;
  while (!cursor.empty()) {
    const auto end = std::min(cursor.find('.'), cursor.size());
    std::uint64_t sequence = 0;
    std::from_chars(cursor.data(), cursor.data() + end, sequence);
    sequences.push_back(sequence);
    cursor.remove_prefix(std::min(end + 1, cursor.size()));
  }
  return sequences;
}

} // namespace node
