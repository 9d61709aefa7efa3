#include "tests/node/chaos_traffic.hpp"

#include "tests/node/definitions.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace node_tests {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using gateway_tests::client;
using gateway_tests::received;

constexpr auto answer_patience = 3s;
constexpr auto try_again_after = 40ms;
constexpr auto between_requests = 40ms;
constexpr auto last_answer_within = 120s;
constexpr std::size_t order_senders = 2;
constexpr std::size_t readers = 2;
constexpr unsigned requests_per_connection = 20;
constexpr std::size_t contradictions_max = 20;

std::string person_of(std::size_t source, std::size_t person) {
  return fmt::format("level-{}-{}", source, person);
}

/// So many seconds ago, as a request says it.
std::string ago(std::chrono::seconds duration) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                                std::chrono::system_clock::now() - duration)));
}

std::string last_hour() {
  return R"({"type":"date","operator":"in-the-last","quantity":1,"unit":"hour"})";
}

} // namespace

const std::vector<std::pair<std::string, std::string>>& chaos_traffic::segments() {
  static const std::vector<std::pair<std::string, std::string>> all{
    {"Buyers", all_of({counted("Placed Order", "greater-than-or-equal", 1, last_days(30))})},
    {"Recent", all_of({counted("Placed Order", "greater-than-or-equal", 1, last_hour())})},
    // Nobody has more than one, unless something counted twice.
    {"Twice", all_of({counted("Placed Order", "greater-than-or-equal", 2, alltime)})},
    {"Even", all_of({R"({"type":"profile-property","property":"properties['parity']","filter":)"
                     R"({"type":"string","operator":"equals","value":"even"}})"})}};
  return all;
}

chaos_traffic::chaos_traffic(const small_cluster& on, std::uint64_t seed)
  : on_{on}, seed_{seed}, headers_{on.headers()} {
  for (std::size_t i = 0; i < order_senders; ++i)
    threads_.emplace_back([this, i] { send_orders(i); });
  threads_.emplace_back([this] { send_once(); });
  for (std::size_t i = 0; i < sources_.size(); ++i)
    threads_.emplace_back([this, i] { send_levels(i); });
  for (std::size_t i = 0; i < readers; ++i)
    threads_.emplace_back([this, i] { read_levels(i); });
}

chaos_traffic::~chaos_traffic() {
  is_over_ = true;
  for (auto& one : threads_)
    if (one.joinable())
      one.join();
}

std::vector<std::string> chaos_traffic::finish() {
  is_over_ = true;
  for (auto& one : threads_)
    if (one.joinable())
      one.join();
  for (std::size_t s = 0; s < sources_.size(); ++s)
    for (std::size_t p = 0; p < people_per_source; ++p)
      if (const auto level = sources_[s].acknowledged[p].load(); level != 0)
        account_.levels[person_of(s, p)] = level;
  return contradictions();
}

std::vector<std::string> chaos_traffic::contradictions() const {
  const std::lock_guard lock{guard_};
  return wrong_;
}

std::map<unsigned, std::uint64_t> chaos_traffic::statuses() const {
  const std::lock_guard lock{guard_};
  return statuses_;
}

void chaos_traffic::mark() {
  const std::lock_guard lock{guard_};
  last_acknowledged_ = clock::now();
  longest_ = {};
}

std::chrono::milliseconds chaos_traffic::longest_pause() const {
  const std::lock_guard lock{guard_};
  return std::chrono::duration_cast<std::chrono::milliseconds>(
    std::max(longest_, clock::now() - last_acknowledged_));
}

void chaos_traffic::note_acknowledged() {
  ++acknowledged_;
  const std::lock_guard lock{guard_};
  const auto now = clock::now();
  longest_ = std::max(longest_, now - last_acknowledged_);
  last_acknowledged_ = now;
}

void chaos_traffic::blame(std::string what) {
  const std::lock_guard lock{guard_};
  if (wrong_.size() < contradictions_max)
    wrong_.push_back(std::move(what));
}

// --- asking --------------------------------------------------------------------------------------

/// Who answered as owner, and since when. An answer of an epoch must not have been asked for after
/// one of a later epoch had come: then two nodes would have answered as owners at one time.
void chaos_traffic::note_epoch(const received& told, clock::time_point begun,
                               clock::time_point ended) {
  const auto text = told.header("rollcall-epoch");
  std::uint64_t epoch = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), epoch).ec != std::errc{})
    return;
  const auto node = told.header("rollcall-node");
  const std::lock_guard lock{guard_};
  const auto [known, is_new] = leaders_.emplace(epoch, node);
  if (!is_new && known->second != node)
    wrong_.push_back(fmt::format("epoch {}: both {} and {} answer", epoch, known->second, node));
  for (const auto& [came, higher] : risen_)
    if (higher > epoch && came < begun && wrong_.size() < contradictions_max)
      wrong_.push_back(fmt::format(
        "{} answers in epoch {} a request that was sent {} ms after {} "
        "had answered in epoch {}",
        node, epoch, std::chrono::duration_cast<std::chrono::milliseconds>(begun - came).count(),
        leaders_[higher], higher));
  if (epoch > highest_) {
    highest_ = epoch;
    risen_.emplace_back(ended, epoch);
  }
}

