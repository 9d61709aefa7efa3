#include "library/engine_parts.hpp"
#include "library/ordered.hpp"
#include "segments/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <future>
#include <random>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <utility>

namespace rollcall {

namespace {

using messages::operation_kind;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::uint32_t partitions_default = 4;
constexpr std::uint32_t partitions_max = 256;
constexpr std::uint32_t batches_in_flight_most = 1'024;

/// Actor systems want one name per process for nothing that we use; ours only needs threads.
void configure(actors::system_config& config) {
  const auto threads = std::max(1u, std::thread::hardware_concurrency());
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", 50u);
}

status check_options(const options& wanted) {
  if (wanted.directory.empty())
    return failure{failure_code::invalid_input, "no directory is named to keep the data in"};
  if (wanted.partitions && (*wanted.partitions == 0 || *wanted.partitions > partitions_max))
    return failure{failure_code::invalid_input, fmt::format("{} partitions: 1 to {} are possible",
                                                            *wanted.partitions, partitions_max)};
  if (wanted.account_zone && !segments::find_zone(*wanted.account_zone))
    return failure{
      failure_code::invalid_input,
      fmt::format("\"{}\" is no time zone that this system knows; use a name like Europe/Paris",
                  *wanted.account_zone)};
  if (wanted.batches_in_flight_max == 0 || wanted.batches_in_flight_max > batches_in_flight_most)
    return failure{failure_code::invalid_input,
                   fmt::format("{} batches in flight: 1 to {} are possible",
                               wanted.batches_in_flight_max, batches_in_flight_most)};
  if (wanted.order && wanted.clock != clock_kind::manual)
    return failure{
      failure_code::invalid_input,
      "an engine that follows an order needs a manual clock: time passes in the order"};
  return model::nothing{};
}

/// A directory with things in it that no account puts there is somebody else's.
status check_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory, error) && !std::filesystem::is_directory(directory, error))
    return failure{failure_code::conflict, fmt::format("{} is no directory", directory.string())};
  const bool is_account = std::filesystem::exists(directory / "account" / "data.mdb", error);
  bool is_other = false;
  for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end;
       at.increment(error)) {
    const auto name = at->path().filename().string();
    is_other = is_other || (name != "account" && !name.starts_with("partition-"));
  }
  if (is_other && !is_account)
    return failure{failure_code::conflict,
                   fmt::format("{} holds other things and no Rollcall account; name a directory "
                               "that is empty or not there yet",
                               directory.string())};
  return model::nothing{};
}

/// Made for its owner and his group; nobody else looks into it.
std::error_code make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error))
    return {};
  const auto itself = directory.has_filename() ? directory : directory.parent_path();
  if (const auto above = itself.parent_path(); !above.empty()) {
    std::filesystem::create_directories(above, error);
    if (error)
      return error;
  }
  if (::mkdir(itself.c_str(), 0750) != 0 && errno != EEXIST)
    return {errno, std::generic_category()};
  return {};
}

actors::account_settings settings_when_new(const options& wanted) {
  actors::account_settings s;
  s.partitions = wanted.partitions.value_or(partitions_default);
  s.zone = wanted.account_zone.value_or("UTC");
  s.clock.is_manual = wanted.clock == clock_kind::manual;
  if (s.clock.is_manual)
    s.clock.ms = model::to_ms(
      model::floor_second(wanted.start.value_or(actors::account_clock::system_now())));
  return s;
}

status compare(const options& wanted, const actors::account_settings& stored) {
  if (wanted.partitions && *wanted.partitions != stored.partitions)
    return failure{
      failure_code::conflict,
      fmt::format("the data in {} has {} partitions, not {}; that is chosen once, when it is made",
                  wanted.directory.string(), stored.partitions, *wanted.partitions)};
  if (wanted.account_zone && *wanted.account_zone != stored.zone)
    return failure{
      failure_code::conflict,
      fmt::format(
        "the data in {} has the time zone {}, not {}; that is chosen once, when it is made",
        wanted.directory.string(), stored.zone, *wanted.account_zone)};
  return model::nothing{};
}

using partitions = std::vector<std::unique_ptr<actors::partition>>;

actors::partition_options partition_options_of(const std::filesystem::path& directory,
                                               std::uint64_t delta_bytes_max, std::uint32_t index,
                                               const actors::account_settings& settings) {
  actors::partition_options o;
  o.directory = directory / fmt::format("partition-{}", index);
  o.index = index;
  o.count = settings.partitions;
  o.account_zone = settings.zone;
  o.delta_bytes_max = std::max<std::uint64_t>(1, delta_bytes_max / settings.partitions);
  return o;
}

outcome<std::unique_ptr<actors::partition>> open_partition(actors::partition_options options) {
  return guarded([&] { return actors::partition::open(std::move(options)); });
}

