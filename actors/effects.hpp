#pragma once

#include "model/flip.hpp"
#include "segments/membership.hpp"
#include "storage/words.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace actors {

/// What applying one log record did to memberships. Kept beside the log until bits and feeds are
/// stored, so that after a crash the state comes back without evaluating anything twice. Flips are
/// in feed order; their sequences follow from it.
struct effects {
  std::vector<segments::membership::bit_change> bits{};
  std::vector<model::flip> flips{};
};

std::vector<storage::word> encode_effects(std::span<const segments::membership::bit_change> bits,
                                          std::span<const model::flip> flips);
/// Nothing for words that no release wrote.
std::optional<effects> decode_effects(storage::words_view words);

/// A run of flips of one segment, as the feed stores them. Either a list, or, of a build, everybody
/// at once.
struct flip_run {
  std::vector<model::flip> list;
  struct crowd {
    model::flip_cause cause = model::flip_cause::build;
    model::instant at{};
    std::string detail{};
    Roaring joined; // In order of numbers, before those who left.
    Roaring left;
  };
  std::optional<crowd> everybody{};

  [[nodiscard]] std::uint64_t size() const {
    return everybody ? everybody->joined.cardinality() + everybody->left.cardinality()
                     : list.size();
  }
};
std::vector<storage::word> encode(const flip_run& run);
std::optional<flip_run> decode_flip_run(storage::words_view words);

/// Calls back for every flip of a list run by which somebody joined, in order, without taking the
/// rest of it apart. False for words that are no list run.
bool each_joining(storage::words_view words,
                  const std::function<void(std::uint32_t profile, model::instant at)>& each);

} // namespace actors
