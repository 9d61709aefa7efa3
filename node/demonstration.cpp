#include "node/demonstration.hpp"

#include "messages/ndjson.hpp"
#include "node/demo_segments.hpp"
#include "node/json_text.hpp"
#include "node/loader.hpp"
#include "node/movements.hpp"
#include "node/progress.hpp"
#include "node/segment_questions.hpp"
#include "node/store_pipe.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

namespace node {

namespace {

constexpr std::uint64_t live_events_max = 10'000;
constexpr std::uint64_t live_batch = 100;
constexpr std::size_t live_flips_shown = 8;
constexpr int days_without_events = 14;
constexpr std::size_t metrics_of_a_strange_store = 3;

/// Seconds since it was made.
class stopwatch {
public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(clock::now() - began_).count();
  }

private:
  using clock = std::chrono::steady_clock;
  clock::time_point began_ = clock::now();
};

class demonstration {
public:
  demonstration(rollcall::engine& engine, const demo_request& wanted)
    : engine_(engine), wanted_(wanted), events_(wanted.size) {
  }

  model::status perform() {
    for (const auto step :
         {&demonstration::load, &demonstration::build, &demonstration::stream,
          &demonstration::let_time_pass, &demonstration::explain, &demonstration::report})
      if (auto done = (this->*step)(); !done)
        return done;
    finish();
    return model::nothing{};
  }

private:
  struct timing {
    std::string what;
    std::uint64_t amount = 0;
    std::string unit;
    double seconds = 0;
  };

  template <class... Parts>
  void say(fmt::format_string<Parts...> form, Parts&&... parts) const {
    if (!wanted_.json)
      fmt::print(form, std::forward<Parts>(parts)...);
    std::fflush(stdout);
  }

  void head(std::string_view title) {
    say("\n{}. {}\n\n", ++sections_, title);
  }

  [[nodiscard]] bool is_made_up() const {
    return wanted_.files.empty();
  }

  model::status load() {
    head(is_made_up() ? "A store moves in" : "Your files move in");
    const auto stored = engine_.metrics();
    if (!stored)
      return stored.error();
    std::uint64_t stored_events = 0;
    for (const auto& metric : *stored)
      stored_events += metric.events;
    progress bar("loading", "records");
    loader loading(
      engine_,
      [&](const rejected_line& line) {
        if (++rejected_ <= 5)
          fmt::print(stderr, "{}:{}: {}: {}\n", line.file, line.line, line.field, line.reason);
      },
      [&](std::optional<double> share, std::uint64_t records) { bar.at(share, records); });
    const stopwatch watch;
    if (auto loaded = is_made_up() ? load_store(loading, stored_events) : load_files(loading);
        !loaded)
      return loaded;
    const auto seconds = watch.seconds();
    bar.finish();
    if (auto folded = engine_.fold(); !folded)
      return folded;
    const auto records = loading.report().records();
    timings_.push_back({"load, durable and queryable", records, "records", seconds});
    if (stored_events > 0)
      say("The directory had {} events before.\n", grouped(stored_events));
    return show_metrics(records, seconds);
  }

  model::status load_store(loader& loading, std::uint64_t stored_events) {
    // A directory of an earlier demonstration has the first part of the stream already.
    std::string skipped;
    while (events_.written() < stored_events) {
      skipped.clear();
      events_.append_next(skipped);
    }
    store_pipe store(wanted_.size, events_, stored_events == 0);
    auto lines = messages::line_source::from_descriptor(store.read_end(), true);
    return loading.load(lines, "the made-up store", {});
  }

  model::status load_files(loader& loading) {
    for (const auto& file : wanted_.files) {
      auto lines = messages::line_source::open(file);
      if (!lines)
        return lines.error();
      if (auto loaded = loading.load(*lines, file, identity_of(file)); !loaded)
        return loaded;
    }
    const auto latest = model::floor_second(loading.report().latest_event);
    return latest > engine_.now() ? engine_.advance(latest) : model::nothing{};
  }

