#include "cluster/directory_copy.hpp"
#include "cluster/state_file.hpp"
#include "gateway/accounts.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/progress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace node {

namespace {

namespace fs = std::filesystem;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view backup_kind = "backup";
constexpr std::string_view backup_manifest = "manifest.json";
constexpr std::string_view backup_files = "files";

struct backup_words {
  common_options common;
  std::string from; // Of `restore`; `backup` has common.data.
  std::string to;
};

/// What a copy came to.
struct finished_copy {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> accounts; // Directories of accounts, below the data.
};

bool is_backed_up(std::string_view name) {
  const auto last = name.substr(name.rfind('/') + 1);
  return !cluster::is_lock_file(name) && last != "snapshots" && !last.ends_with(".new")
      && !last.ends_with(".gone");
}

/// Shows how far a copy is.
class copy_bar {
public:
  copy_bar(std::string what, std::uint64_t bytes) : bar_(std::move(what), "MiB"), all_(bytes) {
  }
  cluster::copy_progress hears() {
    return [this](std::uint64_t more) {
      done_ += more;
      bar_.at(all_ == 0 ? 1.0 : static_cast<double>(done_) / static_cast<double>(all_),
              done_ >> 20);
      return true;
    };
  }

private:
  progress bar_;
  std::uint64_t all_;
  std::uint64_t done_ = 0;
};

/// Locks of a whole data directory, so that nobody writes it while it is copied.
class held_directory {
public:
  held_directory() = default;
  ~held_directory() {
    for (const int fd : locks_)
      ::close(fd);
  }
  held_directory(const held_directory&) = delete;
  held_directory& operator=(const held_directory&) = delete;

