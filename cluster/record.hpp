#pragma once

#include "model/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// What a record of the replicated log says. Numbers are never given twice.
enum class record_kind : std::uint8_t {
  marker = 1,     // A node takes the partition over: a new epoch begins.
  heartbeat = 2,  // The owner is alive and has nothing to say.
  operations = 3, // What the replicas apply; the log does not look into it.
  snapshot = 4,   // Nodes hold a copy of the state at a position.
  digest = 5,     // What the state at a position adds up to, for replicas to compare.
  release = 6,    // The owner gives up in order. Its last record.
  placement = 7,  // Which nodes there are; the log does not look into it.
};

std::string_view name_of(record_kind kind);

/// Names are letters, digits, and . - _ inside.
constexpr std::size_t node_name_bytes_max = 63;
bool is_node_name(std::string_view text);

/// What a node is called in the heads of its records: the hash of its name.
std::uint64_t node_id(std::string_view name);

/// One record of a partition's log.
struct record {
  std::uint32_t partition = 0;
  record_kind kind = record_kind::heartbeat;
  std::uint64_t epoch = 0;    // Of the owner that wrote it; from 1.
  std::uint64_t number = 0;   // Within the epoch. 0 is the marker, and only the marker.
  std::uint64_t previous = 0; // The chain's value in front of it, as its writer knew it.
  std::uint64_t writer = 0;   // node_id
  std::string_view payload{}; // Lies in the bytes it was decoded from, 8-byte aligned if they are.
  std::uint64_t checksum = 0; // Over everything else. encode works it out, decode has checked it.
};

/// Head and checksum in front of the payload.
constexpr std::size_t record_head_bytes = 56;

/// The record as bytes. Its parts must be as decode wants them.
std::string encode(const record& r);

/// Puts the checksum where it belongs, whatever else the bytes say. They are at least a head.
void sign(std::string& bytes);

/// The checksum that encoded bytes carry.
std::uint64_t checksum_in(std::string_view encoded);

/// Takes exactly what encode makes. Failures: storage_broken (damaged), newer_format.
model::outcome<record> decode(std::string_view bytes);

// --- payloads of the kinds that the log itself understands ----------------------

struct marker_payload {
  std::string owner;             // The node's name.
  std::uint64_t incarnation = 0; // Of its process, so that two of one name are told apart.
};

struct snapshot_payload {
  std::uint64_t position = 0; // The last record that is in it.
  std::uint64_t digest = 0;
  std::vector<std::string> nodes; // That hold it and found the digest right.
  friend bool operator==(const snapshot_payload&, const snapshot_payload&) = default;
};
constexpr std::size_t snapshot_nodes_max = 64;

struct digest_payload {
  std::uint64_t position = 0; // Of the last record that is in the state.
  std::uint64_t digest = 0;
  friend bool operator==(const digest_payload&, const digest_payload&) = default;
};

struct release_payload {
  std::string successor; // May take over at once. Empty = whoever ranks first.
};

std::string encode(const marker_payload& p);
std::string encode(const snapshot_payload& p);
std::string encode(const digest_payload& p);
std::string encode(const release_payload& p);

/// Of a decoded record of that kind; decode has seen that they are whole.
marker_payload marker_of(const record& r);
snapshot_payload snapshot_of(const record& r);
digest_payload digest_of(const record& r);
release_payload release_of(const record& r);

} // namespace cluster
