#pragma once

#include <rollcall/rollcall.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace gateway {

class audit_log;
class intake;
class key_book;

/// One account as the HTTP face has it: an engine and what belongs to it. Never two accounts share
/// a directory, an engine or a cache.
struct account {
  std::string id;   // Six characters, also its public key.
  std::string name; // "default"
  std::filesystem::path directory;
  std::shared_ptr<rollcall::engine> engine; // Of a cluster's account the replica has it too.
  std::unique_ptr<gateway::key_book> keys;
  std::unique_ptr<gateway::audit_log> audit;
  std::unique_ptr<gateway::intake> changes; // Gathers single changes into batches.
  std::atomic<bool> is_dismissed = false;   // Another node of the cluster serves it.
  /// Held while documents are read and written back (gateway/notes.hpp).
  mutable std::mutex writing;

  account();
  ~account();
};

} // namespace gateway
