#pragma once

#include "actors/partition.hpp"
#include "segments/membership.hpp"
#include "storage/profile_store.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace actors {

/// Lets the records of a batch act on a partition's profiles and, where it is told to, on its
/// memberships. The same calls in the same order do the same every time: live, after a crash, on
/// every replica.
class change_applier {
public:
  change_applier(storage::profile_store& store, storage::names& names,
                 segments::membership& members);

  struct result {
    std::vector<record_note> notes;
    std::vector<released_identifier> released;
    std::vector<model::flip> flips; // Without sequences.
    std::uint64_t applied = 0;
    std::uint64_t duplicates = 0;
  };
  void apply(const model::change_batch& batch, model::flip_cause cause, model::instant now,
             std::uint64_t sequence, result& into);

  /// What a record touched, for `membership::restore_due`.
  struct touched {
    std::uint32_t profile = 0;
    std::uint32_t metric = 0;    // 0 = none.
    std::uint32_t attribute = 0; // 0 = none.
  };
  /// The same without memberships, after a crash: only on blocks that do not hold `sequence` yet.
  /// Notes births and deaths when `lives` is set, and everything that was touched.
  void reapply(const model::change_batch& batch, model::instant now, std::uint64_t sequence,
               bool lives, std::vector<touched>& notes);

private:
  void number_names(const model::change_batch& batch);
  [[nodiscard]] std::uint32_t attribute_of(const model::change_batch& batch, std::uint32_t name);
  [[nodiscard]] std::uint32_t list_of(const model::change_batch& batch, std::uint32_t name);
  [[nodiscard]] std::uint32_t metric_of(const model::change_batch& batch, std::uint32_t name);
  [[nodiscard]] std::uint32_t property_of(const model::change_batch& batch, std::uint32_t name);
  bool add_event(const model::change_batch& batch, const model::change_record& r,
                 model::instant now, std::uint64_t sequence, model::event_view& added);
  /// Attributes that changed.
  std::vector<std::uint32_t> update(const model::change_batch& batch, const model::change_record& r,
                                    model::instant now, std::uint64_t sequence, result* into);
  /// What the profile has something of, when the record fills what it lacks.
  [[nodiscard]] std::set<std::string> taken_units(const model::change_batch& batch,
                                                  const model::change_record& r) const;
  void write(std::uint32_t profile, std::uint32_t attribute, model::value_view value,
             std::uint64_t sequence, std::vector<std::uint32_t>& changed, result* into);
  void name_profile(const model::change_batch& batch, const model::change_record& r,
                    std::uint64_t sequence, std::vector<std::uint32_t>& changed, result* into);
  void report(std::vector<segments::membership::move>& moves, model::flip_cause cause,
              model::instant at, std::string_view detail, result& into);
  void settle(std::uint32_t profile, model::instant now, result& into);

  storage::profile_store& store_;
  storage::names& names_;
  segments::membership& members_;
  std::uint32_t external_id_;
  std::uint32_t email_;
  std::uint32_t phone_number_;
  std::uint32_t created_;
  // Numbers of the batch's names in each role; 0 = not asked yet.
  std::vector<std::uint32_t> as_metric_;
  std::vector<std::uint32_t> as_property_;
  std::vector<std::uint32_t> as_attribute_;
  std::vector<std::uint32_t> as_list_;
  std::vector<storage::new_property> properties_;    // Scratch.
  std::vector<segments::membership::move> moves_;    // Scratch.
  std::vector<segments::membership::due_moves> due_; // Scratch.
};

} // namespace actors
