#include "cluster/record.hpp"

#include "cluster/octets.hpp"
#include "cluster/partition_log.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <optional>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using model::outcome;

constexpr std::string_view signature = "RCL";
constexpr std::uint8_t format_version = 1;
constexpr std::size_t checksum_at = record_head_bytes - sizeof(std::uint64_t);

std::uint64_t checksum_over(std::string_view bytes) {
  const auto seed = XXH3_64bits(bytes.data(), checksum_at);
  const auto payload = bytes.substr(record_head_bytes);
  return XXH3_64bits_withSeed(payload.data(), payload.size(), seed);
}

failure broken(std::string_view what) {
  return {failure_code::storage_broken,
          fmt::format("cannot read a record of the cluster's log: {}; the log or this node's "
                      "connection to it is damaged",
                      what)};
}

failure newer(std::string_view what, unsigned number) {
  return {failure_code::newer_format,
          fmt::format("cannot read a record of the cluster's log: {} {} comes from a newer "
                      "release; upgrade this node",
                      what, number)};
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<marker_payload> read_marker(std::string_view payload) {
  octet_reader from{payload};
  marker_payload p;
  p.owner = from.text();
  p.incarnation = from.number<std::uint64_t>();
  if (!from.spent() || !is_node_name(p.owner))
    return std::nullopt;
  return p;
}

std::optional<snapshot_payload> read_snapshot(std::string_view payload) {
  octet_reader from{payload};
  snapshot_payload p;
  p.position = from.number<std::uint64_t>();
  p.digest = from.number<std::uint64_t>();
  const auto nodes = from.number<std::uint8_t>();
  if (nodes == 0 || nodes > snapshot_nodes_max)
    return std::nullopt;
  for (unsigned i = 0; i < nodes && from.whole(); ++i) {
    p.nodes.emplace_back(from.text());
    if (!is_node_name(p.nodes.back()))
      return std::nullopt;
  }
  if (!from.spent())
    return std::nullopt;
  auto sorted = p.nodes;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return std::nullopt;
  return p;
}

std::optional<digest_payload> read_digest(std::string_view payload) {
  octet_reader from{payload};
  digest_payload p;
  p.position = from.number<std::uint64_t>();
  p.digest = from.number<std::uint64_t>();
  return from.spent() ? std::optional{p} : std::nullopt;
}

std::optional<release_payload> read_release(std::string_view payload) {
  octet_reader from{payload};
  release_payload p{std::string{from.text()}};
  if (!from.spent() || (!p.successor.empty() && !is_node_name(p.successor)))
    return std::nullopt;
  return p;
}

bool is_known(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(record_kind::marker)
      && kind <= static_cast<std::uint8_t>(record_kind::placement);
}

bool payload_is_whole(const record& r) {
  switch (r.kind) {
  case record_kind::marker:
    return read_marker(r.payload).has_value();
  case record_kind::heartbeat:
    return r.payload.empty();
  case record_kind::snapshot:
    return read_snapshot(r.payload).has_value();
  case record_kind::digest:
    return read_digest(r.payload).has_value();
  case record_kind::release:
    return read_release(r.payload).has_value();
  case record_kind::operations:
  case record_kind::placement:
    return true;
  }
  return false;
}

/// What is wrong with a record whose bytes are as they were written; empty = nothing.
std::string complaint_about(const record& r) {
  if (r.epoch == 0)
    return "it has no epoch";
  if ((r.kind == record_kind::marker) != (r.number == 0))
    return fmt::format("a {} cannot have the number {}", name_of(r.kind), r.number);
  if (!payload_is_whole(r))
    return fmt::format("what its {} says is not whole", name_of(r.kind));
  if (r.kind == record_kind::marker && node_id(read_marker(r.payload)->owner) != r.writer)
    return "its marker names a node that did not write it";
  return {};
}

} // namespace

std::string_view name_of(record_kind kind) {
  switch (kind) {
  case record_kind::marker:
    return "marker";
  case record_kind::heartbeat:
    return "heartbeat";
  case record_kind::operations:
    return "operations";
  case record_kind::snapshot:
    return "snapshot";
  case record_kind::digest:
    return "digest";
  case record_kind::release:
    return "release";
  case record_kind::placement:
    return "placement";
  }
  return "record";
}

