#pragma once

#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gateway {

inline constexpr std::string_view audit_file_name = "audit.log"; // In an account's directory.

/// A write that a key was used for, or a command in the account's directory. Nothing about people:
/// a path may hold an address, so the route's pattern stands for it.
struct audit_entry {
  model::instant at{};
  std::string_view key_id;       // Of a command who gave it: "uid:1000".
  std::string_view method;       // "COMMAND" for one.
  std::string_view route;        // "/api/profiles/{id}", "rollcall key create"
  unsigned status = 0;           // 0 = the next line of this request tells.
  std::string_view request_id{}; // Empty for a command.
  /// What an order to the server, or a command, is about: "profile/2", a key's id, an account.
  std::string_view about{};
};

struct audit_bounds {
  std::uint64_t file_bytes_max = std::uint64_t{64} << 20;
  std::uint32_t files_max = 8; // The one that grows, and those before: audit.log.1 is the newest.
  std::size_t waiting_bytes_max = std::size_t{16} << 20;
};

/// Appends NDJSON to one file. A thread of its own writes, so that nobody waits for the disk; when
/// the disk is too slow or full, what could not be written is counted in the next line that can:
/// {"lost":12}.
class audit_log {
public:
  static model::outcome<std::unique_ptr<audit_log>> open(std::filesystem::path file,
                                                         audit_bounds bounds = {});
  /// Writes what waits.
  ~audit_log();
  audit_log(const audit_log&) = delete;
  audit_log& operator=(const audit_log&) = delete;

  void add(const audit_entry& entry);
  /// Waits until everything added so far is written or lost.
  void flush();
  /// Entries that are in no file and not told yet.
  [[nodiscard]] std::uint64_t lost() const;

private:
  audit_log(std::filesystem::path file, audit_bounds bounds);
  void work();
  std::uint64_t write(std::string_view lines);
  bool write_whole(std::string_view lines);
  void complain();
  bool open_file();
  void rotate();

  std::filesystem::path file_;
  audit_bounds bounds_;
  int descriptor_ = -1; // Of the thread.
  std::uint64_t size_ = 0;
  std::uint64_t full_at_ = 0;
  bool is_in_trouble_ = false;

  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::string waiting_;
  std::uint64_t lost_ = 0; // Entries.
  bool is_writing_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace gateway
