#pragma once

#include "actors/partition.hpp"
#include "model/change.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <rollcall/batch_builder.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A partition that is asked for listings, one block a slice.
struct listing_fixture {
  static constexpr std::uint32_t index = 3;

  tests::temporary_directory directory;
  std::unique_ptr<actors::partition> owned;

  listing_fixture() {
    open();
  }
  void open() {
    owned.reset();
    actors::partition_options options;
    options.directory = directory.path() / "partition";
    options.index = index;
    options.count = index + 1;
    auto opened = actors::partition::open(options);
    BOOST_REQUIRE(opened);
    owned = std::move(*opened);
  }

  /// Takes what was built so far; record i is about profile `profiles[i]`.
  void commit(rollcall::batch_builder& builder, const std::vector<std::uint32_t>& profiles,
              model::instant now = model::from_ms(1'750'000'000'000)) {
    auto batch = builder.take();
    BOOST_REQUIRE_EQUAL(batch.records.size(), profiles.size());
    for (std::size_t i = 0; i < profiles.size(); ++i)
      batch.records[i].profile = profiles[i];
    const actors::incoming_batch incoming{&batch};
    BOOST_REQUIRE(owned->commit({&incoming, 1}, now));
  }
  void merge() {
    for (bool done = false; !done;) {
      const auto merged = owned->merge_slice(std::chrono::microseconds{0});
      BOOST_REQUIRE(merged);
      done = *merged;
    }
  }

  /// Goes on until the oldest listing is through.
  template <class Answer>
  Answer finish() {
    for (int i = 0; i < 1'000; ++i)
      if (auto result = owned->listing_slice(std::chrono::microseconds{0}); !result.found.empty())
        return std::get<Answer>(std::move(result.found.front().answer));
    BOOST_FAIL("the listing does not end");
    return {};
  }
  template <class Question>
  auto ask(Question asked) {
    owned->begin_listing(std::move(asked));
    if constexpr (std::is_same_v<Question, actors::profile_question>)
      return finish<actors::profile_lines>();
    else if constexpr (std::is_same_v<Question, actors::event_question>)
      return finish<actors::event_keys>();
    else
      return finish<actors::property_samples>();
  }
};
