#include "node/loader.hpp"

#include "messages/ndjson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/stat.h>
#include <utility>

namespace node {

namespace {

/// Large enough that a commit's fsync costs little for each record, small enough that 16 in flight
/// are no burden.
constexpr std::size_t batch_records = 32'768;

} // namespace

/// The lines of a batch, kept until it is durable: a record that the engine refuses is reported
/// with its line.
struct loader::batch_text {
  struct piece {
    std::shared_ptr<messages::line_block> owner;
    std::string_view text;
    std::uint64_t first_line = 1;
  };
  std::vector<piece> pieces;

  [[nodiscard]] std::string_view line(std::uint64_t number) const {
    for (auto at = pieces.rbegin(); at != pieces.rend(); ++at) {
      if (number < at->first_line)
        continue;
      auto rest = at->text;
      for (auto skip = number - at->first_line; skip > 0 && !rest.empty(); --skip)
        rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
      return rest.substr(0, rest.find('\n'));
    }
    return {};
  }
};

std::uint64_t load_report::records() const {
  std::uint64_t all = 0;
  for (const auto count : by_kind)
    all += count;
  return all;
}

loader::loader(rollcall::engine& engine, reject_function rejects, progress_function progress)
  : engine_(engine), rejects_(std::move(rejects)), progress_(std::move(progress)) {
}

load_report loader::report() const {
  const std::lock_guard lock{guard_};
  return report_;
}

void loader::reject(rejected_line line) {
  const std::lock_guard lock{guard_};
  ++report_.rejected;
  rejects_(line);
}

void loader::note(const std::string& name, const batch_text& texts,
                  const model::outcome<rollcall::receipt>& done) {
  if (!done)
    return; // flush() tells.
  {
    const std::lock_guard lock{guard_};
    report_.applied += done->applied;
    report_.duplicates += done->duplicates;
  }
  for (const auto& refused : done->rejected)
    reject({name, refused.line, {}, refused.reason, std::string{texts.line(refused.line)}});
}

model::status loader::submit(const std::string& name, const std::string& identity,
                             std::uint64_t sequence, model::change_batch batch,
                             std::shared_ptr<batch_text> texts) {
  {
    const std::lock_guard lock{guard_};
    for (const auto& record : batch.records) {
      ++report_.by_kind[static_cast<std::size_t>(record.kind)];
      if (record.kind == model::change_kind::event && record.has_time)
        report_.latest_event = std::max(report_.latest_event, model::from_ms(record.time));
    }
  }
  return engine_.submit(
    std::move(batch), identity, sequence,
    [this, name, texts = std::move(texts)](const model::outcome<rollcall::receipt>& done) {
      note(name, *texts, done);
    });
}

model::status loader::load(messages::line_source& lines, const std::string& name,
                           const std::string& identity) {
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  auto block = std::make_shared<messages::line_block>();
  model::status submitted = model::nothing{};
  auto records = report().records();
  std::uint64_t last_line = 0;
  for (bool has_more = true; has_more;) {
    // Batches are cut by records alone, so that a file is cut in the same places whenever it is
    // loaded.
    model::change_batch batch;
    auto texts = std::make_shared<batch_text>();
    while (batch.records.size() < batch_records) {
      if (block->is_empty()) {
        block = std::make_shared<messages::line_block>();
        has_more = lines.next(*block, errors);
        if (!has_more)
          break;
      }
      texts->pieces.push_back({block, block->rest(), block->line()});
      const auto lines_read = reader.read(*block, batch, errors, batch_records);
      last_line = block->line() - 1;
      const std::lock_guard lock{guard_};
      report_.lines += lines_read;
    }
    for (auto& error : errors)
      reject(
        {name, error.line, std::move(error.field), std::move(error.reason), std::move(error.text)});
    errors.clear();
    records += batch.records.size();
    // A batch's sequence is the number of its last line: it means the same however batches are cut.
    if (!batch.records.empty())
      submitted = submit(name, identity, last_line, std::move(batch), std::move(texts));
    if (!submitted)
      break;
    progress_(lines.bytes_total() == 0 ? std::nullopt
                                       : std::optional{static_cast<double>(lines.bytes_taken())
                                                       / static_cast<double>(lines.bytes_total())},
              records);
  }
  auto flushed = engine_.flush();
  return submitted ? std::move(flushed) : std::move(submitted);
}

std::string identity_of(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode))
    return {};
  return fmt::format("file:{}:{}:{}:{}.{:09}", found.st_dev, found.st_ino, found.st_size,
                     found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

} // namespace node