  model::status show_metrics(std::uint64_t records, double seconds) {
    const auto metrics = engine_.metrics();
    const auto figures = engine_.figures();
    if (!metrics || !figures)
      return metrics ? figures.error() : metrics.error();
    table rows({{"metric"}, {"events", side::right}, {"people", side::right}});
    for (const auto& metric : *metrics)
      rows.add({metric.name, grouped(metric.events), grouped(metric.profiles)});
    say("   {} people; {} records read and durable in {} ({}).\n\n{}", grouped(figures->profiles),
        grouped(records), duration_text(seconds), rate_text(records, seconds), rows.text(3));
    return model::nothing{};
  }

  [[nodiscard]] model::outcome<std::vector<demo_segment>> segments() {
    if (is_made_up())
      return shop_segments();
    auto metrics = engine_.metrics();
    if (!metrics)
      return metrics.error();
    std::sort(metrics->begin(), metrics->end(),
              [](const auto& a, const auto& b) { return a.events > b.events; });
    std::vector<std::string> names;
    for (const auto& metric : *metrics)
      if (names.size() < metrics_of_a_strange_store)
        names.push_back(metric.name);
    return segments_over(names);
  }

  model::status build() {
    const auto wanted = segments();
    if (!wanted)
      return wanted.error();
    head("Rules of every kind become segments, in one scan");
    const stopwatch watch;
    for (const auto& segment : *wanted)
      if (auto defined = define(segment); !defined)
        return defined;
    progress bar("building", "profiles");
    for (const auto& segment : *wanted)
      if (auto built = engine_.wait_built(segment.name,
                                          [&](const rollcall::build_report& report) {
                                            bar.at(report.percent / 100, report.profiles_done);
                                            return true;
                                          });
          !built)
        return built;
    bar.finish();
    timings_.push_back({fmt::format("build {} segments", wanted->size()), wanted->size(),
                        "segments", watch.seconds()});
    if (!wanted->empty())
      examples_ = {wanted->front().name, wanted->back().name};
    table rows({{"segment"}, {"kind of rule"}, {"members", side::right}});
    for (const auto& segment : *wanted) {
      const auto members = engine_.count(segment.name);
      if (!members)
        return members.error();
      rows.add({segment.name, segment.kind, grouped(*members)});
    }
    say("{}", rows.text(3));
    return model::nothing{};
  }

  model::status define(const demo_segment& segment) {
    const auto known = engine_.show(segment.name);
    if (known && known->json == segment.json)
      return model::nothing{};
    const auto defined = known ? engine_.edit(segment.name, segment.json)
                               : engine_.create(segment.name, segment.json);
    if (!defined)
      return defined.error();
    return model::nothing{};
  }

