#include "storage/embedded_log.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace storage {

namespace {

using model::failure;
using model::failure_code;
using model::nothing;
using model::outcome;
using model::status;

constexpr std::size_t head_words = 3; // Checksum, chain, length.

/// Where the log stands: its last record, or the last one that was cut.
struct position {
  std::uint64_t sequence = 0;
  std::uint64_t checksum = 0;
};

std::uint64_t checksum_of(std::uint64_t sequence, std::uint64_t chain, std::string_view bytes) {
  const std::array<std::uint64_t, 3> head{sequence, chain, bytes.size()};
  const auto seed = XXH3_64bits(head.data(), sizeof head);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

failure broken(std::uint64_t sequence, std::string_view what) {
  return {
    failure_code::storage_broken,
    fmt::format("record {} of the change log is damaged: {}; restore the directory from a copy",
                sequence, what)};
}

/// A record taken apart, its own checksum verified.
struct record {
  std::uint64_t checksum = 0;
  std::uint64_t chain = 0;
  std::string_view bytes;
};

outcome<record> read_record(std::uint64_t sequence, words_view words) {
  if (words.size() < head_words || words[2] > (words.size() - head_words) * sizeof(word))
    return broken(sequence, "it is too short");
  record r{
    words[0],
    words[1],
    {reinterpret_cast<const char*>(words.data() + head_words), static_cast<std::size_t>(words[2])}};
  if (r.checksum != checksum_of(sequence, r.chain, r.bytes))
    return broken(sequence, "its checksum does not hold");
  return r;
}

outcome<position> trimmed_position(const transaction& within) {
  const auto cut = within.get(meta_key{meta_field::log_trimmed});
  if (auto healthy = within.health(); !healthy)
    return healthy.error();
  if (!cut)
    return position{};
  if (cut->size() != 2)
    return broken(0, "the place up to which it was cut is unreadable");
  return position{(*cut)[0], (*cut)[1]};
}

/// The last record; where nothing is left, the last one that was cut.
outcome<position> last_position(const transaction& within) {
  const auto last = within.last(keyspace::log);
  if (auto healthy = within.health(); !healthy)
    return healthy.error();
  if (!last)
    return trimmed_position(within);
  if (last->value.empty())
    return broken(last->as<log_key>().sequence, "it is too short");
  return position{last->as<log_key>().sequence, last->value[0]};
}

} // namespace

outcome<std::unique_ptr<embedded_log>> embedded_log::open(environment& where) {
  auto snapshot = where.read();
  if (!snapshot)
    return snapshot.error();
  const auto last = last_position(*snapshot);
  if (!last)
    return last.error();
  if (const auto end = snapshot->last(keyspace::log))
    if (const auto whole = read_record(last->sequence, end->value); !whole)
      return whole.error();
  const auto trimmed = trimmed_position(*snapshot);
  if (!trimmed)
    return trimmed.error();
  auto log = std::unique_ptr<embedded_log>(new embedded_log(where));
  log->last_ = last->sequence;
  log->trimmed_ = trimmed->sequence;
  return log;
}

outcome<std::uint64_t> embedded_log::append(write_transaction& within, std::string_view bytes) {
  const auto before = last_position(within);
  if (!before)
    return before.error();
  const auto sequence = before->sequence + 1;
  const auto room = within.reserve(log_key{sequence}, head_words + words_for(bytes.size()), true);
  if (room.empty())
    return within.health().error();
  if (room.size() > head_words)
    room.back() = 0;
  room[0] = checksum_of(sequence, before->checksum, bytes);
  room[1] = before->checksum;
  room[2] = bytes.size();
  if (!bytes.empty())
    std::memcpy(room.data() + head_words, bytes.data(), bytes.size());
  within.after_commit([this, sequence] { committed_up_to(sequence); });
  return sequence;
}

status embedded_log::trim(write_transaction& within, std::uint64_t up_to) {
  const auto trimmed = trimmed_position(within);
  if (!trimmed)
    return trimmed.error();
  const auto last = last_position(within);
  if (!last)
    return last.error();
  const auto cut = std::min(up_to, last->sequence);
  if (cut <= trimmed->sequence)
    return nothing{};
  const auto words = within.get(log_key{cut});
  if (!words || words->empty())
    return broken(cut, "it is missing");
  const std::array<word, 2> place{cut, (*words)[0]};
  within.erase_range(log_key{0}, log_key{cut + 1});
  within.put(meta_key{meta_field::log_trimmed}, place);
  within.after_commit([this, cut] { trimmed_up_to(cut); });
  return within.health();
}

status embedded_log::read(const transaction& within, std::uint64_t from,
                          const std::function<bool(std::uint64_t, std::string_view)>& each) const {
  const auto trimmed = trimmed_position(within);
  if (!trimmed)
    return trimmed.error();
  if (from <= trimmed->sequence && trimmed->sequence != 0)
    return failure{failure_code::not_found,
                   fmt::format("cannot read the change log from record {}: it was cut up to {}; "
                               "start from a copy of the data",
                               from, trimmed->sequence)};
  std::uint64_t chain = trimmed->checksum;
  std::uint64_t expected = trimmed->sequence + 1;
  if (from > expected) {
    // The record before gives the chain's value.
    const auto before = within.get(log_key{from - 1});
    if (auto healthy = within.health(); !healthy)
      return healthy;
    if (!before || before->empty())
      return nothing{}; // Beyond the end.
    chain = before->front();
    expected = from;
  }
  auto records = within.from(log_key{expected});
  while (const auto next = records.next()) {
    const auto sequence = next->as<log_key>().sequence;
    if (sequence != expected)
      return broken(expected, "it is missing");
    const auto r = read_record(sequence, next->value);
    if (!r)
      return r.error();
    if (r->chain != chain)
      return broken(sequence, "it does not follow the record before");
    if (!each(sequence, r->bytes))
      return nothing{};
    chain = r->checksum;
    ++expected;
  }
  return within.health();
}

outcome<std::uint64_t> embedded_log::append(std::string_view bytes) {
  std::uint64_t sequence = 0;
  const auto done = where_.update([&](write_transaction& t) -> status {
    const auto given = append(t, bytes);
    if (!given)
      return given.error();
    sequence = *given;
    return nothing{};
  });
  if (!done)
    return done.error();
  return sequence;
}

status embedded_log::read(std::uint64_t from,
                          const std::function<bool(std::uint64_t, std::string_view)>& each) const {
  const auto snapshot = where_.read();
  if (!snapshot)
    return snapshot.error();
  return read(*snapshot, from, each);
}

std::uint64_t embedded_log::last() const {
  const std::lock_guard hold{guard_};
  return last_;
}

std::uint64_t embedded_log::first() const {
  const std::lock_guard hold{guard_};
  return trimmed_ + 1;
}

status embedded_log::trim(std::uint64_t up_to) {
  return where_.update([&](write_transaction& t) { return trim(t, up_to); });
}

bool embedded_log::wait(std::uint64_t after, std::chrono::milliseconds patience) const {
  std::unique_lock hold{guard_};
  return grown_.wait_for(hold, patience, [&] { return last_ > after; });
}

void embedded_log::committed_up_to(std::uint64_t last) {
  {
    const std::lock_guard hold{guard_};
    last_ = std::max(last_, last);
  }
  grown_.notify_all();
}

void embedded_log::trimmed_up_to(std::uint64_t sequence) {
  const std::lock_guard hold{guard_};
  trimmed_ = std::max(trimmed_, sequence);
}

} // namespace storage
