#pragma once

#include "model/value.hpp"
#include "storage/event_block.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace tests {

/// An event that owns everything.
struct plain_event {
  std::uint32_t row = 0;
  std::int64_t time = 0;
  double value = model::no_value;
  std::string unique_id; // Empty = its time.
  std::map<std::uint32_t, model::value> properties;

  [[nodiscard]] std::string id() const {
    return unique_id.empty() ? storage::seconds_id(time) : unique_id;
  }
};

/// The events of a block the plain way: a vector a row, sorted by time, equal times in order of
/// arrival.
class plain_block {
public:
  std::vector<std::vector<plain_event>> rows;

  void merge(std::uint32_t count, const std::vector<plain_event>& added,
             const std::vector<std::uint64_t>& dropped) {
    for (std::size_t r = 0; r < rows.size(); ++r)
      if (r / 64 < dropped.size() && (dropped[r / 64] >> (r % 64) & 1) != 0)
        rows[r].clear();
    rows.resize(count);
    for (const auto& e : added)
      rows[e.row].push_back(e);
    for (auto& r : rows)
      std::stable_sort(r.begin(), r.end(),
                       [](const auto& a, const auto& b) { return a.time < b.time; });
  }
};

/// Views of plain events, in the order that a merge wants.
class event_input {
public:
  explicit event_input(std::vector<plain_event>& events) {
    std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
      return a.row != b.row ? a.row < b.row : a.time < b.time;
    });
    for (const auto& e : events) {
      auto& properties = properties_.emplace_back();
      for (const auto& [number, value] : e.properties)
        properties.push_back({number, value.view()});
      views_.push_back({e.row, e.time, e.value, e.unique_id, properties});
    }
  }
  [[nodiscard]] std::span<const storage::new_event> views() const {
    return views_;
  }

private:
  std::deque<std::vector<storage::new_property>> properties_;
  std::vector<storage::new_event> views_;
};

/// What a generated block looks like.
struct event_style {
  int time_step = 1; // Milliseconds.
  int values = 0;    // 0 none, 1 whole, 2 cents, 3 thousandths, 4 any, 5 mixed with none.
  int ids = 0;       // 0 none, 1 padded, 2 uuid, 3 hex, 4 literal, 5 everything.
  int properties = 3;
  int distinct = 20;
  std::uint32_t rows = 300;
};

inline model::value random_value(std::mt19937_64& random, int distinct) {
  const auto pick = static_cast<int>(random() % static_cast<unsigned>(distinct));
  switch (random() % 6) {
  case 0:
    return model::value::of_number(pick * 0.5 - 3);
  case 1:
    return model::value::of_boolean(pick % 2 == 0);
  case 2: {
    model::value list;
    list.kind = model::value_kind::list;
    for (int i = 0; i < pick % 4; ++i) {
      const auto text = "item" + std::to_string(i);
      model::append_list_item(list.text, {model::value_kind::text, 0, text});
      model::append_list_item(list.text, {model::value_kind::number, double(pick), {}});
      model::append_list_item(list.text, {model::value_kind::boolean, 1, {}});
    }
    return list;
  }
  case 3: {
    model::value nested;
    nested.kind = model::value_kind::nested;
    nested.text = "{\"n\":" + std::to_string(pick) + "}";
    return nested;
  }
  default:
    return model::value::of_text(pick == 0 ? "" : "value " + std::to_string(pick));
  }
}

inline std::string random_id(std::mt19937_64& random, int style, std::uint64_t number,
                             std::int64_t time) {
  char text[64];
  switch (style) {
  case 1:
    std::snprintf(text, sizeof text, "evt-%010llu", static_cast<unsigned long long>(number));
    return text;
  case 2: {
    const auto a = random();
    const auto b = random();
    return storage::join({"order:", storage::id_shape::uuid, 0, a, b});
  }
  case 3:
    return storage::join({"", storage::id_shape::hex, 0, random(), random()});
  case 4:
    return std::string("literal/") + static_cast<char>('a' + number % 26) + std::to_string(number)
         + "x";
  case 5: {
    const auto kind = random() % 7;
    if (kind == 5)
      return std::to_string(number + 1);
    if (kind == 6)
      return storage::seconds_id(time);
    return random_id(random, static_cast<int>(kind), number, time);
  }
  default:
    return {};
  }
}

inline plain_event random_event(std::mt19937_64& random, const event_style& style,
                                std::uint64_t number) {
  plain_event e;
  e.row = static_cast<std::uint32_t>(random() % style.rows);
  e.time = (static_cast<std::int64_t>(random() % 4000) - 500) * style.time_step + 1'600'000'000'000;
  const auto small = static_cast<double>(random() % 5000) - 1000;
  switch (style.values) {
  case 1:
    e.value = small;
    break;
  case 2:
    e.value = small / 100;
    break;
  case 3:
    e.value = small / 1000;
    break;
  case 4:
    e.value = small / 7;
    break;
  case 5:
    if (random() % 3 != 0)
      e.value = small / 100;
    break;
  default:
    break;
  }
  e.unique_id = random_id(random, style.ids, number, e.time);
  for (int p = 0; p < style.properties; ++p)
    if (random() % 4 != 0)
      e.properties[static_cast<std::uint32_t>(p * 7 + 1)] = random_value(random, style.distinct);
  return e;
}

inline bool same_number(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b;
}

/// Compares every event of a block with the plain model.
inline void check_block(const storage::event_block& block, const plain_block& plain) {
  BOOST_REQUIRE_EQUAL(block.rows(), plain.rows.size());
  const auto newest = block.newest();
  for (std::uint32_t row = 0; row < newest.size(); ++row) {
    const auto& events = plain.rows[row];
    const auto time = block.times.base + block.times.scale * (std::int64_t{newest[row]} - 1);
    BOOST_TEST_REQUIRE((newest[row] == 0) == events.empty());
    BOOST_TEST_REQUIRE((events.empty() || time == events.back().time));
  }
  std::uint32_t at = 0;
  for (std::uint32_t r = 0; r < block.rows(); ++r) {
    BOOST_REQUIRE_EQUAL(block.first[r], at);
    BOOST_REQUIRE_EQUAL(block.first[r + 1] - at, plain.rows[r].size());
    for (const auto& e : plain.rows[r]) {
      BOOST_REQUIRE_EQUAL(block.times.at(at), e.time);
      if (!same_number(block.values.at(at), e.value))
        BOOST_FAIL("value " << block.values.at(at) << " instead of " << e.value);
      BOOST_REQUIRE_EQUAL(block.unique_id(at), e.id());
      const auto found = block.find(r, e.id());
      BOOST_REQUIRE(found.has_value());
      BOOST_REQUIRE_EQUAL(block.unique_id(*found), e.id());
      std::size_t set = 0;
      for (const auto property : block.properties()) {
        const auto column = block.property(property);
        const auto code = column.code(at);
        const auto known = e.properties.find(property);
        BOOST_REQUIRE_EQUAL(code != 0, known != e.properties.end());
        if (code == 0)
          continue;
        ++set;
        BOOST_REQUIRE(column.dictionary->entry(code) == known->second.view());
      }
      BOOST_REQUIRE_EQUAL(set, e.properties.size());
      ++at;
    }
  }
  BOOST_REQUIRE_EQUAL(block.size(), at);
}

} // namespace tests
