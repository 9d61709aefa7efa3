#pragma once

#include "gateway/account.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// The group of tags that no group was named for. It cannot be deleted.
inline constexpr std::string_view default_tag_group = "00000000-0000-4000-8000-000000000001";

inline constexpr std::size_t tags_max = 500;
inline constexpr std::size_t tag_groups_max = 50;
inline constexpr std::size_t tags_of_one_max = 100;

struct known_tag {
  std::string id;
  std::string name;
  std::string group{default_tag_group};
};

struct tag_group {
  std::string id;
  std::string name;
  bool is_exclusive = false;
  [[nodiscard]] bool is_default() const {
    return id == default_tag_group;
  }
};

/// Where tags are kept: descriptions of the engine, and notes. Writers hold lock_notes.
class tag_store {
public:
  explicit tag_store(const account& whose) : whose_(whose) {
  }
  /// Described ones and those that a campaign or flow merely names, by id.
  [[nodiscard]] std::map<std::string, known_tag> tags() const;
  [[nodiscard]] std::map<std::string, tag_group> groups() const;
  void put(const known_tag& tag) const;
  /// Everything that bears it bears it no more.
  void drop(const std::string& id) const;
  void put(const tag_group& group) const;
  void drop_group(const std::string& id) const;

  /// Ids of all things of a type, each with the tags that it bears.
  [[nodiscard]] std::map<std::string, std::vector<std::string>>
  borne_by(std::string_view type) const;
  void set_borne(std::string_view type, const std::string& id,
                 const std::vector<std::string>& tags) const;

private:
  const account& whose_;
};

} // namespace gateway
