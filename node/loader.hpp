#pragma once

#include "messages/line_source.hpp"
#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// From NDJSON lines to the engine. Reading and parsing go on while the batches before are on their
/// way to the disk.
namespace node {

/// A line that was not taken, or not wholly: the reader or the engine refused it.
struct rejected_line {
  std::string file;
  std::uint64_t line = 0; // 0 = unknown.
  std::string field;      // Empty = the line as a whole.
  std::string reason;
  std::string text;
};

struct load_report {
  std::array<std::uint64_t, 8> by_kind{}; // Records, by model::change_kind.
  std::uint64_t lines = 0;
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  model::instant latest_event = model::instant_min; // Of those that name their time.
  [[nodiscard]] std::uint64_t records() const;
};

class loader {
public:
  /// Called once for each rejected line, one call at a time, on any thread.
  using reject_function = std::function<void(const rejected_line&)>;
  /// Called now and then on the thread that loads: share of the input (nothing = unknown) and
  /// records so far.
  using progress_function = std::function<void(std::optional<double>, std::uint64_t)>;

  loader(rollcall::engine& engine, reject_function rejects, progress_function progress);

  /// Puts `lines` of `source` into the engine and waits until all is durable. `name` is shown for
  /// the source. With an `identity` the engine remembers how far it has taken this source: a load
  /// that is asked for again, after a crash or by mistake, takes nothing twice. On failure what was
  /// acknowledged stays; asking again goes on behind it.
  model::status load(messages::line_source& lines, const std::string& name,
                     const std::string& identity);

  /// The totals of all loads so far.
  [[nodiscard]] load_report report() const;

private:
  struct batch_text;

  void reject(rejected_line line);
  void note(const std::string& name, const batch_text& texts,
            const model::outcome<rollcall::receipt>& done);
  model::status submit(const std::string& name, const std::string& identity, std::uint64_t sequence,
                       model::change_batch batch, std::shared_ptr<batch_text> texts);

  rollcall::engine& engine_;
  reject_function rejects_;
  progress_function progress_;
  mutable std::mutex guard_;
  load_report report_;
};

/// What a file is known by, so that the same one is not taken twice: its place on the disk, size
/// and time of change. An edited or copied file is another one. Empty for what is no regular file.
std::string identity_of(const std::string& file);

} // namespace node
