#pragma once

#include "model/outcome.hpp"
#include "storage/keyspaces.hpp"
#include "storage/words.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace storage {

/// The layout of a directory that this release writes, and the newest that it reads.
inline constexpr std::uint64_t format_version = 4;

class environment;
struct environment_state;
struct transaction_state;
struct cursor_state;

/// One key and its record. `value` lives until the transaction ends; in a write transaction, until
/// its next change.
struct entry {
  std::array<word, key_words_max> key{}; // The first describe(keyspace).key_words words count.
  words_view value;

  /// The key as its keyspace's type.
  template <class Key>
  [[nodiscard]] Key as() const {
    return Key::of(key);
  }
};

/// Walks the keys of a range upwards. Must end before its transaction.
class cursor {
public:
  cursor(cursor&&) noexcept;
  cursor& operator=(cursor&&) noexcept;
  ~cursor();

  /// The next entry; nothing at the end of the range (or when reading failed: see
  /// transaction::health).
  std::optional<entry> next();

private:
  friend class transaction;
  explicit cursor(std::unique_ptr<cursor_state> state);
  std::unique_ptr<cursor_state> state_;
};

/// What read and write transactions share: reading. "Not there" is nothing; a read that fails for
/// another reason gives nothing too and turns `health` into the failure, for good. A write
/// transaction in bad health refuses to commit.
class transaction {
public:
  transaction(transaction&&) noexcept;
  transaction& operator=(transaction&&) noexcept;

  template <class Key>
  [[nodiscard]] std::optional<words_view> get(const Key& key) const {
    return get_words(Key::space, key.words());
  }

  /// Keys first <= key < end.
  template <class Key>
  [[nodiscard]] cursor range(const Key& first, const Key& end) const {
    const auto to = end.words();
    return range_words(Key::space, first.words(), to);
  }
  /// Keys from `first` to the end of the keyspace.
  template <class Key>
  [[nodiscard]] cursor from(const Key& first) const {
    return range_words(Key::space, first.words(), {});
  }
  /// The whole keyspace.
  [[nodiscard]] cursor all(keyspace space) const {
    return range_words(space, {}, {});
  }
  /// The greatest key with first <= key < end.
  template <class Key>
  [[nodiscard]] std::optional<entry> last_in(const Key& first, const Key& end) const {
    const auto to = end.words();
    return last_words(Key::space, first.words(), to);
  }
  /// The greatest key of the keyspace.
  [[nodiscard]] std::optional<entry> last(keyspace space) const {
    return last_words(space, {}, {});
  }
  /// How many records a keyspace has.
  [[nodiscard]] std::uint64_t count(keyspace space) const;

  [[nodiscard]] model::status health() const;

protected:
  explicit transaction(std::unique_ptr<transaction_state> state);
  ~transaction();
  std::unique_ptr<transaction_state> state_;

private:
  [[nodiscard]] std::optional<words_view> get_words(keyspace space, words_view key) const;
  // An empty key is open: no lower or upper bound.
  [[nodiscard]] cursor range_words(keyspace space, words_view first, words_view end) const;
  [[nodiscard]] std::optional<entry> last_words(keyspace space, words_view first,
                                                words_view end) const;
};

/// A snapshot. May be used by any one thread at a time. Long ones keep old pages from being reused:
/// end them every 50 ms or so.
class read_transaction : public transaction {
public:
  read_transaction(read_transaction&&) noexcept = default;
  read_transaction& operator=(read_transaction&&) noexcept = default;
  ~read_transaction() = default;

private:
  friend class environment;
  explicit read_transaction(std::unique_ptr<transaction_state> state);
};

/// The one writer. Begins and ends on one thread; undone unless committed. A change that is refused
/// (disk full, broken) returns false, turns `health` into the failure, and commit returns it:
/// callers may check each change or only the commit.
class write_transaction : public transaction {
public:
  write_transaction(write_transaction&&) noexcept = default;
  write_transaction& operator=(write_transaction&&) noexcept = default;
  ~write_transaction() = default;

  template <class Key>
  bool put(const Key& key, words_view value) {
    return put_words(Key::space, key.words(), value, false);
  }
  /// `key` must be greater than every key of the keyspace: fills pages completely.
  template <class Key>
  bool put_append(const Key& key, words_view value) {
    return put_words(Key::space, key.words(), value, true);
  }
  /// Room for a record that the caller fills in before the next change; not zeroed. Empty when
  /// refused.
  template <class Key>
  [[nodiscard]] std::span<word> reserve(const Key& key, std::size_t words, bool append = false) {
    return reserve_words(Key::space, key.words(), words, append);
  }
  /// False: it was not there, or refused.
  template <class Key>
  bool erase(const Key& key) {
    return erase_words(Key::space, key.words());
  }
  /// Erases first <= key < end; returns how many there were.
  template <class Key>
  std::uint64_t erase_range(const Key& first, const Key& end) {
    const auto to = end.words();
    return erase_range_words(Key::space, first.words(), to);
  }

