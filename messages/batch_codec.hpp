#pragma once

#include "messages/envelope.hpp"
#include "model/change.hpp"
#include "model/instant.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace messages {

/// Format of change_batch.capnp that this release writes and the oldest that can read all of it.
/// 2 brought descriptions.
inline constexpr version_range batch_versions{.oldest_reader = 2, .writer = 2};

/// The same for one batch: without descriptions, readers of format 1 understand it too.
version_range versions_of(const model::change_batch& batch);

/// What stands over a batch's records.
struct batch_header {
  model::instant taken{};     // When the log took it; the epoch = not yet.
  std::string source{};       // Who offers it; empty = nobody who counts.
  std::uint64_t sequence = 0; // Its number at the source; 0 = not numbered.
  friend bool operator==(const batch_header&, const batch_header&) = default;
};

/// The batch as a Cap'n Proto message (schema::ChangeBatch). Keeps what records mean: of fields
/// that a record's kind or flags leave unused (the name of a merge, a time without has_time)
/// nothing is kept, and texts are written in the order in which records use them, so that decoding
/// gives equal texts at other places of the arena. Requires valid references and name numbers;
/// throws std::out_of_range otherwise.
frozen_message encode(const model::change_batch& batch, const batch_header& header);

/// Same, ready to be sent.
envelope wrap(const model::change_batch& batch, const batch_header& header);

/// Replaces the content of `into`. `message` is a flat Cap'n Proto message at any address. Checks
/// everything that later code relies on: references lie inside the arena, names exist, kinds are
/// known, lists are well-formed, numbers are finite. Fails with storage_broken, or newer_format
/// when the writer says that this release cannot understand it; `into` is empty then.
model::outcome<batch_header> decode(std::span<const std::byte> message, model::change_batch& into);
model::outcome<batch_header> decode(const frozen_message& message, model::change_batch& into);

/// Only the header, without a look at the records.
model::outcome<batch_header> decode_header(std::span<const std::byte> message);

} // namespace messages
