#include "cluster/replica.hpp"
#include "cluster/state_file.hpp"
#include "tests/cluster/memory_log.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <random>
#include <set>

namespace {

using namespace std::chrono_literals;
using cluster::replica;
using model::outcome;

/// Remembers what it was told to do. What is settled outlives it, as on a disk.
class remembering_machine : public cluster::state_machine {
public:
  struct disk {
    std::mutex guard;
    std::vector<std::string> done;
    std::uint64_t position = 0;
  };
  explicit remembering_machine(std::shared_ptr<disk> on) : disk_(std::move(on)) {
    const std::lock_guard lock{disk_->guard};
    done_ = disk_->done;
    position_ = disk_->position;
  }

  model::status apply(std::uint64_t position, std::string_view operation, performed done) override {
    {
      const std::lock_guard lock{guard_};
      BOOST_REQUIRE(position > last_);
      last_ = position;
      if (position > position_) {
        done_.emplace_back(operation);
        position_ = position;
      }
    }
    if (looks)
      looks();
    const std::lock_guard lock{guard_};
    if (is_slow)
      unanswered_.emplace_back(std::move(done), operation);
    else if (done)
      done({std::string{operation}});
    return model::nothing{};
  }
  model::status settle() override {
    const std::lock_guard lock{guard_};
    const std::lock_guard disk_lock{disk_->guard};
    disk_->done = done_;
    disk_->position = position_;
    return model::nothing{};
  }
  void stop() override {
  }
  void lead(bool is_leader) override {
    leads = is_leader;
  }
  [[nodiscard]] std::vector<std::string> done() const {
    const std::lock_guard lock{guard_};
    return done_;
  }

  /// Answers what a slow one has left unanswered.
  void finish() {
    const std::lock_guard lock{guard_};
    for (const auto& [done, operation] : unanswered_)
      if (done)
        done({operation});
    unanswered_.clear();
  }

  std::atomic<bool> leads = false;
  std::atomic<bool> is_slow = false;
  std::function<void()> looks; // Called while an operation is applied.

private:
  std::shared_ptr<disk> disk_;
  mutable std::mutex guard_;
  std::vector<std::string> done_;
  std::uint64_t position_ = 0; // Of the last operation in `done_`.
  std::uint64_t last_ = 0;
  std::vector<std::pair<performed, std::string>> unanswered_;
};

/// A node with a replica of the one partition, which can be killed.
struct small_node {
  small_node(std::string called, std::shared_ptr<cluster_tests::memory_records> records,
             std::uint32_t rank)
    : name(std::move(called)), log(std::move(records)), rank_(rank) {
    start();
  }
  void start() {
    machine = std::make_shared<remembering_machine>(disk);
    cluster::ownership_settings quick;
    quick.ttl = 3000ms;
    quick.margin = 600ms;
    quick.rank_step = 100ms;
    auto made = replica::start({.partition = 3,
                                .node = name,
                                .state_file = directory.path() / "position",
                                .ownership = quick},
                               std::make_unique<cluster_tests::memory_log>(log), machine);
    BOOST_REQUIRE(made);
    it = std::move(*made);
    it->stand(rank_);
  }
  void stop() {
    it.reset();
  }
  outcome<cluster::operation_answer> put(std::string operation) {
    const auto promise = std::make_shared<std::promise<outcome<cluster::operation_answer>>>();
    auto answer = promise->get_future();
    it->put(std::move(operation), [promise](auto a) { promise->set_value(std::move(a)); });
    BOOST_REQUIRE(answer.wait_for(20s) == std::future_status::ready);
    return answer.get();
  }

  std::string name;
  tests::temporary_directory directory;
  std::shared_ptr<remembering_machine::disk> disk = std::make_shared<remembering_machine::disk>();
  std::shared_ptr<cluster_tests::memory_records> log;
  std::shared_ptr<remembering_machine> machine;
  std::unique_ptr<replica> it;

private:
  std::uint32_t rank_;
};

template <class Condition>
bool comes_true(const Condition& condition, std::chrono::seconds patience = 20s) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  return condition();
}

struct two_nodes {
  std::shared_ptr<cluster_tests::memory_records>
    log = std::make_shared<cluster_tests::memory_records>();
  small_node first{"n1", log, 0};
  small_node second{"n2", log, 1};
};

} // namespace

