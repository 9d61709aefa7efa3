#include "cluster/replica.hpp"

#include "cluster/state_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <time.h>

#include <algorithm>
#include <random>
#include <utility>

namespace cluster {

namespace {

using namespace std::chrono_literals;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr auto tick_every = 20ms;
constexpr auto read_patience = 100ms; // A leader that is none any more finds out that fast.
constexpr auto try_again_after = 200ms;
constexpr auto save_every = 2s;
constexpr std::uint64_t save_every_records = 5'000;

// A record has at most so many operations; their positions follow from the record's.
constexpr unsigned index_bits = 12;
constexpr std::size_t record_operations_max = std::size_t{1} << index_bits;

std::uint64_t new_incarnation() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

} // namespace

steady_instant boot_time() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

void unperformed_records::begin(std::uint64_t record) {
  const std::lock_guard lock{guard_};
  ++open_[record];
}

void unperformed_records::end(std::uint64_t record) {
  const std::lock_guard lock{guard_};
  if (const auto found = open_.find(record); found != open_.end() && --found->second == 0)
    open_.erase(found);
}

std::uint64_t unperformed_records::performed(std::uint64_t handed) const {
  const std::lock_guard lock{guard_};
  return open_.empty() ? handed : std::min(handed, open_.begin()->first - 1);
}

outcome<std::unique_ptr<replica>> replica::start(replica_options options,
                                                 std::unique_ptr<partition_log> log,
                                                 std::shared_ptr<state_machine> machine) {
  if (auto sound = check(options.ownership); !sound)
    return sound.error();
  chain read{options.partition};
  auto kept = read_state(options.state_file);
  if (!kept)
    return kept.error();
  if (!kept->empty()) {
    auto decoded = chain::decoded(*kept);
    if (!decoded)
      return decoded.error();
    if (decoded->partition() != options.partition)
      return failure{failure_code::storage_broken,
                     fmt::format("{} is of partition {}, not {}", options.state_file.string(),
                                 decoded->partition(), options.partition)};
    read = std::move(*decoded);
  }
  if (options.overruled)
    read.overrule(*options.overruled);
  return std::unique_ptr<replica>{
    new replica{std::move(options), std::move(log), std::move(machine), std::move(read)}};
}

replica::replica(replica_options options, std::unique_ptr<partition_log> log,
                 std::shared_ptr<state_machine> machine, chain read)
  : options_(std::move(options)), log_(std::move(log)), machine_(std::move(machine)),
    read_(std::move(read)), settled_(read_.position()),
    settled_at_(std::chrono::steady_clock::now()),
    owning_(options_.ownership, {options_.node, new_incarnation()}, read_, boot_time()),
    applied_(read_.position()), applied_hash_(read_.hash()), reader_([this] { read_log(); }),
    writer_([this] { write_log(); }) {
}

replica::~replica() {
  is_stopping_ = true;
  machine_->stop();
  woken_.notify_all();
  writer_.join();
  reader_.join();
  log_.reset(); // Whoever is called back by it still finds us.
  std::vector<performed> unanswered;
  {
    const std::lock_guard lock{guard_};
    for (auto& [position, own] : own_)
      for (auto& done : own.done)
        unanswered.push_back(std::move(done));
    for (auto& one : waiting_)
      unanswered.push_back(std::move(one.done));
  }
  for (const auto& done : unanswered)
    done(failure{failure_code::unavailable, "the node is stopping"});
}

// --- from outside --------------------------------------------------------------------------------

void replica::stand(std::optional<std::uint32_t> rank) {
  const std::lock_guard lock{guard_};
  owning_.stand(rank);
}

void replica::put(std::string operation, performed done) {
  {
    const std::lock_guard lock{guard_};
    if (owning_.is_owner() && !is_stopping_) {
      waiting_.push_back({std::move(operation), std::move(done), std::chrono::steady_clock::now()});
      woken_.notify_all();
      return;
    }
  }
  done(failure{failure_code::conflict, "this node does not lead the partition"});
}

void replica::release(std::string successor) {
  const std::lock_guard lock{guard_};
  if (owning_.is_owner())
    release_to_ = std::move(successor);
  woken_.notify_all();
}

bool replica::may_answer_strongly() const {
  const std::lock_guard lock{guard_};
  return is_leading_ && owning_.may_answer_strongly(boot_time());
}

replica_figures replica::figures() const {
  const std::lock_guard lock{guard_};
  replica_figures f;
  f.partition = options_.partition;
  f.is_owner = owning_.is_owner();
  f.is_leading = is_leading_;
  f.is_sure = is_leading_ && owning_.may_answer_strongly(boot_time());
  f.owner = read_.released() ? std::string{} : read_.owner();
  f.epoch = owning_.epoch();
  f.position = applied_;
  f.performed = unperformed_->performed(applied_);
  f.hash = applied_hash_;
  f.settled = settled_;
  f.waiting = waiting_.size();
  f.silence = std::chrono::duration_cast<std::chrono::milliseconds>(owning_.silence(boot_time()));
  f.trouble = trouble_;
  f.parted = parted_;
  f.disputed = disputed_;
  return f;
}

status replica::while_settled(const std::function<status(const chain&)>& work) {
  const std::lock_guard lock{applying_};
  if (!unpacker_.is_between())
    return failure{failure_code::unavailable, "an operation is only half read; ask again"};
  if (auto settled = machine_->settle(); !settled)
    return settled;
  return work(read_);
}

outcome<log_extent> replica::extent() {
  return log_->extent();
}

status replica::trim(std::uint64_t up_to) {
  const auto settled = figures().settled;
  return settled == 0 ? model::nothing{} : log_->trim(std::min(up_to, settled - 1));
}

// --- reading -------------------------------------------------------------------------------------

void replica::trouble(std::string what) {
  const std::lock_guard lock{guard_};
  if (!what.empty() && what != trouble_)
    spdlog::warn("cluster: partition {}: {}", options_.partition, what);
  trouble_ = std::move(what);
}

void replica::part(parting why) {
  const std::lock_guard lock{guard_};
  parted_ = why;
  if (why == parting::disputed)
    disputed_ = read_.disputed();
}

void replica::look_at_leadership() {
  bool leads = false;
  {
    const std::lock_guard lock{guard_};
    leads = owning_.is_owner() && read_.epoch() == owning_.epoch() && read_.owner() == options_.node
         && read_.open();
    if (leads == is_leading_)
      return;
    if (!leads)
      is_leading_ = false;
  }
  machine_->lead(leads);
  const std::lock_guard lock{guard_};
  is_leading_ = leads;
}

status replica::save() {
  if (!unpacker_.is_between())
    return model::nothing{};
  if (auto settled = machine_->settle(); !settled)
    return settled;
  if (auto written = write_state(options_.state_file, read_.encoded()); !written)
    return written;
  settled_at_ = std::chrono::steady_clock::now();
  const std::lock_guard lock{guard_};
  settled_ = read_.position();
  return model::nothing{};
}

/// False = the log and this replica do not go together.
bool replica::take(std::uint64_t sequence, std::string_view bytes) {
  const std::lock_guard applying{applying_};
  const auto r = decode(bytes);
  if (!r) {
    trouble(fmt::format("record {} cannot be read: {}", sequence, r.error().message));
    return false;
  }
  own_record own;
  decision decided{};
  {
    const std::lock_guard lock{guard_};
    const auto before = read_.position();
    decided = read_.accept(sequence, *r);
    if (decided == decision::broken || sequence <= before) {
      if (decided != decision::broken)
        return true;
    } else {
      owning_.heard(read_, decided, boot_time());
      if (const auto found = own_.find(sequence); found != own_.end() && decided == decision::apply
                                                  && found->second.checksum == r->checksum) {
        own = std::move(found->second);
        own_.erase(found);
      }
    }
  }
  if (decided == decision::broken) {
    trouble(fmt::format("this replica must start from a snapshot: {}", read_.reason()));
    part(read_.disputed() ? parting::disputed : parting::other);
    return false;
  }
  if (decided == decision::apply && r->kind == record_kind::operations) {
    status applied = model::nothing{};
    const auto taken = unpacker_.take(
      r->epoch, r->payload, [&](std::uint32_t index, std::string_view operation) {
        if (!applied)
          return;
        performed asked;
        if (index < own.done.size())
          asked = std::exchange(own.done[index], nullptr);
        unperformed_->begin(sequence);
        applied = machine_->apply(
          sequence << index_bits | index, operation,
          [sequence, open = unperformed_, asked = std::move(asked)](operation_answer answer) {
            open->end(sequence);
            if (asked)
              asked(std::move(answer));
          });
      });
    if (!taken || !applied) {
      trouble(fmt::format("record {} cannot be applied: {}", sequence,
                          (taken ? applied : taken).error().message));
      return false;
    }
  }
  for (const auto& done : own.done)
    if (done)
      done(failure{failure_code::unavailable, "the operation was not in its record"});
  {
    const std::lock_guard lock{guard_};
    applied_ = sequence;
    applied_hash_ = read_.hash();
  }
  look_at_leadership();
  if (sequence - settled_ >= save_every_records
      || std::chrono::steady_clock::now() - settled_at_ >= save_every) {
    // While records keep coming, nothing but this tells that an earlier trouble is over.
    const auto saved = save();
    trouble(saved ? std::string{} : saved.error().message);
  }
  return true;
}

void replica::read_log() {
  // The record that was read last comes again, so that another log than ours is found out.
  auto from = std::max<std::uint64_t>(read_.position(), 1);
  bool is_sound = true;
  while (!is_stopping_) {
    const auto read = log_->read(from, read_patience,
                                 [&](std::uint64_t sequence, std::string_view bytes) {
                                   is_sound = take(sequence, bytes);
                                   from = sequence + 1;
                                   return is_sound && !is_stopping_;
                                 });
    if (!is_sound)
      break;
    if (!read && read.error().code == failure_code::not_found && from == read_.position()) {
      ++from; // Cut up to there.
      continue;
    }
    if (!read && !is_stopping_) {
      trouble(read.error().message);
      if (read.error().code != failure_code::unavailable) {
        part(read.error().code == failure_code::not_found ? parting::cut : parting::other);
        break;
      }
      std::this_thread::sleep_for(try_again_after);
    }
    const std::lock_guard applying{applying_};
    if (read)
      trouble({});
    look_at_leadership();
    if (read_.position() > settled_ && std::chrono::steady_clock::now() - settled_at_ >= save_every)
      if (auto saved = save(); !saved)
        trouble(saved.error().message);
  }
  const std::lock_guard applying{applying_};
  stand(std::nullopt);
  if (std::exchange(is_leading_, false))
    machine_->lead(false);
  // A record that was read and not applied wholly comes again at the next start.
  if (!is_sound)
    return;
  if (auto saved = save(); !saved)
    spdlog::warn("cluster: partition {}: {}", options_.partition, saved.error().message);
}

// --- writing -------------------------------------------------------------------------------------

void replica::send(wanted_append&& append) {
  log_->submit(append.last, std::move(append.bytes),
               [this, ticket = append.ticket](const outcome<std::uint64_t>& position) {
                 const std::lock_guard lock{guard_};
                 owning_.appended(ticket, position, boot_time());
                 woken_.notify_all();
               });
}

void replica::gather_operations() {
  for (;;) {
    std::optional<wanted_append> append;
    {
      const std::lock_guard lock{guard_};
      if (waiting_.empty() || owning_.room() == 0)
        return;
      const auto gathered = std::chrono::steady_clock::now() - waiting_.front().came;
      const bool is_alone = owning_.room() == options_.ownership.window;
      if (!is_alone && front_written_ == 0 && gathered < options_.gather)
        return;
      operation_packer packer{options_.payload_bytes_max};
      own_record own;
      std::size_t whole = 0;
      auto offset = front_written_;
      while (whole < waiting_.size() && whole < record_operations_max) {
        const auto& bytes = waiting_[whole].bytes;
        const auto taken = packer.add(bytes, offset);
        offset += taken;
        if (taken == 0 || offset < bytes.size())
          break;
        offset = 0;
        ++whole;
      }
      append = owning_.append(record_kind::operations, packer.take(), boot_time());
      if (!append)
        return;
      own.ticket = append->ticket;
      own.checksum = checksum_in(append->bytes);
      for (std::size_t i = 0; i < whole; ++i) {
        own.done.push_back(std::move(waiting_.front().done));
        waiting_.pop_front();
      }
      front_written_ = offset;
      own_.insert_or_assign(append->last + 1, std::move(own));
    }
    send(std::move(*append));
  }
}

void replica::settle_appends() {
  std::vector<performed> lost;
  {
    const std::lock_guard lock{guard_};
    for (const auto& settled : owning_.take_settled()) {
      if (settled.position != 0)
        continue; // Whoever reads it answers.
      const auto found = std::ranges::find(own_, settled.ticket,
                                           [](const auto& one) { return one.second.ticket; });
      if (found == own_.end())
        continue;
      for (auto& done : found->second.done)
        lost.push_back(std::move(done));
      own_.erase(found);
    }
  }
  for (const auto& done : lost)
    if (done)
      done(failure{failure_code::unavailable,
                   "the partition changed hands; the operation may have been performed or not"});
}

void replica::refuse_waiting() {
  std::deque<waiting_operation> refused;
  bool is_front_written = false;
  {
    const std::lock_guard lock{guard_};
    if (owning_.is_owner())
      return;
    refused = std::exchange(waiting_, {});
    is_front_written = std::exchange(front_written_, 0) != 0;
    release_to_.reset();
  }
  for (auto& one : refused) {
    one.done(is_front_written
               ? failure{failure_code::unavailable,
                         "the partition changed hands before the operation was written wholly"}
               : failure{failure_code::conflict, "this node does not lead the partition any more"});
    is_front_written = false;
  }
}

void replica::write_log() {
  while (!is_stopping_) {
    std::optional<wanted_append> due;
    {
      const std::lock_guard lock{guard_};
      due = owning_.tick(boot_time());
      const bool is_idle = waiting_.empty() && owning_.room() == options_.ownership.window;
      if (!due && release_to_ && is_idle) {
        due = owning_.release(*release_to_, boot_time());
        if (due)
          release_to_.reset();
      }
    }
    if (due)
      send(std::move(*due));
    gather_operations();
    settle_appends();
    refuse_waiting();
    std::unique_lock lock{guard_};
    const auto patience = waiting_.empty() ? tick_every : options_.gather;
    woken_.wait_for(lock, patience);
  }
}

} // namespace cluster