  model::status stream() {
    if (!is_made_up())
      return model::nothing{};
    head("People go on living: every event counts at once");
    const auto wanted = std::clamp<std::uint64_t>(wanted_.size.events / 200, live_batch,
                                                  live_events_max);
    std::mutex guard;
    std::uint64_t clock_flips = 0;
    std::atomic<std::int64_t> batch_began_ns{0};
    std::vector<double> delays; // From event to flip, seconds.
    const auto now_ns = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); };
    auto heard = engine_.subscribe({}, [&](const rollcall::flip_record& flip) {
      const std::lock_guard lock{guard};
      if (flip.cause == model::flip_cause::clock) {
        ++clock_flips;
        return;
      }
      if (delays.size() < live_flips_shown)
        say("   {}  {} {} \"{}\" by {}\n", model::format_instant(flip.at), flip.profile,
            flip.joined ? "joined" : "left", flip.segment, flip.detail);
      delays.push_back(static_cast<double>(now_ns() - batch_began_ns.load()) * 1e-9);
    });
    if (!heard)
      return heard.error();
    const stopwatch watch;
    std::uint64_t sent = 0;
    for (; sent < wanted; sent += live_batch)
      if (auto done = send_live_batch([&] { batch_began_ns = now_ns(); }); !done)
        return done;
    const auto seconds = watch.seconds();
    *heard = {};
    const std::lock_guard lock{guard};
    std::sort(delays.begin(), delays.end());
    timings_.push_back(
      {fmt::format("live events, in batches of {}", live_batch), sent, "events", seconds});
    say("   ...\n\n   {} events moved members {} times, the clock meanwhile {} times; from event "
        "to flip: half within "
        "{}, 99 % within {}.\n",
        grouped(sent), grouped(delays.size()), grouped(clock_flips),
        duration_text(quantile(delays, 0.5)), duration_text(quantile(delays, 0.99)));
    return model::nothing{};
  }

  static double quantile(const std::vector<double>& sorted, double share) {
    return sorted.empty()
           ? 0
           : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  }

  model::status send_live_batch(const std::function<void()>& begins) {
    std::string lines;
    std::int64_t last = 0;
    for (std::uint64_t i = 0; i < live_batch; ++i)
      last = events_.append_next(lines);
    const auto at = model::from_ms(last * 1000);
    if (at > engine_.now())
      if (auto moved = engine_.advance(at); !moved)
        return moved;
    messages::line_block block(lines);
    model::change_batch batch;
    std::vector<messages::line_error> errors;
    messages::ndjson_reader{}.read(block, batch, errors);
    begins();
    const auto done = engine_.apply(std::move(batch));
    if (!done)
      return done.error();
    return model::nothing{};
  }

  model::status let_time_pass() {
    head("Nobody does anything: time alone moves members");
    const auto first = engine_.list();
    const auto start = feed_ends(engine_);
    if (!first || !start)
      return first ? start.error() : first.error();
    const stopwatch watch;
    table days(
      {{"midnight of"}, {"joined", side::right}, {"left", side::right}, {"took", side::right}});
    const auto today = std::chrono::floor<std::chrono::days>(engine_.now());
    std::uint64_t moved_in_all = 0;
    for (int day = 1; day <= days_without_events; ++day) {
      const auto before = feed_ends(engine_);
      if (!before)
        return before.error();
      const stopwatch one_day;
      if (auto moved = engine_.advance(today + std::chrono::days{day}); !moved)
        return moved;
      const auto took = one_day.seconds();
      const auto moves = movements_since(engine_, *before);
      if (!moves)
        return moves.error();
      std::uint64_t joined = 0;
      std::uint64_t left = 0;
      for (const auto& m : *moves) {
        joined += m.joined;
        left += m.left;
      }
      moved_in_all += joined + left;
      days.add({model::format_instant(engine_.now()).substr(0, 10), grouped(joined), grouped(left),
                duration_text(took)});
    }
    timings_.push_back({fmt::format("{} days on the clock", days_without_events), moved_in_all,
                        "flips", watch.seconds()});
    const auto moves = movements_since(engine_, *start);
    if (!moves)
      return moves.error();
    table rows({{"segment"},
                {"before", side::right},
                {"joined", side::right},
                {"left", side::right},
                {"after", side::right}});
    for (const auto& m : *moves) {
      const auto before = std::find_if(first->begin(), first->end(),
                                       [&](const auto& s) { return s.name == m.segment; });
      if (m.joined + m.left > 0)
        rows.add({m.segment, before == first->end() ? "" : grouped(before->members),
                  grouped(m.joined), grouped(m.left), grouped(m.members)});
    }
    say("{}\n{}", days.text(3), rows.text(3));
    return model::nothing{};
  }

  model::status explain() {
    head("Why is this person in, and until when?");
    std::size_t explained = 0;
    double seconds = 0;
    for (const auto& segment : examples_) {
      const auto page = engine_.members(segment, {}, 1);
      if (!page)
        return page.error();
      if (page->members.empty())
        continue;
      const auto& person = page->members.front().profile;
      const stopwatch watch;
      const auto why = engine_.explain(segment, person);
      if (!why)
        return why.error();
      seconds += watch.seconds();
      say("{}{}", explained++ == 0 ? "" : "\n", explanation_text(*why, person, segment));
    }
    timings_.push_back({"explain", explained, "people", seconds});
    return model::nothing{};
  }

  /// What campaigns brought about; where there were none, the most frequent metric by month.
  model::status report() {
    head("What do the numbers say?");
    const stopwatch watch;
    auto table = engine_.report(
      R"({"datasource":"campaign","timeframe":{"key":"last_90_days"},"group_by":["campaign_id"],
          "statistics":["delivered","open_rate","click_rate","conversions","conversion_value",
                        "revenue_per_recipient"],
          "order":"-conversion_value","limit":5})",
      rollcall::report_format::table);
    if (table && table->starts_with("Nothing")) {
      auto metrics = engine_.metrics();
      if (!metrics)
        return metrics.error();
      const auto most = std::ranges::max_element(*metrics, {}, &rollcall::metric_info::events);
      if (most == metrics->end())
        return model::nothing{};
      table = engine_.report(
        R"({"datasource":"account","timeframe":{"key":"last_12_months"},"group_by":["month"],
            "statistics":["count","unique","sum_value"],"metric":)"
          + quoted_text(most->name) + "}",
        rollcall::report_format::table);
    }
    if (!table)
      return table.error();
    timings_.push_back({"report", 1, "report", watch.seconds()});
    say("{}", *table);
    return model::nothing{};
  }

  static std::string quoted_text(std::string_view text) {
    std::string json;
    model::append_json_string(json, text);
    return json;
  }

  void finish() {
    if (wanted_.json) {
      json_array list;
      for (const auto& t : timings_)
        list.raw(json_object{}
                   .text("what", t.what)
                   .count("amount", t.amount)
                   .text("unit", t.unit)
                   .number("seconds", t.seconds)
                   .done());
      fmt::print("{}\n",
                 json_object{}.text("data", wanted_.data).raw("timings", list.done()).done());
      return;
    }
    head("What it took");
    table rows(
      {{"work"}, {"amount", side::right}, {""}, {"time", side::right}, {"rate", side::right}});
    for (const auto& t : timings_)
      rows.add({t.what, grouped(t.amount), t.unit, duration_text(t.seconds),
                rate_text(t.amount, t.seconds)});
    say("{}", rows.text(3));
    head(is_made_up() ? "Now with your own files" : "Go on");
    const auto& program = wanted_.program;
    if (is_made_up())
      say("One JSON record a line, a person or an event:\n\n{}\n"
          "This shows the same on them:\n\n   {} demo --data my-store profiles.ndjson "
          "events.ndjson\n\n",
          sample_lines(), program);
    say("The account of this demonstration stays where it is; ask it more:\n\n"
        "   {0} segment list --data {1}\n   {0} segment explain \"{2}\" --data {1} --profile ID\n  "
        " {0} --help\n",
        program, wanted_.data, examples_.empty() ? "NAME" : examples_.back());
  }

  [[nodiscard]] static std::string sample_lines() {
    return R"(   {"external_id":"p1","email":"ada@example.org","location":{"zip":"02110","country":"US"},"properties":{"points":12}}
   {"metric":"Placed Order","unique_id":"o1","profile":{"external_id":"p1"},"time":"2026-06-01T12:00:00Z","value":59.9}
)";
  }

  rollcall::engine& engine_;
  const demo_request& wanted_;
  demo_events events_;
  std::vector<timing> timings_;
  std::vector<std::string> examples_; // The first and the last segment.
  std::uint64_t rejected_ = 0;
  int sections_ = 0;
};

} // namespace

model::status demonstrate(rollcall::engine& engine, const demo_request& wanted) {
  return demonstration(engine, wanted).perform();
}

} // namespace node
