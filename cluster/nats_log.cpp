#include "cluster/nats_log.hpp"

#include "cluster/nats_answers.hpp"
#include "cluster/nats_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <limits>
#include <mutex>
#include <thread>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A leader that was elected just now may not have looked through all it has.
constexpr milliseconds settles_within{3000};
constexpr milliseconds ask_again_after{100};
constexpr milliseconds question_patience_min{1000};
// How often records may be missing at one place before they count as lost.
constexpr int gaps_max = 3;

class nats_log final : public partition_log {
public:
  nats_log(std::shared_ptr<nats_connection> connection, nats_stream_name name)
    : connection_{std::move(connection)}, name_{std::move(name)}, answers_{*connection_, name_} {
  }

  model::outcome<std::uint64_t> append(std::uint64_t last, std::string_view bytes) override {
    // Shared, because whoever sets it may still be at it when the other side has seen it.
    const auto answered = std::make_shared<std::promise<model::outcome<std::uint64_t>>>();
    auto answer = answered->get_future();
    submit(last, std::string{bytes},
           [answered](const model::outcome<std::uint64_t>& told) { answered->set_value(told); });
    return answer.get();
  }

  void submit(std::uint64_t last, std::string bytes, appended done) override {
    // A writer knows what it writes. Nothing need be pushed to it any more.
    forget_delivery();
    answers_.submit(last, bytes, std::move(done));
  }

  model::status read(std::uint64_t from, milliseconds patience,
                     const std::function<bool(std::uint64_t, std::string_view)>& each) override;

  /// Until somebody answers appends: right after a stream was made, or lost its leader, nobody
  /// does.
  model::status wait_for_leader();

  model::outcome<log_extent> extent() override {
    return extent_within(connection_->settings.answer_patience);
  }

  model::status trim(std::uint64_t up_to) override;

private:
  // A delivery from the last reading and what it goes on with.
  struct kept_delivery {
    nats_delivery delivery;
    std::uint64_t next;
  };

  model::outcome<log_extent> extent_within(milliseconds patience);
  model::status locate(std::uint64_t from, milliseconds patience);
  std::optional<nats_delivery> take_delivery(std::uint64_t from);
  void keep_delivery(nats_delivery delivery, std::uint64_t next);
  void forget_delivery();

  const std::shared_ptr<nats_connection> connection_;
  const nats_stream_name name_;
  std::mutex delivery_mutex_;
  std::optional<kept_delivery> kept_;
  nats_answers answers_;
};

model::outcome<log_extent> nats_log::extent_within(milliseconds patience) {
  const auto link = connection_->questions.link();
  if (!link)
    return link.error();
  jsOptions waits;
  jsOptions_Init(&waits);
  waits.Wait = patience.count();
  jsStreamInfo* raw = nullptr;
  jsErrCode code{};
  const auto status = js_GetStreamInfo(&raw, (*link)->jetstream(), name_.stream.c_str(), &waits,
                                       &code);
  const nats_stream_info info{raw};
  if (status != NATS_OK)
    return failure{failure_code::unavailable, fmt::format("{}: nobody tells where it ends: {}",
                                                          name_.stream, nats_error_text(status))};
  const auto& state = info->State;
  return log_extent{.first = state.Msgs == 0 ? state.LastSeq + 1 : state.FirstSeq,
                    .last = state.LastSeq};
}

// Whether the log can be read from `from` on.
model::status nats_log::locate(std::uint64_t from, milliseconds patience) {
  const auto until = steady_clock::now() + settles_within;
  for (;;) {
    const auto is = extent_within(patience);
    if (!is)
      return is.error();
    if (from < is->first)
      return failure{failure_code::not_found,
                     fmt::format("{}: record {} was cut, the log begins with {}", name_.stream,
                                 from, is->first)};
    if (from <= is->last + 1)
      return model::nothing{};
    if (steady_clock::now() >= until)
      return failure{failure_code::conflict,
                     fmt::format("{}: the log ends with record {}, before {}: it is another log, "
                                 "or records were lost",
                                 name_.stream, is->last, from)};
    std::this_thread::sleep_for(ask_again_after);
  }
}