  /// As an engine does that opens it.
  status hold(const fs::path& environment) {
    const auto file = environment / "lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
      return failure{failure_code::not_found, fmt::format("cannot open {}: {}", file.string(),
                                                          std::generic_category().message(errno))};
    locks_.push_back(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
      return model::nothing{};
    return failure{failure_code::in_use,
                   fmt::format("cannot copy the data in {}: another process has it open; stop that "
                               "one first",
                               environment.string())};
  }

private:
  std::vector<int> locks_;
};

/// Directories of accounts below a data directory: of a server by itself, or of a node.
outcome<std::vector<fs::path>> account_directories(const fs::path& data) {
  std::vector<fs::path> all;
  std::error_code error;
  if (fs::exists(data / "account" / "data.mdb", error))
    all.push_back(data);
  for (fs::recursive_directory_iterator at{data, error}, end; !error && at != end;
       at.increment(error)) {
    if (!at->is_directory())
      continue;
    if (!is_backed_up(at->path().filename().string())) {
      at.disable_recursion_pending();
      continue;
    }
    if (at->path().parent_path().filename() == "accounts"
        && fs::exists(at->path() / "account" / "data.mdb", error)) {
      all.push_back(at->path());
      at.disable_recursion_pending();
    }
  }
  if (error)
    return failure{failure_code::not_found,
                   fmt::format("cannot read {}: {}", data.string(), error.message())};
  if (all.empty())
    return failure{failure_code::not_found,
                   fmt::format("there is no Rollcall directory at {}", data.string())};
  std::ranges::sort(all);
  return all;
}

/// A directory to be made: not there yet, or empty.
status check_free(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error)
      && !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
    return failure{failure_code::conflict,
                   fmt::format("{} is there already, and nothing is overwritten; name a directory "
                               "that is not there yet",
                               directory.string())};
  return model::nothing{};
}

fs::path unfinished(const fs::path& directory) {
  auto made = directory;
  made += ".unfinished";
  return made;
}

/// What was made beside is the directory from now on.
status put_in_place(const fs::path& directory) {
  std::error_code error;
  fs::remove(directory, error); // An empty one.
  fs::rename(unfinished(directory), directory, error);
  if (error)
    return failure{failure_code::storage_broken,
                   fmt::format("cannot make {}: {}", directory.string(), error.message())};
  return cluster::keep_names(directory.parent_path());
}

fs::path plain_path(const std::string& text) {
  auto path = fs::absolute(text).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_within(const fs::path& inner, const fs::path& outer) {
  const auto relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

// --- backup --------------------------------------------------------------------------------------

/// Opens and closes the accounts of a server by itself, so that what a crash left is put right, and
/// what cannot be opened is not taken for a copy. A node's accounts go on by their log only.
status try_accounts(const fs::path& data, const std::vector<fs::path>& accounts) {
  for (const auto& directory : accounts) {
    if (directory != data && directory.parent_path() != data / "accounts")
      continue;
    auto engine = rollcall::engine::open({.directory = directory});
    if (!engine)
      return engine.error();
    if (auto told = (*engine)->figures(); !told)
      return told.error();
  }
  return model::nothing{};
}

status hold_accounts(held_directory& held, const std::vector<fs::path>& accounts) {
  for (const auto& directory : accounts) {
    std::error_code error;
    for (fs::directory_iterator at{directory, error}, end; !error && at != end;
         at.increment(error)) {
      std::error_code ignored;
      if (!fs::exists(at->path() / "data.mdb", ignored))
        continue;
      if (auto taken = held.hold(at->path()); !taken)
        return taken;
    }
    if (error)
      return failure{failure_code::not_found,
                     fmt::format("cannot read {}: {}", directory.string(), error.message())};
  }
  return model::nothing{};
}

outcome<finished_copy> back_up(const fs::path& data, const fs::path& to) {
  if (is_within(to, data) || is_within(data, to))
    return failure{failure_code::invalid_input,
                   fmt::format("--to: {} and {} lie in one another", to.string(), data.string())};
  if (auto is_free = check_free(to); !is_free)
    return is_free.error();
  auto accounts = account_directories(data);
  if (!accounts)
    return accounts.error();
  if (auto opened = try_accounts(data, *accounts); !opened)
    return opened.error();
  held_directory held;
  if (auto taken = hold_accounts(held, *accounts); !taken)
    return taken.error();
  const auto bytes = cluster::bytes_in_directory(data, is_backed_up);
  if (!bytes)
    return bytes.error();
  const auto made = unfinished(to);
  if (auto gone = cluster::remove_directory(made); !gone)
    return gone.error();
  {
    copy_bar bar{"copying", *bytes};
    if (auto copied = cluster::copy_directory(data, made / backup_files, is_backed_up, bar.hears());
        !copied)
      return copied.error();
  }
  cluster::manifest what;
  what.kind = backup_kind;
  {
    copy_bar bar{"verifying", *bytes};
    auto files = cluster::seal_directory(made / backup_files, bar.hears());
    if (!files)
      return files.error();
    what.files = std::move(*files);
  }
  if (auto written = cluster::write_state(made / backup_manifest, cluster::encoded(what)); !written)
    return written.error();
  if (auto placed = put_in_place(to); !placed)
    return placed.error();
  finished_copy done{what.files.size(), what.bytes(), {}};
  for (const auto& directory : *accounts)
    done.accounts.push_back(directory == data ? std::string{gateway::default_account}
                                              : directory.lexically_relative(data).string());
  return done;
}

// --- restore -------------------------------------------------------------------------------------

outcome<finished_copy> restore(const fs::path& from, const fs::path& data) {
  if (auto is_free = check_free(data); !is_free)
    return is_free.error();
  const auto text = cluster::read_state(from / backup_manifest);
  if (!text)
    return text.error();
  if (text->empty())
    return failure{
      failure_code::not_found,
      fmt::format("there is no backup at {}; `rollcall backup` makes one", from.string())};
  const auto what = cluster::decode_manifest(*text);
  if (!what)
    return what.error();
  if (what->kind != backup_kind)
    return failure{failure_code::invalid_input,
                   fmt::format("{} is a {}, not a backup", from.string(), what->kind)};
  const auto made = unfinished(data);
  if (auto gone = cluster::remove_directory(made); !gone)
    return gone.error();
  {
    copy_bar bar{"copying", what->bytes()};
    if (auto copied = cluster::copy_directory(from / backup_files, made, {}, bar.hears()); !copied)
      return copied.error();
  }
  {
    copy_bar bar{"verifying", what->bytes()};
    if (auto sound = cluster::verify_directory(made, *what, bar.hears()); !sound) {
      const auto why = sound.error();
      const auto gone = cluster::remove_directory(made);
      return failure{why.code, fmt::format("the backup at {} is of no use: {}{}", from.string(),
                                           why.message, gone ? "" : "; " + gone.error().message)};
    }
  }
  if (auto sealed = cluster::seal_directory(made); !sealed)
    return sealed.error();
  const auto accounts = account_directories(made);
  if (!accounts)
    return accounts.error();
  finished_copy done{what->files.size(), what->bytes(), {}};
  for (const auto& directory : *accounts)
    done.accounts.push_back(directory == made ? std::string{gateway::default_account}
                                              : directory.lexically_relative(made).string());
  if (auto placed = put_in_place(data); !placed)
    return placed.error();
  return done;
}

exit_status tell_copy(const common_options& common, const outcome<finished_copy>& done,
                      std::string_view verb, const fs::path& to) {
  if (!done)
    return complain(common, done.error());
  if (common.json) {
    json_array accounts;
    for (const auto& name : done->accounts)
      accounts.text(name);
    fmt::print("{}\n", json_object{}
                         .text("to", to.string())
                         .count("files", done->files)
                         .count("bytes", done->bytes)
                         .raw("accounts", accounts.done())
                         .done());
  } else {
    fmt::print("{} {} files, {} MiB, to {}; every byte was verified. Accounts: {}\n", verb,
               done->files, (done->bytes + (1 << 20) - 1) >> 20, to.string(),
               fmt::join(done->accounts, ", "));
  }
  return exit_status::fine;
}

} // namespace

void add_backup_commands(command_line& line) {
  auto saved = std::make_shared<backup_words>();
  auto& backup = line.add(
    line.root(), "backup", "Copy a data directory that nobody has open",
    "rollcall backup --data store --to /backups/monday", [saved] {
      const auto to = plain_path(saved->to);
      return tell_copy(saved->common, back_up(plain_path(saved->common.data), to), "Copied", to);
    });
  backup.add_option("--data", saved->common.data, "Directory of a server or of a cluster's node")
    ->required()
    ->type_name("DIR");
  backup.add_option("--to", saved->to, "Directory to be made")->required()->type_name("DIR");
  backup.add_flag("--json", saved->common.json, "Answer as JSON");

  auto got = std::make_shared<backup_words>();
  auto& restored = line.add(line.root(), "restore", "Make a data directory from a backup",
                            "rollcall restore --from /backups/monday --data store", [got] {
                              const auto to = plain_path(got->common.data);
                              return tell_copy(got->common, restore(plain_path(got->from), to),
                                               "Restored", to);
                            });
  restored.add_option("--from", got->from, "What `backup` made")->required()->type_name("DIR");
  restored.add_option("--data", got->common.data, "Directory to be made")
    ->required()
    ->type_name("DIR");
  restored.add_flag("--json", got->common.json, "Answer as JSON");
}

} // namespace node
