#include "storage/environment_state.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace storage {

namespace {

using model::failure;
using model::failure_code;
using model::nothing;

/// A key as it stands in the file: big-endian words.
struct stored_key {
  std::array<word, key_words_max> words{};
  std::size_t count = 0;

  stored_key() = default;
  explicit stored_key(words_view key) : count(key.size()) {
    for (std::size_t i = 0; i < count; ++i)
      words[i] = big_endian(key[i]);
  }
  static constexpr word big_endian(word w) {
    return std::endian::native == std::endian::little ? __builtin_bswap64(w) : w;
  }
  MDB_val value() {
    return {count * sizeof(word), words.data()};
  }
  /// Whether `key` is this one or comes after it.
  [[nodiscard]] bool reached_by(const MDB_val& key) const {
    return std::memcmp(key.mv_data, words.data(), std::min(key.mv_size, count * sizeof(word))) >= 0;
  }
};

std::array<word, key_words_max> read_key(const MDB_val& key) {
  std::array<word, key_words_max> words{};
  std::memcpy(words.data(), key.mv_data, std::min(key.mv_size, sizeof words));
  for (auto& w : words)
    w = stored_key::big_endian(w);
  return words;
}

MDB_dbi space_of(const transaction_state& state, keyspace space) {
  return state.home.spaces[static_cast<std::size_t>(space)];
}

/// A cursor for the length of a function.
struct open_cursor {
  MDB_cursor* at = nullptr;
  open_cursor(transaction_state& state, keyspace space) {
    if (const int error = mdb_cursor_open(state.txn, space_of(state, space), &at); error != 0) {
      state.fail(error, "read");
      at = nullptr;
    }
  }
  open_cursor(const open_cursor&) = delete;
  open_cursor& operator=(const open_cursor&) = delete;
  ~open_cursor() {
    if (at)
      mdb_cursor_close(at);
  }
};

} // namespace

struct cursor_state {
  transaction_state& within;
  keyspace space;
  stored_key first;
  stored_key end;
  MDB_cursor* at = nullptr;
  bool begun = false;
  bool ended = false;

  cursor_state(transaction_state& t, keyspace s, words_view from, words_view to)
    : within(t), space(s), first(from), end(to) {
  }
  cursor_state(const cursor_state&) = delete;
  cursor_state& operator=(const cursor_state&) = delete;
  ~cursor_state() {
    if (at)
      mdb_cursor_close(at);
  }
};

// --- transaction_state
// ----------------------------------------------------------------------------

transaction_state::~transaction_state() {
  if (txn)
    mdb_txn_abort(txn);
  leave();
}

void transaction_state::leave() {
  if (!left)
    home.leave(writes);
  left = true;
}

void transaction_state::fail(int error, std::string_view what) {
  map_full = map_full || error == MDB_MAP_FULL;
  if (!failed)
    failed = home.failure_of(error, what);
}

std::optional<words_view> transaction_state::value_of(const MDB_val& v, keyspace space) {
  if (v.mv_size % sizeof(word) != 0) {
    if (!failed)
      failed = failure{
        failure_code::storage_broken,
        fmt::format("a record of keyspace {} in {} has {} bytes, which is no number of "
                    "words; restore the directory from a copy",
                    describe(space).name, home.directory.string(), v.mv_size)};
    return std::nullopt;
  }
  const auto count = v.mv_size / sizeof(word);
  if (reinterpret_cast<std::uintptr_t>(v.mv_data) % alignof(word) == 0)
    return words_view{static_cast<const word*>(v.mv_data), count};
  ++home.unaligned_reads;
  auto& copy = copies.emplace_back(count);
  if (count != 0)
    std::memcpy(copy.data(), v.mv_data, v.mv_size);
  return words_view{copy};
}

// --- cursor
// -----------------------------------------------------------------------------------------

cursor::cursor(std::unique_ptr<cursor_state> state) : state_(std::move(state)) {
}
cursor::cursor(cursor&&) noexcept = default;
cursor& cursor::operator=(cursor&&) noexcept = default;
cursor::~cursor() = default;

std::optional<entry> cursor::next() {
  auto& c = *state_;
  if (c.ended)
    return std::nullopt;
  int error = 0;
  MDB_val key{};
  MDB_val value{};
  if (c.begun) {
    error = mdb_cursor_get(c.at, &key, &value, MDB_NEXT);
  } else {
    c.begun = true;
    error = mdb_cursor_open(c.within.txn, space_of(c.within, c.space), &c.at);
    if (error == 0) {
      key = c.first.value();
      error = mdb_cursor_get(c.at, &key, &value, c.first.count == 0 ? MDB_FIRST : MDB_SET_RANGE);
    }
  }
  if (error != 0 && error != MDB_NOTFOUND)
    c.within.fail(error, "read");
  if (error != 0 || (c.end.count != 0 && c.end.reached_by(key))) {
    c.ended = true;
    return std::nullopt;
  }
  const auto record = c.within.value_of(value, c.space);
  if (!record) {
    c.ended = true;
    return std::nullopt;
  }
  return entry{read_key(key), *record};
}

// --- transaction
// --------------------------------------------------------------------------------------

transaction::transaction(std::unique_ptr<transaction_state> state) : state_(std::move(state)) {
}
transaction::transaction(transaction&&) noexcept = default;
transaction& transaction::operator=(transaction&&) noexcept = default;
transaction::~transaction() = default;

model::status transaction::health() const {
  if (state_->failed)
    return *state_->failed;
  return nothing{};
}

