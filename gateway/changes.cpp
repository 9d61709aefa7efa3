#include "gateway/changes.hpp"

#include "gateway/body_lines.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"
#include "messages/ndjson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t source_bytes_max = 200;
/// Sequences of batches are below 2^43; no body has so many lines that it mattered.
constexpr number_rule sequence_rule{0, 0, std::int64_t{1} << 42};

/// Who sends, as the engine knows it; no file of `rollcall load` is called like this.
std::string source_of(const request& asked) {
  const auto* name = asked.parameter("source");
  if (name == nullptr)
    return {};
  if (name->empty() || name->size() > source_bytes_max)
    throw refusal{invalid_parameter(
      "source", fmt::format("source: a name of 1 to {} bytes is allowed.", source_bytes_max))};
  return "http:" + *name;
}

/// A refused line, by the reader or by the engine.
struct refused_line {
  std::uint64_t line = 0;
  std::string field; // Empty = the line as a whole.
  std::string reason;
};

/// Some lines of the body on their way, and what becomes of them.
struct range {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<refused_line> refused;
  std::optional<model::outcome<rollcall::receipt>> done{};
};

/// Takes a body into the engine and writes down what becomes of it.
class change_upload {
public:
  change_upload(rollcall::engine& engine, std::string source, std::uint64_t lines_before,
                change_bounds bounds)
    : engine_(engine), source_(std::move(source)), lines_before_(lines_before), bounds_(bounds) {
  }
  ~change_upload() {
    wait_all();
  }
  change_upload(const change_upload&) = delete;
  change_upload& operator=(const change_upload&) = delete;

  void take(const request& asked);
  answer to_answer();

private:
  void take_lines(const std::string& text);
  void submit(std::shared_ptr<range> lines, model::change_batch batch);
  void finish(range& lines, model::outcome<rollcall::receipt> outcome);
  void write_done();
  void write(range& lines);
  void stop(error_entry why);
  void wait_all();
  [[nodiscard]] bool is_stopped();

  rollcall::engine& engine_;
  std::string source_;
  std::uint64_t lines_before_;
  change_bounds bounds_;
  messages::ndjson_reader reader_;
  std::uint64_t lines_ = 0; // Read.

  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<range>> under_way_; // In order.
  std::string told_;
  std::uint64_t acknowledged_ = 0; // Lines, without a gap.
  std::uint64_t applied_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t refused_ = 0;
  std::optional<error_entry> stopped_;
};

void change_upload::take(const request& asked) {
  try {
    body_lines lines{asked, {bounds_.batch_lines, bounds_.batch_bytes}};
    for (std::string text; !is_stopped() && lines.next(text);)
      take_lines(text);
  } catch (const refusal& why) {
    stop(why.errors().front());
  }
  wait_all();
}

void change_upload::take_lines(const std::string& text) {
  messages::line_block block{text, lines_ + 1};
  while (!block.is_empty()) {
    auto lines = std::make_shared<range>();
    lines->from = block.line();
    model::change_batch batch;
    std::vector<messages::line_error> errors;
    reader_.read(block, batch, errors);
    lines_ = block.line() - 1;
    lines->to = lines_;
    for (auto& error : errors)
      lines->refused.push_back({error.line, std::move(error.field), std::move(error.reason)});
    submit(std::move(lines), std::move(batch));
  }
}

void change_upload::submit(std::shared_ptr<range> lines, model::change_batch batch) {
  {
    const std::lock_guard lock{guard_};
    under_way_.push_back(lines);
  }
  // Of a source the engine hears of lines without a record too: it tells which ones come next.
  if (batch.records.empty() && source_.empty())
    return finish(*lines, rollcall::receipt{});
  const auto sequence = source_.empty() ? 0 : lines_before_ + lines->to;
  // Waits while enough is under way; so the body is read no faster than it becomes durable.
  auto sent = engine_.submit(
    std::move(batch), source_, sequence,
    [this, lines](const model::outcome<rollcall::receipt>& done) { finish(*lines, done); });
  if (!sent)
    finish(*lines, sent.error());
}

void change_upload::finish(range& lines, model::outcome<rollcall::receipt> outcome) {
  const std::lock_guard lock{guard_};
  lines.done.emplace(std::move(outcome));
  write_done();
  changed_.notify_all();
}

/// Ranges are told in order, as soon as those before are.
void change_upload::write_done() {
  while (!under_way_.empty() && under_way_.front()->done) {
    write(*under_way_.front());
    under_way_.pop_front();
  }
  if (refused_ > bounds_.refused_lines_max && !stopped_)
    stopped_ = {400, "invalid", "Invalid input.",
                fmt::format("More than {} lines were refused; the rest was not looked at.",
                            bounds_.refused_lines_max)};
}

