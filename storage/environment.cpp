#include "storage/environment.hpp"

#include "storage/environment_state.hpp"

#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace storage {

namespace {

using model::failure;
using model::failure_code;
using model::nothing;
using model::outcome;
using model::status;

constexpr unsigned readers_max = 1024;
constexpr mode_t file_mode = 0640; // What people did is nobody else's business.
constexpr std::uint64_t
  full_below = 64 * 1024; // Bytes: with less left, a failed write means a full disk.

/// Directories that this process has open, by device and inode: LMDB does not notice a second
/// opening, and closing either one would drop the locks of both.
struct open_directories {
  std::mutex guard;
  std::set<std::array<std::uint64_t, 2>> all;
};

open_directories& directories() {
  static open_directories instance;
  return instance;
}

/// LMDB reports a short write as an input/output error; a disk without space is the usual reason.
bool disk_is_full(const std::filesystem::path& directory) {
  struct statvfs disk {};
  return ::statvfs(directory.c_str(), &disk) == 0
      && std::uint64_t{disk.f_bavail} * disk.f_frsize < full_below;
}

/// The slots of lock.mdb are written through a memory map, where a full disk would be a signal
/// instead of an error; so its blocks are claimed beforehand.
int claim_reader_table(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (fd < 0)
    return errno;
  const int error = ::posix_fallocate(fd, 0, (readers_max + 64) * 64);
  ::close(fd);
  return error;
}

void sync_path(const std::filesystem::path& p) {
  const int fd = ::open(p.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

std::string owner_of(int lock_file) {
  char text[32] = {};
  const auto n = ::pread(lock_file, text, sizeof text - 1, 0);
  std::string owner(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!owner.empty() && owner.back() == '\n')
    owner.pop_back();
  return owner.empty() ? "" : fmt::format(" (process {})", owner);
}

/// Takes the directory for this process, or says who has it.
status lock_directory(environment_state& state) {
  const auto& directory = state.directory;
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0)
    return state.failure_of(errno, "open the data");
  state.identity = {info.st_dev, info.st_ino};
  const auto file = directory / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (fd < 0)
    return state.failure_of(errno, "create the file `lock`");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const auto owner = owner_of(fd);
    ::close(fd);
    return failure{failure_code::in_use,
                   fmt::format("cannot open the data in {}: another process{} has it open; stop "
                               "that one first or ask it instead",
                               directory.string(), owner)};
  }
  state.lock_file = fd;
  const auto pid = fmt::format("{}\n", ::getpid());
  // The number only makes the refusal above friendlier, so a full disk may keep it from being
  // written.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const auto written = ::pwrite(fd, pid.data(), pid.size(), 0);
  return nothing{};
}

status check_format(environment_state& state, MDB_txn* txn) {
  const auto meta = state.spaces[static_cast<std::size_t>(keyspace::meta)];
  word field = meta_key{meta_field::format}.words()[0];
  if constexpr (std::endian::native == std::endian::little)
    field = __builtin_bswap64(field);
  MDB_val key{sizeof field, &field};
  MDB_val value{};
  const auto write_format = [&]() -> status {
    word format = format_version;
    MDB_val written{sizeof format, &format};
    if (const int put = mdb_put(txn, meta, &key, &written, 0); put != 0)
      return state.failure_of(put, "write the format");
    return nothing{};
  };
  const int error = mdb_get(txn, meta, &key, &value);
  if (error == MDB_NOTFOUND) {
    MDB_stat counts{};
    mdb_stat(txn, meta, &counts);
    if (counts.ms_entries != 0)
      return failure{
        failure_code::storage_broken,
        fmt::format("cannot open the data in {}: it does not say in which format it was "
                    "written; restore it from a copy",
                    state.directory.string())};
    return write_format();
  }
  if (error != 0)
    return state.failure_of(error, "read the format");
  word format = 0;
  if (value.mv_size >= sizeof format)
    std::memcpy(&format, value.mv_data, sizeof format);
  if (format > format_version)
    return failure{failure_code::newer_format,
                   fmt::format("cannot open the data in {}: it was written in format {} and this "
                               "release reads formats up to {}; use the release that wrote it or "
                               "a newer one",
                               state.directory.string(), format, format_version)};
  if (format == 0)
    return failure{failure_code::storage_broken,
                   fmt::format("cannot open the data in {}: its format is unreadable; restore it "
                               "from a copy",
                               state.directory.string())};
  // From now on this release's records stand beside the older ones.
  return format < format_version ? write_format() : nothing{};
}

} // namespace

