#pragma once

#include "messages/batch_gatherer.hpp"
#include "model/change.hpp"
#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gateway {

/// What became of a piece; records are numbered within it. All of it is durable.
using piece_receipt = rollcall::receipt;

struct intake_bounds {
  std::size_t batch_records_max = 10'000;
  std::size_t batch_bytes_max = std::size_t{8} << 20;
  std::uint32_t batches_in_flight_max = 1;
  /// Of pieces that are not answered yet; beyond it nothing is taken.
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
};

/// The way of changes into one engine. Pieces that come while batches are under way are put
/// together into the next one, so that batches are as large as the traffic makes them. Pieces of
/// one thread count in the order in which it adds them.
class intake {
public:
  using answered = std::function<void(model::outcome<piece_receipt>)>;
  using submit = std::function<model::status(
    model::change_batch, std::function<void(const model::outcome<rollcall::receipt>&)>)>;

  /// The engine must outlive the intake.
  explicit intake(rollcall::engine& engine, intake_bounds bounds = {});
  /// For tests: batches go to `to`, which may wait.
  explicit intake(submit to, intake_bounds bounds = {});
  /// Answers every piece first.
  ~intake();
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;

  /// Never waits. `done` is called once: on a thread of the engine when the piece is durable or
  /// refused, or at once, by the caller's thread, with `unavailable` when too much is waiting and
  /// with `invalid_input` when the changes do not hold together. It must not throw.
  void add(model::change_batch changes, answered done);

  struct figures {
    std::uint64_t pieces = 0; // Taken since the start.
    std::uint64_t batches = 0;
    std::uint64_t turned_away = 0; // Because too much was waiting.
    std::size_t waiting_bytes = 0;
    std::uint32_t in_flight = 0; // Batches.
  };
  [[nodiscard]] figures counted() const;

private:
  struct piece {
    model::change_batch changes;
    std::size_t bytes = 0;
    answered done;
  };
  /// Who put what into a batch.
  struct share {
    std::uint32_t records = 0;
    answered done;
  };
  struct gathered {
    model::change_batch changes;
    std::vector<share> shares;
    std::size_t bytes = 0;
  };

  void work();
  std::vector<piece> take_waiting();
  gathered gather(std::vector<piece> pieces);
  void send(gathered batch);
  void finish(const std::vector<share>& shares, std::size_t bytes,
              const model::outcome<rollcall::receipt>& outcome);

  submit submit_;
  intake_bounds bounds_;
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::deque<piece> waiting_;
  figures figures_;
  bool is_ending_ = false;
  messages::batch_gatherer gatherer_; // Of the thread.
  std::thread thread_;
};

} // namespace gateway
