#include "node/snapshot_shelf.hpp"

#include "cluster/state_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>
#include <utility>

namespace node {

namespace {

namespace fs = std::filesystem;
using cluster::copy_progress;
using cluster::manifest;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view snapshot_kind = "snapshot";
constexpr std::string_view snapshot_manifest = "manifest.json";
constexpr std::string_view snapshot_files = "files";
constexpr std::string_view begun_snapshot = "begun";
constexpr std::size_t kept_snapshots = 2;
constexpr int piece_attempts_max = 5; // Of asking for one piece.

std::string escaped_file_name(std::string_view text) {
  std::string made;
  for (const char c : text)
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
        || c == '_' || c == '.')
      made += c;
    else
      made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return made;
}

status made_directory_anew(const fs::path& directory) {
  if (auto gone = cluster::remove_directory(directory); !gone)
    return gone;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return failure{error == std::errc::no_space_on_device ? failure_code::storage_full
                                                          : failure_code::storage_broken,
                   fmt::format("cannot make {}: {}", directory.string(), error.message())};
  return model::nothing{};
}

/// Who wrote what through a node is that node's own, and locks are nobody's.
bool is_of_state(std::string_view name) {
  return !cluster::is_lock_file(name) && name.find("/audit.log") == std::string_view::npos;
}

/// What was fetched or copied is whole, and of the position that it says.
status check_whole_snapshot(const fs::path& directory, const manifest& expected,
                            const wanted_snapshot& wanted, const copy_progress& progress) {
  if (auto sound = cluster::verify_directory(directory, expected, progress); !sound)
    return sound;
  const auto bytes = cluster::read_state(directory / position_file);
  if (!bytes)
    return bytes.error();
  const auto read = cluster::chain::decoded(*bytes);
  if (!read)
    return read.error();
  if (read->partition() != wanted.partition || read->position() != wanted.position)
    return failure{failure_code::storage_broken,
                   fmt::format("the snapshot is of partition {} at {}, not of {} at {}",
                               read->partition(), read->position(), wanted.partition,
                               wanted.position)};
  auto sealed = cluster::seal_directory(directory);
  return sealed ? status{model::nothing{}} : sealed.error();
}

outcome<std::string> asked_patiently(const ask_node& ask, const std::string& what) {
  for (int attempt = 1;; ++attempt) {
    auto body = ask(what);
    if (body || attempt == piece_attempts_max || body.error().code != failure_code::unavailable)
      return body;
  }
}

status fetch_snapshot_file(const ask_node& ask, const wanted_snapshot& wanted,
                           const cluster::copied_file& file, const fs::path& to,
                           const copy_progress& progress) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::ofstream into{to, std::ios::binary};
  for (std::uint64_t offset = 0; into && offset < file.bytes;) {
    auto piece = asked_patiently(
      ask, fmt::format("snapshot-file?partition={}&position={}&file={}&offset={}", wanted.partition,
                       wanted.position, escaped_file_name(file.name), offset));
    if (!piece)
      return piece.error();
    if (piece->empty() || piece->size() > file.bytes - offset)
      return failure{
        failure_code::storage_broken,
        fmt::format("{} has not the {} bytes that the manifest says", file.name, file.bytes)};
    into.write(piece->data(), static_cast<std::streamsize>(piece->size()));
    offset += piece->size();
    if (progress && !progress(piece->size()))
      return failure{failure_code::cancelled, "the fetching was stopped"};
  }
  into.close();
  if (!into)
    return failure{failure_code::storage_full,
                   fmt::format("cannot write {}; is the disk full?", to.string())};
  return model::nothing{};
}

} // namespace

// --- what is there -------------------------------------------------------------------------------

std::vector<std::uint64_t> snapshot_shelf::positions() const {
  std::vector<std::uint64_t> all;
  std::error_code error;
  for (fs::directory_iterator at{directory_, error}, end; !error && at != end;
       at.increment(error)) {
    const auto name = at->path().filename().string();
    std::uint64_t position = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), position);
    std::error_code ignored;
    if (wrong == std::errc{} && rest == name.data() + name.size()
        && fs::exists(at->path() / snapshot_manifest, ignored))
      all.push_back(position);
  }
  std::ranges::sort(all, std::greater<>{});
  return all;
}

fs::path snapshot_shelf::files_of(std::uint64_t position) const {
  return directory_ / std::to_string(position) / snapshot_files;
}