// --- environment_state --------------------------------------------------------------------------

environment_state::~environment_state() {
  close_map();
  if (lock_file >= 0)
    ::close(lock_file);
  auto& open = directories();
  const std::lock_guard hold{open.guard};
  if (lock_file >= 0)
    open.all.erase(identity);
}

void environment_state::enter(bool writes) {
  std::unique_lock hold{gate};
  gate_moved.wait(hold, [&] { return !closed_off; });
  ++(writes ? writers : readers);
}

void environment_state::leave(bool writes) {
  {
    const std::lock_guard hold{gate};
    --(writes ? writers : readers);
    if (!closed_off)
      return;
  }
  gate_moved.notify_all();
}

bool environment_state::alone(const std::function<void()>& move) {
  std::unique_lock hold{gate};
  gate_moved.wait(hold, [&] { return !closed_off; });
  closed_off = true;
  const bool empty = gate_moved.wait_for(hold, options.growth_wait,
                                         [&] { return readers == 0 && writers == 0; });
  if (empty)
    move();
  closed_off = false;
  hold.unlock();
  gate_moved.notify_all();
  return empty;
}

model::status environment_state::open_map() {
  if (const int error = claim_reader_table(directory / "lock.mdb"); error != 0)
    return failure_of(error, "create the reader table");
  if (map_size == 0)
    map_size = options.map_size;
  for (;;) {
    int error = mdb_env_create(&env);
    if (error != 0)
      return failure_of(error, "open the data");
    mdb_env_set_mapsize(env, map_size);
    mdb_env_set_maxdbs(env, static_cast<MDB_dbi>(keyspaces.size()));
    mdb_env_set_maxreaders(env, readers_max);
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    if (!options.durable)
      flags |= MDB_NOSYNC;
    error = mdb_env_open(env, directory.c_str(), flags, file_mode);
    if (error == 0)
      break;
    mdb_env_close(env);
    env = nullptr;
    const bool smaller = (error == ENOMEM || error == EINVAL) && map_size > options.map_size_min;
    if (!smaller)
      return failure_of(error, "open the data");
    map_size = std::max(map_size / 2, options.map_size_min);
  }
  MDB_envinfo info{};
  mdb_env_info(env, &info);
  map_size = info.me_mapsize; // A file larger than asked for makes a larger map.

  MDB_txn* txn = nullptr;
  if (const int error = mdb_txn_begin(env, nullptr, 0, &txn); error != 0)
    return failure_of(error, "begin a transaction");
  for (std::size_t k = 0; k < keyspaces.size(); ++k) {
    if (const int error = mdb_dbi_open(txn, keyspaces[k].name.data(), MDB_CREATE, &spaces[k]);
        error != 0) {
      mdb_txn_abort(txn);
      return failure_of(error, "open a keyspace");
    }
    if (static_cast<keyspace>(k) != keyspace::meta)
      continue;
    // Before anything else is touched.
    if (auto checked = check_format(*this, txn); !checked) {
      mdb_txn_abort(txn);
      return checked;
    }
  }
  if (const int error = mdb_txn_commit(txn); error != 0)
    return failure_of(error, "create the keyspaces");
  return nothing{};
}

void environment_state::close_map() {
  if (env)
    mdb_env_close(env);
  env = nullptr;
}

model::failure environment_state::failure_of(int error, std::string_view what) const {
  const auto where = directory.string();
  const auto say = [&](failure_code code, std::string_view now) {
    return failure{code,
                   fmt::format("cannot {} in {}: {}; {}", what, where, mdb_strerror(error), now)};
  };
  switch (error) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return say(failure_code::storage_full,
               "free some space and try again, nothing of this was kept");
  case MDB_MAP_FULL:
    return failure{failure_code::storage_full,
                   fmt::format("cannot {} in {}: the memory map of {} bytes is full; nothing of "
                               "this was kept",
                               what, where, map_size)};
  case MDB_READERS_FULL:
    return say(failure_code::unavailable, "end some of the open snapshots and try again");
  case ENOMEM:
    return say(failure_code::unavailable, "allow the process more memory or address space");
  case ENOENT:
  case ENOTDIR:
  case EACCES:
  case EPERM:
  case EROFS:
    return say(failure_code::not_found, "check the path and its permissions");
  default:
    break;
  }
  if (error == EIO && disk_is_full(directory))
    return failure{failure_code::storage_full,
                   fmt::format("cannot {} in {}: No space left on device; free some space and try "
                               "again, nothing of this was kept",
                               what, where)};
  return say(failure_code::storage_broken,
             "check the disk; if this stays, restore the directory from a copy");
}

