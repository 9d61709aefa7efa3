#pragma once

#include "storage/change_log.hpp"
#include "storage/environment.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace storage {

/// The change log as a keyspace of the partition's own environment. A record is: its checksum, the
/// checksum of the record before (the chain), its length in bytes, the bytes. The checksum (XXH3)
/// covers sequence, chain, length and bytes.
class embedded_log final : public change_log {
public:
  /// `where` must outlive the log. Failure: storage_broken when the end of the log does not hold.
  static model::outcome<std::unique_ptr<embedded_log>> open(environment& where);

  /// Appends inside the caller's transaction, so that record, flips and positions are committed
  /// together. Several calls per transaction are fine. Becomes visible to last() and wait() when
  /// the transaction commits. In `read`, at once.
  model::outcome<std::uint64_t> append(write_transaction& within, std::string_view bytes);
  /// Cuts inside the caller's transaction.
  model::status trim(write_transaction& within, std::uint64_t up_to);
  /// Reads within the caller's snapshot.
  model::status
  read(const transaction& within, std::uint64_t from,
       const std::function<bool(std::uint64_t sequence, std::string_view bytes)>& each) const;

  model::outcome<std::uint64_t> append(std::string_view bytes) override;
  model::status
  read(std::uint64_t from,
       const std::function<bool(std::uint64_t, std::string_view)>& each) const override;
  [[nodiscard]] std::uint64_t last() const override;
  [[nodiscard]] std::uint64_t first() const override;
  model::status trim(std::uint64_t up_to) override;
  bool wait(std::uint64_t after, std::chrono::milliseconds patience) const override;

private:
  explicit embedded_log(environment& where) : where_(where) {
  }
  void committed_up_to(std::uint64_t last);
  void trimmed_up_to(std::uint64_t sequence);

  environment& where_;
  mutable std::mutex guard_;
  mutable std::condition_variable grown_;
  std::uint64_t last_ = 0;    // Guarded.
  std::uint64_t trimmed_ = 0; // Guarded.
};

} // namespace storage