model::status nats_log::read(std::uint64_t from, milliseconds patience,
                             const std::function<bool(std::uint64_t, std::string_view)>& each) {
  auto next = std::max<std::uint64_t>(from, 1);
  const auto ask_for = std::clamp(
    patience, question_patience_min,
    std::max(question_patience_min, connection_->settings.answer_patience));
  auto delivery = take_delivery(next);
  auto until = steady_clock::now() + patience;
  int gaps = 0;
  bool located = delivery.has_value();
  for (;;) {
    if (!delivery) {
      // One question too many is better than a record too few.
      model::status fine = locate(next, ask_for);
      located = fine.has_value();
      if (fine) {
        auto link = connection_->questions.link();
        auto opened = link ? nats_delivery::open(*link, name_.stream, next, ask_for)
                           : model::outcome<nats_delivery>{link.error()};
        if (opened)
          delivery.emplace(std::move(*opened));
        else
          fine = opened.error();
      }
      if (!fine) {
        if (fine.error().code != failure_code::unavailable || steady_clock::now() >= until)
          return fine;
        std::this_thread::sleep_for(ask_again_after);
        continue;
      }
    }
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    auto came = delivery->next(std::max(left, milliseconds{0}));
    if (came.what == nats_delivery::arrival::kind::broken) {
      delivery.reset();
      continue;
    }
    if (came.what == nats_delivery::arrival::kind::nothing) {
      keep_delivery(std::move(*delivery), next);
      return model::nothing{};
    }
    if (came.sequence < next) {
      // From a server that is behind. From a log that ends before, too.
      if (located) {
        if (auto fine = locate(next, ask_for); !fine)
          return fine;
        located = false;
      }
      continue;
    }
    if (came.sequence > next) {
      delivery.reset();
      if (++gaps >= gaps_max)
        return failure{failure_code::not_found, fmt::format("{}: records {} to {} are missing",
                                                            name_.stream, next, came.sequence - 1)};
      continue;
    }
    gaps = 0;
    const std::string_view bytes{
      natsMsg_GetData(came.message.get()),
      static_cast<std::size_t>(natsMsg_GetDataLength(came.message.get()))};
    ++next;
    if (!each(came.sequence, bytes)) {
      keep_delivery(std::move(*delivery), next);
      return model::nothing{};
    }
    until = steady_clock::now() + patience;
  }
}

std::optional<nats_delivery> nats_log::take_delivery(std::uint64_t from) {
  const std::scoped_lock lock{delivery_mutex_};
  auto taken = std::exchange(kept_, std::nullopt);
  if (!taken || taken->next != from)
    return std::nullopt;
  return std::move(taken->delivery);
}

void nats_log::keep_delivery(nats_delivery delivery, std::uint64_t next) {
  const std::scoped_lock lock{delivery_mutex_};
  kept_.emplace(kept_delivery{std::move(delivery), next});
}

void nats_log::forget_delivery() {
  const std::scoped_lock lock{delivery_mutex_};
  kept_.reset();
}

model::status nats_log::wait_for_leader() {
  // Belongs behind a record that no log will ever have, so it is never stored.
  constexpr auto nowhere = std::numeric_limits<std::int64_t>::max() - 1;
  const auto until = steady_clock::now() + 2 * connection_->settings.answer_patience;
  for (;;) {
    const auto told = append(nowhere, "knock");
    if (!told && told.error().code == failure_code::conflict)
      return model::nothing{};
    if (steady_clock::now() >= until)
      return failure{failure_code::unavailable,
                     fmt::format("{}: takes no appends: {}", name_.stream,
                                 told ? "it stores what it must not" : told.error().message)};
    std::this_thread::sleep_for(ask_again_after);
  }
}

model::status nats_log::trim(std::uint64_t up_to) {
  const auto is = extent();
  if (!is)
    return is.error();
  // To purge beyond the end would move the end, and to purge up to 1 or 0 means everything.
  up_to = std::min(up_to, is->last);
  if (up_to < is->first)
    return model::nothing{};
  const auto link = connection_->questions.link();
  if (!link)
    return link.error();
  jsOptions how;
  jsOptions_Init(&how);
  how.Wait = connection_->settings.answer_patience.count();
  how.Stream.Purge.Sequence = up_to + 1;
  jsErrCode code{};
  const auto status = js_PurgeStream((*link)->jetstream(), name_.stream.c_str(), &how, &code);
  if (status != NATS_OK)
    return failure{failure_code::unavailable,
                   fmt::format("{}: cannot be trimmed up to {}: {}", name_.stream, up_to,
                               nats_error_text(status))};
  return model::nothing{};
}

} // namespace

model::outcome<std::unique_ptr<partition_log>>
open_nats_log(std::shared_ptr<nats_connection> connection, std::uint32_t partition) {
  auto name = name_nats_stream(connection->settings.prefix, partition);
  if (const auto ready = prepare_nats_stream(*connection, name); !ready)
    return ready.error();
  auto log = std::make_unique<nats_log>(std::move(connection), std::move(name));
  if (const auto ready = log->wait_for_leader(); !ready)
    return ready.error();
  return std::unique_ptr<partition_log>{std::move(log)};
}

} // namespace cluster