// --- environment ---------------------------------------------------------------------------------

environment::environment(std::unique_ptr<environment_state> state) : state_(std::move(state)) {
}

environment::~environment() = default;

const std::filesystem::path& environment::directory() const {
  return state_->directory;
}

outcome<std::unique_ptr<environment>> environment::open(const std::filesystem::path& directory,
                                                        const environment_options& options) {
  auto state = std::make_unique<environment_state>();
  state->directory = directory;
  state->options = options;
  std::error_code trouble;
  if (!options.create && !std::filesystem::exists(directory / "data.mdb", trouble))
    return failure{
      failure_code::not_found,
      fmt::format("cannot open the data in {}: there is none; check the path", directory.string())};
  if (options.create) {
    std::filesystem::create_directories(directory, trouble);
    if (trouble)
      return state->failure_of(trouble.value(), "create the directory");
  }
  {
    auto& open = directories();
    const std::lock_guard hold{open.guard};
    struct stat info {};
    if (::stat(directory.c_str(), &info) == 0 && open.all.contains({info.st_dev, info.st_ino}))
      return failure{failure_code::in_use,
                     fmt::format("cannot open the data in {}: this process has it open already; "
                                 "use the environment that is there",
                                 directory.string())};
    if (auto locked = lock_directory(*state); !locked)
      return locked.error();
    open.all.insert(state->identity);
  }
  if (auto opened = state->open_map(); !opened)
    return opened.error();
  return std::unique_ptr<environment>(new environment(std::move(state)));
}

outcome<read_transaction> environment::read() const {
  state_->enter(false);
  auto state = std::unique_ptr<transaction_state>(new transaction_state{*state_});
  if (const int error = mdb_txn_begin(state_->env, nullptr, MDB_RDONLY, &state->txn); error != 0) {
    state->txn = nullptr;
    return state_->failure_of(error, "begin a snapshot");
  }
  return read_transaction{std::move(state)};
}

outcome<write_transaction> environment::write() {
  for (bool reopened = false;; reopened = true) {
    state_->enter(true);
    auto state = std::unique_ptr<transaction_state>(new transaction_state{*state_});
    state->writes = true;
    const int error = mdb_txn_begin(state_->env, nullptr, 0, &state->txn);
    if (error == 0)
      return write_transaction{std::move(state)};
    state->txn = nullptr;
    if (error != MDB_PANIC || reopened)
      return state_->failure_of(error, "begin a transaction");
    // A root page could not be written. LMDB then refuses everything until the file is opened anew,
    // which picks the last root that is whole.
    state.reset();
    status opened = nothing{};
    const bool moved = state_->alone([&] {
      state_->close_map();
      opened = state_->open_map();
    });
    if (!moved)
      return state_->failure_of(MDB_PANIC, "begin a transaction");
    if (!opened)
      return opened.error();
  }
}

status environment::update(const std::function<status(write_transaction&)>& work) {
  for (;;) {
    {
      auto begun = write();
      if (!begun)
        return begun.error();
      auto done = work(*begun);
      if (done)
        done = begun->commit();
      if (!begun->ran_out_of_map())
        return done;
    }
    if (auto grown = grow(); !grown)
      return grown;
  }
}

