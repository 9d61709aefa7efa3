#include "cluster/directory_copy.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace cluster {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::uint64_t manifest_format = 1;
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

failure failed(int error, const fs::path& file, const char* what) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return {
    is_full ? failure_code::storage_full : failure_code::storage_broken,
    fmt::format("cannot {} {}: {}", what, file.string(), std::generic_category().message(error))};
}

const failure& stopped() {
  static const failure why{failure_code::cancelled, "the copy was stopped"};
  return why;
}

class descriptor {
public:
  descriptor(const fs::path& file, int flags) : fd_(::open(file.c_str(), flags | O_CLOEXEC, 0600)) {
  }
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const {
    return fd_;
  }

private:
  int fd_;
};

ssize_t read_some(int from, char* into, std::size_t bytes) {
  for (;;) {
    const auto n = ::read(from, into, bytes);
    if (n >= 0 || errno != EINTR)
      return n;
  }
}

bool write_all(int to, const char* bytes, std::size_t left) {
  while (left > 0) {
    const auto n = ::write(to, bytes, left);
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0) {
      bytes += n;
      left -= static_cast<std::size_t>(n);
    }
  }
  return true;
}

/// File systems that share blocks do so here; elsewhere the kernel copies. Below 0 = it cannot, or
/// an error.
ssize_t copy_piece(int from, int to, std::string& buffer, bool& is_by_kernel) {
  if (is_by_kernel) {
    const auto n = ::copy_file_range(from, nullptr, to, nullptr, piece_bytes * 64, 0);
    if (n >= 0 || errno == ENOSPC || errno == EDQUOT || errno == EIO)
      return n;
    is_by_kernel = false;
  }
  buffer.resize(piece_bytes);
  const auto n = read_some(from, buffer.data(), buffer.size());
  if (n > 0 && !write_all(to, buffer.data(), static_cast<std::size_t>(n)))
    return -1;
  return n;
}

status copy_file(const fs::path& from, const fs::path& to, const copy_progress& progress) {
  const descriptor in{from, O_RDONLY};
  if (in.get() < 0)
    return failed(errno, from, "read");
  const descriptor out{to, O_WRONLY | O_CREAT | O_EXCL};
  if (out.get() < 0)
    return failed(errno, to, "make");
  std::string buffer;
  for (bool is_by_kernel = true;;) {
    const auto n = copy_piece(in.get(), out.get(), buffer, is_by_kernel);
    if (n < 0)
      return failed(errno, to, "copy to");
    if (n == 0)
      return model::nothing{};
    if (progress && !progress(static_cast<std::uint64_t>(n)))
      return stopped();
  }
}

outcome<copied_file> describe_file(const fs::path& file, std::string name, bool is_to_be_kept,
                                   const copy_progress& progress) {
  const descriptor in{file, O_RDONLY};
  if (in.get() < 0)
    return failed(errno, file, "read");
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state{XXH3_createState(),
                                                                              XXH3_freeState};
  XXH3_64bits_reset(state.get());
  copied_file told{std::move(name), 0, 0};
  std::string buffer(piece_bytes, '\0');
  for (;;) {
    const auto n = read_some(in.get(), buffer.data(), buffer.size());
    if (n < 0)
      return failed(errno, file, "read");
    if (n == 0)
      break;
    XXH3_64bits_update(state.get(), buffer.data(), static_cast<std::size_t>(n));
    told.bytes += static_cast<std::uint64_t>(n);
    if (progress && !progress(static_cast<std::uint64_t>(n)))
      return stopped();
  }
  told.hash = XXH3_64bits_digest(state.get());
  if (is_to_be_kept && ::fsync(in.get()) != 0)
    return failed(errno, file, "keep");
  return told;
}

/// Calls `each` with the path and name of every file that is wanted, and `inside` with directories.
status walk(const fs::path& directory, const std::string& below,
            const std::function<bool(std::string_view)>& wanted,
            const std::function<status(const fs::path&, const std::string&)>& each,
            const std::function<status(const fs::path&, const std::string&)>& inside) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at{directory, error}, end; !error && at != end; at.increment(error))
    entries.push_back(*at);
  if (error)
    return failed(error.value(), directory, "read");
  std::ranges::sort(entries);
  for (const auto& entry : entries) {
    const auto name = below + entry.path().filename().string();
    if (wanted && !wanted(name))
      continue;
    if (entry.is_symlink(error))
      return failure{failure_code::storage_broken,
                     fmt::format("{} is a link, which is not copied; put what it leads to in its "
                                 "place",
                                 entry.path().string())};
    if (entry.is_directory(error)) {
      if (auto done = inside(entry.path(), name); !done)
        return done;
      if (auto walked = walk(entry.path(), name + '/', wanted, each, inside); !walked)
        return walked;
    } else if (entry.is_regular_file(error)) {
      if (auto done = each(entry.path(), name); !done)
        return done;
    }
  }
  return model::nothing{};
}

status no_matter(const fs::path& /*directory*/, const std::string& /*name*/) {
  return model::nothing{};
}

bool is_below(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos)
    return false;
  for (const auto& part : fs::path{name})
    if (part == ".." || part == "." || part.empty())
      return false;
  return true;
}

} // namespace

