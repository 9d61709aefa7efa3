#pragma once

#include "model/objects.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Campaigns, flows and tags as they were described. Knows no disk and no actor.
namespace actors {

struct object_entry {
  std::uint64_t number = 0; // Its place in the store.
  model::described_object object{};
};

class object_catalogue {
public:
  using key = std::pair<model::object_kind, std::string>; // Kind, id.

  /// Null when nobody has described it.
  [[nodiscard]] const object_entry* find(const key& which) const;
  /// Every object by kind and id. Shared and never changed: who has it keeps what it was.
  [[nodiscard]] std::shared_ptr<const std::vector<model::described_object>> all() const;
  [[nodiscard]] std::uint64_t last_number() const {
    return last_number_;
  }

  void accept(object_entry entry);
  void forget(const key& which);

private:
  std::map<key, object_entry> entries_;
  std::uint64_t last_number_ = 0;
  mutable std::shared_ptr<const std::vector<model::described_object>> all_; // Null = not asked for.
};

/// What the descriptions of a batch make of the catalogue, not yet believed: record the changes,
/// then `accept` or `forget` them.
class object_draft {
public:
  /// `known` must outlive the draft and stay as it is.
  explicit object_draft(const object_catalogue& known)
    : known_(known), last_number_(known.last_number()) {
  }

  /// Whether the update changes anything, in the order in which updates come; or why it cannot be.
  model::outcome<bool> take(const model::object_update& update);

  struct change {
    std::uint64_t number = 0;
    std::optional<model::described_object> becomes{}; // Nothing = it is forgotten.
  };
  [[nodiscard]] const std::map<object_catalogue::key, change>& changes() const {
    return changes_;
  }

private:
  const object_catalogue& known_;
  std::map<object_catalogue::key, change> changes_;
  std::uint64_t last_number_;
};

} // namespace actors
