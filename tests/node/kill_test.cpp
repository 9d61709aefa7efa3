// SIGKILL at random moments: what was acknowledged is there once, feeds go on without gap or
// repeat, every membership is right.
#include "model/instant.hpp"
#include "tests/node/definitions.hpp"
#include "tests/node/plain_account.hpp"
#include "tests/node/program.hpp"
#include "tests/node/traffic.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <thread>
#include <utility>

namespace {

using namespace node_tests;
namespace json = boost::json;
using std::chrono::milliseconds;

constexpr int load_kills = 60;
constexpr int live_kills = 110;
constexpr int build_kills = 30;
constexpr int clock_kills = 20;
static_assert(load_kills + live_kills + build_kills + clock_kills >= 200);

std::uint64_t seed_of_this_run() {
  const auto* given = std::getenv("ROLLCALL_SEED");
  const auto seed = given ? std::strtoull(given, nullptr, 10)
                          : static_cast<std::uint64_t>(
                              std::chrono::system_clock::now().time_since_epoch().count())
                              % 1'000'000;
  BOOST_TEST_MESSAGE("seed " << seed << "; ROLLCALL_SEED=" << seed
                             << " repeats the traffic, not the moments");
  return seed;
}

finished_run must(const std::vector<std::string>& arguments, int status = 0) {
  auto run = rollcall(arguments);
  BOOST_REQUIRE_MESSAGE(run.status == status, arguments[0] << ' ' << arguments[1] << " ended with "
                                                           << run.status << ": " << run.out
                                                           << run.err);
  return run;
}

json::value answer(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  return json::parse(must(arguments).out);
}

std::uint64_t events_of(const std::string& store, std::string_view metric) {
  const auto metrics = answer({"metrics", "--data", store}).as_array();
  for (const auto& entry : metrics)
    if (entry.at("name").as_string() == metric)
      return entry.at("count").to_number<std::uint64_t>();
  return 0;
}

std::uint64_t all_events_of(const std::string& store) {
  std::uint64_t all = 0;
  const auto metrics = answer({"metrics", "--data", store}).as_array();
  for (const auto& entry : metrics)
    all += entry.at("count").to_number<std::uint64_t>();
  return all;
}

/// Starts a command, kills it after a random share of `longest`; true when it was still running.
bool kill_during(const std::vector<std::string>& arguments, milliseconds longest, traffic& random) {
  running_program program(arguments);
  std::this_thread::sleep_for(
    milliseconds{random.below(static_cast<std::uint64_t>(longest.count()) + 1)});
  const auto was_running = !program.has_ended();
  program.send(SIGKILL);
  program.wait();
  return was_running;
}

milliseconds duration_of(const std::vector<std::string>& arguments) {
  const auto began = std::chrono::steady_clock::now();
  must(arguments);
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
}

struct rule {
  std::string name;
  std::string json;
};

const std::vector<rule>& rules() {
  static const std::vector<rule> all{
    {"Buyers", all_of({counted("Placed Order", "greater-than", 0, last_days(30))})},
    {"Lapsed", all_of({counted("Placed Order", "greater-than", 0, alltime),
                       counted("Placed Order", "equals", 0, last_days(20))})},
    {"Spenders", all_of({summed("Placed Order", "greater-than", 400, last_days(45))})},
    {"Collectors",
     all_of({R"({"type":"profile-property","property":"properties['points']","filter":)"
             R"({"type":"numeric","operator":"greater-than","value":120}})"})}};
  return all;
}

/// What has been read of the feeds so far; they may only grow.
class feed_book {
public:
  /// Reads what is new in all feeds and checks that it follows what was read before.
  void check(const std::string& store) {
    for (const auto& r : rules())
      read_on(store, r.name);
  }