/// Side by side, because each may have a log to read.
outcome<partitions> open_partitions(const options& wanted,
                                    const actors::account_settings& settings) {
  std::vector<std::future<outcome<std::unique_ptr<actors::partition>>>> opening;
  for (std::uint32_t i = 0; i < settings.partitions; ++i)
    opening.push_back(
      std::async(std::launch::async, open_partition,
                 partition_options_of(wanted.directory, wanted.delta_bytes_max, i, settings)));
  partitions opened;
  std::optional<failure> failed;
  for (auto& one : opening) {
    auto result = one.get();
    if (result)
      opened.push_back(std::move(*result));
    else if (!failed)
      failed = result.error();
  }
  if (failed)
    return std::move(*failed);
  return opened;
}

/// The clock goes on from what is stored, changed to the wanted kind, and never to before what a
/// partition has seen.
actors::account_clock::setting
clock_to_open(clock_kind wanted, actors::account_clock::setting stored, const partitions& opened) {
  const actors::account_clock before{stored};
  auto now = before.now();
  for (const auto& p : opened)
    now = std::max(now, p->figures().now);
  const bool is_manual = wanted == clock_kind::as_stored ? stored.is_manual
                                                         : wanted == clock_kind::manual;
  if (is_manual)
    return {true, model::to_ms(now)};
  if (!stored.is_manual)
    return {false, std::max<std::int64_t>(0, stored.ms)};
  return {false, std::max<std::int64_t>(0, (now - actors::account_clock::system_now()).count())};
}

void spawn_actors(engine::parts& parts, const options& wanted, partitions opened,
                  actors::catalogue known) {
  auto& system = *parts.system;
  parts.builds = system.spawn(actors::build_coordinator, static_cast<std::uint32_t>(opened.size()));
  parts.timer = system.spawn<caf::detached>(
    actors::clock_of, parts.clock,
    [store = parts.store](auto setting) { return store->save_clock(setting); });
  for (std::uint32_t i = 0; i < opened.size(); ++i) {
    auto own = std::make_shared<actors::profile_actor_parts>();
    own->owned = std::move(opened[i]);
    own->index = i;
    own->clock = parts.clock;
    own->due_listener = parts.timer;
    own->build_listener = parts.builds;
    own->reopen = [o = partition_options_of(wanted.directory, wanted.delta_bytes_max, i,
                                            parts.store->settings())] { return open_partition(o); };
    parts.profiles.push_back(system.spawn<caf::detached>(actors::profile, std::move(own)));
  }
  caf::scoped_actor self{system};
  self->send(parts.builds, actors::meet_profiles{parts.profiles});
  self->send(parts.timer, actors::meet_profiles{parts.profiles});
  auto account = std::make_shared<actors::account_actor_parts>();
  account->store = parts.store;
  account->known = std::move(known);
  account->profiles = parts.profiles;
  account->builds = parts.builds;
  account->clock = parts.clock;
  account->identity_key = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
  parts.account = system.spawn<caf::detached>(actors::account, std::move(account));
  parts.port = system.spawn<caf::detached>(actors::batch_port,
                                           actors::batch_taker_actor{parts.account});
  parts.reports = system.spawn(
    actors::metric_coordinator,
    std::make_shared<const actors::report_surroundings>(actors::report_surroundings{
      parts.words, parts.store->settings().zone, parts.clock, parts.account, parts.profiles}));
}

receipt to_receipt(actors::batch_answer&& answer) {
  receipt r{answer.applied, answer.duplicates, {}, std::move(answer.duplicate_records)};
  for (auto& one : answer.rejected)
    r.rejected.push_back({one.record, one.line, std::move(one.reason)});
  return r;
}

} // namespace

// --- coming and going ----------------------------------------------------------------------------

engine::engine(std::unique_ptr<parts> made) : parts_(std::move(made)) {
}

engine::~engine() = default;

engine::parts::~parts() {
  if (!system)
    return;
  {
    std::unique_lock lock{guard};
    room.wait_for(lock, work_deadline, [&] { return in_flight == 0; });
  }
  for (const auto& weak : subscriptions)
    if (const auto live = weak.lock())
      live->end();
  // The ACCOUNT first, for it makes actors; then everybody who is left.
  caf::scoped_actor self{*system};
  actors::stop_soon(caf::actor_cast<caf::strong_actor_ptr>(account));
  self->wait_for(account);
  config.directory->stop_all();
  account = nullptr;
  reports = nullptr;
  port = nullptr;
  timer = nullptr;
  builds = nullptr;
  profiles.clear();
}

