#include "tests/library/engine_fixture.hpp"

#include <cstdlib>
#include <map>
#include <random>
#include <tuple>

/// Lists of profiles and events against a plain sort over what was sent.
BOOST_AUTO_TEST_SUITE(listing_differential_test)

namespace {

using rollcall::profile_place;

struct plain_event {
  std::string metric;
  std::int64_t time = 0;
  std::optional<double> value;
  std::string unique_id;
  std::string properties;
};

struct plain_person {
  std::int64_t created = 0;
  std::string email;
  std::map<std::string, std::int64_t> joined; // By list.
  std::vector<plain_event> events;
};

const std::vector<std::string> metrics{"Placed Order", "Opened Email", "Viewed Product"};
const std::vector<std::string> lists{"VIP", "News"};

struct differential : engine_fixture {
  std::mt19937 random;
  std::map<std::string, plain_person> people; // By external id.
  std::uint64_t last_id = 0;
  batch_maker batch;

  explicit differential(std::uint32_t seed) : random(seed) {
    for (const auto& list : lists) // Which may stay without members for long.
      need(engine->add_list(list));
  }
  std::size_t below(std::size_t n) {
    return random() % n;
  }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  /// Few different ones, so that there are equal ones.
  std::int64_t some_time() {
    return model::to_ms(instant("2025-06-01")) + static_cast<std::int64_t>(below(40)) * 500;
  }
  std::string somebody() {
    return std::next(people.begin(), static_cast<std::ptrdiff_t>(below(people.size())))->first;
  }

