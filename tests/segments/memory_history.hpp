#pragma once

#include "model/history.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Histories in memory, as profiles and as blocks, made from plain profiles.
namespace memory_history {

class names final : public model::name_binder {
public:
  std::uint32_t metric(std::string_view name) override;
  std::uint32_t attribute(std::string_view path) override;
  std::uint32_t event_property(std::string_view key) override;

  std::vector<std::string> metrics;
  std::vector<std::string> attributes;
  std::vector<std::string> properties;
};

/// A plain profile as rules see it. `known` and `source` must outlive it; names bound later are
/// known as well.
class profile final : public model::profile_view {
public:
  profile(const plain::profile& source, const names& known);

  [[nodiscard]] model::value_view attribute(std::uint32_t attribute) const override;
  [[nodiscard]] std::span<const model::event_view> events(std::uint32_t metric) const override;
  [[nodiscard]] model::value_view property(std::uint32_t metric, const model::event_view& event,
                                           std::uint32_t event_property) const override;
  [[nodiscard]] span_of_time event_times() const override;

private:
  const plain::profile* source_;
  const names* known_;
  std::map<std::string, std::vector<model::event_view>>
    events_; // Handle = place in source_->events.
};

/// What to try when data becomes columns. Everything is drawn from the generator.
struct block_options {
  double dirty = 0.1; // Share of rows whose columns lie.
  double dead = 0.1;  // Share of rows that are no living profile.
};

/// Plain profiles as a block: codes and numbers in columns of every width and form.
class block final : public model::block_view {
public:
  block(const std::vector<plain::profile>& people, names& known, std::mt19937_64& random,
        block_options options = {});
  ~block() override;

  [[nodiscard]] std::uint32_t profiles() const override;
  [[nodiscard]] const model::event_columns* events(std::uint32_t metric) const override;
  [[nodiscard]] model::coded_column attribute(std::uint32_t attribute) const override;
  [[nodiscard]] std::span<const std::uint32_t> metrics() const override;
  [[nodiscard]] std::span<const std::uint64_t> dirty() const override;
  [[nodiscard]] std::span<const std::uint64_t> alive() const override;
  [[nodiscard]] const model::profile_view& profile(std::uint32_t row) const override;

  [[nodiscard]] bool is_alive(std::uint32_t row) const;

private:
  class dictionary;
  class metric_columns;

  model::coded_column coded(const std::vector<model::value>& rows, std::mt19937_64& random);

  std::vector<memory_history::profile> people_;
  std::vector<std::uint64_t> dirty_;
  std::vector<std::uint64_t> alive_;
  std::vector<std::uint32_t> metrics_;
  std::map<std::uint32_t, model::coded_column> attributes_;
  std::map<std::uint32_t, std::unique_ptr<metric_columns>> events_;
  std::deque<std::unique_ptr<dictionary>> dictionaries_;
  std::deque<std::vector<std::byte>> bytes_; // What columns point at.
};

} // namespace memory_history
