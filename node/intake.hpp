#pragma once

#include "messages/line_block.hpp"
#include "model/outcome.hpp"
#include "node/line_writer.hpp"

#include <rollcall/rollcall.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace node {

/// Lines that come when they come, to the engine. A thread of its own applies what has come so far
/// as one batch while the next lines arrive, so that batches are as large as the traffic makes
/// them, and acknowledges every batch once it is durable:
///     {"acknowledged":{"from":1,"to":12},"applied":12,"duplicates":0,"rejected":[]}
/// A full disk makes it wait and ask again until there is room; nothing is acknowledged meanwhile.
class intake {
public:
  intake(rollcall::engine& engine, line_writer& acks);
  ~intake();
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;

  /// Takes some bytes; they need not end with a line. Waits while too much is before them.
  void add(std::string_view bytes);
  /// Takes a last line without a line feed, waits until everything is acknowledged, or tells why it
  /// is not.
  model::status finish();
  /// Trouble that does not pass by waiting.
  [[nodiscard]] std::optional<model::failure> failure() const;
  [[nodiscard]] std::uint64_t lines() const;
  [[nodiscard]] std::uint64_t rejected() const;

private:
  void work();
  /// False when the batch could not be applied and never will be.
  bool apply(messages::line_block lines, std::uint64_t from);
  model::outcome<rollcall::receipt> apply_once(const model::change_batch& batch);
  void fail(model::failure why);

  rollcall::engine& engine_;
  line_writer& acks_;
  std::uint64_t sequence_ = 0;
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::string waiting_;        // Not yet given to apply().
  std::size_t unfinished_ = 0; // Bytes of the line that has not ended yet.
  std::uint64_t lines_ = 0;    // Given to apply().
  std::uint64_t rejected_ = 0;
  bool is_ending_ = false;
  std::optional<model::failure> failure_;
  std::thread thread_;
};

} // namespace node
