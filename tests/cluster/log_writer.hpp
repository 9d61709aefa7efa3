#pragma once

#include "cluster/chain.hpp"
#include "cluster/record.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cluster_tests {

/// Writes the records of one epoch one behind the other, as its owner knows the log.
class log_writer {
public:
  /// An owner that has read the log as far as `read`.
  log_writer(std::string node, std::uint64_t epoch, const cluster::chain& read)
    : node_(std::move(node)), partition_(read.partition()), epoch_(epoch), hash_(read.hash()) {
  }

  std::string marker() {
    return next(cluster::record_kind::marker, encode(cluster::marker_payload{node_, 1}));
  }
  std::string operations(std::string_view payload) {
    return next(cluster::record_kind::operations, payload);
  }
  std::string heartbeat() {
    return next(cluster::record_kind::heartbeat, {});
  }
  std::string release(std::string_view successor) {
    return next(cluster::record_kind::release,
                encode(cluster::release_payload{std::string{successor}}));
  }
  std::string next(cluster::record_kind kind, std::string_view payload) {
    cluster::record r;
    r.partition = partition_;
    r.kind = kind;
    r.epoch = epoch_;
    r.number = number_++;
    r.previous = hash_;
    r.writer = cluster::node_id(node_);
    r.payload = payload;
    auto bytes = encode(r);
    hash_ = cluster::chain::next_hash(hash_, cluster::checksum_in(bytes));
    return bytes;
  }

private:
  std::string node_;
  std::uint32_t partition_;
  std::uint64_t epoch_;
  std::uint64_t number_ = 0;
  std::uint64_t hash_;
};

} // namespace cluster_tests