  /// Runs `then` on this thread right after a successful commit, in the order of the calls.
  void after_commit(std::function<void()> then);

  /// Makes everything durable, all or nothing. Failures: storage_full, storage_broken. The
  /// transaction is over either way.
  model::status commit();

  /// True when a change or the commit failed because the memory map is full: `environment::grow`
  /// helps.
  [[nodiscard]] bool ran_out_of_map() const;

private:
  friend class environment;
  explicit write_transaction(std::unique_ptr<transaction_state> state);
  bool put_words(keyspace space, words_view key, words_view value, bool append);
  std::span<word> reserve_words(keyspace space, words_view key, std::size_t count, bool append);
  bool erase_words(keyspace space, words_view key);
  std::uint64_t erase_range_words(keyspace space, words_view first, words_view end);
};

struct environment_options {
  /// Address space to claim, bytes. The file grows only as it is written. Halved down to
  /// `map_size_min` when the system refuses; doubled by `update` when it is full, up to
  /// `map_size_max`.
  std::uint64_t map_size = std::uint64_t{256} << 30;
  std::uint64_t map_size_min = std::uint64_t{1} << 30;
  std::uint64_t map_size_max = std::uint64_t{1} << 44;
  /// How long growing waits for open read transactions to end.
  std::chrono::milliseconds growth_wait{2000};
  /// False: a commit does not wait for the disk (until `sync`); a power failure may then break the
  /// directory.
  bool durable = true;
  /// False: a directory without an environment is refused (not_found) instead of created.
  bool create = true;
};

struct environment_statistics {
  std::uint64_t page_size = 0;       // Bytes.
  std::uint64_t map_size = 0;        // Bytes.
  std::uint64_t pages_used = 0;      // Of the file, free ones included.
  std::uint64_t pages_free = 0;      // To be reused by coming commits.
  std::uint64_t readers_open = 0;    // Read transactions of this process.
  std::uint64_t unaligned_reads = 0; // Records that had to be copied; 0 as long as all keys and
                                     // values are whole words.
  struct space {
    std::uint64_t records = 0;
    std::uint64_t pages = 0;
  };
  std::array<space, keyspaces.size()> spaces{};
};

/// One partition's LMDB environment: a directory with data.mdb, lock.mdb and `lock`. One process at
/// a time; do not fork with one open.
class environment {
public:
  /// Opens or creates. Failures: in_use (this or another process has it open), newer_format,
  /// storage_full, storage_broken, not_found (cannot be created or read), each in a sentence that
  /// names the directory.
  static model::outcome<std::unique_ptr<environment>> open(const std::filesystem::path& directory,
                                                           const environment_options& options = {});
  ~environment();
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  [[nodiscard]] const std::filesystem::path& directory() const;

  /// Any thread. Failures: unavailable (1024 are open), storage_broken.
  [[nodiscard]] model::outcome<read_transaction> read() const;

  /// Waits for the writer before. Never begin a second one on the same thread. When the map is
  /// full, `commit` fails with storage_full; `update` grows instead.
  [[nodiscard]] model::outcome<write_transaction> write();

  /// Runs `work` in a write transaction and commits when it succeeds. When the map is full, grows
  /// it and runs `work` again from the start, so `work` must not keep anything from the first run.
  /// A failure of `work` undoes everything and is returned.
  model::status update(const std::function<model::status(write_transaction&)>& work);

  /// Doubles the map. Waits up to growth_wait for open read transactions to end, holding new ones
  /// back; storage_full when they do not or no address space is left. Not inside a write
  /// transaction.
  model::status grow();

  /// Writes what non-durable commits left to the system.
  model::status sync();

  /// A compact copy, a snapshot of now, into an empty or new directory. Long for a large
  /// environment; counts as a reader.
  [[nodiscard]] model::status copy_to(const std::filesystem::path& directory) const;

  [[nodiscard]] model::outcome<environment_statistics> statistics() const;

  /// Frees the slots of readers that died; returns how many.
  std::uint64_t reader_check();

private:
  explicit environment(std::unique_ptr<environment_state> state);
  std::unique_ptr<environment_state> state_;
};

} // namespace storage