void change_upload::write(range& lines) {
  const auto line_of = [this](const json::object& content) {
    append_json(told_, content);
    told_ += '\n';
  };
  const json::array both{lines.from, lines.to};
  if (!*lines.done) {
    const auto& why = lines.done->error();
    line_of({{"failed", both}, {"reason", why.message}});
    if (!stopped_)
      stopped_ = to_error(why);
    return;
  }
  for (const auto& record : (*lines.done)->rejected)
    lines.refused.push_back({record.line, {}, record.reason});
  std::ranges::stable_sort(lines.refused, {}, &refused_line::line);
  for (const auto& refused : lines.refused)
    line_of({{"refused", refused.line}, {"field", refused.field}, {"reason", refused.reason}});
  line_of({{"acknowledged", both},
           {"applied", (*lines.done)->applied},
           {"duplicates", (*lines.done)->duplicates},
           {"refused", lines.refused.size()}});
  applied_ += (*lines.done)->applied;
  duplicates_ += (*lines.done)->duplicates;
  refused_ += lines.refused.size();
  if (acknowledged_ + 1 == lines.from)
    acknowledged_ = lines.to;
}

void change_upload::stop(error_entry why) {
  const std::lock_guard lock{guard_};
  if (!stopped_)
    stopped_ = std::move(why);
}

bool change_upload::is_stopped() {
  const std::lock_guard lock{guard_};
  return stopped_.has_value();
}

void change_upload::wait_all() {
  std::unique_lock lock{guard_};
  changed_.wait(lock, [this] { return under_way_.empty(); });
}

answer change_upload::to_answer() {
  json::object summary{{"lines", lines_},     {"acknowledged", acknowledged_},
                       {"applied", applied_}, {"duplicates", duplicates_},
                       {"refused", refused_}, {"complete", !stopped_}};
  if (!source_.empty())
    summary["next_sequence"] = lines_before_ + acknowledged_;
  if (stopped_)
    summary["error"] = {{"code", stopped_->code}, {"detail", stopped_->detail}};
  json::object last{{"summary", std::move(summary)}};
  // What is told above is durable, whatever this question comes to.
  if (const auto seen = engine_.freshness())
    add_freshness(last, *seen);
  append_json(told_, last);
  answer a;
  a.status = stopped_ ? stopped_->status : 200;
  a.content_type = "application/x-ndjson";
  a.body = std::move(told_) + '\n';
  return a;
}

/// Lines that were left out could not be sent later: the engine would take them for known.
void refuse_gap(rollcall::engine& engine, const std::string& source, std::uint64_t before) {
  const auto due = value_of(engine.last_sequence(source));
  if (before <= due)
    return;
  error_entry gap{409, "conflict", "Conflict."};
  gap.detail = fmt::format(
    "sequence: {} would leave a gap. {} lines of this source are durable, so "
    "what comes next has the sequence {}.",
    before, due, due);
  gap.parameter = "sequence";
  throw refusal{std::move(gap)};
}

answer take_changes(const call& c, change_bounds bounds) {
  check_parameters(c.asked, {"source", "sequence"});
  auto source = source_of(c.asked);
  if (source.empty() != (c.asked.parameter("sequence") == nullptr))
    throw refusal{invalid_parameter(source.empty() ? "source" : "sequence",
                                    "source and sequence are given together or not at all.")};
  const auto before = static_cast<std::uint64_t>(
    number_parameter(c.asked, "sequence", sequence_rule));
  if (!source.empty())
    refuse_gap(*c.whose->engine, source, before);
  change_upload taken{*c.whose->engine, std::move(source), before, bounds};
  taken.take(c.asked);
  return taken.to_answer();
}

answer show_source(const call& c) {
  check_parameters(c.asked, {"source"});
  const auto source = source_of(c.asked);
  if (source.empty())
    throw refusal{invalid_parameter("source", "source: the name of a sender is missing.")};
  auto& engine = *c.whose->engine;
  json::object content;
  add_freshness(content, freshness_of(engine));
  content["source"] = *c.asked.parameter("source");
  content["sequence"] = value_of(engine.last_sequence(source));
  return own_answer(content);
}

} // namespace

void add_change_routes(route_table& routes, change_bounds bounds) {
  constexpr std::string_view pattern = "/api/rollcall/changes";
  routes.add("POST", pattern, {writing_scope},
             [bounds](const call& c) { return take_changes(c, bounds); });
  routes.add("GET", pattern, {reading_scope}, show_source);
}

} // namespace gateway