BOOST_AUTO_TEST_SUITE(replica_test)

BOOST_FIXTURE_TEST_CASE(one_leads_and_both_apply_the_same, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  auto& other = first.machine->leads ? second : first;
  BOOST_TEST(leader.it->may_answer_strongly());
  BOOST_TEST(!other.it->may_answer_strongly());
  for (int i = 0; i < 50; ++i) {
    const auto answer = leader.put("operation " + std::to_string(i));
    BOOST_REQUIRE(answer);
    BOOST_TEST(std::any_cast<std::string>(answer->value) == "operation " + std::to_string(i));
  }
  BOOST_TEST(comes_true([&] { return other.machine->done().size() == 50; }));
  BOOST_TEST(other.machine->done() == leader.machine->done());
  BOOST_TEST(!other.machine->leads);
}

// Or replicas that have read the same would seem to differ.
BOOST_FIXTURE_TEST_CASE(what_is_told_of_the_chain_belongs_to_the_position_that_is_told, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  std::mutex guard;
  std::map<std::uint64_t, std::set<std::uint64_t>> hashes; // By position.
  const auto look = [&] {
    const std::lock_guard lock{guard};
    const auto f = leader.it->figures();
    hashes[f.position].insert(f.hash);
  };
  leader.machine->looks = look;
  for (int i = 0; i < 5; ++i) {
    look(); // Nothing is being applied, unlike when the machine looks.
    const auto before = leader.it->figures().position;
    BOOST_REQUIRE(leader.put("operation " + std::to_string(i)));
    BOOST_REQUIRE(comes_true([&] { return leader.it->figures().position > before; }));
  }
  leader.stop();
  for (const auto& [position, told] : hashes)
    BOOST_TEST(told.size() == 1U);
  BOOST_TEST(hashes.size() >= 5U);
}

BOOST_FIXTURE_TEST_CASE(who_does_not_lead_says_so_at_once, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& other = first.machine->leads ? second : first;
  const auto answer = other.put("x");
  BOOST_REQUIRE(!answer);
  BOOST_CHECK(answer.error().code == model::failure_code::conflict);
}

BOOST_FIXTURE_TEST_CASE(an_operation_larger_than_a_record_arrives_whole, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  auto& other = first.machine->leads ? second : first;
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<char>(i * 31 + i / 256);
  BOOST_REQUIRE(leader.put("before"));
  BOOST_REQUIRE(leader.put(large));
  BOOST_REQUIRE(leader.put("after"));
  const std::vector<std::string> expected{"before", large, "after"};
  BOOST_TEST((leader.machine->done() == expected));
  BOOST_TEST(comes_true([&] { return other.machine->done() == expected; }));
}

BOOST_FIXTURE_TEST_CASE(a_leader_that_is_released_hands_over_at_once, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  auto& other = first.machine->leads ? second : first;
  BOOST_REQUIRE(leader.put("one"));
  const auto begun = std::chrono::steady_clock::now();
  leader.it->release(other.name);
  BOOST_REQUIRE(comes_true([&] { return other.machine->leads.load(); }));
  BOOST_TEST((std::chrono::steady_clock::now() - begun < 2s)); // Below the silence of 3 s.
  BOOST_TEST(comes_true([&] { return !leader.machine->leads; }));
  BOOST_REQUIRE(other.put("two"));
  BOOST_TEST((other.machine->done() == std::vector<std::string>{"one", "two"}));
}

// Writers ask whoever leads; nodes go and come back from what they had settled. What was answered
// was done once, by all, in one order.
BOOST_FIXTURE_TEST_CASE(what_was_answered_is_done_once_by_all_whoever_dies, two_nodes) {
  std::mt19937 chance{7};
  std::vector<std::string> answered;
  int next = 0;
  for (int round = 0; round < 4; ++round) {
    BOOST_REQUIRE(comes_true(
      [&] { return (first.it && first.machine->leads) || (second.it && second.machine->leads); }));
    auto& leader = first.it && first.machine->leads ? first : second;
    auto& other = &leader == &first ? second : first;
    for (int i = 0; i < 200; ++i) {
      auto operation = std::to_string(next++);
      if (leader.put(operation))
        answered.push_back(std::move(operation));
    }
    auto& victim = chance() % 2 == 0 ? leader : other;
    victim.stop();
    victim.start();
  }
  BOOST_TEST(comes_true([&] {
    return first.machine->done().size() >= answered.size()
        && first.machine->done() == second.machine->done();
  }));
  const auto done = first.machine->done();
  auto sorted = done;
  std::ranges::sort(sorted);
  BOOST_TEST((std::ranges::adjacent_find(sorted) == sorted.end()), "something was done twice");
  for (const auto& operation : answered)
    BOOST_TEST(std::ranges::binary_search(sorted, operation), operation << " was lost");
}

