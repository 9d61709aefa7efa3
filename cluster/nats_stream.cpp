#include "cluster/nats_stream.hpp"

#include "cluster/nats_checks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <thread>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// The servers count headers as part of a message.
constexpr std::int32_t message_bytes_max = partition_log::record_bytes_max + 1024;
constexpr std::size_t replicas_max = 3;
constexpr milliseconds open_again_after{200};

constexpr milliseconds heartbeat{500};
constexpr milliseconds silence_max{3000};

std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK && value ? value : std::string_view{};
}

// Why records could vanish from a stream like this, or not reach it.
std::optional<std::string> objection_to(const jsStreamConfig& is, const nats_stream_name& name,
                                        std::int64_t replicas) {
  if (is.SubjectsLen != 1 || name.subject != is.Subjects[0])
    return fmt::format("it does not take the subject {} alone", name.subject);
  if (is.Replicas != replicas)
    return fmt::format("it has {} replicas instead of {}", is.Replicas, replicas);
  if (is.Storage != js_FileStorage)
    return "it is in memory instead of in a file";
  if (is.Retention != js_LimitsPolicy)
    return "it forgets what was read";
  if (is.Discard != js_DiscardNew)
    return "it discards old records when it is full (discard: new is needed)";
  if (is.MaxAge > 0 || is.MaxMsgs > 0 || is.MaxMsgsPerSubject > 0)
    return "it limits the age or the number of records";
  if (is.MaxMsgSize > 0 && is.MaxMsgSize < message_bytes_max)
    return fmt::format("it takes {} bytes at once, and records need {}", is.MaxMsgSize,
                       message_bytes_max);
  if (!is.DenyDelete)
    return "single records can be deleted from it (deny_delete is needed)";
  if (is.DenyPurge || is.Sealed || is.NoAck || is.AllowRollup || is.Mirror || is.SourcesLen > 0)
    return "it is sealed, a mirror, does not acknowledge, or cannot be trimmed";
  return std::nullopt;
}

// Asks until somebody answers: a group elects its leaders for seconds.
model::outcome<nats_stream_info> obtain(nats_connection& connection, const nats_stream_name& name,
                                        std::int64_t replicas) {
  const auto& settings = connection.settings;
  const auto until = steady_clock::now() + 2 * settings.answer_patience;
  std::array subjects{name.subject.c_str()};
  jsStreamConfig wanted;
  jsStreamConfig_Init(&wanted);
  wanted.Name = name.stream.c_str();
  wanted.Subjects = subjects.data();
  wanted.SubjectsLen = static_cast<int>(subjects.size());
  wanted.Storage = js_FileStorage;
  wanted.Discard = js_DiscardNew;
  wanted.Replicas = replicas;
  wanted.MaxBytes = static_cast<std::int64_t>(settings.log_bytes_max);
  wanted.MaxMsgSize = message_bytes_max;
  wanted.DenyDelete = true;
  for (;;) {
    std::string why;
    if (const auto link = connection.questions.link(); !link) {
      why = link.error().message;
    } else {
      jsStreamInfo* info = nullptr;
      jsErrCode code{};
      auto status = js_GetStreamInfo(&info, (*link)->jetstream(), name.stream.c_str(), nullptr,
                                     &code);
      if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr)
        status = js_AddStream(&info, (*link)->jetstream(), &wanted, nullptr, &code);
      if (status == NATS_OK)
        return nats_stream_info{info};
      why = nats_error_text(status);
    }
    if (steady_clock::now() >= until)
      return unavailable(fmt::format("{}: the stream cannot be opened: {}", name.stream, why));
    std::this_thread::sleep_for(open_again_after);
  }
}

} // namespace

nats_stream_name name_nats_stream(const std::string& prefix, std::uint32_t partition) {
  auto upper = prefix;
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return {fmt::format("{}_P{:02}", upper, partition), fmt::format("{}.p.{:02}", prefix, partition)};
}

model::status prepare_nats_stream(nats_connection& connection, const nats_stream_name& name) {
  const auto replicas = static_cast<std::int64_t>(
    std::min(replicas_max, connection.settings.servers.size()));
  const auto info = obtain(connection, name, replicas);
  if (!info)
    return info.error();
  const auto& is = *(*info)->Config;
  if (const auto objection = objection_to(is, name, replicas))
    return failure{failure_code::invalid_input,
                   fmt::format("the stream {} is there already, but {}. Correct it with NATS's "
                               "tools, or give this cluster a prefix of its own",
                               name.stream, *objection)};
  if (is.MaxBytes != static_cast<std::int64_t>(connection.settings.log_bytes_max))
    spdlog::warn("nats: {}: holds {} bytes, as it was made, not {}", name.stream, is.MaxBytes,
                 connection.settings.log_bytes_max);
  return model::nothing{};
}