  void make_somebody() {
    const auto id = "u" + std::to_string(last_id++);
    auto& person = people[id];
    person.created = model::to_ms(engine->now());
    if (below(3) != 0)
      person.email = std::string(1, static_cast<char>('a' + below(5))) + id + "@example.org";
    batch.profile({id, person.email});
    if (below(2) == 0) {
      person.created = some_time();
      batch.with("created", model::format_instant(model::from_ms(person.created)));
    }
  }
  void add_event() {
    const auto id = somebody();
    plain_event e{one_of(metrics), some_time(), {}, {}, "{}"};
    if (below(2) == 0)
      e.value = static_cast<double>(below(100));
    e.unique_id = below(2) == 0 ? "e" + std::to_string(last_id++)
                                : std::to_string(e.time / 1'000); // As without one.
    batch.batch_builder::event({id}, e.metric, model::from_ms(e.time), e.value,
                               e.unique_id.starts_with('e') ? e.unique_id : "");
    if (below(2) == 0) {
      const auto size = below(5);
      batch.set("size", static_cast<double>(size)).set("colour", "red");
      e.properties = R"({"colour":"red","size":)" + std::to_string(size) + '}';
    }
    take(people[id], e);
  }
  /// A known id counts once.
  static void take(plain_person& person, const plain_event& e) {
    const auto known = std::ranges::any_of(person.events, [&](const auto& other) {
      return other.metric == e.metric && other.unique_id == e.unique_id;
    });
    if (!known)
      person.events.push_back(e);
  }
  void move_in_list() {
    const auto id = somebody();
    const auto& list = one_of(lists);
    if (below(3) == 0) {
      batch.leave({id}, list);
      people[id].joined.erase(list);
    } else {
      const auto at = some_time();
      batch.join({id}, list, model::from_ms(at));
      people[id].joined.try_emplace(list, at);
    }
  }
  void merge_two() {
    const auto from = somebody();
    const auto into = somebody();
    if (from == into)
      return;
    batch.merge({from}, {into});
    const auto gone = people[from];
    people.erase(from);
    auto& person = people[into];
    if (person.email.empty())
      person.email = gone.email;
    for (const auto& [list, at] : gone.joined)
      person.joined.try_emplace(list, at);
    for (const auto& e : gone.events)
      take(person, e);
  }
  void erase_one() {
    const auto id = somebody();
    batch.erase({id});
    people.erase(id);
  }
  void change_much(int count) {
    for (int i = 0; i < count; ++i) {
      const auto what = below(100);
      if (people.size() < 5 || what < 25)
        make_somebody();
      else if (what < 75)
        add_event();
      else if (what < 94)
        move_in_list();
      else if (what < 97)
        merge_two();
      else
        erase_one();
    }
    const auto taken = apply(batch);
    BOOST_REQUIRE(taken.rejected.empty());
    if (below(2) == 0)
      need(engine->fold());
    if (below(3) == 0)
      reopen();
  }

  // --- profiles

  struct plain_line {
    profile_place place;
    std::optional<std::int64_t> joined_at;
    friend bool operator==(const plain_line&, const plain_line&) = default;
  };
  rollcall::profile_query some_profile_query() {
    rollcall::profile_query q;
    if (below(2) == 0)
      q.list = one_of(lists);
    q.order_by = one_of(std::vector<std::string>{"", "created", "email", "joined_at"});
    if (q.order_by == "joined_at" && q.list.empty())
      q.order_by.clear();
    q.is_descending = below(2) == 0;
    if (q.order_by == "created" || q.order_by == "joined_at") {
      if (below(3) == 0)
        q.from = model::from_ms(some_time());
      if (below(3) == 0)
        q.to = model::from_ms(some_time());
    }
    return q;
  }
  std::vector<plain_line> expected(const rollcall::profile_query& q) {
    using key = std::tuple<bool, std::int64_t, std::string>;
    std::vector<std::pair<key, plain_line>> all;
    for (const auto& [id, person] : people) {
      const auto joined = person.joined.find(q.list);
      if (!q.list.empty() && joined == person.joined.end())
        continue;
      const auto at = q.order_by == "created"   ? person.created
                    : q.order_by == "joined_at" ? joined->second
                                                : 0;
      if ((q.from && at < model::to_ms(*q.from)) || (q.to && at >= model::to_ms(*q.to)))
        continue;
      const auto text = q.order_by == "email" ? person.email : "";
      const auto place = engine->find_profile(id);
      need(place);
      plain_line line{*place, {}};
      if (!q.list.empty())
        line.joined_at = joined->second;
      all.push_back({{q.order_by == "email" && text.empty(), at, text}, line});
    }
    std::ranges::sort(all, [&](const auto& a, const auto& b) {
      const auto& [a_without, a_at, a_text] = a.first;
      const auto& [b_without, b_at, b_text] = b.first;
      if (a_without != b_without)
        return b_without;
      if (std::tie(a_at, a_text) != std::tie(b_at, b_text))
        return (std::tie(a_at, a_text) < std::tie(b_at, b_text)) != q.is_descending;
      const bool is_backwards = q.is_descending && q.order_by.empty();
      return is_backwards ? b.second.place < a.second.place : a.second.place < b.second.place;
    });
    std::vector<plain_line> lines;
    for (auto& [k, line] : all)
      lines.push_back(line);
    return lines;
  }
  std::vector<plain_line> listed(const rollcall::profile_query& q, std::size_t limit) {
    std::vector<plain_line> all;
    std::string cursor;
    do {
      const auto page = engine->list_profiles(q, cursor, limit);
      need(page);
      BOOST_CHECK(page->profiles.size() == limit || page->cursor.empty());
      for (const auto& line : page->profiles)
        all.push_back({line.place, line.joined_at ? std::optional{model::to_ms(*line.joined_at)}
                                                  : std::nullopt});
      cursor = page->cursor;
    } while (!cursor.empty());
    return all;
  }
  void check_profiles() {
    for (int i = 0; i < 12; ++i) {
      const auto q = some_profile_query();
      const auto limit = below(4) == 0 ? 1'000 : 1 + below(9);
      BOOST_TEST_CONTEXT("list \"" << q.list << "\", by \"" << q.order_by << "\", descending "
                                   << q.is_descending << ", pages of " << limit)
      BOOST_CHECK(listed(q, limit) == expected(q));
    }
  }

  // --- events

  using told_event = std::tuple<std::int64_t, profile_place, std::string, std::string,
                                std::optional<double>, std::string>;
  rollcall::event_query some_event_query() {
    rollcall::event_query q;
    for (const auto& metric : metrics)
      if (below(3) == 0)
        q.metrics.push_back(metric);
    if (below(3) == 0)
      q.profile = *engine->find_profile(somebody());
    if (below(3) == 0)
      q.from = model::from_ms(some_time());
    if (below(3) == 0)
      q.to = model::from_ms(some_time());
    q.newest_first = below(2) == 0;
    return q;
  }
  std::vector<told_event> expected(const rollcall::event_query& q) {
    std::vector<told_event> all;
    for (const auto& [id, person] : people) {
      const auto place = engine->find_profile(id);
      need(place);
      if (q.profile && *q.profile != *place)
        continue;
      for (const auto& e : person.events) {
        const bool is_wanted = q.metrics.empty()
                            || std::ranges::find(q.metrics, e.metric) != q.metrics.end();
        if (is_wanted && !(q.from && e.time < model::to_ms(*q.from))
            && !(q.to && e.time >= model::to_ms(*q.to)))
          all.emplace_back(e.time, *place, e.metric, e.unique_id, e.value, e.properties);
      }
    }
    std::ranges::sort(all);
    return all;
  }
  std::vector<rollcall::event_info> listed(const rollcall::event_query& q, std::size_t limit) {
    std::vector<rollcall::event_info> all;
    std::string cursor;
    do {
      const auto page = engine->events(q, cursor, limit);
      need(page);
      BOOST_CHECK(page->events.size() == limit || page->cursor.empty());
      std::ranges::copy(page->events, std::back_inserter(all));
      cursor = page->cursor;
    } while (!cursor.empty());
    return all;
  }
  static told_event told(const rollcall::event_info& e) {
    return {model::to_ms(e.time), e.place, e.metric, e.unique_id, e.value, e.properties};
  }
  void check_events() {
    for (int i = 0; i < 12; ++i) {
      const auto q = some_event_query();
      const auto limit = below(4) == 0 ? 1'000 : 1 + below(9);
      BOOST_TEST_CONTEXT("of " << q.metrics.size() << " metrics, of one " << q.profile.has_value()
                               << ", newest first " << q.newest_first << ", pages of " << limit) {
        const auto found = listed(q, limit);
        const auto whole = listed(q, 10'000);
        std::vector<told_event> all;
        for (std::size_t e = 0; e < found.size(); ++e) {
          BOOST_REQUIRE_LT(e, whole.size());
          BOOST_CHECK_EQUAL(found[e].id, whole[e].id);
          if (e != 0)
            BOOST_CHECK(q.newest_first ? found[e].time <= found[e - 1].time
                                       : found[e].time >= found[e - 1].time);
          all.push_back(told(found[e]));
        }
        std::ranges::sort(all);
        BOOST_CHECK(all == expected(q));
        if (!found.empty()) {
          const auto& one = one_of(found);
          const auto again = engine->event(one.id);
          need(again);
          BOOST_CHECK(told(*again) == told(one));
        }
      }
    }
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(pages_are_those_of_a_plain_sort) {
  const auto* given = std::getenv("ROLLCALL_SEED");
  const auto first = given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                           : std::random_device{}();
  for (std::uint32_t run = 0; run < (given ? 1u : 4u); ++run)
    BOOST_TEST_CONTEXT("ROLLCALL_SEED=" << first + run) {
      differential d{first + run};
      for (int round = 0; round < 6; ++round) {
        d.change_much(60);
        d.check_profiles();
        d.check_events();
      }
      d.check_everything();
    }
}

BOOST_AUTO_TEST_SUITE_END()
