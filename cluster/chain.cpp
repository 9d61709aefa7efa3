#include "cluster/chain.hpp"

#include "cluster/octets.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <utility>

namespace cluster {

namespace {

constexpr std::uint8_t format_version = 1;

model::failure unreadable(std::string_view what) {
  return {model::failure_code::storage_broken,
          fmt::format("cannot read where this replica stands in the cluster's log: {}; start it "
                      "from a snapshot",
                      what)};
}

} // namespace

std::uint64_t chain::next_hash(std::uint64_t hash, std::uint64_t checksum) {
  const std::array<std::uint64_t, 2> both{hash, checksum};
  return XXH3_64bits(both.data(), sizeof both);
}

decision chain::because(decision d, std::string why) {
  reason_ = std::move(why);
  return d;
}

void chain::advance(std::uint64_t sequence, const record& r) {
  hash_before_ = hash_;
  hash_ = next_hash(hash_, r.checksum);
  position_ = sequence;
}

decision chain::accept(std::uint64_t sequence, const record& r) {
  reason_.clear();
  disputed_.reset();
  if (r.partition != partition_)
    return because(decision::broken, fmt::format("record {} belongs to partition {}, not to {}",
                                                 sequence, r.partition, partition_));
  if (sequence == position_ && next_hash(hash_before_, r.checksum) != hash_)
    return because(decision::broken,
                   fmt::format("record {} is another one than was read there before", sequence));
  if (sequence <= position_)
    return because(decision::drop, fmt::format("record {} was read before", sequence));
  if (sequence != position_ + 1)
    return because(decision::broken,
                   fmt::format("record {} comes behind record {}", sequence, position_));
  return r.kind == record_kind::marker ? accept_marker(sequence, r) : accept_other(sequence, r);
}

decision chain::accept_marker(std::uint64_t sequence, const record& r) {
  if (r.epoch <= epoch_) {
    advance(sequence, r);
    open_ = false; // It took the place of the owner's next record.
    return because(decision::drop, fmt::format("marker {} of epoch {} comes after epoch {}",
                                               sequence, r.epoch, epoch_));
  }
  if (r.previous != hash_) {
    const dispute here{sequence, r.checksum};
    auto why = fmt::format("marker {} follows other records than were read here", sequence);
    if (overruled_ != here) {
      disputed_ = here;
      return because(decision::broken, std::move(why));
    }
    begin_epoch(sequence, r);
    open_ = false;
    return because(decision::drop, std::move(why));
  }
  begin_epoch(sequence, r);
  return decision::apply;
}

void chain::begin_epoch(std::uint64_t sequence, const record& marker) {
  advance(sequence, marker);
  const auto by = marker_of(marker);
  epoch_ = marker.epoch;
  marker_position_ = sequence;
  owner_ = by.owner;
  incarnation_ = by.incarnation;
  open_ = true;
  released_ = false;
  successor_.clear();
}

decision chain::accept_other(std::uint64_t sequence, const record& r) {
  if (r.epoch > epoch_)
    return because(
      decision::broken,
      fmt::format("record {} is of epoch {}, whose marker is not in the log", sequence, r.epoch));
  if (r.epoch < epoch_ || !open_) {
    advance(sequence, r);
    open_ = false;
    return because(decision::drop,
                   fmt::format("record {} is of epoch {}, which is over", sequence, r.epoch));
  }
  if (r.number != sequence - marker_position_ || r.writer != node_id(owner_))
    return because(
      decision::broken,
      fmt::format("record {} of epoch {} is not the next one of its owner", sequence, r.epoch));
  if (r.previous != hash_)
    return because(decision::broken,
                   fmt::format("record {} follows other records than were read here", sequence));
  advance(sequence, r);
  if (r.kind == record_kind::release) {
    open_ = false;
    released_ = true;
    successor_ = release_of(r).successor;
  }
  return decision::apply;
}

std::string chain::encoded() const {
  std::string bytes;
  put_number(bytes, format_version);
  put_number(bytes, partition_);
  for (const auto n : {position_, hash_, hash_before_, epoch_, marker_position_, incarnation_})
    put_number(bytes, n);
  put_text(bytes, owner_);
  put_number(bytes, static_cast<std::uint8_t>((open_ ? 1 : 0) + (released_ ? 2 : 0)));
  put_text(bytes, successor_);
  put_number(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

model::outcome<chain> chain::decoded(std::string_view bytes) {
  constexpr auto checksum_bytes = sizeof(std::uint64_t);
  if (bytes.size() <= checksum_bytes)
    return unreadable("it is too short");
  const auto body = bytes.substr(0, bytes.size() - checksum_bytes);
  if (octet_reader{bytes.substr(body.size())}.number<std::uint64_t>()
      != XXH3_64bits(body.data(), body.size()))
    return unreadable("its checksum does not hold");
  octet_reader from{body};
  if (const auto version = from.number<std::uint8_t>(); version != format_version)
    return model::failure{model::failure_code::newer_format,
                          fmt::format("cannot read where this replica stands in the cluster's log: "
                                      "format {} comes from a newer release; upgrade this node",
                                      version)};
  chain c{from.number<std::uint32_t>()};
  for (auto* n :
       {&c.position_, &c.hash_, &c.hash_before_, &c.epoch_, &c.marker_position_, &c.incarnation_})
    *n = from.number<std::uint64_t>();
  c.owner_ = from.text();
  const auto flags = from.number<std::uint8_t>();
  c.open_ = (flags & 1) != 0;
  c.released_ = (flags & 2) != 0;
  c.successor_ = from.text();
  if (!from.spent())
    return unreadable("it is not whole");
  return c;
}

} // namespace cluster