status environment::grow() {
  auto& state = *state_;
  status grown = nothing{};
  const bool moved = state.alone([&] {
    int dead = 0;
    mdb_reader_check(state.env, &dead);
    const auto larger = state.map_size * 2;
    if (larger > state.options.map_size_max) {
      grown = failure{failure_code::storage_full,
                      fmt::format("cannot grow the memory map of {} beyond {} bytes; split the "
                                  "account into more partitions",
                                  state.directory.string(), state.map_size)};
      return;
    }
    if (const int error = mdb_env_set_mapsize(state.env, larger); error != 0) {
      // The old map is gone when the new one could not be made.
      state.close_map();
      grown = failure{failure_code::storage_full,
                      fmt::format("cannot grow the memory map of {} to {} bytes: {}; allow the "
                                  "process more address space",
                                  state.directory.string(), larger, mdb_strerror(error))};
      if (auto reopened = state.open_map(); !reopened)
        grown = reopened;
      return;
    }
    state.map_size = larger;
  });
  if (!moved)
    return failure{failure_code::storage_full,
                   fmt::format("cannot grow the memory map of {} ({} bytes): snapshots stayed open "
                               "for {} ms; nothing of this was kept, try again",
                               state.directory.string(), state.map_size,
                               state.options.growth_wait.count())};
  return grown;
}

status environment::sync() {
  state_->enter(false);
  const int error = mdb_env_sync(state_->env, 1);
  state_->leave(false);
  if (error != 0)
    return state_->failure_of(error, "write to the disk");
  return nothing{};
}

status environment::copy_to(const std::filesystem::path& directory) const {
  std::error_code trouble;
  std::filesystem::create_directories(directory, trouble);
  const auto file = directory / "data.mdb";
  if (trouble || std::filesystem::exists(file, trouble))
    return failure{failure_code::conflict,
                   fmt::format("cannot copy {} to {}: {}; name an empty or new directory",
                               state_->directory.string(), directory.string(),
                               trouble ? trouble.message() : "there is data already")};
  state_->enter(false);
  const int error = mdb_env_copy2(state_->env, directory.c_str(), MDB_CP_COMPACT);
  state_->leave(false);
  std::filesystem::permissions(file, std::filesystem::perms{file_mode},
                               std::filesystem::perm_options::replace, trouble);
  if (error != 0) {
    const bool full = error == ENOSPC || (error == EIO && disk_is_full(directory));
    std::filesystem::remove(file, trouble);
    return failure{full ? failure_code::storage_full : failure_code::storage_broken,
                   fmt::format("cannot copy {} to {}: {}; the copy was removed",
                               state_->directory.string(), directory.string(),
                               full ? "No space left on device" : mdb_strerror(error))};
  }
  sync_path(file);
  sync_path(directory);
  return nothing{};
}

outcome<environment_statistics> environment::statistics() const {
  environment_statistics s;
  {
    const std::lock_guard hold{state_->gate};
    s.readers_open = state_->readers;
  }
  auto snapshot = read();
  if (!snapshot)
    return snapshot.error();
  auto* const txn = snapshot->state_->txn;
  MDB_envinfo info{};
  MDB_stat pages{};
  mdb_env_info(state_->env, &info);
  mdb_env_stat(state_->env, &pages);
  s.page_size = pages.ms_psize;
  s.map_size = info.me_mapsize;
  s.pages_used = info.me_last_pgno + 1;
  s.unaligned_reads = state_->unaligned_reads;
  MDB_cursor* free_list = nullptr;
  constexpr MDB_dbi free_pages = 0;
  if (const int error = mdb_cursor_open(txn, free_pages, &free_list); error != 0)
    return state_->failure_of(error, "read the free pages");
  MDB_val key{};
  MDB_val run{};
  while (mdb_cursor_get(free_list, &key, &run, MDB_NEXT) == 0) {
    std::size_t count = 0;
    std::memcpy(&count, run.mv_data, sizeof count);
    s.pages_free += count;
  }
  mdb_cursor_close(free_list);
  for (std::size_t k = 0; k < keyspaces.size(); ++k) {
    MDB_stat space{};
    if (const int error = mdb_stat(txn, state_->spaces[k], &space); error != 0)
      return state_->failure_of(error, "read the statistics");
    s.spaces[k] = {space.ms_entries,
                   space.ms_branch_pages + space.ms_leaf_pages + space.ms_overflow_pages};
  }
  return s;
}

std::uint64_t environment::reader_check() {
  int dead = 0;
  state_->enter(false);
  mdb_reader_check(state_->env, &dead);
  state_->leave(false);
  return static_cast<std::uint64_t>(dead);
}

} // namespace storage
