#pragma once

#include "cluster/nats_connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace cluster {

/// What the stream of a cluster partition is called.
struct nats_stream_name {
  std::string stream;
  std::string subject;
};

nats_stream_name name_nats_stream(const std::string& prefix, std::uint32_t partition);

/// Makes the stream where there is none, and refuses one that could lose records.
model::status prepare_nats_stream(nats_connection& connection, const nats_stream_name& name);

/// What the servers push to one reader, from one record on. It lives in the memory of one server
/// and ends with it.
class nats_delivery {
public:
  struct arrival {
    enum class kind : std::uint8_t { record, nothing, broken };
    kind what = kind::nothing;
    std::uint64_t sequence = 0;
    nats_message message{};
  };

  static model::outcome<nats_delivery> open(std::shared_ptr<nats_link> link,
                                            const std::string& stream, std::uint64_t from,
                                            std::chrono::milliseconds patience);

  /// What comes within `patience`. Records may come twice, come from before `from`, or be missing
  /// in between: the sequence tells.
  arrival next(std::chrono::milliseconds patience);

private:
  nats_delivery(std::shared_ptr<nats_link> link, nats_subscription subscription);
  bool answer(natsMsg* status);

  std::shared_ptr<nats_link> link_;
  nats_subscription subscription_;
  std::chrono::steady_clock::time_point heard_;
  std::uint64_t last_ = 0; // That came.
};

} // namespace cluster