bool is_node_name(std::string_view text) {
  if (text.empty() || text.size() > node_name_bytes_max || !is_letter_or_digit(text.front())
      || !is_letter_or_digit(text.back()))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

std::uint64_t node_id(std::string_view name) {
  return XXH3_64bits(name.data(), name.size());
}

std::string encode(const record& r) {
  assert(complaint_about(r).empty());
  assert(record_head_bytes + r.payload.size() <= partition_log::record_bytes_max);
  std::string bytes;
  bytes.reserve(record_head_bytes + r.payload.size());
  bytes.append(signature);
  put_number(bytes, format_version);
  put_number(bytes, static_cast<std::uint32_t>(r.kind));
  put_number(bytes, r.partition);
  put_number(bytes, static_cast<std::uint32_t>(r.payload.size()));
  put_number(bytes, r.epoch);
  put_number(bytes, r.number);
  put_number(bytes, r.previous);
  put_number(bytes, r.writer);
  put_number(bytes, std::uint64_t{0});
  bytes.append(r.payload);
  sign(bytes);
  return bytes;
}

void sign(std::string& bytes) {
  assert(bytes.size() >= record_head_bytes);
  std::string checksum;
  put_number(checksum, checksum_over(bytes));
  bytes.replace(checksum_at, checksum.size(), checksum);
}

std::uint64_t checksum_in(std::string_view encoded) {
  assert(encoded.size() >= record_head_bytes);
  return octet_reader{encoded.substr(checksum_at)}.number<std::uint64_t>();
}

outcome<record> decode(std::string_view bytes) {
  if (bytes.size() < record_head_bytes)
    return broken(fmt::format("{} bytes are too few", bytes.size()));
  if (bytes.size() > partition_log::record_bytes_max)
    return broken(fmt::format("{} bytes are too many", bytes.size()));
  octet_reader from{bytes};
  if (from.piece(signature.size()) != signature)
    return broken("it does not begin as our records do");
  if (const auto version = from.number<std::uint8_t>(); version != format_version) {
    if (version > format_version)
      return newer("format", version);
    return broken("it has no format");
  }
  const auto kind = from.number<std::uint32_t>();
  record r;
  r.partition = from.number<std::uint32_t>();
  const auto payload_bytes = from.number<std::uint32_t>();
  r.epoch = from.number<std::uint64_t>();
  r.number = from.number<std::uint64_t>();
  r.previous = from.number<std::uint64_t>();
  r.writer = from.number<std::uint64_t>();
  r.checksum = from.number<std::uint64_t>();
  r.payload = from.rest();
  if (r.payload.size() != payload_bytes)
    return broken(fmt::format("it should have {} bytes behind its head and has {}", payload_bytes,
                              r.payload.size()));
  if (r.checksum != checksum_over(bytes))
    return broken("its checksum does not hold");
  if (kind == 0 || kind > 0xFF)
    return broken("it is of no kind");
  if (!is_known(static_cast<std::uint8_t>(kind)))
    return newer("kind", kind);
  r.kind = static_cast<record_kind>(kind);
  if (const auto complaint = complaint_about(r); !complaint.empty())
    return broken(complaint);
  return r;
}

std::string encode(const marker_payload& p) {
  std::string bytes;
  put_text(bytes, p.owner);
  put_number(bytes, p.incarnation);
  return bytes;
}

std::string encode(const snapshot_payload& p) {
  assert(!p.nodes.empty() && p.nodes.size() <= snapshot_nodes_max);
  std::string bytes;
  put_number(bytes, p.position);
  put_number(bytes, p.digest);
  put_number(bytes, static_cast<std::uint8_t>(p.nodes.size()));
  for (const auto& node : p.nodes)
    put_text(bytes, node);
  return bytes;
}

std::string encode(const digest_payload& p) {
  std::string bytes;
  put_number(bytes, p.position);
  put_number(bytes, p.digest);
  return bytes;
}

std::string encode(const release_payload& p) {
  std::string bytes;
  put_text(bytes, p.successor);
  return bytes;
}

marker_payload marker_of(const record& r) {
  assert(r.kind == record_kind::marker);
  return *read_marker(r.payload);
}

snapshot_payload snapshot_of(const record& r) {
  assert(r.kind == record_kind::snapshot);
  return *read_snapshot(r.payload);
}

digest_payload digest_of(const record& r) {
  assert(r.kind == record_kind::digest);
  return *read_digest(r.payload);
}

release_payload release_of(const record& r) {
  assert(r.kind == record_kind::release);
  return *read_release(r.payload);
}

} // namespace cluster