outcome<std::unique_ptr<engine>> engine::open(options wanted) {
  return guarded([&]() -> outcome<std::unique_ptr<engine>> {
    if (auto checked = check_options(wanted); !checked)
      return checked.error();
    if (auto ours = check_directory(wanted.directory); !ours)
      return ours.error();
    if (const auto error = make_directory(wanted.directory))
      return failure{failure_code::not_found,
                     fmt::format("cannot make the directory {}: {}", wanted.directory.string(),
                                 error.message())};
    auto store = actors::account_store::open(wanted.directory / "account",
                                             settings_when_new(wanted));
    if (!store)
      return store.error();
    const auto settings = (*store)->settings();
    if (auto same = compare(wanted, settings); !same)
      return same.error();
    auto known = (*store)->load_catalogue();
    if (!known)
      return known.error();
    auto opened = open_partitions(wanted, settings);
    if (!opened)
      return opened.error();
    const auto clock = clock_to_open(wanted.clock, settings.clock, *opened);
    if (clock.is_manual != settings.clock.is_manual || clock.ms != settings.clock.ms)
      if (auto saved = (*store)->save_clock(clock); !saved)
        return saved.error();

    auto words = read_dictionary(wanted.directory, wanted.dictionary);
    if (!words)
      return words.error();

    auto made = std::make_unique<parts>();
    configure(made->config);
    made->words = std::move(*words);
    made->store = std::move(*store);
    made->clock = std::make_shared<actors::account_clock>(clock);
    made->batches_in_flight_max = wanted.batches_in_flight_max;
    made->order = wanted.order;
    if (made->order) {
      auto position = made->store->order_position();
      if (!position)
        return position.error();
      made->order_saved = *position;
      made->store->note_order(*position);
    }
    made->system = std::make_unique<caf::actor_system>(made->config);
    spawn_actors(*made, wanted, std::move(*opened), std::move(*known));
    return std::unique_ptr<engine>{new engine{std::move(made)}};
  });
}

// --- changes -------------------------------------------------------------------------------------

/// Waits for room and sends the batch on its way. `is_submitted`: its failure is told by the next
/// flush.
status offer_batch(engine::parts& p, model::change_batch batch, std::string_view source,
                   std::uint64_t sequence, bool is_submitted,
                   std::function<void(const outcome<receipt>&)> done) {
  return guarded([&]() -> status {
    {
      std::unique_lock lock{p.guard};
      if (!p.room.wait_for(lock, engine::parts::work_deadline,
                           [&] { return p.in_flight < p.batches_in_flight_max; }))
        return failure{failure_code::unavailable,
                       "no batch was answered for a day; look at the engine's actors"};
      ++p.in_flight;
    }
    auto answered = [&p, is_submitted,
                     done = std::move(done)](outcome<actors::batch_answer> answer) {
      outcome<receipt> result = answer ? outcome<receipt>{to_receipt(std::move(*answer))}
                                       : outcome<receipt>{answer.error()};
      if (done)
        done(result);
      const std::lock_guard lock{p.guard};
      --p.in_flight;
      if (is_submitted && !result && !p.first_failure)
        p.first_failure = result.error();
      p.room.notify_all();
    };
    caf::anon_send(
      p.port, actors::offer_batch{{std::make_shared<const model::change_batch>(std::move(batch)),
                                   std::string{source}, sequence},
                                  std::move(answered)});
    return model::nothing{};
  });
}

namespace {

/// The same, where the engine follows an order: hands it over to that.
status offer(engine::parts& p, model::change_batch batch, std::string_view source,
             std::uint64_t sequence, bool is_submitted,
             std::function<void(const outcome<receipt>&)> done) {
  if (!p.order)
    return offer_batch(p, std::move(batch), source, sequence, is_submitted, std::move(done));
  return guarded([&]() -> status {
    return order_batch(p, batch, source, sequence, is_submitted, std::move(done));
  });
}

} // namespace

status engine::submit(model::change_batch batch, std::string_view source, std::uint64_t sequence,
                      std::function<void(const outcome<receipt>&)> done) {
  return offer(*parts_, std::move(batch), source, sequence, true, std::move(done));
}

outcome<receipt> engine::apply(model::change_batch batch, std::string_view source,
                               std::uint64_t sequence) {
  return guarded([&]() -> outcome<receipt> {
    const auto promise = std::make_shared<std::promise<outcome<receipt>>>();
    auto answer = promise->get_future();
    if (auto sent = offer(*parts_, std::move(batch), source, sequence, false,
                          [promise](const outcome<receipt>& r) { promise->set_value(r); });
        !sent)
      return sent.error();
    if (answer.wait_for(parts::work_deadline) != std::future_status::ready)
      return failure{failure_code::unavailable,
                     "the batch was not answered for a day; look at the engine's actors"};
    return answer.get();
  });
}

status engine::flush() {
  return guarded([&]() -> status {
    std::unique_lock lock{parts_->guard};
    if (!parts_->room.wait_for(lock, parts::work_deadline, [&] {
          return parts_->in_flight == 0 && parts_->ordered_in_flight == 0;
        }))
      return failure{failure_code::unavailable,
                     "no batch was answered for a day; look at the engine's actors"};
    if (auto failed = std::exchange(parts_->first_failure, std::nullopt))
      return std::move(*failed);
    return model::nothing{};
  });
}

