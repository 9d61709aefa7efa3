#include "tests/metrics/report_run.hpp"

#include "metrics/growth.hpp"
#include "tests/segments/memory_history.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

namespace report_run {

void for_all_seeds(std::uint64_t cases,
                   const std::function<std::string(std::uint64_t seed)>& check) {
  constexpr std::uint64_t first_seed = 28'340'000;
  std::uint64_t first = first_seed;
  if (const char* only = std::getenv("ROLLCALL_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    cases = 1;
  } else if (const char* wanted = std::getenv("ROLLCALL_REPORT_CASES")) {
    cases = std::max<std::uint64_t>(cases * std::strtoull(wanted, nullptr, 10) / cases_by_default,
                                    1);
  }
  int told = 0;
  for (std::uint64_t seed = first; seed < first + cases && told < 3; ++seed)
    if (const auto wrong = check(seed); !wrong.empty()) {
      BOOST_ERROR(wrong << "\nrepeat with ROLLCALL_SEED=" << seed);
      ++told;
    }
}

struct account::block {
  std::vector<plain::profile> people;
  std::unique_ptr<memory_history::block> columns;
  std::uint32_t first = 0;
  std::uint32_t profiles = 0; // Later rows came after the report's instant.
};

struct account::partition final : metrics::membership_history {
  explicit partition(const std::vector<plain::profile>& all) : people(&all) {
  }
  bool is_member(const std::string& segment, std::uint32_t profile) const override {
    return account::is_member(segment, people->at(profile), std::nullopt);
  }
  bool was_member(const std::string& segment, std::uint32_t profile,
                  std::int64_t at) const override {
    return account::is_member(segment, people->at(profile), at);
  }

  const std::vector<plain::profile>* people;
  std::unique_ptr<memory_history::names> names;
  std::vector<std::unique_ptr<block>> blocks;
};

bool account::is_member(const std::string& segment, const plain::profile& person,
                        std::optional<std::int64_t> at) {
  constexpr std::int64_t hour = 3'600'000;
  const auto number = static_cast<std::int64_t>(person.events.size() + person.attributes.size());
  return (at ? *at / hour / 5 + number : number) % 2 == (segment == "S1" ? 0 : 1);
}

namespace {

metrics::report_settings next_settings(random_reports& drawn) {
  std::vector<segments::definition_error> errors;
  auto read = metrics::changed({}, drawn.next_account_settings(), errors);
  BOOST_REQUIRE(read);
  return std::move(*read);
}

} // namespace

account::account(random_reports& drawn)
  : zone_(drawn.zone()), settings_(next_settings(drawn)), people_(drawn.next_partitions()),
    described_(drawn.next_described()), segments_(drawn.next_segments(20)) {
  for (const auto& people : people_) {
    auto& made = partitions_.emplace_back(people);
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
  context.words = &random_reports::words();
  context.account_zone = zone_;
  context.settings = settings_;
  context.segment_id = [](std::string_view name) { return std::optional{std::string{name}}; };
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

metrics::fold_result account::grown(const metrics::fold_order& order, std::size_t index) const {
  metrics::growth counts{order};
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    std::vector<std::pair<std::int64_t, bool>> flips;
    std::uint64_t members = 0;
    for (auto p = index; p < segments_[s].people.size(); p += partitions_.size())
      for (const auto& stay : segments_[s].people[p]) {
        flips.emplace_back(stay.joined, true);
        if (stay.left)
          flips.emplace_back(*stay.left, false);
        else
          ++members;
      }
    std::ranges::stable_sort(flips, {}, &std::pair<std::int64_t, bool>::first);
    counts.begin(s, members);
    for (const auto& [at, joined] : flips)
      counts.add(at, joined);
  }
  return counts.result();
}

std::vector<metrics::fold_result> account::folded(const metrics::fold_order& order,
                                                  random_reports& drawn) const {
  std::vector<metrics::fold_result> parts;
  if (order.kind == metrics::datasource_kind::segments) {
    for (std::size_t p = 0; p < partitions_.size(); ++p)
      parts.push_back(grown(order, p));
    return parts;
  }
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
  for (const auto& p : partitions_) {
    const auto fold = metrics::fold::make(order, known, *p.names, &p);
    feed(*fold, p, drawn);
    parts.push_back(fold->result());
  }
  return parts;
}

asked_case::asked_case(std::uint64_t seed, bool orderly) : drawn(seed, orderly), account(drawn) {
}

std::string asked_case::ask(const std::string& json) {
  text = json;
  const auto result = account.read(json);
  std::string wrong;
  for (const auto& e : result.errors)
    wrong += e.pointer + ": " + e.found + " instead of " + e.allowed + "\n";
  if (!result.read)
    return "refused: " + wrong + json;
  ask(*result.read);
  return {};
}

void asked_case::ask(const metrics::request& wanted) {
  asked = wanted;
  order = with_total(plan(asked, random_reports::words(), drawn.now()));
  std::uint64_t number = 0;
  for (const auto& s : account.segments())
    order.segments.push_back({++number, s.id, s.name});
  order_before.reset();
  if (asked.compare != metrics::comparison::none)
    order_before = earlier(asked, order);
  // As if nobody had said that rows would be left out.
  if (drawn.chance(0.4))
    keep_people(false);
  fold();
  was_sent.reset();
  const auto first = concluded();
  if (first.lacks_sends)
    was_sent = metrics::has_rows(
      account.folded(metrics::sends_of(asked, random_reports::words(), drawn.now()), drawn));
  was_asked_again = first.lacks_people;
  if (!was_asked_again)
    return;
  keep_people(true);
  fold();
}

void asked_case::keep_people(bool kept) {
  order.keeps_people = kept;
  if (order_before)
    order_before->keeps_people = kept;
}

void asked_case::fold() {
  parts = account.folded(order, drawn);
  if (order_before)
    parts_before = account.folded(*order_before, drawn);
}

metrics::answer asked_case::concluded(const metrics::request& of) const {
  std::optional<metrics::added_timeframe> before;
  if (order_before)
    before.emplace(metrics::added_timeframe{&*order_before, parts_before});
  return conclude(of, random_reports::words(), {&order, parts}, before, was_sent);
}

metrics::answer asked_case::concluded() const {
  return concluded(asked);
}

metrics::answer asked_case::concluded_whole() const {
  auto all = asked;
  all.limit = metrics::limit_max;
  return concluded(all);
}

plain::report asked_case::plainly() const {
  static const plain::member_rule is_member = account::is_member;
  return plain::report_of(asked, {random_reports::words(), account.living(), account.described(),
                                  account.segments(), drawn.now(), is_member});
}

std::string asked_case::described() const {
  return text + "\nzone " + drawn.zone() + ", now " + std::to_string(drawn.now());
}

} // namespace report_run
