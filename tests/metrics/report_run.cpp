#include "tests/metrics/report_run.hpp"

#include "tests/segments/memory_history.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace report_run {

struct account::block {
  std::vector<plain::profile> people;
  std::unique_ptr<memory_history::block> columns;
  std::uint32_t first = 0;
  std::uint32_t profiles = 0; // Later rows came after the report's instant.
};

struct account::partition {
  std::unique_ptr<memory_history::names> names;
  std::vector<std::unique_ptr<block>> blocks;
};

const metrics::dictionary& standard_words() {
  static const auto words = *metrics::read_dictionary(metrics::standard_files()).read;
  return words;
}

account::account(random_reports& drawn)
  : zone_(drawn.zone()), people_(drawn.next_partitions()), described_(drawn.next_described()) {
  for (const auto& people : people_) {
    auto& made = partitions_.emplace_back();
    made.names = std::make_unique<memory_history::names>();
    std::size_t from = 0;
    while (from < people.size()) {
      const auto size = std::min<std::size_t>(people.size() - from, 5 + drawn.below(60));
      auto b = std::make_unique<block>();
      b->first = static_cast<std::uint32_t>(from);
      b->people.assign(people.begin() + static_cast<std::ptrdiff_t>(from),
                       people.begin() + static_cast<std::ptrdiff_t>(from + size));
      from += size;
      b->profiles = static_cast<std::uint32_t>(size);
      if (from == people.size() && drawn.chance(0.3))
        b->profiles -= static_cast<std::uint32_t>(drawn.below(std::min<std::size_t>(size, 3)));
      b->columns = std::make_unique<memory_history::block>(b->people, *made.names, drawn.random());
      for (std::uint32_t row = 0; row < b->profiles; ++row)
        if (b->columns->is_alive(row))
          living_.push_back(&b->people[row]);
      made.blocks.push_back(std::move(b));
    }
  }
}

account::~account() = default;

metrics::request_result account::read(const std::string& json) const {
  metrics::request_context context;
  context.words = &standard_words();
  context.account_zone = zone_;
  return metrics::read_request(json, context);
}

template <class Reader>
void account::feed(Reader& to, const partition& from, random_reports& drawn) const {
  for (const auto& b : from.blocks) {
    if (drawn.chance(0.5))
      for (std::uint32_t row = 0; row < b->profiles; ++row)
        if (drawn.chance(0.1) && b->columns->is_alive(row))
          to.read_early(b->columns->profile(row), b->first + row);
    to.read(*b->columns, b->first, b->profiles);
  }
}

std::vector<metrics::fold_result> account::folded(const metrics::fold_order& order,
                                                  random_reports& drawn) const {
  std::map<std::pair<metrics::message_owner, std::string>, metrics::surveyed_object> surveyed;
  if (order.kind == metrics::datasource_kind::messages)
    for (const auto& p : partitions_) {
      const auto survey = metrics::survey::make(order, *p.names);
      feed(*survey, p, drawn);
      for (const auto& object : survey->result()) {
        const auto [known, is_new] = surveyed.try_emplace({object.owner, object.id}, object);
        if (!is_new)
          known->second.add(object);
      }
    }
  std::vector<metrics::surveyed_object> objects;
  for (auto& [id, object] : surveyed)
    objects.push_back(std::move(object));
  const auto known = metrics::joined(described_, objects, order);
  std::vector<metrics::fold_result> parts;
  for (const auto& p : partitions_) {
    const auto fold = metrics::fold::make(order, known, *p.names, nullptr);
    feed(*fold, p, drawn);
    parts.push_back(fold->result());
  }
  return parts;
}

} // namespace report_run
