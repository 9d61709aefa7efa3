#include "tests/node/traffic.hpp"

#include "model/instant.hpp"

#include <algorithm>

namespace node_tests {

namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::uint64_t minutes_back = 60 * 24 * 60;

} // namespace

traffic::traffic(std::uint64_t seed) : random_(seed) {
  for (int i = 0; i < 400; ++i) {
    people_.push_back("p" + std::to_string(i));
    people_lines_ += R"({"external_id":")" + people_.back() + "\"}\n";
  }
  add_lines(expected_, people_lines_);
}

std::string traffic::somebody() {
  return people_[below(people_.size())];
}

traffic_line traffic::next() {
  const auto person = somebody();
  const auto value = std::to_string(below(200));
  if (below(6) == 0) {
    auto text = R"({"external_id":")" + person + R"(","properties":{"points":)" + value + "}}\n";
    add_lines(expected_, text);
    return {traffic_line::kind::points, std::move(text), person, {}};
  }
  // No two events share their time, so that their order does not depend on when they were taken.
  const auto number = events_++;
  const auto now = model::to_ms(*model::parse_instant(traffic_now));
  const auto time = now - static_cast<std::int64_t>(below(minutes_back)) * minute_ms
                  - static_cast<std::int64_t>(number % 50'000);
  auto text = std::string{R"({"metric":")"} + (below(3) == 0 ? "Placed Order" : "Active on Site")
            + R"(","unique_id":"e)" + std::to_string(number) + R"(","profile":{"external_id":")"
            + person + R"("},"time":")" + model::format_instant(model::from_ms(time))
            + R"(","value":)" + value + "}\n";
  add_lines(expected_, text);
  return {traffic_line::kind::event, std::move(text), person, {}};
}

traffic_line traffic::next_upheaval() {
  const auto at = below(people_.size());
  const auto person = people_[at];
  people_.erase(people_.begin() + static_cast<std::ptrdiff_t>(at));
  if (below(2) == 0) {
    expected_.erase(person);
    return {
      traffic_line::kind::erase, R"({"erase":{"external_id":")" + person + "\"}}\n", person, {}};
  }
  const auto into = somebody();
  auto gone = std::move(expected_[person]);
  expected_.erase(person);
  auto& kept = expected_[into];
  kept.events.insert(kept.events.end(), gone.events.begin(), gone.events.end());
  for (auto& [path, value] : gone.attributes)
    kept.attributes.try_emplace(path, std::move(value));
  return {traffic_line::kind::merge,
          R"({"merge":{"from":{"external_id":")" + person + R"("},"into":{"external_id":")" + into
            + "\"}}}\n",
          person, into};
}

std::uint64_t traffic::expected_events(const std::string& metric) const {
  std::uint64_t count = 0;
  for (const auto& [id, person] : expected_)
    count += static_cast<std::uint64_t>(
      std::count_if(person.events.begin(), person.events.end(),
                    [&](const auto& event) { return event.metric == metric; }));
  return count;
}

} // namespace node_tests