  /// Reads all feeds again from their beginning: they must be what was read before.
  void check_from_the_beginning(const std::string& store) {
    check(store);
    const auto before = std::exchange(books_, {});
    check(store);
    for (const auto& [name, book] : before) {
      const auto& again = books_[name].flips;
      BOOST_REQUIRE_EQUAL(again.size(), book.flips.size());
      for (const auto& [where, flip] : book.flips)
        BOOST_REQUIRE_MESSAGE(is_same(again.at(where), flip),
                              name << ": rewrote " << json::serialize(flip) << " as "
                                   << json::serialize(again.at(where)));
    }
  }

  /// A flip that the program told while it ran: the feed must have the same at its place.
  void heard(const json::object& flip) {
    heard_.push_back(flip);
  }

  void check_heard() {
    for (const auto& flip : heard_) {
      const auto& flips = books_[std::string{flip.at("segment").as_string()}].flips;
      const auto found = flips.find(place_of(flip));
      BOOST_REQUIRE_MESSAGE(found != flips.end(),
                            "a flip that was told is not in the feed: " << json::serialize(flip));
      BOOST_REQUIRE_MESSAGE(is_same(found->second, flip),
                            "a flip was told as " << json::serialize(flip) << " and stands as "
                                                  << json::serialize(found->second));
    }
    heard_.clear();
  }

private:
  using place = std::pair<std::uint64_t, std::uint64_t>; // Partition, sequence.

  /// What one segment's feed has said.
  struct page {
    std::map<place, json::object> flips;
    std::map<std::uint64_t, std::uint64_t> last; // By partition.
    std::set<std::string> members;               // As the flips say.
    std::string cursor;
  };

  static place place_of(const json::object& flip) {
    return {flip.at("partition").to_number<std::uint64_t>(),
            flip.at("sequence").to_number<std::uint64_t>()};
  }

  void read_on(const std::string& store, const std::string& name) {
    auto& book = books_[name];
    std::vector<std::string> asked{"segment", "feed", name, "--data", store, "--limit", "0"};
    if (!book.cursor.empty())
      asked.insert(asked.end(), {"--after", book.cursor});
    const auto fresh = answer(asked);
    book.cursor = fresh.at("cursor").as_string();
    for (const auto& entry : fresh.at("flips").as_array()) {
      const auto& flip = entry.as_object();
      const auto [partition, sequence] = place_of(flip);
      BOOST_REQUIRE_MESSAGE(sequence == ++book.last[partition],
                            name << ": partition " << partition << " jumps to " << sequence);
      book.flips.emplace(place{partition, sequence}, flip);
      // A person who is gone is shown by number, and those who joined under a name leave under that
      // number.
      const std::string person{flip.at("profile").as_string()};
      const auto moved = flip.at("joined").as_bool() ? book.members.insert(person).second
                                                     : book.members.erase(person) == 1;
      BOOST_REQUIRE_MESSAGE(moved || person.starts_with('#'),
                            name << ": repeated " << json::serialize(flip));
    }
  }

  /// The name of a person may have changed since, by merge or erasure; nothing else may.
  static bool is_same(json::object a, json::object b) {
    a.erase("profile");
    b.erase("profile");
    return a == b;
  }

  std::map<std::string, page> books_;
  std::vector<json::object> heard_;
};

void must_be_sound(const std::string& store) {
  must({"check", "--data", store, "--every", "1"});
}

void must_agree_with_plain(const std::string& store, const plain_account& account) {
  for (const auto& [name, definition] : rules()) {
    const auto found = lines_of(
      must({"segment", "members", name, "--data", store, "--ids", "-"}).out);
    const auto expected = members_of(account, definition,
                                     model::to_ms(*model::parse_instant(traffic_now)));
    BOOST_TEST(found == expected, name << ": " << found.size()
                                       << " members, the plain evaluator finds "
                                       << expected.size());
  }
}

/// A client of `rollcall run`: sends lines, remembers which were acknowledged, sends the rest again
/// after a crash.
class client {
public:
  client(std::string store, std::uint64_t seed, std::string log)
    : store_(std::move(store)), log_(std::move(log)), traffic_(seed) {
  }

  [[nodiscard]] traffic& shop() {
    return traffic_;
  }
  [[nodiscard]] feed_book& feeds() {
    return feeds_;
  }

