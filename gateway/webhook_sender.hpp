#pragma once

#include "gateway/account.hpp"
#include "gateway/http_client.hpp"
#include "gateway/webhook_store.hpp"
#include "model/instant.hpp"

#include <rollcall/rollcall.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gateway {

struct sender_bounds {
  std::size_t flips_at_once = 500; // Of one request.
  std::chrono::milliseconds deadline{10'000};
  /// After a failure; doubles with each, up to the longest.
  std::chrono::milliseconds pause_first{1'000};
  std::chrono::milliseconds pause_max{300'000};
};

/// How a webhook's deliveries go. Instants are of the real clock.
struct delivery_state {
  std::uint32_t failures = 0; // In a row; 0 = all is well.
  std::string last_error{};
  std::optional<model::instant> last_failure{};
  std::optional<model::instant> next_attempt{};
  std::optional<model::instant> last_delivery{};
};

/// Tells the enabled webhooks of one account who joins and leaves segments, on a thread of its own.
/// Each feed is told in order and at least once: where a webhook has come to is kept after the
/// receiver has said yes. It never gives up; a receiver that fails is asked again after growing
/// pauses, and holds up others only for as long as it takes to fail.
class webhook_sender {
public:
  /// The account must outlive it.
  explicit webhook_sender(const account& whose, sender_bounds bounds = {});
  /// Breaks off a delivery under way; it is told again.
  ~webhook_sender();
  webhook_sender(const webhook_sender&) = delete;
  webhook_sender& operator=(const webhook_sender&) = delete;

  /// Webhooks have changed.
  void reload();
  /// Nothing = it tells this one nothing.
  [[nodiscard]] std::optional<delivery_state> state_of(std::string_view webhook) const;

private:
  using clock = std::chrono::steady_clock;

  /// A webhook and how far it is. Of the thread.
  struct receiver {
    known_webhook hook;
    http_address address;
    std::map<std::string, std::string> cursors;
    std::deque<std::string> waiting; // Segments that may have news, each once.
    clock::time_point not_before{};
    delivery_state state;

    void await(const std::string& segment);
  };

  void work();
  bool wait();
  [[nodiscard]] std::optional<clock::time_point> next_time() const;
  void load();
  void forget_dropped(const std::vector<known_webhook>& left) const;
  receiver make_receiver(known_webhook hook);
  void tell_news(receiver& to);
  bool deliver(receiver& to, std::span<const rollcall::flip_record> flips);
  void fail(receiver& to, const std::string& why);
  void show(const receiver& of);

  const account& whose_;
  sender_bounds bounds_;
  http_client client_;
  std::vector<receiver> receivers_; // Of the thread, as is the next one.
  std::optional<rollcall::subscription> hears_;

  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::set<std::string> news_; // Segments with flips.
  std::map<std::string, delivery_state, std::less<>> states_;
  bool is_stale_ = true; // The webhooks are to be read again.
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace gateway