outcome<std::string> snapshot_shelf::manifest_of(std::uint64_t position) const {
  const auto file = directory_ / std::to_string(position) / snapshot_manifest;
  auto text = cluster::read_state(file);
  if (text && text->empty())
    return failure{failure_code::not_found, fmt::format("there is no snapshot at {}", position)};
  return text;
}

outcome<std::string> snapshot_shelf::piece(std::uint64_t position, std::string_view file,
                                           std::uint64_t offset) const {
  const auto text = manifest_of(position);
  if (!text)
    return text.error();
  const auto what = cluster::decode_manifest(*text);
  if (!what)
    return what.error();
  if (!what->find(file))
    return failure{failure_code::not_found, fmt::format("the snapshot has no file {}", file)};
  const auto path = files_of(position) / file;
  std::ifstream from{path, std::ios::binary};
  from.seekg(static_cast<std::streamoff>(offset));
  std::string bytes(snapshot_piece_bytes, '\0');
  if (from)
    from.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (from.bad() || (!from && !from.eof()))
    return failure{failure_code::storage_broken, fmt::format("cannot read {}", path.string())};
  bytes.resize(static_cast<std::size_t>(from.gcount()));
  return bytes;
}

// --- making one ----------------------------------------------------------------------------------

status snapshot_shelf::begin(const fs::path& accounts, const cluster::chain& read,
                             const copy_progress& progress) const {
  const auto begun = directory_ / begun_snapshot;
  if (auto made = made_directory_anew(begun / snapshot_files); !made)
    return made;
  if (auto copied = cluster::copy_directory(accounts, begun / snapshot_files / accounts_folder,
                                            is_of_state, progress);
      !copied)
    return copied;
  return cluster::write_state(begun / snapshot_files / position_file, read.encoded());
}

status snapshot_shelf::finish(const cluster::chain& read, const copy_progress& progress) const {
  const auto begun = directory_ / begun_snapshot;
  auto files = cluster::seal_directory(begun / snapshot_files, progress);
  if (!files)
    return files.error();
  const manifest made{std::string{snapshot_kind}, read.partition(), read.position(),
                      std::move(*files)};
  if (auto written = cluster::write_state(begun / snapshot_manifest, cluster::encoded(made));
      !written)
    return written;
  const auto place = directory_ / std::to_string(read.position());
  if (auto gone = cluster::remove_directory(place); !gone)
    return gone;
  std::error_code error;
  fs::rename(begun, place, error);
  if (error)
    return failure{failure_code::storage_broken,
                   fmt::format("cannot make {}: {}", place.string(), error.message())};
  if (auto kept = cluster::keep_names(directory_); !kept)
    return kept;
  const auto all = positions();
  for (std::size_t i = kept_snapshots; i < all.size(); ++i)
    if (auto gone = cluster::remove_directory(directory_ / std::to_string(all[i])); !gone)
      spdlog::warn("cluster: partition {}: {}", read.partition(), gone.error().message);
  return model::nothing{};
}

void snapshot_shelf::abandon() const {
  if (auto gone = cluster::remove_directory(directory_ / begun_snapshot); !gone)
    spdlog::warn("cluster: {}", gone.error().message);
}

// --- getting one ---------------------------------------------------------------------------------

status fetch_snapshot(const ask_node& ask, const wanted_snapshot& wanted, const fs::path& to,
                      const copy_progress& progress) {
  const auto text = asked_patiently(
    ask, fmt::format("snapshot?partition={}&position={}", wanted.partition, wanted.position));
  if (!text)
    return text.error();
  const auto what = cluster::decode_manifest(*text);
  if (!what)
    return what.error();
  if (auto made = made_directory_anew(to / accounts_folder); !made)
    return made;
  for (const auto& file : what->files)
    if (auto fetched = fetch_snapshot_file(ask, wanted, file, to / file.name, progress); !fetched)
      return fetched;
  return check_whole_snapshot(to, *what, wanted, {});
}

status copy_snapshot(const snapshot_shelf& from, const wanted_snapshot& wanted, const fs::path& to,
                     const copy_progress& progress) {
  const auto text = from.manifest_of(wanted.position);
  if (!text)
    return text.error();
  const auto what = cluster::decode_manifest(*text);
  if (!what)
    return what.error();
  if (auto made = made_directory_anew(to / accounts_folder); !made)
    return made;
  if (auto copied = cluster::copy_directory(from.files_of(wanted.position), to, {}, progress);
      !copied)
    return copied;
  return check_whole_snapshot(to, *what, wanted, {});
}

} // namespace node
