#include "gateway/intake.hpp"

#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

using model::failure;
using model::failure_code;
using rollcall::receipt;

/// What a piece keeps in memory while it waits, roughly.
std::size_t bytes_of(const model::change_batch& changes) {
  return changes.bytes.size() + changes.records.size() * sizeof(model::change_record)
       + changes.properties.size() * sizeof(model::property_entry)
       + changes.names.size() * sizeof(model::text_ref);
}

/// What of a batch's receipt belongs to the records from `first` to before `end`. Both lists rise,
/// so that each share goes on where the one before ended.
class receipt_reader {
public:
  explicit receipt_reader(const receipt& whole) : whole_(whole) {
  }

  piece_receipt next(std::uint32_t records) {
    const auto first = std::exchange(end_, end_ + records);
    piece_receipt own;
    for (; rejected_ < whole_.rejected.size() && whole_.rejected[rejected_].record < end_;
         ++rejected_) {
      own.rejected.push_back(whole_.rejected[rejected_]);
      own.rejected.back().record -= first;
    }
    const auto& known = whole_.duplicate_records;
    for (; known_ < known.size() && known[known_] < end_; ++known_)
      own.duplicate_records.push_back(known[known_] - first);
    own.duplicates = own.duplicate_records.size();
    own.applied = records - own.duplicates - own.rejected.size();
    return own;
  }

private:
  const receipt& whole_;
  std::uint32_t end_ = 0;
  std::size_t rejected_ = 0;
  std::size_t known_ = 0;
};

} // namespace

intake::intake(rollcall::engine& engine, intake_bounds bounds)
  : intake([&engine](model::change_batch batch,
                     auto done) { return engine.submit(std::move(batch), {}, 0, std::move(done)); },
           bounds) {
}

intake::intake(submit to, intake_bounds bounds)
  : submit_(std::move(to)), bounds_(bounds), thread_([this] { work(); }) {
}

intake::~intake() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void intake::add(model::change_batch changes, answered done) {
  if (!model::holds_together(changes)) {
    done(failure{failure_code::invalid_input,
                 "the changes refer to names, properties or texts that they do not hold"});
    return;
  }
  const auto bytes = bytes_of(changes);
  {
    std::unique_lock lock{guard_};
    // A piece that is larger than all that may wait is taken when nothing else does.
    const bool has_room = figures_.waiting_bytes == 0
                       || figures_.waiting_bytes + bytes <= bounds_.waiting_bytes_max;
    if (!has_room) {
      ++figures_.turned_away;
      lock.unlock();
      done(failure{failure_code::unavailable,
                   fmt::format("{} MiB of changes wait for the disk already; try again shortly",
                               bounds_.waiting_bytes_max >> 20)});
      return;
    }
    ++figures_.pieces;
    figures_.waiting_bytes += bytes;
    waiting_.push_back({std::move(changes), bytes, std::move(done)});
    if (waiting_.size() == 1) // Else the thread has been told.
      changed_.notify_one();
  }
}

intake::figures intake::counted() const {
  const std::lock_guard lock{guard_};
  return figures_;
}

void intake::work() {
  for (;;) {
    auto pieces = take_waiting();
    if (pieces.empty())
      return;
    send(gather(std::move(pieces)));
  }
}

/// Waits for pieces and for room among the batches in flight. Nothing = the end has come, and
/// everything is answered.
std::vector<intake::piece> intake::take_waiting() {
  std::unique_lock lock{guard_};
  changed_.wait(lock, [this] {
    return waiting_.empty() ? is_ending_ && figures_.in_flight == 0
                            : figures_.in_flight < bounds_.batches_in_flight_max;
  });
  std::vector<piece> taken;
  std::size_t records = 0;
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    records += next.changes.records.size();
    bytes += next.bytes;
    if (!taken.empty() && (records > bounds_.batch_records_max || bytes > bounds_.batch_bytes_max))
      break;
    taken.push_back(std::move(next));
    waiting_.pop_front();
  }
  if (!taken.empty()) {
    ++figures_.batches;
    ++figures_.in_flight;
  }
  return taken;
}

intake::gathered intake::gather(std::vector<piece> pieces) {
  gathered all;
  all.shares.reserve(pieces.size());
  if (pieces.size() > 1)
    gatherer_.begin(all.changes);
  for (auto& one : pieces) {
    all.shares.push_back(
      {static_cast<std::uint32_t>(one.changes.records.size()), std::move(one.done)});
    all.bytes += one.bytes;
    if (pieces.size() > 1)
      gatherer_.append(one.changes);
    else
      all.changes = std::move(one.changes);
  }
  return all;
}

void intake::send(gathered batch) {
  // Shared, because the engine's callback has to be copied.
  const auto shares = std::make_shared<const std::vector<share>>(std::move(batch.shares));
  const auto sent = submit_(std::move(batch.changes), [this, shares, bytes = batch.bytes](
                                                        const model::outcome<receipt>& outcome) {
    finish(*shares, bytes, outcome);
  });
  if (!sent)
    finish(*shares, batch.bytes, sent.error());
}

void intake::finish(const std::vector<share>& shares, std::size_t bytes,
                    const model::outcome<receipt>& outcome) {
  if (outcome) {
    receipt_reader reader{*outcome};
    for (const auto& one : shares)
      one.done(reader.next(one.records));
  } else {
    for (const auto& one : shares)
      one.done(outcome.error());
  }
  // Told under the lock: who ends must not be gone before.
  const std::lock_guard lock{guard_};
  figures_.waiting_bytes -= bytes;
  --figures_.in_flight;
  changed_.notify_all();
}

} // namespace gateway