received chaos_traffic::ask(visitor& by, const std::string& text) {
  const auto begun = clock::now();
  received told;
  try {
    if (!by.connection || by.chance() % requests_per_connection == 0) {
      by.node = by.chance() % on_.size();
      by.connection.reset();
      by.connection.emplace(on_.address(by.node), on_.port(by.node), answer_patience);
    }
    told = by.connection->ask(text);
  } catch (const std::system_error&) {
    told = {};
  }
  if (!told.is_whole)
    told.status = 0;
  // Who gives up takes back what is still on its way: the system would go on to send it for a
  // minute, and a node would perform it whenever a cut-off link is back.
  if (told.status == 0 && by.connection)
    by.connection->reset();
  if (told.status == 0 || told.header("connection") == "close" || told.status == 503)
    by.connection.reset();
  if (told.status != 0)
    note_epoch(told, begun, clock::now());
  {
    const std::lock_guard lock{guard_};
    ++statuses_[told.status];
  }
  if (told.status >= 300 && told.status != 503)
    blame(fmt::format("n{} answers {}\nto {}", by.node + 1, told.head + told.body,
                      text.substr(0, text.find('\r'))));
  return told;
}

std::string chaos_traffic::order(const std::string& person, std::string_view more) const {
  return gateway_tests::post(
    "/api/events",
    fmt::format(
      R"({{"data":{{"type":"event","attributes":{{"properties":{{}},{}"metric":{{"data":)"
      R"({{"type":"metric","attributes":{{"name":"Placed Order"}}}}}},"profile":{{"data":)"
      R"({{"type":"profile","attributes":{{"external_id":"{}"}}}}}}}}}}}})",
      more, person),
    headers_);
}

// --- who is there --------------------------------------------------------------------------------

/// Each order again until it is acknowledged, now and then one that leaves the last hour soon.
void chaos_traffic::send_orders(std::size_t number) {
  visitor by{.chance = std::mt19937_64{seed_ * 100 + number}};
  for (std::uint64_t i = 0; !is_over_; ++i) {
    const auto person = fmt::format("order-{}-{}", number, i);
    auto more = fmt::format(R"("unique_id":"{}",)", person);
    if (may_leave_ && by.chance() % 4 == 0)
      more += fmt::format(R"("time":"{}",)", ago(1h - std::chrono::seconds{by.chance() % 6}));
    const auto text = order(person, more);
    const auto until = clock::now() + last_answer_within;
    while (ask(by, text).status != 202) {
      if (clock::now() > until)
        return blame(fmt::format("{} was not taken for two minutes", person));
      std::this_thread::sleep_for(try_again_after);
    }
    note_acknowledged();
    {
      const std::lock_guard lock{guard_};
      account_.ordered.insert(person);
    }
    std::this_thread::sleep_for(between_requests);
  }
}

/// Each order once, without an id by which it would be known again.
void chaos_traffic::send_once() {
  visitor by{.chance = std::mt19937_64{seed_ * 100 + 10}};
  for (std::uint64_t i = 0; !is_over_; ++i) {
    const auto person = fmt::format("once-{}", i);
    const auto is_taken = ask(by, order(person, {})).status == 202;
    if (is_taken)
      note_acknowledged();
    {
      const std::lock_guard lock{guard_};
      (is_taken ? account_.sent_once : account_.perhaps).insert(person);
    }
    std::this_thread::sleep_for(between_requests);
  }
}

/// Lines of a source in their order, each again under its sequence until it is acknowledged.
void chaos_traffic::send_levels(std::size_t number) {
  visitor by{.chance = std::mt19937_64{seed_ * 100 + 20 + number}};
  auto& own = sources_.at(number);
  for (std::uint64_t i = 0; !is_over_; ++i) {
    const auto person = i % people_per_source;
    const auto level = i + 1;
    const auto text = gateway_tests::post(
      fmt::format("/api/rollcall/changes?source=levels-{}&sequence={}", number, i),
      fmt::format("{{\"external_id\":\"{}\",\"properties\":{{\"level\":{},\"parity\":\"{}\"}}}}\n",
                  person_of(number, person), level,
                  level / people_per_source % 2 == 0 ? "even" : "odd"),
      headers_);
    own.attempted[person] = level;
    const auto until = clock::now() + last_answer_within;
    while (ask(by, text).status != 200) {
      if (clock::now() > until)
        return blame(fmt::format("level {} was not taken for two minutes", level));
      std::this_thread::sleep_for(try_again_after);
    }
    own.acknowledged[person] = level;
    note_acknowledged();
    std::this_thread::sleep_for(between_requests);
  }
}

/// An answer shows everything that was acknowledged or told before it was asked for.
void chaos_traffic::read_levels(std::size_t number) {
  visitor by{.chance = std::mt19937_64{seed_ * 100 + 30 + number}};
  while (!is_over_) {
    const auto s = by.chance() % sources_.size();
    const auto p = by.chance() % people_per_source;
    const auto least = std::max(sources_[s].acknowledged[p].load(), sources_[s].told[p].load());
    const auto told = ask(
      by, gateway_tests::get(
            fmt::format("/api/profiles?filter=equals(external_id,%22{}%22)", person_of(s, p)),
            headers_));
    const auto most = sources_[s].attempted[p].load();
    if (told.status != 200) {
      std::this_thread::sleep_for(try_again_after);
      continue;
    }
    std::uint64_t level = 0;
    std::error_code wrong;
    const auto page = json::parse(told.body, wrong);
    if (!wrong && !page.at("data").as_array().empty())
      level = page.at("data")
                .at(0)
                .at("attributes")
                .at("properties")
                .at("level")
                .to_number<std::uint64_t>();
    for (auto before = sources_[s].told[p].load();
         before < level && !sources_[s].told[p].compare_exchange_weak(before, level);) {
    }
    if (level < least || level > most)
      blame(fmt::format("{} answers in epoch {} that {} has level {}; {} was acknowledged or told "
                        "before, {} the last that was sent",
                        told.header("rollcall-node"), told.header("rollcall-epoch"),
                        person_of(s, p), level, least, most));
    std::this_thread::sleep_for(between_requests);
  }
}

} // namespace node_tests
