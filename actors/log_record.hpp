#pragma once

#include "model/change.hpp"
#include "model/flip.hpp"
#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace actors {

/// One record of a partition's change log: everything that makes the next state from the one
/// before. Replaying records in order gives the same bits, flips and feed sequences.
struct log_record {
  enum class kind : std::uint64_t {
    changes = 1,  // `batches` at `now`.
    tick = 2,     // The clock reached `now`; at most `evaluations_max` evaluations were to be made.
    define = 3,   // `segment` got the waiting rule `version`.
    activate = 4, // The waiting rule of `segment` came into force.
    cancel = 5,   // The waiting rule of `segment` was taken back.
    drop = 6,     // `segment` is gone.
  };
  struct batch {
    model::flip_cause cause = model::flip_cause::event;
    std::string source{};
    std::uint64_t source_sequence = 0;
    model::change_batch changes{};
  };

  kind what = kind::changes;
  model::instant now{};
  std::vector<batch> batches{};
  std::uint64_t evaluations_max = 0;
  std::uint64_t segment = 0;
  std::uint32_t version = 0;
};

/// Starts the bytes of a record (its own `batches` are not looked at); `append_batch` follows once
/// for each of its batches.
void begin_record(std::string& out, const log_record& record, std::uint64_t batches);
void append_batch(std::string& out, const model::change_batch& changes, model::flip_cause cause,
                  model::instant now, std::string_view source, std::uint64_t source_sequence);

/// Failure: storage_broken for bytes that no release wrote.
model::outcome<log_record> decode_log_record(std::string_view bytes);

} // namespace actors