namespace {

/// One of a source's two counts.
outcome<std::uint64_t> ask_sequence(engine::parts& p, std::string_view source,
                                    std::uint64_t actors::last_sequences::*which) {
  return guarded([&]() -> outcome<std::uint64_t> {
    const auto last = p.ask<actors::last_sequences>(
      p.account, actors::ask_last_sequence{std::string{source}}, "ask how far a source has come");
    if (!last)
      return last.error();
    return std::uint64_t{(*last).*which};
  });
}

/// A partition tells the numbers of segments, at the end; they become the ids that others know. One
/// that was dropped meanwhile has none.
std::string with_segment_ids(std::string shown, const actors::segment_list& segments) {
  constexpr std::string_view key = "\"segments\":[";
  const auto start = shown.rfind(key) + key.size();
  std::vector<std::string> ids;
  const auto* end = shown.data() + shown.size();
  for (const auto* at = shown.data() + start; at < end && *at != ']';) {
    std::uint64_t number = 0;
    at = std::from_chars(at, end, number).ptr;
    at += *at == ',' ? 1 : 0;
    const auto known = std::ranges::find(segments.segments, number,
                                         [](const auto& line) { return line.entry.number; });
    if (known != segments.segments.end())
      ids.push_back(fmt::format("\"{}\"", known->entry.id));
  }
  shown.resize(start);
  return shown + fmt::format("{}]}}", fmt::join(ids, ","));
}

} // namespace

outcome<std::uint64_t> engine::last_sequence(std::string_view source) {
  return ask_sequence(*parts_, source, &actors::last_sequences::everywhere);
}

outcome<std::uint64_t> engine::highest_sequence(std::string_view source) {
  return ask_sequence(*parts_, source, &actors::last_sequences::anywhere);
}

status engine::fold() {
  return guarded([&]() -> status {
    auto folded = parts_->ask_all<actors::finished>(
      actors::fold_delta{}, "fold changes into blocks", parts::work_deadline);
    if (folded)
      return model::nothing{};
    return folded.error();
  });
}

// --- people --------------------------------------------------------------------------------------

outcome<std::string> engine::profile(std::string_view identifier) {
  return guarded([&]() -> outcome<std::string> {
    auto found = parts_->ask<actors::found_person>(
      parts_->account, actors::find_person{std::string{identifier}}, "find a profile");
    if (!found)
      return found.error();
    auto shown = parts_->ask<std::string>(parts_->profiles[found->place.partition],
                                          actors::show_profile{found->place.profile},
                                          "show a profile");
    if (!shown)
      return shown.error();
    auto listed = parts_->ask<actors::segment_list>(parts_->account, actors::list_segments{},
                                                    "name the segments");
    if (!listed)
      return listed.error();
    return with_segment_ids(std::move(*shown), *listed);
  });
}

status engine::merge_profiles(std::string_view from, std::string_view into) {
  return in_order<status>(
    *parts_,
    {.kind = operation_kind::merge_profiles, .texts = {std::string{from}, std::string{into}}}, [&] {
      return parts_->done(parts_->ask<actors::finished>(
        parts_->account, actors::merge_people{std::string{from}, std::string{into}},
        "merge two profiles", parts::work_deadline));
    });
}

status engine::erase_profile(std::string_view identifier) {
  return in_order<status>(
    *parts_, {.kind = operation_kind::erase_profile, .texts = {std::string{identifier}}}, [&] {
      return parts_->done(parts_->ask<actors::finished>(
        parts_->account, actors::erase_person{std::string{identifier}}, "erase a profile",
        parts::work_deadline));
    });
}

// --- time ----------------------------------------------------------------------------------------

model::instant engine::now() const {
  return parts_->clock->now();
}

status engine::advance(model::instant to, const std::function<void(double)>& progress) {
  if (parts_->order && !is_performing(*parts_))
    return failure{failure_code::conflict,
                   "the clock goes by the order that the engine follows; nobody else moves it"};
  return guarded([&]() -> status {
    auto going = std::async(std::launch::async, [&] {
      return guarded([&] {
        return parts_->done(parts_->ask<actors::finished>(
          parts_->timer, actors::advance_clock{to}, "advance the clock", parts::work_deadline));
      });
    });
    while (going.wait_for(std::chrono::milliseconds{200}) != std::future_status::ready)
      if (progress)
        if (const auto share = parts_->ask<double>(parts_->timer, actors::ask_advance{},
                                                   "ask the clock"))
          progress(*share);
    auto moved = going.get();
    if (moved && progress)
      progress(1);
    return moved;
  });
}

} // namespace rollcall