nats_delivery::nats_delivery(std::shared_ptr<nats_link> link, nats_subscription subscription)
  : link_{std::move(link)}, subscription_{std::move(subscription)}, heard_{steady_clock::now()} {
}

// The library's own ordered consumer begins at record 1 again when it was interrupted before its
// first record, so this is a plain one, and whoever reads begins it anew himself.
model::outcome<nats_delivery> nats_delivery::open(std::shared_ptr<nats_link> link,
                                                  const std::string& stream, std::uint64_t from,
                                                  milliseconds patience) {
  natsInbox* raw_inbox = nullptr;
  auto status = natsInbox_Create(&raw_inbox);
  const nats_handle<natsInbox, natsInbox_Destroy> inbox{raw_inbox};
  natsSubscription* raw_subscription = nullptr;
  if (status == NATS_OK)
    status = natsConnection_SubscribeSync(&raw_subscription, link->connection(), inbox.get());
  nats_subscription subscription{raw_subscription};
  if (status == NATS_OK) {
    jsConsumerConfig wanted;
    jsConsumerConfig_Init(&wanted);
    wanted.DeliverSubject = inbox.get();
    wanted.DeliverPolicy = js_DeliverByStartSequence;
    wanted.OptStartSeq = from;
    wanted.AckPolicy = js_AckNone;
    wanted.FlowControl = true;
    wanted.Heartbeat = nanoseconds{heartbeat}.count();
    wanted.MemoryStorage = true;
    wanted.Replicas = 1;
    jsOptions waits;
    jsOptions_Init(&waits);
    waits.Wait = patience.count();
    jsConsumerInfo* made = nullptr;
    jsErrCode code{};
    status = js_AddConsumer(&made, link->jetstream(), stream.c_str(), &wanted, &waits, &code);
    const nats_consumer_info released{made};
  }
  if (status != NATS_OK)
    return unavailable(fmt::format("{}: cannot be read: {}", stream, nats_error_text(status)));
  return nats_delivery{std::move(link), std::move(subscription)};
}

nats_delivery::arrival nats_delivery::next(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    natsMsg* raw = nullptr;
    const auto status = natsSubscription_NextMsg(
      &raw, subscription_.get(), std::clamp(left, milliseconds{1}, heartbeat).count());
    nats_message message{raw};
    const auto now = steady_clock::now();
    if (status == NATS_TIMEOUT) {
      if (now - heard_ > silence_max)
        return {arrival::kind::broken};
      if (now >= until)
        return {};
      continue;
    }
    if (status != NATS_OK)
      return {arrival::kind::broken};
    heard_ = now;
    // Records are never empty, what the server says about the delivery always is.
    if (natsMsg_GetDataLength(raw) == 0 && !header_of(raw, "Status").empty()) {
      if (!answer(raw))
        return {arrival::kind::broken};
      if (now >= until)
        return {};
      continue;
    }
    const char* reply = natsMsg_GetReply(raw);
    const auto sequence = nats_sequence_of(reply ? reply : "");
    if (!sequence)
      return {arrival::kind::broken};
    last_ = *sequence;
    return {arrival::kind::record, *sequence, std::move(message)};
  }
}

// False when the delivery is of no use any more.
bool nats_delivery::answer(natsMsg* status) {
  if (header_of(status, "Status") != "100")
    return false;
  // Flow control: whatever came before has been taken from the queue by now.
  const char* reply = natsMsg_GetReply(status);
  const std::string go_on{reply && *reply ? std::string_view{reply}
                                          : header_of(status, "Nats-Consumer-Stalled")};
  if (!go_on.empty()
      && natsConnection_Publish(link_->connection(), go_on.c_str(), "", 0) != NATS_OK)
    return false;
  // A heartbeat tells what was sent: more than came means that some was lost on the way.
  const auto sent = parse_nats_number(header_of(status, "Nats-Last-Stream"));
  return !sent || last_ == 0 || *sent <= last_;
}

} // namespace cluster
