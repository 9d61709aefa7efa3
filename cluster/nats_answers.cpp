#include "cluster/nats_answers.hpp"

#include "cluster/nats_checks.hpp"

#include <fmt/format.h>

#include <charconv>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Writers have 32 to 64 on their way.
constexpr std::size_t on_their_way_max = 1024;
// How long a refusal that needs no server waits at most while others are on their way.
constexpr milliseconds turn{10};

failure unknown(std::string message) {
  return {failure_code::unavailable, std::move(message)};
}

} // namespace

nats_answers::nats_answers(nats_connection& connection, nats_stream_name name)
  : connection_{connection}, name_{std::move(name)}, thread_{[this] { wait(); }} {
}

nats_answers::~nats_answers() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void nats_answers::submit(std::uint64_t last, std::string_view bytes,
                          partition_log::appended done) {
  const auto refuse = [&](failure why) {
    const std::scoped_lock lock{mutex_};
    settle(std::move(done), std::move(why));
  };
  if (bytes.empty() || bytes.size() > partition_log::record_bytes_max)
    return refuse({failure_code::invalid_input,
                   fmt::format("{}: a record has 1 to {} bytes, this one {}", name_.stream,
                               partition_log::record_bytes_max, bytes.size())});
  std::shared_ptr<mailbox> box;
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (on_their_way_.size() >= on_their_way_max)
      return settle(std::move(done),
                    unknown(fmt::format("{}: {} records wait for an answer already. Wait for some "
                                        "of them",
                                        name_.stream, on_their_way_max)));
    auto opened = open_mailbox();
    if (!opened)
      return settle(std::move(done), opened.error());
    box = *opened;
    number = ++sent_;
    on_their_way_.emplace(
      number, record_on_its_way{last, steady_clock::now() + connection_.settings.append_patience,
                                std::move(done)});
  }
  changed_.notify_all();

  const auto reply = fmt::format("{}.{}", box->address, number);
  natsMsg* raw = nullptr;
  auto status = natsMsg_Create(&raw, name_.subject.c_str(), reply.c_str(), bytes.data(),
                               static_cast<int>(bytes.size()));
  const nats_message message{raw};
  // The library's own option does not send a 0.
  if (status == NATS_OK)
    status = natsMsgHeader_Set(raw, "Nats-Expected-Last-Sequence", std::to_string(last).c_str());
  if (status == NATS_OK)
    status = natsConnection_PublishMsg(box->link->connection(), raw);
  if (status == NATS_OK)
    return;
  const auto why = nats_error_text(status);
  // Half of it may have been written, and then nothing else may follow.
  box->link->end();
  const std::scoped_lock lock{mutex_};
  give_up_all(unknown(fmt::format("{}: cannot be sent: {}", name_.stream, why)));
}

model::outcome<std::shared_ptr<nats_answers::mailbox>> nats_answers::open_mailbox() {
  auto link = connection_.appends.link();
  if (!link) {
    give_up_all(link.error());
    mailbox_.reset();
    return link.error();
  }
  if (mailbox_ && mailbox_->link == *link)
    return mailbox_;
  give_up_all(unknown(fmt::format("{}: the connection was lost", name_.stream)));
  natsInbox* raw_inbox = nullptr;
  auto status = natsInbox_Create(&raw_inbox);
  const nats_handle<natsInbox, natsInbox_Destroy> inbox{raw_inbox};
  auto made = std::make_shared<mailbox>(mailbox{*link, status == NATS_OK ? inbox.get() : ""});
  natsSubscription* raw = nullptr;
  if (status == NATS_OK)
    status = natsConnection_SubscribeSync(&raw, (*link)->connection(),
                                          (made->address + ".*").c_str());
  made->subscription.reset(raw);
  if (status != NATS_OK)
    return unknown(
      fmt::format("{}: cannot be written to: {}", name_.stream, nats_error_text(status)));
  mailbox_ = std::move(made);
  return mailbox_;
}

void nats_answers::wait() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock,
                  [this] { return stopping_ || !on_their_way_.empty() || !settled_.empty(); });
    if (stopping_)
      give_up_all(unknown(fmt::format("{}: the log is being closed", name_.stream)));
    const auto told = std::exchange(settled_, {});
    const bool last_turn = stopping_;
    const auto box = on_their_way_.empty() ? nullptr : mailbox_;
    lock.unlock();
    for (const auto& [done, outcome] : told)
      done(outcome);
    if (last_turn)
      return;
    natsMsg* raw = nullptr;
    const auto status = box ? natsSubscription_NextMsg(&raw, box->subscription.get(), turn.count())
                            : NATS_TIMEOUT;
    const nats_message answer{raw};
    lock.lock();
    if (status == NATS_OK)
      take(raw);
    else if (status == NATS_NO_RESPONDERS && box == mailbox_)
      // The library does not tell to which of them. Those that follow can only fail, too.
      give_up_all(unknown(fmt::format("{}: has no leader at the moment", name_.stream)));
    else if (status != NATS_TIMEOUT && box == mailbox_)
      give_up_all(unknown(fmt::format("{}: the connection was lost", name_.stream)));
    give_up_late_ones();
  }
}

void nats_answers::take(natsMsg* answer) {
  const std::string_view address{natsMsg_GetSubject(answer)};
  const auto dot = address.rfind('.');
  std::uint64_t number = 0;
  std::from_chars(address.data() + dot + 1, address.data() + address.size(), number);
  const auto found = on_their_way_.find(number);
  if (found == on_their_way_.end())
    return; // Given up already.
  auto told = read_nats_answer(
    {natsMsg_GetData(answer), static_cast<std::size_t>(natsMsg_GetDataLength(answer))},
    name_.stream, found->second.last);
  settle(std::move(found->second.done), std::move(told));
  on_their_way_.erase(found);
}

void nats_answers::give_up_late_ones() {
  const auto now = steady_clock::now();
  while (!on_their_way_.empty() && on_their_way_.begin()->second.until <= now) {
    settle(std::move(on_their_way_.begin()->second.done),
           unknown(fmt::format("{}: nobody answered within {} ms", name_.stream,
                               connection_.settings.append_patience.count())));
    on_their_way_.erase(on_their_way_.begin());
  }
}

void nats_answers::give_up_all(const failure& why) {
  for (auto& [number, record] : std::exchange(on_their_way_, {}))
    settle(std::move(record.done), why);
}

void nats_answers::settle(partition_log::appended done, result outcome) {
  settled_.emplace_back(std::move(done), std::move(outcome));
  changed_.notify_all();
}

} // namespace cluster
