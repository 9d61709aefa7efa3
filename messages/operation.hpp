#pragma once

#include "messages/envelope.hpp"
#include "model/instant.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace messages {

inline constexpr version_range operation_versions{.oldest_reader = 1, .writer = 1};

/// What is done. Behind each its texts, in their order. Numbers are never reused.
enum class operation_kind : std::uint16_t {
  tick = 1,             // Nothing: time passes.
  apply_batch = 2,      // `batch`, with source and sequence in its header.
  merge_profiles = 3,   // From, into.
  erase_profile = 4,    // Identifier.
  create_segments = 5,  // Name, definition, name, definition …
  edit_segment = 6,     // Segment, definition.
  activate_segment = 7, // Segment; `is_so`: is active from now on.
  rename_segment = 8,   // Segment, name.
  drop_segment = 9,     // Segment.
  cancel_build = 10,    // Segment.
  change_reports = 11,  // Settings of reports, as JSON.
  put_document = 12,    // Kind, id, JSON.
  drop_document = 13,   // Kind, id.
  add_list = 14,        // Name.
  create_account = 15,  // Partitions, time zone; the account is the new one.
};

/// "apply_batch", as logs and errors say it.
std::string_view name_of(operation_kind kind);

/// One thing that somebody has an account do.
struct operation {
  operation_kind kind = operation_kind::tick;
  model::instant at{}; // The account's clock when it is performed; the epoch = not in order yet.
  std::string account{};
  std::vector<std::string> texts{};
  bool is_so = false;
  std::string batch{}; // Bytes of a flat message.
};

/// As bytes that follow the schema Operation.
std::string encode(const operation& what);

/// Fails with storage_broken for what is no operation (an unknown kind, another number of texts),
/// and newer_format when the writer says that this release cannot understand it.
model::outcome<operation> decode_operation(std::string_view bytes);

} // namespace messages
