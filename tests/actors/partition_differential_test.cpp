#include "actors/partition.hpp"
#include "segments/evaluate.hpp"
#include "tests/segments/plain_evaluator.hpp"
#include "tests/segments/random_account.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <unistd.h>

/// The whole partition against the plain rules: random people, rules and schedules of changes, late
/// ones, repeated ones, merges, erasures, ticks, merges of the delta, crashes. What is kept live,
/// what a rebuild gives and what the plain evaluator says must be the same people.
namespace {

using model::flip_cause;

struct step {
  enum class kind {
    birth,
    event,
    repeat,
    attribute,
    erase,
    join,
    clock,
    rule,
    edit,
    drop,
    fold,
    crash,
    compare
  };
  kind what{};
  std::uint64_t seed = 0;
};

const char* name_of(step::kind k) {
  static constexpr const char* names[] = {"birth", "event", "repeat", "attribute", "erase",
                                          "join",  "clock", "rule",   "edit",      "drop",
                                          "fold",  "crash", "compare"};
  return names[static_cast<std::size_t>(k)];
}

std::vector<step> schedule(std::uint64_t seed, std::size_t steps) {
  std::mt19937_64 random{seed};
  // Shares of the kinds, in their order.
  std::discrete_distribution<int> kinds{12, 26, 5, 14, 3, 3, 14, 8, 3, 1, 6, 3, 4};
  std::vector<step> all;
  for (int i = 0; i < 3; ++i)
    all.push_back({step::kind::birth, random()});
  for (int i = 0; i < 2; ++i)
    all.push_back({step::kind::rule, random()});
  while (all.size() < steps)
    all.push_back({static_cast<step::kind>(kinds(random)), random()});
  all.push_back({step::kind::compare, random()});
  return all;
}

struct person {
  plain::profile known;
  std::set<std::pair<std::string, std::string>> ids; // (metric, unique id)
  std::vector<std::string> event_ids;                // Beside known.events.
  bool alive = true;
};

/// Runs one schedule. `fault` is what went wrong, empty = nothing.
/// Of a path what a merge hands over with it or not at all.
std::string in_one_piece(const std::string& path) {
  if (path.rfind("subscriptions[", 0) == 0)
    return path.substr(0, path.find(']') + 1);
  const bool is_place = path.rfind("location[", 0) == 0 && path.find("timezone") == path.npos;
  return is_place ? "location" : path;
}

class trial {
public:
  trial(std::uint64_t seed, std::filesystem::path directory)
    : account_(seed), directory_(std::move(directory)) {
    std::filesystem::remove_all(directory_);
    now_ = account_.next_now(account_.next_profile());
    feed_flips_max_ = seed % 2 == 0 ? 64'000 : seed % 7; // Feeds go to runs with the next commit.
    open();
  }
  ~trial() {
    partition_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string run(const std::vector<step>& steps) {
    for (std::size_t i = 0; i < steps.size() && fault_.empty(); ++i) {
      random_.seed(steps[i].seed);
      take(steps[i].what);
      if (!fault_.empty())
        fault_ = "step " + std::to_string(i) + " (" + name_of(steps[i].what) + "): " + fault_;
    }
    return fault_;
  }
  [[nodiscard]] std::size_t comparisons() const {
    return comparisons_;
  }

private:
  std::uint64_t below(std::uint64_t n) {
    return random_() % n;
  }

  void open() {
    actors::partition_options options;
    options.directory = directory_;
    options.account_zone = account_.zone();
    options.feed_flips_max = feed_flips_max_;
    options.read_definition =
      [this](std::string_view text) -> model::outcome<segments::definition> {
      return rules_.at(std::string{text});
    };
    auto opened = actors::partition::open(options);
    if (!opened) {
      fault_ = "open: " + opened.error().message;
      return;
    }
    partition_ = std::move(*opened);
  }

  void take(step::kind what) {
    switch (what) {
    case step::kind::birth:
      return give_birth();
    case step::kind::event:
      return add_event(false);
    case step::kind::repeat:
      return add_event(true);
    case step::kind::attribute:
      return change_attribute();
    case step::kind::erase:
      return erase();
    case step::kind::join:
      return join();
    case step::kind::clock:
      return move_clock();
    case step::kind::rule:
      return define(false);
    case step::kind::edit:
      return define(true);
    case step::kind::drop:
      return drop();
    case step::kind::fold:
      return fold();
    case step::kind::crash:
      partition_.reset();
      open();
      return define_again();
    case step::kind::compare:
      return compare();
    }
  }

  // --- changes, on both sides

  static model::property_entry entry(model::change_batch& b, std::string_view name,
                                     const model::value& v,
                                     model::property_action action = model::property_action::set) {
    model::property_entry e;
    e.name = static_cast<std::uint32_t>(b.names.size());
    b.names.push_back(b.add_text(name));
    e.kind = v.kind;
    e.action = action;
    e.number = v.number;
    e.text = b.add_text(v.text);
    return e;
  }

  void put_event(model::change_batch& b, std::uint32_t profile, const plain::event& e,
                 const std::string& id) {
    model::change_record r;
    r.profile = profile;
    r.name = static_cast<std::uint32_t>(b.names.size());
    b.names.push_back(b.add_text(e.metric));
    r.has_time = true;
    r.time = e.time;
    r.has_value = !std::isnan(e.value);
    r.value = r.has_value ? e.value : 0;
    r.unique_id = b.add_text(id);
    r.first_property = static_cast<std::uint32_t>(b.properties.size());
    for (const auto& [key, v] : e.properties)
      b.properties.push_back(entry(b, key, v));
    r.property_count = static_cast<std::uint32_t>(b.properties.size()) - r.first_property;
    b.records.push_back(r);
  }

  /// The plain side of an event; false = it was there.
  static bool take_event(person& who, const plain::event& e, const std::string& id) {
    const auto seconds = e.time >= 0 ? e.time / 1000 : -((999 - e.time) / 1000);
    const auto own = id.empty() ? std::to_string(seconds) : id;
    if (!who.ids.emplace(e.metric, own).second)
      return false;
    who.known.events.push_back(e);
    who.event_ids.push_back(own);
    return true;
  }

  void commit(const model::change_batch& b, flip_cause cause = flip_cause::event) {
    const actors::incoming_batch in{&b, cause, {}, 0};
    auto done = partition_->commit(std::span{&in, 1}, model::from_ms(now_));
    if (!done)
      fault_ = "commit: " + done.error().message;
    else if (std::ranges::any_of(done->notes[0], [](const auto& n) {
               return n.kind == actors::record_note::what::rejected;
             }))
      fault_ = "commit: a record was rejected: " + done->notes[0][0].reason;
  }

  std::string next_id() {
    return below(4) == 0 ? std::string{}
         : below(5) == 0 ? "order-" + std::to_string(below(20))
                         : "e" + std::to_string(++ids_);
  }

  void give_birth() {
    auto& who = people_.emplace_back();
    const auto number = static_cast<std::uint32_t>(people_.size() - 1);
    const auto made = account_.next_profile();
    model::change_batch b;
    model::change_record r;
    r.kind = model::change_kind::profile;
    r.profile = number;
    for (const auto& [path, v] : made.attributes) {
      b.properties.push_back(entry(b, path, v));
      who.known.attributes[path] = v;
    }
    r.property_count = static_cast<std::uint32_t>(b.properties.size());
    if (below(6) != 0) {
      b.records.push_back(r);
    } else {
      // An event makes the profile; what is known comes with it or not at all.
      who.known.attributes.clear();
      b.clear();
      const auto id = next_id();
      const auto e = made.events.empty() ? account_.next_profile().events : made.events;
      plain::event first;
      first.metric = e.empty() ? "Placed Order" : e.front().metric;
      first.time = e.empty() ? now_ : e.front().time;
      put_event(b, number, first, id);
      take_event(who, first, id);
    }
    for (const auto& e : made.events) {
      const auto id = next_id();
      put_event(b, number, e, id);
      take_event(who, e, id);
    }
    who.known.attributes.try_emplace(
      "created", model::value::of_text(model::format_instant(model::from_ms(now_))));
    commit(b);
  }

  std::optional<std::uint32_t> somebody() {
    std::vector<std::uint32_t> alive;
    for (std::uint32_t i = 0; i < people_.size(); ++i)
      if (people_[i].alive)
        alive.push_back(i);
    if (alive.empty())
      return std::nullopt;
    return alive[below(alive.size())];
  }

  void add_event(bool again) {
    const auto number = somebody();
    if (!number)
      return;
    auto& who = people_[*number];
    model::change_batch b;
    for (std::uint64_t n = 1 + below(3); n > 0; --n) {
      auto from = account_.next_profile().events;
      if (from.empty())
        continue;
      plain::event e = from.front();
      if (below(3) == 0)
        e.time = now_ - static_cast<std::int64_t>(below(5'000'000'000));
      std::string id = next_id();
      if (again && !who.ids.empty()) {
        const auto& known = *std::next(who.ids.begin(),
                                       static_cast<std::ptrdiff_t>(below(who.ids.size())));
        e.metric = known.first;
        id = known.second;
      }
      put_event(b, *number, e, id);
      take_event(who, e, id);
    }
    if (!b.records.empty())
      commit(b);
  }

  void change_attribute() {
    const auto number = somebody();
    if (!number)
      return;
    auto& known = people_[*number].known.attributes;
    const auto other = account_.next_profile();
    model::change_batch b;
    model::change_record r;
    r.kind = model::change_kind::profile;
    r.profile = *number;
    for (const auto& [path, v] : other.attributes)
      if (below(4) == 0) {
        b.properties.push_back(entry(b, path, v));
        known[path] = v;
      }
    if (!known.empty() && below(2) == 0) {
      const auto gone = std::next(known.begin(), static_cast<std::ptrdiff_t>(below(known.size())))
                          ->first;
      if (gone != "created") {
        b.properties.push_back(entry(b, gone, {}, model::property_action::unset));
        known.erase(gone);
      }
    }
    r.property_count = static_cast<std::uint32_t>(b.properties.size());
    b.records.push_back(r);
    commit(b);
  }

  void erase_number(std::uint32_t number, flip_cause cause) {
    model::change_batch b;
    model::change_record r;
    r.kind = model::change_kind::erase;
    r.profile = number;
    b.records.push_back(r);
    commit(b, cause);
    people_[number].alive = false;
    people_[number].known = {};
  }

  void erase() {
    if (const auto number = somebody())
      erase_number(*number, flip_cause::erasure);
  }

  void join() {
    const auto from = somebody();
    const auto into = somebody();
    if (!from || !into || *from == *into)
      return;
    auto moved = partition_->export_profile(*from, *into);
    if (!moved) {
      fault_ = "export: " + moved.error().message;
      return;
    }
    commit(*moved, flip_cause::merge);
    auto& to = people_[*into];
    std::set<std::string> taken;
    for (const auto& [path, v] : to.known.attributes)
      taken.insert(in_one_piece(path));
    for (const auto& [path, v] : people_[*from].known.attributes)
      if (!taken.contains(in_one_piece(path)))
        to.known.attributes.emplace(path, v);
    // Among equal times of a metric the order of arrival stays.
    const auto& old = people_[*from];
    std::vector<std::size_t> order(old.known.events.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](auto i) { return old.known.events[i].time; });
    for (const auto i : order)
      take_event(to, old.known.events[i], old.event_ids[i]);
    if (fault_.empty())
      erase_number(*from, flip_cause::merge);
  }

  // --- time and rules

  void move_clock() {
    static constexpr std::int64_t strides[] = {1,      60,      3'600,     7'000,
                                               86'400, 200'000, 1'000'000, 9'000'000};
    now_ += static_cast<std::int64_t>(1 + below(static_cast<std::uint64_t>(strides[below(8)])))
          * 1000;
    if (below(3) == 0)
      return; // Due work waits while changes come.
    for (std::uint64_t n = below(4); n > 0; --n)
      if (auto ticked = partition_->advance(model::from_ms(now_), 1 + below(5)); !ticked)
        fault_ = "advance: " + ticked.error().message;
  }

  segments::definition next_rule() {
    segments::definition d;
    const auto add = [&] {
      auto c = account_.next_criterion();
      const auto id = segments::id_of(c);
      for (std::uint32_t i = 0; i < d.ids.size(); ++i)
        if (d.ids[i] == id)
          return i;
      d.criteria.push_back(std::move(c));
      d.ids.push_back(id);
      return static_cast<std::uint32_t>(d.ids.size() - 1);
    };
    const std::function<segments::expression(int)> grow = [&](int depth) {
      segments::expression e;
      if (depth == 0 || below(3) == 0) {
        e.leaf = add();
        return e;
      }
      e.kind = static_cast<segments::boolean_kind>(below(3));
      for (std::uint64_t n = 1 + below(3); n > 0; --n)
        e.children.push_back(grow(depth - 1));
      return e;
    };
    d.root = grow(2);
    return d;
  }

  void define(bool edit) {
    if (edit && segments_.empty())
      return;
    auto segment = last_segment_ + 1; // An account never gives a number twice.
    if (edit)
      segment = std::next(segments_.begin(), static_cast<std::ptrdiff_t>(below(segments_.size())))
                  ->first;
    else
      last_segment_ = segment;
    const auto version = ++version_;
    const auto text = "rule " + std::to_string(version);
    rules_[text] = next_rule();
    const actors::new_definition order{segment, version, text};
    if (auto done = partition_->define({&order, 1}, model::from_ms(now_)); !done) {
      fault_ = "define: " + done.error().message;
      return;
    }
    segments_[segment] = text;
    build(below(3));
  }

  /// What the account does after a crash: partitions write definitions with their next commit.
  void define_again() {
    if (!partition_)
      return;
    const auto known = partition_->segments();
    for (const auto& [segment, text] : segments_) {
      const auto version = static_cast<std::uint32_t>(std::stoul(text.substr(5))); // "rule 7"
      const auto found = std::ranges::find(known, segment, &actors::segment_status::id);
      if (found != known.end() && (found->version == version || found->pending_version == version))
        continue;
      const actors::new_definition order{segment, version, text};
      if (auto done = partition_->define({&order, 1}, model::from_ms(now_)); !done)
        fault_ = "define again: " + done.error().message;
    }
  }

  void drop() {
    if (segments_.empty())
      return;
    const auto segment = segments_.begin()->first;
    if (auto done = partition_->drop(segment, model::from_ms(now_)); !done)
      fault_ = "drop: " + done.error().message;
    segments_.erase(segment);
  }

  void build(std::uint64_t slices) {
    for (std::uint64_t i = 0; i < slices; ++i) {
      auto built = partition_->build_slice(model::from_ms(now_), std::chrono::microseconds{0});
      if (!built) {
        fault_ = "build: " + built.error().message;
        return;
      }
    }
  }

  void fold() {
    for (std::uint64_t n = below(6); n > 0; --n)
      if (auto merged = partition_->merge_slice(std::chrono::microseconds{0}); !merged)
        fault_ = "merge: " + merged.error().message;
  }

  // --- comparing

  void compare() {
    for (int i = 0; i < 10'000; ++i) {
      auto ticked = partition_->advance(model::from_ms(now_), 50);
      if (!ticked) {
        fault_ = "advance: " + ticked.error().message;
        return;
      }
      if (ticked->done)
        break;
    }
    build(4);
    for (const auto& s : partition_->segments())
      if (s.pending_version != 0)
        fault_ = "a build does not end";
    for (const auto& [segment, text] : segments_) {
      if (!fault_.empty())
        return;
      ++comparisons_;
      const auto& rule = rules_.at(text);
      std::set<std::uint32_t> expected;
      for (std::uint32_t i = 0; i < people_.size(); ++i)
        if (people_[i].alive && segments::holds(rule.root, [&](std::uint32_t leaf) {
              return plain::holds(rule.criteria[leaf], people_[i].known, now_, account_.zone());
            }))
          expected.insert(i);
      std::set<std::uint32_t> live;
      for (const auto& m : partition_->members(segment, std::nullopt, 1'000'000))
        live.insert(m.profile);
      same(expected, live, "live members of segment " + std::to_string(segment));
      if (!fault_.empty()) {
        tell_criteria(segment, rule);
        return;
      }
      if (const auto begun = partition_->begin_preview(text, model::from_ms(now_)); !begun)
        fault_ = "preview: " + begun.error().message;
      const auto built = partition_->preview_slice(std::chrono::hours{1});
      for (const auto& found : built.found)
        same(expected, {found.profiles.begin(), found.profiles.end()},
             "a rebuild of segment " + std::to_string(segment));
      if (built.found.size() != 1 && fault_.empty())
        fault_ = "a preview is not handed over";
      replay_feed(segment, live);
    }
    for (const auto& fault : partition_->check(1))
      fault_ += fault + '\n';
  }

  /// What the plain rules say, criterion by criterion, beside the engine's explanation.
  void tell_criteria(std::uint64_t segment, const segments::definition& rule) {
    for (std::uint32_t i = 0; i < people_.size(); ++i) {
      if (!people_[i].alive)
        continue;
      fault_ += "\n profile " + std::to_string(i) + ":";
      for (const auto& c : rule.criteria)
        fault_ += "\n  "
                + std::string{plain::holds(c, people_[i].known, now_, account_.zone()) ? "true  "
                                                                                       : "false "}
                + segments::canonical_text(c);
      const auto why = partition_->explain(segment, i);
      fault_ += "\n  " + (why ? *why : why.error().message);
    }
  }

  void same(const std::set<std::uint32_t>& expected, const std::set<std::uint32_t>& found,
            const std::string& what) {
    if (expected == found || !fault_.empty())
      return;
    std::ostringstream text;
    text << what << " at " << model::format_instant(model::from_ms(now_)) << ": expected";
    for (const auto p : expected)
      text << ' ' << p;
    text << "; found";
    for (const auto p : found)
      text << ' ' << p;
    const auto figures = partition_->figures();
    text << "; log at " << model::format_instant(figures.now) << ", next due "
         << (figures.next_due ? model::format_instant(*figures.next_due) : "never");
    for (const auto& wrong : partition_->check(1))
      text << "\n  " << wrong;
    fault_ = text.str();
  }

  void replay_feed(std::uint64_t segment, const std::set<std::uint32_t>& live) {
    std::set<std::uint32_t> members;
    std::uint64_t sequence = 0;
    for (;;) {
      const auto page = partition_->feed(segment, sequence, 7);
      if (page.empty())
        break;
      for (const auto& f : page) {
        if (f.sequence != ++sequence)
          fault_ = "the feed has a gap at " + std::to_string(sequence);
        if (f.joined ? !members.insert(f.profile).second : members.erase(f.profile) == 0)
          fault_ = "the feed repeats itself at " + std::to_string(sequence);
      }
    }
    same(live, members, "the feed of segment " + std::to_string(segment));
  }

  random_account account_;
  std::size_t feed_flips_max_ = 0;
  std::filesystem::path directory_;
  std::mt19937_64 random_;
  std::int64_t now_ = 0;
  std::unique_ptr<actors::partition> partition_;
  std::vector<person> people_;
  std::map<std::string, segments::definition> rules_;
  std::map<std::uint64_t, std::string> segments_;
  std::uint64_t last_segment_ = 0;
  std::uint32_t version_ = 0;
  std::uint64_t ids_ = 0;
  std::size_t comparisons_ = 0;
  std::string fault_;
};

std::filesystem::path fresh_directory() {
  // Memory where there is some: the schedule, not the disk, is on trial.
  const std::filesystem::path root = std::filesystem::is_directory("/dev/shm")
                                     ? "/dev/shm"
                                     : std::filesystem::temp_directory_path();
  return root / ("rollcall-trial-" + std::to_string(::getpid()));
}

std::string outcome_of(std::uint64_t seed, const std::vector<step>& steps,
                       std::size_t* comparisons = nullptr) {
  trial t{seed, fresh_directory()};
  auto fault = t.run(steps);
  if (comparisons != nullptr)
    *comparisons += t.comparisons();
  return fault;
}

/// Leaves steps out as long as it still goes wrong.
std::vector<step> shrunk(std::uint64_t seed, std::vector<step> steps) {
  for (std::size_t size = steps.size() / 2; size > 0; size /= 2)
    for (std::size_t at = 0; at + size < steps.size();) {
      auto fewer = steps;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                  fewer.begin() + static_cast<std::ptrdiff_t>(at + size));
      if (outcome_of(seed, fewer).empty())
        at += size;
      else
        steps = std::move(fewer);
    }
  return steps;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

} // namespace

BOOST_AUTO_TEST_SUITE(partition_differential_test)

// A case is one segment compared at one instant after a random schedule. ROLLCALL_CASES asks for
// more, ROLLCALL_SEED repeats one.
BOOST_AUTO_TEST_CASE(live_rebuild_and_plain_rules_name_the_same_people) {
  const auto cases = number_from("ROLLCALL_CASES", 20'000);
  const auto only = number_from("ROLLCALL_SEED", 0);
  std::size_t done = 0;
  for (std::uint64_t seed = only != 0 ? only : 1; done < cases; ++seed) {
    const auto steps = schedule(seed, 40);
    const auto fault = outcome_of(seed, steps, &done);
    if (!fault.empty()) {
      const auto fewer = shrunk(seed, steps);
      std::ostringstream text;
      text << "ROLLCALL_SEED=" << seed << ": " << fault << "\nshrunk to " << fewer.size()
           << " steps:";
      for (const auto& s : fewer)
        text << ' ' << name_of(s.what);
      text << "\n" << outcome_of(seed, fewer);
      BOOST_FAIL(text.str());
    }
    if (only != 0)
      break;
  }
  BOOST_TEST_MESSAGE(done << " comparisons");
  BOOST_TEST(done > 0);
}

BOOST_AUTO_TEST_SUITE_END()
