#pragma once

#include "cluster/nats_log.hpp"

#include <nats/nats.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace cluster {

/// Owns what the library hands out as a bare pointer.
template <auto Destroy>
struct destroyed_by {
  template <class T>
  void operator()(T* owned) const {
    Destroy(owned);
  }
};
template <class T, auto Destroy>
using nats_handle = std::unique_ptr<T, destroyed_by<Destroy>>;

using nats_message = nats_handle<natsMsg, natsMsg_Destroy>;
using nats_subscription = nats_handle<natsSubscription, natsSubscription_Destroy>;
using nats_stream_info = nats_handle<jsStreamInfo, jsStreamInfo_Destroy>;
using nats_consumer_info = nats_handle<jsConsumerInfo, jsConsumerInfo_Destroy>;

/// One connection to one server. When it breaks it stays broken, so that nothing which was meant
/// for this server is ever sent to another one, or later.
class nats_link {
public:
  static model::outcome<std::shared_ptr<nats_link>> dial(const nats_settings& settings,
                                                         const std::string& url);

  [[nodiscard]] natsConnection* connection() const {
    return connection_.get();
  }
  [[nodiscard]] jsCtx* jetstream() const {
    return jetstream_.get();
  }
  [[nodiscard]] const std::string& url() const {
    return url_;
  }
  [[nodiscard]] bool works() const;
  void end();

private:
  std::string url_;
  nats_handle<natsConnection, natsConnection_Destroy> connection_;
  nats_handle<jsCtx, jsCtx_Destroy> jetstream_;
};

/// A link that is made anew, to the next server that is accepted, whenever it has broken.
class nats_line {
public:
  /// `what` it is for, in the log.
  nats_line(const nats_settings& settings, std::string what);
  ~nats_line();
  nats_line(const nats_line&) = delete;
  nats_line& operator=(const nats_line&) = delete;

  /// Tries every server once.
  model::status open();

  /// The link of the moment, without waiting for one. Failures: unavailable.
  [[nodiscard]] model::outcome<std::shared_ptr<nats_link>> link() const;

private:
  model::outcome<std::shared_ptr<nats_link>> dial_any();
  void keep();

  const nats_settings& settings_;
  const std::string what_;
  std::size_t next_ = 0; // Of the servers; used by one thread at a time.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::shared_ptr<nats_link> current_;
  std::string why_not_ = "not connected yet";
  std::thread keeper_;
};

/// Appends have a line of their own, so that their answers do not queue behind what readers get.
class nats_connection {
public:
  explicit nats_connection(nats_settings settings);

  const nats_settings settings;
  nats_line appends;
  nats_line questions;
};

/// What the library says of a failed call.
std::string nats_error_text(natsStatus status);

} // namespace cluster