std::uint64_t manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files)
    sum += file.bytes;
  return sum;
}

const copied_file* manifest::find(std::string_view name) const {
  const auto found = std::ranges::find(files, name, &copied_file::name);
  return found == files.end() ? nullptr : &*found;
}

std::string encoded(const manifest& m) {
  json::array files;
  for (const auto& file : m.files)
    files.push_back(json::object{
      {"name", file.name}, {"bytes", file.bytes}, {"xxh3", fmt::format("{:016x}", file.hash)}});
  return json::serialize(json::object{{"format", manifest_format},
                                      {"kind", m.kind},
                                      {"partition", m.partition},
                                      {"position", m.position},
                                      {"files", std::move(files)}})
       + '\n';
}

outcome<manifest> decode_manifest(std::string_view text) {
  const auto broken = [](std::string_view why) {
    return failure{failure_code::storage_broken, fmt::format("a manifest cannot be read: {}", why)};
  };
  try {
    const auto document = json::parse(text);
    const auto format = document.at("format").to_number<std::uint64_t>();
    if (format > manifest_format)
      return failure{failure_code::newer_format,
                     fmt::format("the copy was made by a newer release (format {}, this one reads "
                                 "{})",
                                 format, manifest_format)};
    manifest made;
    made.kind = document.at("kind").as_string();
    made.partition = document.at("partition").to_number<std::uint32_t>();
    made.position = document.at("position").to_number<std::uint64_t>();
    for (const auto& one : document.at("files").as_array()) {
      copied_file file;
      file.name = one.at("name").as_string();
      file.bytes = one.at("bytes").to_number<std::uint64_t>();
      const std::string hash{one.at("xxh3").as_string()};
      const auto [rest, wrong] = std::from_chars(hash.data(), hash.data() + hash.size(), file.hash,
                                                 16);
      if (wrong != std::errc{} || rest != hash.data() + hash.size() || !is_below(file.name))
        return broken(fmt::format("of the file \"{}\"", file.name));
      made.files.push_back(std::move(file));
    }
    return made;
  } catch (const std::exception& e) {
    return broken(e.what());
  }
}

outcome<std::uint64_t> bytes_in_directory(const fs::path& directory,
                                          const std::function<bool(std::string_view)>& wanted) {
  std::uint64_t sum = 0;
  const auto add = [&](const fs::path& file, const std::string&) -> status {
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    if (error)
      return failed(error.value(), file, "read");
    sum += bytes;
    return model::nothing{};
  };
  if (auto walked = walk(directory, {}, wanted, add, no_matter); !walked)
    return walked.error();
  return sum;
}

status copy_directory(const fs::path& from, const fs::path& to,
                      const std::function<bool(std::string_view)>& wanted,
                      const copy_progress& progress) {
  const auto make = [&](const fs::path& directory) -> status {
    std::error_code error;
    fs::create_directories(directory, error);
    return error ? status{failed(error.value(), directory, "make")} : model::nothing{};
  };
  if (auto made = make(to); !made)
    return made;
  return walk(
    from, {}, wanted,
    [&](const fs::path& file, const std::string& name) {
      return copy_file(file, to / name, progress);
    },
    [&](const fs::path&, const std::string& name) { return make(to / name); });
}

outcome<std::vector<copied_file>> seal_directory(const fs::path& directory,
                                                 const copy_progress& progress) {
  std::vector<copied_file> files;
  const auto walked = walk(
    directory, {}, {},
    [&](const fs::path& file, const std::string& name) -> status {
      auto told = describe_file(file, name, true, progress);
      if (!told)
        return told.error();
      files.push_back(std::move(*told));
      return model::nothing{};
    },
    [](const fs::path& inner, const std::string&) { return keep_names(inner); });
  if (!walked)
    return walked.error();
  if (auto kept = keep_names(directory); !kept)
    return kept.error();
  std::ranges::sort(files, {}, &copied_file::name);
  return files;
}

status verify_directory(const fs::path& directory, const manifest& expected,
                        const copy_progress& progress) {
  for (const auto& file : expected.files) {
    const auto told = describe_file(directory / file.name, file.name, false, progress);
    if (!told)
      return told.error();
    if (*told != file)
      return failure{failure_code::storage_broken,
                     fmt::format("{} is damaged: it has {} bytes with the hash {:016x}, and should "
                                 "have {} with {:016x}",
                                 (directory / file.name).string(), told->bytes, told->hash,
                                 file.bytes, file.hash)};
  }
  return model::nothing{};
}

status remove_directory(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  return error ? status{failed(error.value(), directory, "remove")} : model::nothing{};
}

status keep_names(const fs::path& directory) {
  const descriptor opened{directory, O_RDONLY | O_DIRECTORY};
  if (opened.get() < 0)
    return failed(errno, directory, "open");
  if (::fsync(opened.get()) != 0)
    return failed(errno, directory, "keep");
  return model::nothing{};
}

bool is_lock_file(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto last = slash == std::string_view::npos ? name : name.substr(slash + 1);
  return last == "lock" || last == "lock.mdb";
}

} // namespace cluster
