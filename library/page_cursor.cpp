#include "library/page_cursor.hpp"

#include "library/opaque_text.hpp"
#include "model/instant.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall {

namespace {

// What a text is; numbers are never reused.
constexpr std::uint8_t profile_cursor = 1;
constexpr std::uint8_t event_cursor = 2;
constexpr std::uint8_t event_id = 3;

/// The same in every process: cursors outlive them. FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string text_of(std::optional<std::int64_t> instant) {
  return instant ? std::to_string(*instant) : "-";
}

std::uint64_t hash_of(const actors::profile_question& q) {
  return hash_of(fmt::format("{} {} {} {} {}:{}{}", static_cast<int>(q.order), q.is_descending,
                             text_of(q.from), text_of(q.to), q.attribute.size(), q.attribute,
                             q.list));
}

std::uint64_t hash_of(const actors::event_question& q) {
  auto text = fmt::format("{} {} {} {}", q.newest_first, text_of(q.from), text_of(q.to),
                          q.profile ? std::to_string(*q.profile) : "-");
  if (q.metrics) {
    auto names = *q.metrics;
    std::ranges::sort(names);
    for (const auto& name : names)
      text += fmt::format(" {}:{}", name.size(), name);
  }
  return hash_of(text);
}

void put(opaque_writer& to, const actors::event_key& key) {
  to.put(key.time).put(key.place.partition).put(key.place.profile).put(key.metric).put(key.id_hash);
}

std::optional<actors::event_key> take_event_key(opaque_reader& from) {
  actors::event_key key;
  key.time = from.take_signed();
  key.place.partition = from.take_word();
  key.place.profile = from.take_word();
  key.metric = from.take_word();
  key.id_hash = from.take_long();
  const bool is_possible = from.is_good() && key.time >= model::to_ms(model::instant_min)
                        && key.time <= model::to_ms(model::instant_max);
  return is_possible ? std::optional{key} : std::nullopt;
}

} // namespace

std::string to_cursor(const actors::profile_line& last, const actors::profile_question& query) {
  opaque_writer to;
  to.put(profile_cursor).put(hash_of(query));
  to.put(static_cast<std::uint8_t>(last.is_without ? 1 : 0)).put(last.at);
  to.put(last.place.partition).put(last.place.profile).put(last.text);
  return to.text();
}

std::string to_cursor(const actors::event_key& last, const actors::event_question& query) {
  opaque_writer to;
  to.put(event_cursor).put(hash_of(query));
  put(to, last);
  return to.text();
}

std::optional<actors::profile_line> parse_cursor(std::string_view text,
                                                 const actors::profile_question& query) {
  opaque_reader from{text};
  const bool is_ours = from.take_byte() == profile_cursor && from.take_long() == hash_of(query);
  actors::profile_line line;
  const auto without = from.take_byte();
  line.is_without = without != 0;
  line.at = from.take_signed();
  line.place.partition = from.take_word();
  line.place.profile = from.take_word();
  line.text = from.take_text();
  if (!is_ours || !from.is_good() || without > 1 || line.text.size() > actors::order_text_bytes_max)
    return std::nullopt;
  return line;
}

std::optional<actors::event_key> parse_cursor(std::string_view text,
                                              const actors::event_question& query) {
  opaque_reader from{text};
  const bool is_ours = from.take_byte() == event_cursor && from.take_long() == hash_of(query);
  const auto key = take_event_key(from);
  return is_ours ? key : std::nullopt;
}

std::string to_event_id(const actors::event_key& key) {
  opaque_writer to;
  to.put(event_id);
  put(to, key);
  return to.text();
}

std::optional<actors::event_key> parse_event_id(std::string_view text) {
  opaque_reader from{text};
  const bool is_ours = from.take_byte() == event_id;
  const auto key = take_event_key(from);
  return is_ours ? key : std::nullopt;
}

} // namespace rollcall