  /// Runs the engine, sends what was never acknowledged and then new lines, for about `longest`;
  /// kills it in the middle.
  void live_until_killed(milliseconds longest) {
    running_program engine({"run", "--data", store_, "--acks"}, log_);
    const auto kill_at = std::chrono::steady_clock::now()
                       + milliseconds{traffic_.below(static_cast<std::uint64_t>(longest.count()))};
    begin();
    while (std::chrono::steady_clock::now() < kill_at) {
      send(engine, 1 + traffic_.below(20));
      while (std::chrono::steady_clock::now() < kill_at && hear(engine, milliseconds{3}))
        ;
    }
    engine.send(SIGKILL);
    while (hear(engine, milliseconds{1000}))
      ;
    engine.wait();
  }

  /// Runs the engine until everything is acknowledged and ends it in order.
  void settle() {
    running_program engine({"run", "--data", store_, "--acks"}, log_);
    begin();
    send(engine, 0);
    while (!open_.empty())
      BOOST_REQUIRE_MESSAGE(hear(engine, std::chrono::seconds{30}),
                            "the engine acknowledges no more");
    engine.close_input();
    while (hear(engine, std::chrono::seconds{30}))
      ;
    BOOST_REQUIRE(engine.wait() < 2);
  }

  /// The same for one line that changes who people are; killed in between, if it comes to that.
  void upheave(milliseconds longest) {
    BOOST_REQUIRE(open_.empty());
    open_.push_back(traffic_.next_upheaval());
    running_program engine({"run", "--data", store_, "--acks"}, log_);
    begin();
    send(engine, 0);
    std::this_thread::sleep_for(
      milliseconds{traffic_.below(static_cast<std::uint64_t>(longest.count()))});
    engine.send(SIGKILL);
    while (hear(engine, milliseconds{1000}))
      ;
    engine.wait();
  }

  /// Between the kill and the next start: nothing acknowledged is missing, nothing counts twice.
  void must_have_what_was_acknowledged() {
    std::uint64_t open_events = 0;
    for (const auto& line : open_)
      open_events += line.what == traffic_line::kind::event ? 1 : 0;
    std::uint64_t expected = 0;
    for (const auto* metric : {"Placed Order", "Active on Site"})
      expected += traffic_.expected_events(metric);
    const auto found = all_events_of(store_);
    const auto has_upheaval = !open_.empty() && open_.front().what != traffic_line::kind::event
                           && open_.front().what != traffic_line::kind::points;
    // The plain account has an erasure on its way already; its events may still be there.
    BOOST_REQUIRE_MESSAGE(found + open_events >= expected,
                          found << " events, " << expected << " expected, of which " << open_events
                                << " were not acknowledged");
    BOOST_REQUIRE_MESSAGE(found <= expected || has_upheaval,
                          found << " events, only " << expected << " were ever sent");
  }

private:
  void begin() {
    in_flight_ = 0;
    first_line_ = 1;
  }

  /// Sends what is open and not on its way, then `fresh` new lines.
  void send(running_program& engine, std::uint64_t fresh) {
    for (std::uint64_t i = 0; i < fresh; ++i)
      open_.push_back(traffic_.next());
    std::string text;
    for (; in_flight_ < open_.size(); ++in_flight_)
      text += open_[in_flight_].text;
    engine.write(text);
  }

  bool hear(running_program& engine, milliseconds patience) {
    const auto line = engine.read_line(patience);
    if (!line)
      return false;
    const auto said = json::parse(*line).as_object();
    if (said.contains("sequence"))
      feeds_.heard(said);
    if (const auto* range = said.if_contains("acknowledged")) {
      BOOST_REQUIRE_EQUAL(range->at("from").to_number<std::uint64_t>(), first_line_);
      const auto to = range->at("to").to_number<std::uint64_t>();
      for (; first_line_ <= to; ++first_line_, --in_flight_)
        open_.pop_front();
    }
    return true;
  }

