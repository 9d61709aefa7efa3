#pragma once

#include "model/history.hpp"
#include "storage/environment.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace storage {

/// A partition's numbers for metrics, attributes and event properties, from 1 upwards. New names
/// live in memory until `store_new` writes them; whoever writes something that uses their numbers
/// calls it in the same transaction.
class names final : public model::name_binder {
public:
  std::uint32_t metric(std::string_view name) override;
  std::uint32_t attribute(std::string_view path) override;
  std::uint32_t event_property(std::string_view key) override;

  /// The number of a name that is known; 0 = it is not.
  [[nodiscard]] std::uint32_t find(name_kind kind, std::string_view name) const;
  [[nodiscard]] std::string_view name(name_kind kind, std::uint32_t number) const;
  /// Numbers are 1 … count.
  [[nodiscard]] std::uint32_t count(name_kind kind) const;

  model::status load(const transaction& from);
  void store_new(write_transaction& to);
  /// The names that `store_new` wrote are durable.
  void stored();

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct table {
    std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers;
    std::vector<std::string> names; // By number - 1.
    std::size_t durable = 0;
    std::size_t written = 0;
  };
  table& of(name_kind kind) {
    return tables_[static_cast<std::size_t>(kind) - 1];
  }
  [[nodiscard]] const table& of(name_kind kind) const {
    return tables_[static_cast<std::size_t>(kind) - 1];
  }
  std::uint32_t intern(name_kind kind, std::string_view name);

  std::array<table, 3> tables_;
};

} // namespace storage
