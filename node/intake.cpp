#include "node/intake.hpp"

#include "messages/ndjson.hpp"
#include "model/limits.hpp"
#include "node/json_text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace node {

namespace {

constexpr std::size_t waiting_bytes_max = std::size_t{32} << 20;
/// What a line has beyond this is thrown away: it is refused anyhow.
constexpr std::size_t line_bytes_kept = model::line_bytes_max + 1;
constexpr std::chrono::seconds full_disk_pause{1};
/// Batches of all runs have one source. A run that crashed may have left some partitions one batch
/// ahead of others, and the next run's batches are others: their numbers start above all of them.
constexpr std::string_view source = "run";

std::string rejected_json(const std::vector<messages::line_error>& errors,
                          const std::vector<rollcall::rejected_record>& refused) {
  json_array list;
  for (const auto& error : errors)
    list.raw(json_object{}
               .count("line", error.line)
               .text("field", error.field)
               .text("reason", error.reason)
               .done());
  for (const auto& record : refused)
    list.raw(json_object{}
               .count("line", record.line)
               .text("field", "")
               .text("reason", record.reason)
               .done());
  return list.done();
}

std::string line_range(std::uint64_t from, std::uint64_t to) {
  return json_object{}.count("from", from).count("to", to).done();
}

} // namespace

intake::intake(rollcall::engine& engine, line_writer& acks) : engine_(engine), acks_(acks) {
  const auto last = engine.highest_sequence(source);
  if (last)
    sequence_ = *last;
  else
    fail(last.error());
  thread_ = std::thread([this] { work(); });
}

intake::~intake() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void intake::add(std::string_view bytes) {
  {
    std::unique_lock lock{guard_};
    changed_.wait(lock, [&] { return waiting_.size() < waiting_bytes_max || failure_; });
    while (!bytes.empty()) {
      const auto text = bytes.substr(0, bytes.find('\n'));
      waiting_.append(text.substr(0, line_bytes_kept - std::min(line_bytes_kept, unfinished_)));
      unfinished_ += text.size();
      bytes.remove_prefix(text.size());
      if (bytes.empty())
        break;
      waiting_.push_back('\n');
      unfinished_ = 0;
      bytes.remove_prefix(1);
    }
  }
  changed_.notify_all();
}

model::status intake::finish() {
  {
    const std::lock_guard lock{guard_};
    if (!waiting_.empty() && waiting_.back() != '\n')
      waiting_.push_back('\n');
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
  if (const auto why = failure())
    return *why;
  return model::nothing{};
}

std::optional<model::failure> intake::failure() const {
  const std::lock_guard lock{guard_};
  return failure_;
}

std::uint64_t intake::lines() const {
  const std::lock_guard lock{guard_};
  return lines_;
}

std::uint64_t intake::rejected() const {
  const std::lock_guard lock{guard_};
  return rejected_;
}

void intake::fail(model::failure why) {
  {
    const std::lock_guard lock{guard_};
    failure_ = std::move(why);
  }
  changed_.notify_all();
}

void intake::work() {
  for (;;) {
    messages::line_block block;
    std::uint64_t from = 0;
    {
      std::unique_lock lock{guard_};
      changed_.wait(
        lock, [&] { return is_ending_ || failure_ || waiting_.find('\n') != std::string::npos; });
      const auto end = waiting_.rfind('\n');
      if (failure_ || end == std::string::npos)
        return; // finish() has closed the last line: nothing is left.
      from = lines_ + 1;
      const std::string_view taken{waiting_.data(), end + 1};
      block = messages::line_block(taken, from);
      lines_ += static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), '\n'));
      waiting_.erase(0, end + 1);
    }
    changed_.notify_all();
    if (!apply(std::move(block), from))
      return;
  }
}

model::outcome<rollcall::receipt> intake::apply_once(const model::change_batch& batch) {
  if (batch.records.empty())
    return rollcall::receipt{};
  return engine_.apply(batch, source, sequence_);
}

bool intake::apply(messages::line_block lines, std::uint64_t from) {
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  while (!lines.is_empty()) {
    model::change_batch batch;
    reader.read(lines, batch, errors, 100'000);
    const auto to = lines.line() - 1;
    ++sequence_;
    auto done = apply_once(batch);
    for (bool was_told = false; !done && done.error().code == model::failure_code::storage_full;) {
      if (!was_told)
        spdlog::warn("run: waiting for room on the disk: {}", done.error().message);
      was_told = true;
      {
        std::unique_lock lock{guard_};
        if (changed_.wait_for(lock, full_disk_pause, [&] { return is_ending_; }))
          break;
      }
      done = apply_once(batch);
    }
    if (!done) {
      acks_.write(json_object{}
                    .raw("failed", line_range(from, to))
                    .text("message", done.error().message)
                    .done());
      fail(done.error());
      return false;
    }
    acks_.write(json_object{}
                  .raw("acknowledged", line_range(from, to))
                  .count("applied", done->applied)
                  .count("duplicates", done->duplicates)
                  .raw("rejected", rejected_json(errors, done->rejected))
                  .done());
    {
      const std::lock_guard lock{guard_};
      rejected_ += errors.size() + done->rejected.size();
    }
    errors.clear();
    from = to + 1;
  }
  return true;
}

} // namespace node
