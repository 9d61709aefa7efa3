#include "gateway/webhook_sender.hpp"

#include "gateway/errors.hpp"
#include "gateway/webhook_message.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

model::instant real_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool is_to_be_told(const known_webhook& hook) {
  return hook.is_enabled && (hook.hears(joined_topic) || hook.hears(left_topic));
}

} // namespace

void webhook_sender::receiver::await(const std::string& segment) {
  if (std::ranges::find(waiting, segment) == waiting.end())
    waiting.push_back(segment);
}

webhook_sender::webhook_sender(const account& whose, sender_bounds bounds)
  : whose_(whose), bounds_(bounds), thread_([this] { work(); }) {
}

webhook_sender::~webhook_sender() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
    changed_.notify_all();
  }
  client_.cancel();
  thread_.join();
}

void webhook_sender::reload() {
  const std::lock_guard lock{guard_};
  is_stale_ = true;
  changed_.notify_all();
}

std::optional<delivery_state> webhook_sender::state_of(std::string_view webhook) const {
  const std::lock_guard lock{guard_};
  const auto found = states_.find(webhook);
  return found == states_.end() ? std::nullopt : std::optional{found->second};
}

void webhook_sender::work() {
  while (wait()) {
    try {
      load();
      for (auto& each : receivers_)
        if (!each.waiting.empty() && each.not_before <= clock::now())
          tell_news(each);
    } catch (const refusal& why) {
      // The engine cannot answer, or keep anything, now.
      spdlog::warn("webhooks: account {} waits: {}", whose_.name, why.errors().front().detail);
      std::unique_lock lock{guard_};
      changed_.wait_for(lock, bounds_.pause_first, [this] { return is_ending_; });
    }
  }
  hears_.reset();
}

/// Until there is something to do, which it hands to the receivers; false = the end has come.
bool webhook_sender::wait() {
  const auto next = next_time();
  std::unique_lock lock{guard_};
  const auto is_woken = [this] { return is_ending_ || is_stale_ || !news_.empty(); };
  if (next)
    changed_.wait_until(lock, *next, is_woken);
  else
    changed_.wait(lock, is_woken);
  const auto news = std::exchange(news_, {});
  for (auto& each : receivers_)
    for (const auto& segment : news)
      each.await(segment);
  return !is_ending_;
}

/// When the next receiver may be told what it has not heard; nothing = nobody waits.
std::optional<webhook_sender::clock::time_point> webhook_sender::next_time() const {
  std::optional<clock::time_point> next;
  for (const auto& each : receivers_)
    if (!each.waiting.empty())
      next = std::min(next.value_or(each.not_before), each.not_before);
  return next;
}

/// Reads the webhooks when they have changed.
void webhook_sender::load() {
  {
    const std::lock_guard lock{guard_};
    if (!is_stale_)
      return;
    is_stale_ = false;
  }
  try {
    if (!hears_) // Before the feeds are read, so that nothing falls in between.
      hears_ = value_of(whose_.engine->subscribe({}, [this](const rollcall::flip_record& flip) {
        const std::lock_guard lock{guard_};
        if (news_.insert(flip.segment_id).second)
          changed_.notify_all();
      }));
    auto hooks = all_webhooks(whose_);
    forget_dropped(hooks);
    std::vector<receiver> loaded;
    for (auto& hook : hooks)
      if (is_to_be_told(hook))
        loaded.push_back(make_receiver(std::move(hook)));
    receivers_ = std::move(loaded);
  } catch (const refusal&) {
    reload();
    throw;
  }
  const std::lock_guard lock{guard_};
  states_.clear();
  for (const auto& each : receivers_)
    states_.emplace(each.hook.id, each.state);
}

/// A cursor may have been put after whoever dropped the webhook had them forgotten.
void webhook_sender::forget_dropped(const std::vector<known_webhook>& left) const {
  for (const auto& each : receivers_)
    if (std::ranges::find(left, each.hook.id, &known_webhook::id) == left.end())
      delivery_cursors{whose_, each.hook.id}.forget();
}

webhook_sender::receiver webhook_sender::make_receiver(known_webhook hook) {
  receiver made;
  made.address = value_of(read_http_address(hook.endpoint_url));
  made.cursors = delivery_cursors{whose_, hook.id}.read();
  for (const auto& segment : value_of(whose_.engine->list()))
    made.await(segment.id);
  const auto known = std::ranges::find(receivers_, hook.id,
                                       [](const receiver& r) { return r.hook.id; });
  // Another address is another chance.
  if (known != receivers_.end() && known->hook.endpoint_url == hook.endpoint_url) {
    made.state = known->state;
    made.not_before = known->not_before;
  }
  made.hook = std::move(hook);
  return made;
}

/// One page of one segment.
void webhook_sender::tell_news(receiver& to) {
  const auto segment = to.waiting.front();
  const delivery_cursors cursors{whose_, to.hook.id};
  auto& cursor = to.cursors[segment];
  auto page = whose_.engine->feed(segment, cursor, bounds_.flips_at_once);
  if (!page && page.error().code == model::failure_code::not_found) {
    to.waiting.pop_front();
    to.cursors.erase(segment);
    cursors.drop(segment);
    return;
  }
  auto news = value_of(std::move(page));
  if (news.cursor == cursor) {
    to.waiting.pop_front();
    return;
  }
  std::erase_if(news.flips,
                [&](const rollcall::flip_record& flip) { return !to.hook.hears(topic_of(flip)); });
  if (!news.flips.empty() && !deliver(to, news.flips))
    return;
  cursor = std::move(news.cursor);
  to.waiting.pop_front(); // Others have their turn.
  to.waiting.push_back(segment);
  cursors.put(segment, cursor);
}

bool webhook_sender::deliver(receiver& to, std::span<const rollcall::flip_record> flips) {
  auto message = make_message(whose_, to.hook, to.address, flips, real_now());
  message.deadline = bounds_.deadline;
  const auto status = client_.post(message);
  if (status && *status >= 200 && *status < 300) {
    if (to.state.failures != 0)
      spdlog::info("webhooks: {} of account {} is told again after {} failures", to.hook.id,
                   whose_.name, to.state.failures);
    to.state.failures = 0;
    to.state.next_attempt.reset();
    to.state.last_delivery = real_now();
    show(to);
    return true;
  }
  if (status || status.error().code != model::failure_code::cancelled)
    fail(to, status ? fmt::format("{} answered with status {}", to.address.origin(), *status)
                    : status.error().message);
  return false;
}

void webhook_sender::fail(receiver& to, const std::string& why) {
  constexpr std::uint32_t doublings_max = 30;
  const auto factor = std::int64_t{1} << std::min(to.state.failures, doublings_max);
  const auto pause = std::min(bounds_.pause_max, bounds_.pause_first * factor);
  ++to.state.failures;
  to.not_before = clock::now() + pause;
  to.state.last_error = why;
  to.state.last_failure = real_now();
  to.state.next_attempt = real_now() + pause;
  show(to);
  spdlog::warn("webhooks: {} of account {} failed {} times: {}", to.hook.id, whose_.name,
               to.state.failures, why);
}

void webhook_sender::show(const receiver& of) {
  const std::lock_guard lock{guard_};
  states_.insert_or_assign(of.hook.id, of.state);
}

} // namespace gateway
