#pragma once

#include "actors/account_clock.hpp"
#include "actors/catalogue.hpp"
#include "actors/identity.hpp"
#include "model/outcome.hpp"
#include "storage/environment.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace actors {

/// What was chosen when the directory was made.
struct account_settings {
  std::uint32_t partitions = 4;
  std::string zone = "UTC";
  account_clock::setting clock{};
};

/// Two people are becoming one: written before the first step, erased after the last.
struct person_merge {
  std::uint64_t number = 0; // Rises for ever.
  profile_place from{};
  profile_place into{};
  std::string source{}; // Whose batch asked for it, and its count there; empty = nobody who counts.
  std::uint64_t source_sequence = 0;
};

/// A small thing of the account that means nothing to the engine.
struct account_document {
  std::string id;
  std::string json;
};

/// The account's own small environment beside the partitions: settings, catalogue, documents,
/// merges under way. Every change is durable when it returns. Any thread, one at a time.
class account_store {
public:
  /// Opens; or makes it with `created` when it is not there.
  static model::outcome<std::unique_ptr<account_store>> open(const std::filesystem::path& directory,
                                                             const account_settings& created);

  [[nodiscard]] const account_settings& settings() const {
    return settings_;
  }
  /// Everything that was recorded.
  model::outcome<catalogue> load_catalogue() const;
  model::outcome<std::vector<person_merge>> load_merges() const;

  model::status save_clock(account_clock::setting clock);
  model::status save_segments(const std::vector<catalogue::redefinition>& changed);
  model::status save_segment(const segment_entry& changed);
  /// All in one commit.
  model::status save_segments(const std::vector<segment_entry>& changed);
  model::status erase_segment(std::uint64_t number);
  enum class name_kind : std::uint8_t { metric, list };
  struct new_name {
    name_kind kind{};
    std::uint64_t number = 0; // Place in its register.
    std::string name;
  };
  model::status save_names(const std::vector<new_name>& names);
  /// Objects as a batch has described them, and in the same commit how far its source has come
  /// with descriptions; an empty source is not counted.
  model::status save_objects(const object_draft& described, std::string_view source,
                             std::uint64_t count);
  /// That count; 0 = none.
  model::outcome<std::uint64_t> described_up_to(std::string_view source) const;
  /// Of a kind, by id. Kinds and ids have passed `check_document` here and below.
  model::outcome<std::vector<account_document>> documents(std::string_view kind) const;
  model::status save_document(std::string_view kind, const account_document& document);
  /// False = there was none.
  model::outcome<bool> erase_document(std::string_view kind, std::string_view id);
  /// Gives the merge its number.
  model::outcome<person_merge> begin_merge(person_merge merge);
  model::status end_merge(std::uint64_t number);

  /// Whoever has operations performed in an order keeps here how far that has come. What is noted
  /// goes into every commit from then on, so that an operation and its place are kept together or
  /// not at all.
  void note_order(std::uint64_t position) {
    order_position_ = position;
  }
  /// The same by itself, for an operation that has written nothing.
  model::status save_order(std::uint64_t position);
  /// As kept; 0 = nothing was.
  model::outcome<std::uint64_t> order_position() const;

private:
  model::status update(const std::function<model::status(storage::write_transaction&)>& work);

  account_store(std::unique_ptr<storage::environment> environment, account_settings settings);
  std::unique_ptr<storage::environment> environment_;
  account_settings settings_;
  std::atomic<std::uint64_t> order_position_ = 0; // 0 = none is kept.
};

} // namespace actors
