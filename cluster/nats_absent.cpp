// Stands in for the log on NATS where the library for it was not there to build with.
#include "cluster/nats_log.hpp"

namespace cluster {

namespace {

model::failure absent() {
  return {model::failure_code::unavailable,
          "This build has no NATS. Install libnats-dev and build again to run a cluster"};
}

} // namespace

model::outcome<std::shared_ptr<nats_connection>> connect_nats(nats_settings) {
  return absent();
}

model::outcome<std::unique_ptr<partition_log>> open_nats_log(std::shared_ptr<nats_connection>,
                                                             std::uint32_t) {
  return absent();
}

} // namespace cluster