  std::string store_;
  std::string log_;
  traffic traffic_;
  feed_book feeds_;
  std::deque<traffic_line> open_; // Not acknowledged, in order.
  std::size_t in_flight_ = 0;     // How many of them this engine has been sent.
  std::uint64_t first_line_ = 1;  // Number of the first of them, as this engine counts.
};

/// A store with the rules above and nothing done yet.
void make_store(const std::string& store, const scratch_directory& scratch,
                const std::string& people) {
  write_file(scratch / "people.ndjson", people);
  must({"load", "--data", store, "--clock", "manual", "--start", std::string{traffic_now},
        scratch / "people.ndjson"});
  for (const auto& [name, definition] : rules()) {
    write_file(scratch / "rule.json", definition);
    must({"segment", "create", name, "--data", store, "--definition", scratch / "rule.json"});
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(kill_test)

BOOST_AUTO_TEST_CASE(acknowledged_traffic_survives_every_kill_once) {
  const scratch_directory scratch;
  const auto store = scratch / "store";
  client sender(store, seed_of_this_run(), scratch / "engine.log");
  make_store(store, scratch, sender.shop().people_lines());
  int kills = 0;
  for (int round = 1; kills < live_kills; ++round) {
    BOOST_TEST_CONTEXT("round " << round) {
      sender.live_until_killed(milliseconds{250});
      ++kills;
      // Every third start dies again while it recovers.
      if (round % 3 == 0
          && kill_during({"metrics", "--data", store}, milliseconds{60}, sender.shop()))
        ++kills;
      sender.must_have_what_was_acknowledged();
      sender.feeds().check(store);
      sender.feeds().check_heard();
      if (round % 4 == 0) {
        must_be_sound(store);
        sender.settle();
        sender.upheave(milliseconds{150});
        ++kills;
        sender.must_have_what_was_acknowledged();
        sender.settle();
        sender.feeds().check(store);
      }
      if (round % 20 == 0) {
        must_agree_with_plain(store, sender.shop().expected());
        sender.feeds().check_from_the_beginning(store);
      }
    }
  }
  sender.settle();
  sender.feeds().check_from_the_beginning(store);
  must_be_sound(store);
  must_agree_with_plain(store, sender.shop().expected());
  for (const auto* metric : {"Placed Order", "Active on Site"})
    BOOST_TEST(events_of(store, metric) == sender.shop().expected_events(metric));
  BOOST_TEST_MESSAGE(kills << " kills");
}

BOOST_AUTO_TEST_CASE(a_killed_load_goes_on_where_it_was) {
  const scratch_directory scratch;
  traffic shop(seed_of_this_run());
  std::string lines;
  for (int i = 0; i < 60'000; ++i)
    lines += shop.next().text;
  write_file(scratch / "lines.ndjson", lines);
  const auto longest = [&] {
    make_store(scratch / "trial", scratch, shop.people_lines());
    return duration_of({"load", "--data", scratch / "trial", scratch / "lines.ndjson"});
  }();
  int kills = 0;
  for (int round = 1; kills < load_kills; ++round) {
    BOOST_TEST_CONTEXT("round " << round) {
      const auto store = scratch / ("store" + std::to_string(round));
      make_store(store, scratch, shop.people_lines());
      feed_book feeds;
      for (int i = 0; i < 6; ++i) {
        kills += kill_during({"load", "--data", store, scratch / "lines.ndjson"}, longest, shop)
                 ? 1
                 : 0;
        feeds.check(store);
        must_be_sound(store);
      }
      must({"load", "--data", store, scratch / "lines.ndjson"});
      for (const auto* metric : {"Placed Order", "Active on Site"})
        BOOST_TEST(events_of(store, metric) == shop.expected_events(metric));
      feeds.check(store);
      must_be_sound(store);
      must_agree_with_plain(store, shop.expected());
      std::filesystem::remove_all(store);
    }
  }
  BOOST_TEST_MESSAGE(kills << " kills");
}

BOOST_AUTO_TEST_CASE(a_killed_build_leaves_one_rule_or_the_other) {
  const scratch_directory scratch;
  const auto store = scratch / "store";
  traffic shop(seed_of_this_run());
  make_store(store, scratch, shop.people_lines());
  std::string lines;
  for (int i = 0; i < 40'000; ++i)
    lines += shop.next().text;
  write_file(scratch / "lines.ndjson", lines);
  must({"load", "--data", store, scratch / "lines.ndjson"});
  const std::array<std::string, 2> definitions{
    all_of({counted("Active on Site", "greater-than", 55, alltime)}),
    all_of({counted("Active on Site", "less-than", 50, last_days(45))})};
  for (std::size_t i = 0; i < definitions.size(); ++i)
    write_file(scratch / ("rule" + std::to_string(i) + ".json"), definitions[i]);
  must({"segment", "create", "Regulars", "--data", store, "--definition", scratch / "rule0.json"});
  const auto now = model::to_ms(*model::parse_instant(traffic_now));
  const std::array<std::vector<std::string>, 2> expected{
    members_of(shop.expected(), definitions[0], now),
    members_of(shop.expected(), definitions[1], now)};
  BOOST_REQUIRE(expected[0] != expected[1]);
  const auto longest = duration_of(
    {"segment", "edit", "Regulars", "--data", store, "--definition", scratch / "rule1.json"});
  std::size_t wanted = 0;
  int kills = 0;
  for (int round = 1; kills < build_kills; ++round) {
    BOOST_TEST_CONTEXT("round " << round) {
      kills += kill_during({"segment", "edit", "Regulars", "--data", store, "--definition",
                            scratch / ("rule" + std::to_string(wanted) + ".json")},
                           longest, shop)
               ? 1
               : 0;
      const auto found = lines_of(
        must({"segment", "members", "Regulars", "--data", store, "--ids", "-"}).out);
      BOOST_REQUIRE_MESSAGE(found == expected[0] || found == expected[1],
                            found.size() << " members: neither the old rule nor the new one");
      must_be_sound(store);
      must({"segment", "edit", "Regulars", "--data", store, "--definition",
            scratch / ("rule" + std::to_string(wanted) + ".json")});
      BOOST_REQUIRE(
        lines_of(must({"segment", "members", "Regulars", "--data", store, "--ids", "-"}).out)
        == expected[wanted]);
      wanted = 1 - wanted;
    }
  }
  BOOST_TEST_MESSAGE(kills << " kills");
}

BOOST_AUTO_TEST_CASE(a_killed_advance_moves_everybody_once) {
  const scratch_directory scratch;
  const auto store = scratch / "store";
  traffic shop(seed_of_this_run());
  make_store(store, scratch, shop.people_lines());
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += shop.next().text;
  write_file(scratch / "lines.ndjson", lines);
  must({"load", "--data", store, scratch / "lines.ndjson"});
  feed_book feeds;
  feeds.check(store);
  auto now = *model::parse_instant(traffic_now);
  const auto longest = duration_of({"metrics", "--data", store}) + milliseconds{60};
  int kills = 0;
  for (int round = 1; kills < clock_kills; ++round) {
    BOOST_TEST_CONTEXT("round " << round) {
      now += std::chrono::hours{31};
      const std::vector<std::string> advance{"advance", "--data", store, "--to",
                                             model::format_instant(now)};
      kills += kill_during(advance, longest, shop) ? 1 : 0;
      feeds.check(store);
      must(advance);
      feeds.check(store);
      must_be_sound(store);
      for (const auto& [name, definition] : rules())
        BOOST_REQUIRE_MESSAGE(
          lines_of(must({"segment", "members", name, "--data", store, "--ids", "-"}).out)
            == members_of(shop.expected(), definition, model::to_ms(now)),
          name << " at " << model::format_instant(now));
    }
  }
  BOOST_TEST_MESSAGE(kills << " kills");
}

BOOST_AUTO_TEST_SUITE_END()
