#include "tests/node/replica_check.hpp"

#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace node_tests {

namespace {

namespace json = boost::json;

constexpr std::size_t shown_bytes_max = 400;

/// Of a command whose answer is needed; its output.
std::string asked(const std::filesystem::path& account, std::vector<std::string> words,
                  std::vector<std::string>& wrong) {
  words.insert(words.end(), {"--data", account.string()});
  auto run = rollcall(words);
  if (run.status != 0)
    wrong.push_back(fmt::format("`{} {}` ends with {}: {}", words[0], words[1], run.status,
                                (run.out + run.err).substr(0, shown_bytes_max)));
  return std::move(run.out);
}

std::optional<std::filesystem::path> account_in(const std::filesystem::path& data) {
  for (const auto& at : std::filesystem::recursive_directory_iterator{data})
    if (at.path().filename() == "default" && at.path().parent_path().filename() == "accounts"
        && at.path().string().find("snapshots") == std::string::npos)
      return at.path();
  return std::nullopt;
}

/// Members as a feed leaves them.
std::set<std::string> follow(const std::string& segment, const std::string& feed,
                             std::vector<std::string>& wrong) {
  std::set<std::string> members;
  std::map<std::uint64_t, std::uint64_t> last; // By partition.
  std::error_code failed;
  const auto told = json::parse(feed, failed);
  if (failed) {
    wrong.push_back(fmt::format("the feed of {} cannot be read", segment));
    return members;
  }
  for (const auto& flip : told.at("flips").as_array()) {
    const auto partition = flip.at("partition").to_number<std::uint64_t>();
    const auto sequence = flip.at("sequence").to_number<std::uint64_t>();
    if (sequence != last[partition] + 1)
      wrong.push_back(fmt::format("the feed of {} has a gap: in partition {} {} comes after {}",
                                  segment, partition, sequence, last[partition]));
    last[partition] = sequence;
    const std::string who{flip.at("profile").as_string()};
    const bool joined = flip.at("joined").as_bool();
    const bool changed = joined ? members.insert(who).second : members.erase(who) == 1;
    if (!changed)
      wrong.push_back(fmt::format("the feed of {} tells twice that {} {}", segment, who,
                                  joined ? "joined" : "left"));
  }
  return members;
}

std::set<std::string> lines_in(const std::string& text) {
  const auto lines = lines_of(text);
  return {lines.begin(), lines.end()};
}

void must_be(const std::set<std::string>& those, const std::set<std::string>& among,
             std::string_view why, std::vector<std::string>& wrong) {
  std::vector<std::string> missing;
  std::ranges::set_difference(those, among, std::back_inserter(missing));
  if (!missing.empty())
    wrong.push_back(fmt::format("{} {}, {} for one", missing.size(), why, missing.front()));
}

void compare_texts(std::string_view what, const std::string& one, const std::string& other,
                   std::vector<std::string>& wrong) {
  if (one == other)
    return;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
  const auto from = at < shown_bytes_max / 2 ? 0 : at - shown_bytes_max / 2;
  wrong.push_back(fmt::format("{} differ, {} and {} bytes:\n  {}\n  {}", what, one.size(),
                              other.size(), one.substr(from, shown_bytes_max),
                              other.substr(from, shown_bytes_max)));
}

} // namespace

told_replica read_replica(const std::filesystem::path& data, const chaos_account& sent,
                          std::vector<std::string>& wrong) {
  told_replica is;
  const auto found = account_in(data);
  if (!found) {
    wrong.push_back(data.string() + " has no account");
    return is;
  }
  const auto& account = *found;
  asked(account, {"check", "--every", "1"}, wrong);
  is.metrics = asked(account, {"metrics", "--json"}, wrong);
  is.segments = asked(account, {"segment", "list", "--json"}, wrong);
  for (const auto& [segment, definition] : chaos_traffic::segments()) {
    is.members[segment] = asked(account, {"segment", "members", segment, "--ids", "-"}, wrong);
    is.feeds[segment] = asked(account, {"segment", "feed", segment, "--limit", "0", "--json"},
                              wrong);
    if (follow(segment, is.feeds[segment], wrong) != lines_in(is.members[segment]))
      wrong.push_back(fmt::format("the feed of {} does not lead to its members", segment));
  }
  for (const auto& [person, level] : sent.levels)
    is.levels[person] = asked(account, {"profile", "show", person, "--json"}, wrong);
  return is;
}

void hold_against(const chaos_account& sent, const told_replica& is,
                  std::vector<std::string>& wrong) {
  const auto buyers = lines_in(is.members.at("Buyers"));
  must_be(sent.ordered, buyers, "people whose order was acknowledged have none", wrong);
  must_be(sent.sent_once, buyers, "people whose only order was acknowledged have none", wrong);
  auto everybody = sent.ordered;
  everybody.insert(sent.sent_once.begin(), sent.sent_once.end());
  everybody.insert(sent.perhaps.begin(), sent.perhaps.end());
  must_be(buyers, everybody, "people have an order that nobody sent", wrong);
  if (const auto twice = lines_in(is.members.at("Twice")); !twice.empty())
    wrong.push_back(
      fmt::format("{} people have their order twice, {} for one", twice.size(), *twice.begin()));
  std::uint64_t orders = 0;
  std::error_code failed;
  for (const auto metrics = json::parse(is.metrics, failed); const auto& one : metrics.as_array())
    if (one.at("name").as_string() == "Placed Order")
      orders = one.at("count").to_number<std::uint64_t>();
  if (orders != buyers.size())
    wrong.push_back(fmt::format("{} orders of {} people", orders, buyers.size()));
  for (const auto& [person, level] : sent.levels) {
    const auto profile = json::parse(is.levels.at(person), failed);
    const auto found = failed ? 0 : profile.at("properties").at("level").to_number<std::uint64_t>();
    if (found != level)
      wrong.push_back(
        fmt::format("{} has level {}; {} was acknowledged last", person, found, level));
  }
}

void compare(const told_replica& one, const told_replica& other, std::vector<std::string>& wrong) {
  compare_texts("metrics", one.metrics, other.metrics, wrong);
  compare_texts("segments", one.segments, other.segments, wrong);
  for (const auto& [segment, members] : one.members)
    compare_texts("members of " + segment, members, other.members.at(segment), wrong);
  for (const auto& [segment, feed] : one.feeds)
    compare_texts("feeds of " + segment, feed, other.feeds.at(segment), wrong);
  for (const auto& [person, profile] : one.levels)
    compare_texts(person, profile, other.levels.at(person), wrong);
}

} // namespace node_tests
