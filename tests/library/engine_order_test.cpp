#include "messages/operation.hpp"
#include "tests/library/engine_fixture.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <random>

namespace {

using namespace std::chrono_literals;

/// An order of one writer: what is put into it is performed at once by the writer's own engine, and
/// kept for others to follow.
class kept_order : public rollcall::operation_order {
public:
  void put(std::string operation, performed done) override {
    auto what = messages::decode_operation(operation);
    need(what);
    what->at = now;
    kept.push_back(messages::encode(*what));
    need(writer->perform(kept.back(), kept.size(), [done](rollcall::performed_operation answer) {
      done(std::move(answer));
    }));
  }
  void tick() {
    kept.push_back(messages::encode({.kind = messages::operation_kind::tick, .at = now}));
    need(writer->perform(kept.back(), kept.size()));
  }

  model::instant now = engine_fixture::instant("2026-01-01");
  rollcall::engine* writer = nullptr;
  std::vector<std::string> kept;
};

/// An engine with an order; the tests of the folder have one without.
struct ordered_engine {
  tests::temporary_directory directory;
  std::shared_ptr<kept_order> order = std::make_shared<kept_order>();
  std::unique_ptr<rollcall::engine> engine;

  ordered_engine() {
    open();
  }
  void open() {
    auto opened = rollcall::engine::open({.directory = directory.path() / "store",
                                          .clock = rollcall::clock_kind::manual,
                                          .start = engine_fixture::instant("2026-01-01"),
                                          .order = order});
    need(opened);
    engine = std::move(*opened);
    order->writer = engine.get();
  }
  std::uint64_t position() const {
    const auto at = engine->order_position();
    need(at);
    return *at;
  }
};

/// Everything that an engine tells, as text.
std::string digest(rollcall::engine& engine) {
  std::string all = fmt::format("now {}\n", model::format_instant(engine.now()));
  const auto people = engine.list_profiles({}, {}, 10'000);
  need(people);
  for (const auto& line : people->profiles) {
    const auto shown = engine.profile(
      fmt::format("#{}:{}", line.place.partition, line.place.number));
    need(shown);
    all += fmt::format("{}:{} {}\n", line.place.partition, line.place.number, *shown);
  }
  const auto segments = engine.list();
  need(segments);
  for (const auto& s : *segments) {
    all += fmt::format("{} {} {} {} {}\n", s.id, s.name, s.version, s.members, s.is_active);
    const auto page = engine.feed(s.id, {}, 100'000);
    need(page);
    for (const auto& f : page->flips)
      all += fmt::format("  {} {} {} {} {} {} {}\n", f.partition, f.sequence, f.profile, f.joined,
                         model::name_of(f.cause), model::format_instant(f.at), f.detail);
  }
  for (const auto* kind : {"note", "tag"}) {
    const auto kept = engine.documents(kind);
    need(kept);
    for (const auto& d : *kept)
      all += fmt::format("{} {} {}\n", kind, d.id, d.json);
  }
  const auto lists = engine.lists();
  need(lists);
  for (const auto& l : *lists)
    all += fmt::format("list {} {}\n", l.id, l.name);
  const auto settings = engine.report_settings();
  need(settings);
  return all + *settings;
}

/// Does random things to several engines alike.
class random_life {
public:
  explicit random_life(unsigned seed) : chance_(seed) {
  }

  /// One thing, done by `act` to each.
  void step(ordered_engine& leader) {
    auto& e = *leader.engine;
    switch (below(14)) {
    case 0:
      leader.order->now += std::chrono::hours{below(24 * 20)};
      leader.order->tick();
      break;
    case 1:
      (void)e.create(fmt::format("segment {}", below(6)), definition());
      break;
    case 2:
      (void)e.edit(fmt::format("segment {}", below(6)), definition());
      break;
    case 3:
      (void)e.set_active(fmt::format("segment {}", below(6)), below(2) == 0);
      break;
    case 4:
      (void)e.drop(fmt::format("segment {}", below(6)));
      break;
    case 5:
      (void)e.rename(fmt::format("segment {}", below(6)), fmt::format("segment {}", below(9)));
      break;
    case 6:
      (void)e.merge_profiles(who(), who());
      break;
    case 7:
      (void)e.erase_profile(who());
      break;
    case 8:
      (void)e.put_document(below(2) == 0 ? "note" : "tag", fmt::format("d{}", below(5)),
                           fmt::format(R"({{"n":{}}})", below(100)));
      break;
    case 9:
      (void)e.drop_document("note", fmt::format("d{}", below(5)));
      break;
    case 10:
      (void)e.add_list(fmt::format("list {}", below(4)));
      break;
    case 11:
      (void)e.change_report_settings(below(2) == 0 ? R"({"week_start":"sunday"})"
                                                   : R"({"week_start":null})");
      break;
    default:
      apply(leader);
    }
  }

private:
  unsigned below(unsigned n) {
    return std::uniform_int_distribution<unsigned>{0, n - 1}(chance_);
  }
  std::string who() {
    return fmt::format("p{}", below(12));
  }
  std::string definition() {
    return below(2) == 0 ? bought_lately : bought_twice;
  }
  void apply(ordered_engine& leader) {
    batch_maker batch;
    const auto records = 1 + below(20);
    for (unsigned i = 0; i < records; ++i) {
      const auto name = who();
      if (below(4) == 0)
        batch.profile({name}).with("first_name", fmt::format("name {}", below(5)));
      else
        batch.event({name}, below(3) == 0 ? "Viewed Product" : "Placed Order",
                    model::format_instant(leader.order->now - std::chrono::hours{below(24 * 40)}),
                    below(100), below(3) == 0 ? fmt::format("u{}", below(40)) : std::string{});
    }
    const auto source = below(3) == 0 ? "shop" : "";
    if (*source != 0)
      ++sequence_;
    (void)leader.engine->apply(batch.take(), source, *source != 0 ? sequence_ - below(2) : 0);
  }

  std::mt19937 chance_;
  std::uint64_t sequence_ = 1;
};

unsigned long environment_or(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_order_test)

BOOST_AUTO_TEST_CASE(an_engine_with_an_order_answers_as_one_without) {
  ordered_engine it;
  batch_maker batch;
  batch.event({"ann"}, "Placed Order", "2025-12-30", 10)
    .event({"bob"}, "Viewed Product", "2025-12-30");
  auto taken = it.engine->apply(batch.take());
  need(taken);
  BOOST_TEST(taken->applied == 2U);
  const auto made = it.engine->create("Buyers", bought_lately);
  need(made);
  BOOST_TEST(it.engine->count("Buyers").has_value());
  BOOST_TEST(*it.engine->count("Buyers") == 1U);
  BOOST_TEST(!it.engine->create("Buyers", bought_lately));
  BOOST_TEST(it.engine->create("Wrong", R"({"condition_groups":7})").faults().size() == 1U);
  BOOST_TEST(!it.engine->erase_profile("nobody"));
  need(it.engine->erase_profile("ann"));
  BOOST_TEST(*it.engine->count("Buyers") == 0U);
}

BOOST_AUTO_TEST_CASE(only_the_order_moves_the_clock) {
  ordered_engine it;
  const auto moved = it.engine->advance(engine_fixture::instant("2026-02-01"));
  BOOST_REQUIRE(!moved);
  BOOST_CHECK(moved.error().code == model::failure_code::conflict);
  it.order->now = engine_fixture::instant("2026-02-01");
  it.order->tick();
  BOOST_CHECK(it.engine->now() == engine_fixture::instant("2026-02-01"));
}

BOOST_AUTO_TEST_CASE(a_clock_of_its_own_is_refused) {
  tests::temporary_directory directory;
  const auto opened = rollcall::engine::open(
    {.directory = directory.path() / "store", .order = std::make_shared<kept_order>()});
  BOOST_REQUIRE(!opened);
  BOOST_CHECK(opened.error().code == model::failure_code::invalid_input);
}

BOOST_AUTO_TEST_CASE(what_is_no_operation_is_refused) {
  ordered_engine it;
  BOOST_TEST(!it.engine->perform("", 1));
  BOOST_TEST(!it.engine->perform("0123456789abcdef", 1));
}

// The one that writes, one that performs the same later and is opened again again and again, from
// wherever it says it has come: all tell the same, to the feed's last sequence.
BOOST_AUTO_TEST_CASE(who_follows_an_order_holds_the_same_whenever_it_was_opened_again) {
  const auto first = environment_or("ROLLCALL_ORDER_SEED", 1);
  const auto cases = environment_or("ROLLCALL_ORDER_CASES", 12);
  for (auto seed = first; seed < first + cases; ++seed) {
    random_life life{static_cast<unsigned>(seed)};
    ordered_engine leader;
    for (int i = 0; i < 60; ++i)
      life.step(leader);
    std::mt19937 chance{static_cast<unsigned>(seed)};
    ordered_engine follower;
    const auto& kept = leader.order->kept;
    std::uint64_t done = 0;
    while (done < kept.size()) {
      if (chance() % 8 == 0) {
        if (chance() % 2 == 0)
          need(follower.engine->settle_order(done));
        follower.engine.reset();
        follower.open();
        BOOST_TEST_REQUIRE(follower.position() <= done);
        done = follower.position();
      }
      ++done;
      need(follower.engine->perform(kept[done - 1], done));
    }
    need(follower.engine->settle_order(done));
    const auto expected = digest(*leader.engine);
    const auto found = digest(*follower.engine);
    BOOST_TEST_REQUIRE(found == expected, "seed " << seed << "\n"
                                                  << expected << "\n--- follower ---\n"
                                                  << found);
  }
}

BOOST_AUTO_TEST_SUITE_END()
