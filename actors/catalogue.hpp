#pragma once

#include "actors/object_catalogue.hpp"
#include "model/instant.hpp"
#include "model/outcome.hpp"
#include "segments/parse.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What an account has: segments, metrics, lists, described objects, and how they are called.
/// Decides about definitions; knows no disk and no actor.
namespace actors {

struct segment_edition {
  std::uint32_t version = 0;
  model::instant at{};
  std::string reason; // "created", "edited", "segment Buyers was edited".
  std::string json;   // As given.
};

struct segment_entry {
  std::uint64_t number = 0;
  std::string id;
  std::string name;
  model::instant created{};
  bool is_cancelled = false; // The build of the last edition was.
  bool is_active = true;     // Otherwise nobody joins or leaves, whatever the definition says.
  std::vector<std::string> references; // Ids of the segments that it stands on, through others too.
  std::vector<segment_edition> editions; // Oldest first; never empty.

  [[nodiscard]] std::uint32_t version() const {
    return editions.back().version;
  }
  [[nodiscard]] const std::string& json() const {
    return editions.back().json;
  }
};

/// Six characters (or more, should two ever meet) that name a thing for ever: Crockford's base 32
/// of a hash.
std::string short_id(std::string_view kind, std::string_view name, unsigned attempt);

/// Names that got a number and a short id, of metrics or of lists.
class name_register {
public:
  explicit name_register(std::string_view kind) : kind_(kind) {
  }
  /// False: it was known.
  bool learn(std::string_view name);
  [[nodiscard]] bool knows(std::string_view name) const;
  /// The name of what has this name or this id.
  [[nodiscard]] std::optional<std::string> find(std::string_view name_or_id) const;
  [[nodiscard]] std::string id_of(std::string_view name) const; // Empty = unknown.
  [[nodiscard]] const std::vector<std::string>& names() const {
    return names_;
  }

private:
  std::string kind_;
  std::vector<std::string> names_; // In the order in which they came.
  std::map<std::string, std::string, std::less<>> id_by_name_;
  std::map<std::string, std::string, std::less<>> name_by_id_;
};

/// A segment that is to be.
struct named_rule {
  std::string name;
  std::string json;
};

class catalogue {
public:
  name_register metrics{"metric"};
  name_register lists{"list"};
  object_catalogue objects;

  [[nodiscard]] const std::map<std::uint64_t, segment_entry>& segments() const {
    return segments_;
  }
  [[nodiscard]] const segment_entry* find(std::string_view name_or_id) const;

  /// A segment's new edition, not yet believed: record it, then `accept` it.
  struct redefinition {
    segment_entry entry;
    std::string inlined; // Stands alone, for the partitions.
  };
  struct decision {
    std::vector<redefinition> redefined; // The segment itself first, then who stands on it.
    std::vector<segments::definition_error> errors;
    std::optional<model::failure> refused;
  };
  /// All or none; later ones may refer to earlier ones. Among several, a refusal names the one that
  /// is meant, and an error's pointer begins with its index.
  [[nodiscard]] decision decide_create(std::span<const named_rule> all, model::instant now) const;
  [[nodiscard]] decision decide_edit(std::string_view segment, std::string_view json,
                                     model::instant now) const;
  /// Begins or ends the processing of a segment, with an edition of the same definition; none when
  /// it is so already. Who stands on the segment goes by its definition either way.
  [[nodiscard]] decision decide_activation(std::string_view segment, bool is_active,
                                           model::instant now) const;
  /// The segment with its new name first, then those whose definitions call it by its old one, with
  /// the new one written there. No definition changes its meaning or its version.
  [[nodiscard]] model::outcome<std::vector<segment_entry>>
  decide_rename(std::string_view segment, std::string_view name) const;
  /// The segment to drop, or why not.
  [[nodiscard]] model::outcome<segment_entry> decide_drop(std::string_view segment) const;

  void accept(segment_entry entry);
  void forget(std::uint64_t number);

  /// A definition that is no segment's: inlined, or its errors.
  struct checked {
    std::string inlined;
    std::vector<segments::definition_error> errors;
  };
  [[nodiscard]] checked check(std::string_view json) const;
  [[nodiscard]] std::string inlined(const segment_entry& entry) const;
  /// Names of the segments that an entry stands on.
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<std::string>& ids) const;

private:
  [[nodiscard]] decision decide_create_one(const named_rule& what, model::instant now) const;
  /// `edited`, when given, is seen with this definition instead of its own.
  [[nodiscard]] segments::parse_context context(const segment_entry* self,
                                                const segment_entry* edited) const;
  [[nodiscard]] std::string inlined(const segment_entry& entry,
                                    const segments::parse_context& account) const;
  [[nodiscard]] std::string free_id(std::uint64_t number, std::string_view name) const;

  std::map<std::uint64_t, segment_entry> segments_;
  std::map<std::string, std::uint64_t, std::less<>> by_name_;
  std::map<std::string, std::uint64_t, std::less<>> by_id_;
  std::uint64_t last_number_ = 0;
};

} // namespace actors