std::uint64_t transaction::count(keyspace space) const {
  MDB_stat counts{};
  if (const int error = mdb_stat(state_->txn, space_of(*state_, space), &counts); error != 0)
    state_->fail(error, "count");
  return counts.ms_entries;
}

std::optional<words_view> transaction::get_words(keyspace space, words_view key) const {
  stored_key stored{key};
  auto k = stored.value();
  MDB_val value{};
  const int error = mdb_get(state_->txn, space_of(*state_, space), &k, &value);
  if (error == 0)
    return state_->value_of(value, space);
  if (error != MDB_NOTFOUND)
    state_->fail(error, "read");
  return std::nullopt;
}

cursor transaction::range_words(keyspace space, words_view first, words_view end) const {
  return cursor{std::make_unique<cursor_state>(*state_, space, first, end)};
}

std::optional<entry> transaction::last_words(keyspace space, words_view first,
                                             words_view end) const {
  const open_cursor c{*state_, space};
  if (!c.at)
    return std::nullopt;
  MDB_val key{};
  MDB_val value{};
  int error = 0;
  if (end.empty()) {
    error = mdb_cursor_get(c.at, &key, &value, MDB_LAST);
  } else {
    stored_key to{end};
    key = to.value();
    error = mdb_cursor_get(c.at, &key, &value, MDB_SET_RANGE);
    // At the first key that is beyond: one back, or the very last when there is none beyond.
    if (error == 0)
      error = mdb_cursor_get(c.at, &key, &value, MDB_PREV);
    else if (error == MDB_NOTFOUND)
      error = mdb_cursor_get(c.at, &key, &value, MDB_LAST);
  }
  if (error != 0) {
    if (error != MDB_NOTFOUND)
      state_->fail(error, "read");
    return std::nullopt;
  }
  if (!first.empty() && !stored_key{first}.reached_by(key))
    return std::nullopt;
  const auto record = state_->value_of(value, space);
  if (!record)
    return std::nullopt;
  return entry{read_key(key), *record};
}

read_transaction::read_transaction(std::unique_ptr<transaction_state> state)
  : transaction(std::move(state)) {
}

write_transaction::write_transaction(std::unique_ptr<transaction_state> state)
  : transaction(std::move(state)) {
}

// --- write_transaction
// ------------------------------------------------------------------------------

bool write_transaction::put_words(keyspace space, words_view key, words_view value, bool append) {
  const auto room = reserve_words(space, key, value.size(), append);
  if (state_->failed)
    return false;
  if (!value.empty())
    std::memcpy(room.data(), value.data(), value.size_bytes());
  return true;
}

std::span<word> write_transaction::reserve_words(keyspace space, words_view key, std::size_t count,
                                                 bool append) {
  auto& s = *state_;
  if (s.failed)
    return {};
  stored_key stored{key};
  auto k = stored.value();
  MDB_val value{count * sizeof(word), nullptr};
  const unsigned flags = MDB_RESERVE | (append ? MDB_APPEND : 0U);
  const int error = mdb_put(s.txn, space_of(s, space), &k, &value, flags);
  if (error != 0) {
    s.fail(error, append && error == MDB_KEYEXIST ? "append a record out of order" : "write");
    return {};
  }
  if (reinterpret_cast<std::uintptr_t>(value.mv_data) % alignof(word) != 0) {
    s.failed = failure{failure_code::storage_broken,
                       fmt::format("keyspace {} in {} holds records that are not whole words; "
                                   "restore the directory from a copy",
                                   describe(space).name, s.home.directory.string())};
    return {};
  }
  return {static_cast<word*>(value.mv_data), count};
}

bool write_transaction::erase_words(keyspace space, words_view key) {
  auto& s = *state_;
  if (s.failed)
    return false;
  stored_key stored{key};
  auto k = stored.value();
  const int error = mdb_del(s.txn, space_of(s, space), &k, nullptr);
  if (error != 0 && error != MDB_NOTFOUND)
    s.fail(error, "erase");
  return error == 0;
}

std::uint64_t write_transaction::erase_range_words(keyspace space, words_view first,
                                                   words_view end) {
  auto& s = *state_;
  if (s.failed)
    return 0;
  const open_cursor c{s, space};
  if (!c.at)
    return 0;
  stored_key from{first};
  const stored_key to{end};
  auto key = from.value();
  MDB_val value{};
  std::uint64_t erased = 0;
  int error = mdb_cursor_get(c.at, &key, &value, MDB_SET_RANGE);
  while (error == 0 && !to.reached_by(key)) {
    error = mdb_cursor_del(c.at, 0);
    if (error == 0) {
      ++erased;
      error = mdb_cursor_get(c.at, &key, &value, MDB_NEXT);
    }
  }
  if (error != 0 && error != MDB_NOTFOUND)
    s.fail(error, "erase");
  return erased;
}

void write_transaction::after_commit(std::function<void()> then) {
  state_->after_commit.push_back(std::move(then));
}

bool write_transaction::ran_out_of_map() const {
  return state_->map_full;
}

model::status write_transaction::commit() {
  auto& s = *state_;
  auto* const txn = s.txn;
  s.txn = nullptr;
  if (!txn)
    return failure{failure_code::unavailable, "a transaction was committed twice; begin a new one"};
  if (s.failed)
    mdb_txn_abort(txn);
  else if (const int error = mdb_txn_commit(txn); error != 0)
    s.fail(error, "commit");
  s.leave();
  if (s.failed)
    return *s.failed;
  for (const auto& then : s.after_commit)
    then();
  return nothing{};
}

} // namespace storage
