#include "library/ordered.hpp"
#include "messages/batch_codec.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

// An engine that follows an order hands every change to it (`in_order`), and makes it when the
// order brings it back (`perform`).
namespace rollcall {

namespace {

using messages::operation_kind;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view order_source = "rollcall order"; // Of batches whose sender counts none.
constexpr std::chrono::milliseconds try_again_after{200};   // What the disk has refused.
constexpr std::chrono::milliseconds look_at_builds_after{5};
constexpr std::chrono::seconds saved_every{30}; // By the account's clock.

thread_local const engine::parts* performing = nullptr;

struct performing_here {
  explicit performing_here(const engine::parts& p) {
    performing = &p;
  }
  ~performing_here() {
    performing = nullptr;
  }
  performing_here(const performing_here&) = delete;
  performing_here& operator=(const performing_here&) = delete;
};

failure stopping() {
  return {failure_code::unavailable, "the engine is stopping"};
}

/// What is no property of the operation and may be over soon.
template <class Answer>
bool is_passing(const outcome<Answer>& answer) {
  return !answer
      && (answer.error().code == failure_code::storage_full
          || answer.error().code == failure_code::storage_broken
          || answer.error().code == failure_code::unavailable);
}

/// Does `work` until it is done or refused for good.
template <class Work>
auto persistently(engine::parts& p, const Work& work) -> decltype(work()) {
  for (bool is_told = false;; is_told = true) {
    auto answer = work();
    if (!is_passing(answer) || p.is_order_stopped)
      return answer;
    if (!is_told)
      spdlog::warn("order: an operation waits, because it cannot be performed: {}",
                   answer.error().message);
    std::this_thread::sleep_for(try_again_after);
  }
}

/// Every definition that was recorded is in force when this returns.
status wait_for_builds(engine& it, engine::parts& p) {
  for (;;) {
    const auto going = persistently(p, [&] { return it.builds(); });
    if (!going)
      return going.error();
    if (going->empty())
      return model::nothing{};
    if (p.is_order_stopped)
      return stopping();
    std::this_thread::sleep_for(look_at_builds_after);
  }
}

bool begins_builds(operation_kind kind) {
  return kind == operation_kind::create_segments || kind == operation_kind::edit_segment
      || kind == operation_kind::activate_segment;
}

std::any answer_of(engine& it, engine::parts& p, messages::operation& what) {
  auto& texts = what.texts;
  switch (what.kind) {
  case operation_kind::merge_profiles:
    return persistently(p, [&] { return it.merge_profiles(texts[0], texts[1]); });
  case operation_kind::erase_profile:
    return persistently(p, [&] { return it.erase_profile(texts[0]); });
  case operation_kind::create_segments: {
    std::vector<new_segment> all;
    for (std::size_t i = 0; i + 1 < texts.size(); i += 2)
      all.push_back({texts[i], texts[i + 1]});
    return persistently(p, [&] { return it.create(all); });
  }
  case operation_kind::edit_segment:
    return persistently(p, [&] { return it.edit(texts[0], texts[1]); });
  case operation_kind::activate_segment:
    return persistently(p, [&] { return it.set_active(texts[0], what.is_so); });
  case operation_kind::rename_segment:
    return persistently(p, [&] { return it.rename(texts[0], texts[1]); });
  case operation_kind::drop_segment:
    return persistently(p, [&] { return it.drop(texts[0]); });
  case operation_kind::cancel_build:
    return persistently(p, [&] { return it.cancel_build(texts[0]); });
  case operation_kind::change_reports:
    return persistently(p, [&] { return it.change_report_settings(texts[0]); });
  case operation_kind::put_document:
    return persistently(p, [&] { return it.put_document(texts[0], texts[1], texts[2]); });
  case operation_kind::drop_document:
    return persistently(p, [&] { return it.drop_document(texts[0], texts[1]); });
  case operation_kind::add_list:
    return persistently(p, [&] { return it.add_list(texts[0]); });
  case operation_kind::tick:
  case operation_kind::apply_batch:
  case operation_kind::create_account:
    break;
  }
  return {};
}

void batch_answered(engine::parts& p, refused_batch&& batch, const outcome<receipt>& answer) {
  const bool is_refused = is_passing(answer);
  if (!is_refused && batch.done)
    batch.done({answer});
  const std::lock_guard lock{p.order_guard};
  if (is_refused)
    p.order_refused.push_back(std::move(batch));
  --p.order_batches_out;
  p.order_changed.notify_all();
}

status offer_again(engine::parts& p, refused_batch&& batch) {
  auto what = messages::decode_operation(*batch.operation);
  if (!what)
    return what.error();
  model::change_batch changes;
  auto header = messages::decode(std::as_bytes(std::span{what->batch}), changes);
  if (!header)
    return header.error();
  if (header->source.empty()) {
    header->source = order_source;
    header->sequence = batch.position;
  }
  {
    const std::lock_guard lock{p.order_guard};
    ++p.order_batches_out;
  }
  const auto shared = std::make_shared<refused_batch>(std::move(batch));
  auto offered = offer_batch(p, std::move(changes), header->source, header->sequence, false,
                             [&p, shared](const outcome<receipt>& answer) {
                               batch_answered(p, std::move(*shared), answer);
                             });
  if (!offered) {
    const std::lock_guard lock{p.order_guard};
    --p.order_batches_out;
  }
  return offered;
}

/// Batches that were refused come before everything else, one after the other as they came.
status retry_refused(engine::parts& p) {
  for (bool is_told = false;; is_told = true) {
    std::vector<refused_batch> again;
    {
      std::unique_lock lock{p.order_guard};
      if (p.order_refused.empty())
        return model::nothing{};
      p.order_changed.wait(lock, [&] { return p.order_batches_out == 0; });
      again = std::exchange(p.order_refused, {});
    }
    if (p.is_order_stopped) {
      const std::lock_guard lock{p.order_guard};
      p.order_refused = std::move(again);
      return stopping();
    }
    if (!is_told)
      spdlog::warn("order: {} batches wait, because the disk does not take them", again.size());
    std::ranges::sort(again, {}, &refused_batch::position);
    std::this_thread::sleep_for(try_again_after);
    for (auto& batch : again)
      if (auto offered = offer_again(p, std::move(batch)); !offered)
        return offered;
    std::unique_lock lock{p.order_guard};
    p.order_changed.wait(lock, [&] { return p.order_batches_out == 0; });
  }
}

/// Every batch so far is durable.
status settle(engine::parts& p) {
  {
    std::unique_lock lock{p.order_guard};
    p.order_changed.wait(lock, [&] { return p.order_batches_out == 0; });
  }
  return retry_refused(p);
}

} // namespace

bool is_performing(const engine::parts& p) {
  return performing == &p;
}

outcome<performed_operation> put_in_order(engine::parts& p, const messages::operation& what) {
  const auto promise = std::make_shared<std::promise<outcome<performed_operation>>>();
  auto answer = promise->get_future();
  p.order->put(messages::encode(what), [promise](outcome<performed_operation> performed) {
    promise->set_value(std::move(performed));
  });
  if (answer.wait_for(engine::parts::work_deadline) != std::future_status::ready)
    return failure{failure_code::unavailable,
                   fmt::format("{} was not performed for a day", messages::name_of(what.kind))};
  return answer.get();
}

status order_batch(engine::parts& p, const model::change_batch& batch, std::string_view source,
                   std::uint64_t sequence, bool is_submitted,
                   std::function<void(const outcome<receipt>&)> done) {
  const auto message = messages::encode(batch, {{}, std::string{source}, sequence});
  const auto bytes = message.bytes();
  messages::operation what{.kind = operation_kind::apply_batch};
  what.batch.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  {
    std::unique_lock lock{p.guard};
    if (!p.room.wait_for(lock, engine::parts::work_deadline,
                         [&] { return p.ordered_in_flight < p.ordered_in_flight_max; }))
      return failure{failure_code::unavailable, "no batch was performed for a day"};
    ++p.ordered_in_flight;
  }
  p.order->put(messages::encode(what), [&p, is_submitted, done = std::move(done)](
                                         outcome<performed_operation> performed) {
    outcome<receipt> answer = failure{failure_code::unavailable, "the order told no receipt"};
    if (!performed)
      answer = performed.error();
    else if (auto* told = std::any_cast<outcome<receipt>>(&performed->answer))
      answer = std::move(*told);
    if (done)
      done(answer);
    const std::lock_guard lock{p.guard};
    --p.ordered_in_flight;
    if (is_submitted && !answer && !p.first_failure)
      p.first_failure = answer.error();
    p.room.notify_all();
  });
  return model::nothing{};
}

status engine::perform(std::string_view operation, std::uint64_t position,
                       std::function<void(performed_operation)> done) {
  return guarded([&]() -> status {
    auto& p = *parts_;
    auto what = messages::decode_operation(operation);
    if (!what)
      return what.error();
    const performing_here here{p};
    if (position <= p.order_saved) {
      if (done)
        done({});
      return model::nothing{};
    }
    if (auto retried = retry_refused(p); !retried)
      return retried;
    if (!p.is_order_begun) {
      // A build that a crash has interrupted ends before what comes behind it, as it did elsewhere.
      if (auto built = wait_for_builds(*this, p); !built)
        return built;
      p.is_order_begun = true;
    }
    if (const auto at = model::floor_second(what->at); at > p.clock->now()) {
      if (auto settled = settle(p); !settled)
        return settled;
      if (auto moved = persistently(p, [&] { return advance(at); }); !moved)
        return moved;
      if (p.order_saved_at == model::instant{})
        p.order_saved_at = at;
      else if (at - p.order_saved_at >= saved_every)
        if (auto saved = settle_order(position - 1); !saved)
          return saved;
    }
    if (what->kind == operation_kind::apply_batch)
      return offer_again(
        p, {position, std::make_shared<const std::string>(operation), std::move(done)});
    if (what->kind == operation_kind::tick) {
      if (done)
        done({});
      return model::nothing{};
    }
    if (auto settled = settle(p); !settled)
      return settled;
    p.store->note_order(position);
    auto answer = answer_of(*this, p, *what);
    if (p.is_order_stopped)
      return stopping(); // Whether it was performed, the next opening finds out.
    if (auto saved = settle_order(position); !saved)
      return saved;
    if (done)
      done({std::move(answer)});
    return begins_builds(what->kind) ? wait_for_builds(*this, p) : model::nothing{};
  });
}

outcome<std::uint64_t> engine::order_position() const {
  return parts_->store->order_position();
}

status engine::settle_order(std::uint64_t position) {
  return guarded([&]() -> status {
    auto& p = *parts_;
    if (auto settled = settle(p); !settled)
      return settled;
    if (position <= p.order_saved)
      return model::nothing{};
    auto saved = persistently(p, [&] { return p.store->save_order(position); });
    if (saved) {
      p.order_saved = position;
      p.order_saved_at = p.clock->now();
    }
    return saved;
  });
}

void engine::stop_performing() {
  parts_->is_order_stopped = true;
  const std::lock_guard lock{parts_->order_guard};
  parts_->order_changed.notify_all();
}

} // namespace rollcall
