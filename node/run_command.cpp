#include "node/commands.hpp"
#include "node/intake.hpp"
#include "node/json_text.hpp"
#include "node/line_writer.hpp"
#include "node/movements.hpp"
#include "node/segment_questions.hpp"
#include "node/stop_signals.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <unistd.h>

namespace node {

namespace {

constexpr std::chrono::milliseconds look_around_interval{500};
constexpr std::chrono::seconds last_flips_patience{10};

/// Flips on their way out, and how far each feed has been told.
class flip_teller {
public:
  explicit flip_teller(line_writer& out) : out_(out) {
  }

  model::status begin(rollcall::engine& engine) {
    auto heard = engine.subscribe({}, [this](const rollcall::flip_record& flip) { tell(flip); });
    if (!heard)
      return heard.error();
    subscription_ = std::move(*heard);
    auto ends = feed_ends(engine);
    if (!ends)
      return ends.error();
    began_ = std::move(*ends);
    return model::nothing{};
  }

  /// Waits until everything that is in the feeds now has been told.
  void finish(rollcall::engine& engine) {
    const auto until = std::chrono::steady_clock::now() + last_flips_patience;
    const auto ends = feed_ends(engine);
    while (ends && !is_told(*ends) && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    subscription_ = {};
  }

private:
  void tell(const rollcall::flip_record& flip) {
    out_.write(flip_json(flip));
    const std::lock_guard lock{guard_};
    told_[{flip.segment_id, flip.partition}] = flip.sequence;
  }

  bool is_told(const cursors& ends) {
    const std::lock_guard lock{guard_};
    for (const auto& [segment, end] : ends) {
      const auto known = began_.find(segment);
      const auto began = sequences_of(known == began_.end() ? std::string_view{} : known->second);
      const auto sequences = sequences_of(end);
      for (std::uint32_t partition = 0; partition < sequences.size(); ++partition) {
        const auto told = told_.find({segment, partition});
        const auto before = partition < began.size() ? began[partition] : 0;
        if (std::max(told == told_.end() ? 0 : told->second, before) < sequences[partition])
          return false;
      }
    }
    return true;
  }

  line_writer& out_;
  std::mutex guard_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> told_;
  cursors began_;
  rollcall::subscription subscription_;
};

/// Reads standard input into the intake until its end, a signal, or trouble that does not pass.
model::status pump(intake& taken, stop_signals& stop, const line_writer& out) {
  std::array<char, 1 << 18> buffer{};
  while (out.is_open() && !taken.failure()) {
    const auto woken = stop.wait_for_input(STDIN_FILENO, look_around_interval);
    if (woken == stop_signals::woken_by::signal)
      break;
    if (woken == stop_signals::woken_by::patience)
      continue;
    const auto size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (size <= 0)
      break;
    taken.add({buffer.data(), static_cast<std::size_t>(size)});
  }
  return taken.finish();
}

exit_status run(const common_options& common, bool acks_on_stdout) {
  stop_signals stop;
  return with_engine(common, [&](rollcall::engine& engine) {
    line_writer out(STDOUT_FILENO);
    line_writer err(STDERR_FILENO);
    auto& acks = acks_on_stdout ? out : err;
    flip_teller flips(out);
    if (const auto begun = flips.begin(engine); !begun)
      return complain(common, begun.error());
    spdlog::info("run: open: {}", common.data);
    acks.write(json_object{}
                 .text("open", common.data)
                 .text("now", model::format_instant(engine.now()))
                 .done());
    intake taken(engine, acks);
    const auto ended = pump(taken, stop, out);
    flips.finish(engine);
    if (!ended)
      return complain(common, ended.error());
    acks.write(json_object{}.text("closed", common.data).count("lines", taken.lines()).done());
    return taken.rejected() == 0 ? exit_status::fine : exit_status::bad_input;
  });
}

} // namespace

void add_run_command(command_line& line) {
  struct options {
    common_options common;
    bool acks = false;
  };
  auto wanted = std::make_shared<options>();
  auto& command = line.add(
    line.root(), "run", "Keep the account live: NDJSON on standard input, flips on standard output",
    "tail -f events.ndjson | rollcall run --data store > flips.ndjson",
    [wanted] { return run(wanted->common, wanted->acks); });
  add_common(command, wanted->common);
  command.add_flag("--acks", wanted->acks,
                   "Acknowledgements on standard output, between the flips, not on standard error");
}

} // namespace node