BOOST_FIXTURE_TEST_CASE(what_was_handed_over_is_performed_when_it_is_answered, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  auto& other = first.machine->leads ? second : first;
  other.machine->is_slow = true;
  BOOST_REQUIRE(leader.put("x"));
  BOOST_REQUIRE(comes_true([&] { return other.machine->done().size() == 1; }));
  BOOST_TEST(comes_true([&] { return other.it->figures().position >= log->extent().last; }));
  const auto f = other.it->figures();
  BOOST_TEST(f.performed < f.position);
  other.machine->finish();
  const auto after = other.it->figures();
  BOOST_TEST(after.performed == after.position);
  const auto leading = leader.it->figures();
  BOOST_TEST(leading.performed == leading.position);
}

BOOST_FIXTURE_TEST_CASE(a_log_is_cut_only_below_what_a_start_would_read, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  for (int i = 0; i < 20; ++i)
    BOOST_REQUIRE(leader.put(std::to_string(i)));
  BOOST_REQUIRE(comes_true([&] { return leader.it->figures().settled > 5; }));
  BOOST_REQUIRE(leader.it->trim(1'000'000));
  const auto is = leader.it->extent();
  BOOST_REQUIRE(is);
  BOOST_TEST(is->first > 1);
  BOOST_TEST(is->first <= leader.it->figures().settled);
  leader.stop();
  leader.start();
  BOOST_TEST(comes_true([&] { return leader.machine->done().size() == 20; }));
  BOOST_CHECK(leader.it->figures().parted == cluster::parting::none);
}

// It was away for longer than the log goes back; what it needs is somebody's state and chain.
BOOST_FIXTURE_TEST_CASE(who_finds_the_log_cut_says_so_and_goes_on_from_a_copy, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  auto& other = first.machine->leads ? second : first;
  BOOST_REQUIRE(leader.put("before"));
  other.stop();
  for (int i = 0; i < 20; ++i)
    BOOST_REQUIRE(leader.put(std::to_string(i)));
  std::string read;
  std::vector<std::string> state;
  std::uint64_t position = 0;
  BOOST_REQUIRE(leader.it->while_settled([&](const cluster::chain& at) -> model::status {
    read = at.encoded();
    const std::lock_guard lock{leader.disk->guard};
    state = leader.disk->done;
    position = leader.disk->position;
    return model::nothing{};
  }));
  log->trim(log->extent().last);
  BOOST_REQUIRE(leader.put("behind the cut"));
  other.start();
  BOOST_REQUIRE(comes_true([&] { return other.it->figures().parted == cluster::parting::cut; }));
  BOOST_TEST(!other.it->figures().trouble.empty());

  other.stop();
  other.disk->done = state;
  other.disk->position = position;
  BOOST_REQUIRE(cluster::write_state(other.directory.path() / "position", read));
  other.start();
  BOOST_TEST(comes_true([&] { return other.machine->done() == leader.machine->done(); }));
  BOOST_TEST(other.machine->done().back() == "behind the cut");
  BOOST_CHECK(other.it->figures().parted == cluster::parting::none);
}

BOOST_FIXTURE_TEST_CASE(another_log_is_found_out_and_nothing_is_applied, two_nodes) {
  BOOST_REQUIRE(comes_true([&] { return first.machine->leads || second.machine->leads; }));
  auto& leader = first.machine->leads ? first : second;
  BOOST_REQUIRE(leader.put("x"));
  BOOST_REQUIRE(comes_true([&] { return leader.it->figures().settled > 1; }));
  first.stop();
  second.stop();
  leader.log = std::make_shared<cluster_tests::memory_records>();
  leader.start();
  BOOST_REQUIRE(comes_true([&] { return leader.it->figures().parted == cluster::parting::other; }));
  BOOST_TEST(leader.log->extent().last == 0);
}

BOOST_AUTO_TEST_SUITE_END()
