#pragma once

#include "model/change.hpp"
#include "model/flip.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace actors {

/// One partition's share of a batch, in the batch's order. Never changed once it is on its way.
struct batch_part {
  model::change_batch changes;
  std::vector<std::uint32_t> origins; // Index in the whole batch of each record.
  model::flip_cause cause = model::flip_cause::event;
  std::string source{};
  std::uint64_t source_sequence = 0;
};

/// How a part travels inside a process: shared, not copied.
using batch_part_ptr = std::shared_ptr<const batch_part>;

/// Takes a batch apart, one record at a time.
class batch_splitter {
public:
  /// `whole` must outlive the splitter.
  batch_splitter(const model::change_batch& whole, std::uint32_t partitions);

  /// Which of the record's identifiers its partition is told: external id, e-mail, phone number.
  using identifier_mask = std::array<bool, 3>;
  void add(std::uint32_t record, std::uint32_t partition, std::uint32_t profile,
           const identifier_mask& told);

  [[nodiscard]] bool has(std::uint32_t partition) const {
    return !parts_[partition].part.origins.empty();
  }
  /// The share so far; the next one starts empty.
  batch_part take(std::uint32_t partition);

private:
  struct growing_part {
    batch_part part;
    std::vector<std::uint32_t> names; // Whole batch's name → this part's.
  };
  static constexpr std::uint32_t no_name = UINT32_MAX;
  std::uint32_t name_in(growing_part& to, std::uint32_t name) const;
  void make_room(model::change_batch& changes) const;
  model::text_ref copy(growing_part& to, model::text_ref text) const;

  const model::change_batch& whole_;
  std::vector<growing_part> parts_;
};

} // namespace actors
