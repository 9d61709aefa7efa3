#pragma once

#include "storage/profile_store.hpp"

/// The two faces of a profile_store that rules look at; only for profile_store.cpp and
/// profile_readers.cpp.
namespace storage {

/// Set in the handle of an event that is in the delta; the rest is its place there.
inline constexpr std::uint64_t delta_handle = std::uint64_t{1} << 63;
/// With a bit for each profile of a block.
inline constexpr std::size_t block_words = model::block_rows / 64;

/// The opened columns of one block. They read where the records lie, so each is kept only while its
/// record still lies there.
struct profile_store::block_cache {
  template <class Column>
  struct opened {
    std::unique_ptr<Column> column; // Null = there is none.
    const word* at = nullptr;       // Where its record lay.
    std::uint64_t snapshot = 0;     // The last one in which it did.
  };
  boost::unordered_flat_map<std::uint32_t, opened<event_block>> events;
  boost::unordered_flat_map<std::uint32_t, opened<attribute_block>> attributes;
};

class profile_store::profile_reader final : public model::profile_view {
public:
  explicit profile_reader(const profile_store& store) : store_(store) {
  }
  void turn_to(std::uint32_t profile) {
    if (profile != profile_) {
      forget();
      profile_ = profile;
    }
  }
  /// What was gathered is out of date.
  void forget() {
    profile_ = UINT32_MAX;
    ++turn_;
  }

  [[nodiscard]] model::value_view attribute(std::uint32_t attribute) const override {
    return store_.attribute(profile_, attribute);
  }
  [[nodiscard]] std::span<const model::event_view> events(std::uint32_t metric) const override;
  [[nodiscard]] model::value_view property(std::uint32_t metric, const model::event_view& event,
                                           std::uint32_t event_property) const override;
  [[nodiscard]] span_of_time event_times() const override;

private:
  struct gathered {
    std::uint64_t turn = 0;
    std::vector<model::event_view> events;
  };
  void gather(std::uint32_t metric, std::vector<model::event_view>& into) const;

  const profile_store& store_;
  std::uint32_t profile_ = UINT32_MAX;
  std::uint64_t turn_ = 1;
  mutable std::vector<gathered> by_metric_;
};

class profile_store::block_reader final : public model::block_view {
public:
  explicit block_reader(const profile_store& store) : store_(store) {
  }
  void turn_to(std::uint32_t block);

  [[nodiscard]] std::uint32_t profiles() const override {
    return profiles_;
  }
  [[nodiscard]] const model::event_columns* events(std::uint32_t metric) const override;
  [[nodiscard]] model::coded_column attribute(std::uint32_t attribute) const override;
  [[nodiscard]] std::span<const std::uint32_t> metrics() const override;
  [[nodiscard]] std::span<const std::uint64_t> dirty() const override {
    return dirty_;
  }
  [[nodiscard]] std::span<const std::uint64_t> alive() const override {
    return alive_;
  }
  [[nodiscard]] const model::profile_view& profile(std::uint32_t row) const override {
    return store_.view(block_ * model::block_rows + row);
  }

private:
  /// The column with "not set" for rows that it does not cover.
  [[nodiscard]] model::coded_column widen(const model::coded_column& column,
                                          std::uint32_t rows) const;

  const profile_store& store_;
  std::uint32_t block_ = 0;
  std::uint32_t profiles_ = 0;
  std::vector<std::uint64_t> dirty_;
  std::span<const std::uint64_t> alive_;
  mutable std::vector<std::uint32_t> metrics_;
  // Columns that cover fewer rows than the block has now.
  mutable std::vector<std::vector<std::byte>> widened_;
  mutable std::vector<std::unique_ptr<model::event_columns>> widened_events_;
};

} // namespace storage
