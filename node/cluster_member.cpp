#include "node/cluster_member.hpp"

#include "gateway/keys.hpp"
#include "node/http_client.hpp"
#include "node/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <future>
#include <utility>

namespace node {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using gateway::direction;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view http_service = "http"; // Of the tunnel.
constexpr auto tick_every = 1s;
constexpr auto ask_peers_every = 1s;
constexpr auto peer_alive_for = 4s;
constexpr auto peer_patience = 2s;
constexpr auto operation_patience = 30s;
constexpr std::size_t secret_characters_min = 32;

outcome<std::string> read_secret(const std::filesystem::path& file) {
  std::ifstream from{file};
  std::string secret;
  std::getline(from, secret);
  if (!from && secret.empty())
    return failure{failure_code::not_found,
                   fmt::format("cannot read the cluster's secret in {}; `rollcall cluster init` "
                               "makes it, and every node needs the same",
                               file.string())};
  if (secret.size() < secret_characters_min)
    return failure{failure_code::invalid_input,
                   fmt::format("the secret in {} is shorter than {} characters", file.string(),
                               secret_characters_min)};
  return secret;
}

gateway::answer json_answer(unsigned code, std::string body) {
  gateway::answer a;
  a.status = code;
  a.content_type = gateway::json_type;
  a.body = std::move(body);
  return a;
}

gateway::answer refused(unsigned code, std::string_view why) {
  return json_answer(code, json_object{}.text("error", why).done());
}

std::string parameter_of(const gateway::request& asked, std::string_view name) {
  const auto* value = asked.parameter(name);
  return value ? *value : std::string{};
}

/// The part of a key in "Klaviyo-API-Key pk_…" by which it is found.
std::string_view key_id_in(const gateway::request& asked) {
  const auto* authorization = asked.header("authorization");
  if (!authorization)
    return {};
  const auto at = authorization->find(gateway::key_prefix);
  return at == std::string::npos ? std::string_view{}
                                 : gateway::id_of_key(std::string_view{*authorization}.substr(at));
}

/// The id that a standby's account has, without giving it one.
std::string account_id_in(rollcall::engine& engine) {
  const auto kept = engine.documents("account");
  if (!kept)
    return {};
  for (const auto& one : *kept)
    if (one.id == "identity") {
      std::error_code wrong;
      const auto document = json::parse(one.json, wrong);
      if (const auto* object = wrong ? nullptr : document.if_object())
        if (const auto* id = object->if_contains("id"); id && id->is_string())
          return std::string{id->as_string()};
    }
  return {};
}

} // namespace

cluster_member::cluster_member(cluster_member_options wanted) : options_(std::move(wanted)) {
}

outcome<std::unique_ptr<cluster_member>> cluster_member::start(cluster_member_options wanted) {
  if (!wanted.cluster.find(wanted.node))
    return failure{failure_code::invalid_input,
                   fmt::format("the cluster has no node \"{}\"; its file names those it has",
                               wanted.node)};
  std::unique_ptr<cluster_member> made{new cluster_member{std::move(wanted)}};
  const auto& settings = made->options_.cluster;
  auto secret = read_secret(settings.secret_file);
  if (!secret)
    return secret.error();
  made->secret_ = std::move(*secret);
  if (auto sound = cluster::check_nats_servers(settings.nats); !sound)
    return sound.error();
  auto nats = cluster::connect_nats(settings.nats);
  if (!nats)
    return nats.error();
  made->nats_ = std::move(*nats);
  if (auto opened = made->open_outlets(); !opened)
    return opened.error();
  if (auto opened = made->open_partitions(); !opened)
    return opened.error();
  return made;
}

status cluster_member::open_outlets() {
  const auto files = cluster::files_of(options_.cluster.certificates, options_.node);
  for (const auto& node : options_.cluster.nodes) {
    if (node.name == options_.node)
      continue;
    auto outlet = cluster::tunnel_outlet::start(tunnel_threads_,
                                                {.host = node.host,
                                                 .port = node.port,
                                                 .peer = node.name,
                                                 .service = std::string{http_service},
                                                 .node = options_.node,
                                                 .files = files});
    if (!outlet)
      return outlet.error();
    peers_[node.name].outlet = std::move(*outlet);
  }
  return model::nothing{};
}

status cluster_member::open_partitions() {
  std::vector<cluster::roster_entry> everybody;
  for (const auto& node : options_.cluster.nodes)
    everybody.push_back({node.name});
  std::vector<std::future<outcome<std::unique_ptr<partition>>>> opening;
  for (std::uint32_t number = 0; number < options_.cluster.partitions; ++number) {
    const auto ranked = cluster::ranked(number, everybody);
    if (!cluster::rank_of(options_.node, ranked, options_.cluster.replicas))
      continue;
    opening.push_back(
      std::async(std::launch::async, [this, number]() -> outcome<std::unique_ptr<partition>> {
        auto made = std::make_unique<partition>();
        made->number = number;
        const auto directory = options_.data / fmt::format("partition-{:02}", number);
        const auto news = [this, p = made.get()](bool is_leader) {
          if (is_leader) {
            const std::lock_guard lock{guard_};
            p->led_since = clock::now();
          }
          wake();
        };
        auto accounts = cluster_accounts::open(
          {number, directory / "accounts", news, [this] { wake(); }});
        if (!accounts)
          return accounts.error();
        made->accounts = std::move(*accounts);
        auto log = cluster::open_nats_log(nats_, number);
        if (!log)
          return log.error();
        auto replica = cluster::replica::start({.partition = number,
                                                .node = options_.node,
                                                .state_file = directory / "position",
                                                .ownership = options_.cluster.ownership},
                                               std::move(*log), made->accounts);
        if (!replica)
          return replica.error();
        made->replica = std::move(*replica);
        made->accounts->door()->open(made->replica.get());
        return made;
      }));
  }
  std::optional<failure> failed;
  for (auto& one : opening) {
    auto opened = one.get();
    if (!opened)
      failed = opened.error();
    else
      partitions_.emplace((*opened)->number, std::move(*opened));
  }
  if (failed)
    return std::move(*failed);
  return model::nothing{};
}

void cluster_member::serve(gateway::accounts& all, account_listener opened,
                           account_listener closed) {
  accounts_ = &all;
  opened_ = std::move(opened);
  closed_ = std::move(closed);
  stand();
  worker_ = std::thread{[this] { work(); }};
  asker_ = std::thread{[this] { ask_peers(); }};
}

status cluster_member::receive_peers(std::uint16_t port) {
  const auto* self = options_.cluster.find(options_.node);
  auto listener = cluster::tunnel_listener::start(
    tunnel_threads_,
    {.address = self->host == "localhost" ? "127.0.0.1" : self->host,
     .port = self->port,
     .node = options_.node,
     .files = cluster::files_of(options_.cluster.certificates, options_.node),
     .may_come = [this](std::string_view name) { return options_.cluster.find(name) != nullptr; },
     .services = {{std::string{http_service}, {.port = port}}}});
  if (!listener)
    return listener.error();
  listener_ = std::move(*listener);
  return model::nothing{};
}

cluster_member::~cluster_member() {
  for (auto& [number, p] : partitions_)
    p->replica->release({});
  // Whoever takes over has not to wait for our silence.
  const auto patience = clock::now() + 2s;
  const auto owns = [this] {
    return std::ranges::any_of(partitions_, [](const auto& one) {
      return one.second->replica->figures().is_owner;
    });
  };
  while (owns() && clock::now() < patience)
    std::this_thread::sleep_for(20ms);
  {
    const std::lock_guard lock{guard_};
    is_stopping_ = true;
  }
  wake();
  if (worker_.joinable())
    worker_.join();
  if (asker_.joinable())
    asker_.join();
  if (listener_)
    listener_->stop();
  for (auto& [number, p] : partitions_) {
    p->accounts->door()->close();
    serve_partition(*p, false);
    p->replica.reset();
  }
}

// --- what goes on --------------------------------------------------------------------------------

void cluster_member::wake() {
  const std::lock_guard lock{guard_};
  has_news_ = true;
  woken_.notify_all();
}

std::vector<cluster::roster_entry> cluster_member::roster() const {
  const std::lock_guard lock{guard_};
  std::vector<cluster::roster_entry> all;
  for (const auto& node : options_.cluster.nodes) {
    const auto found = peers_.find(node.name);
    all.push_back({node.name, found == peers_.end() ? is_draining_ : found->second.is_draining});
  }
  return all;
}

/// Says for each partition which place this node has among those that may own it.
void cluster_member::stand() {
  const auto everybody = roster();
  for (auto& [number, p] : partitions_) {
    const auto ranked = cluster::ranked(number, everybody);
    p->replica->stand(cluster::rank_of(options_.node, ranked, options_.cluster.replicas));
  }
}

void cluster_member::serve_partition(partition& p, bool is_leader) {
  for (const auto& hosted : p.accounts->all()) {
    if (!is_leader) {
      if (accounts_)
        if (const auto gone = accounts_->dismiss(hosted.name))
          closed_(gone);
      continue;
    }
    if (accounts_->by_name(hosted.name))
      continue;
    auto adopted = accounts_->adopt(hosted.name, hosted.engine, hosted.directory);
    if (adopted)
      opened_(*adopted);
    else
      spdlog::warn("cluster: account {} is not served: {}", hosted.name, adopted.error().message);
  }
}

void cluster_member::work() {
  auto next_tick = clock::now();
  for (;;) {
    bool is_index_wanted = false;
    {
      std::unique_lock lock{guard_};
      woken_.wait_until(lock, next_tick, [&] { return has_news_ || is_stopping_; });
      if (is_stopping_)
        return;
      has_news_ = false;
      is_index_wanted = std::exchange(is_index_wanted_, false);
    }
    for (auto& [number, p] : partitions_) {
      const auto leads = p->replica->figures().is_leading;
      if (leads || p->is_served)
        serve_partition(*p, leads);
      const std::lock_guard lock{guard_};
      p->is_served = leads;
    }
    if (is_index_wanted)
      refresh_index();
    if (clock::now() < next_tick)
      continue;
    next_tick = clock::now() + tick_every;
    for (auto& [number, p] : partitions_)
      if (p->replica->figures().is_leading)
        p->accounts->door()->put(tick_operation(), [](const auto&) {});
    if (auto failed = ensure_default_account())
      spdlog::warn("cluster: the default account cannot be made: {}", failed->message);
    stand();
    hand_over();
  }
}

std::optional<failure> cluster_member::ensure_default_account() {
  auto* p = partition_of(gateway::default_account);
  if (!p || !p->replica->figures().is_leading || !p->accounts->all().empty())
    return std::nullopt;
  const auto made = make_account(gateway::default_account);
  if (made || made.error().code == failure_code::conflict)
    return std::nullopt;
  return made.error();
}

void cluster_member::refresh_index() {
  const auto begun = clock::now();
  std::map<std::string, std::string, std::less<>> keys;
  std::map<std::string, std::string, std::less<>> ids;
  for (const auto& [number, p] : partitions_)
    for (const auto& hosted : p->accounts->all()) {
      if (auto id = account_id_in(*hosted.engine); !id.empty())
        ids[std::move(id)] = hosted.name;
      if (const auto kept = hosted.engine->documents("key"))
        for (const auto& one : *kept)
          keys[one.id] = hosted.name;
    }
  const std::lock_guard lock{guard_};
  keys_ = std::move(keys);
  ids_ = std::move(ids);
  index_begun_ = begun;
}

/// Partitions that somebody else should lead are given to him once he has caught up.
void cluster_member::hand_over() {
  const auto everybody = roster();
  for (auto& [number, p] : partitions_) {
    const auto f = p->replica->figures();
    if (!f.is_leading)
      continue;
    std::vector<cluster::replica_position> live{{options_.node, f.position}};
    clock::time_point since;
    {
      const std::lock_guard lock{guard_};
      since = p->led_since;
      for (const auto& [name, other] : peers_)
        if (const auto at = other.positions.find(number);
            at != other.positions.end() && clock::now() - other.heard < peer_alive_for)
          live.push_back({name, at->second});
    }
    const auto better = cluster::better_owner(
      options_.node, cluster::ranked(number, everybody), options_.cluster.replicas, live,
      f.position, clock::now() - since, cluster::hand_over_settings{});
    if (better) {
      spdlog::info("cluster: partition {} goes to {}", number, *better);
      p->replica->release(*better);
    }
  }
}

// --- peers ---------------------------------------------------------------------------------------

void cluster_member::ask_peers() {
  for (;;) {
    {
      std::unique_lock lock{guard_};
      woken_.wait_for(lock, ask_peers_every, [&] { return is_stopping_; });
      if (is_stopping_)
        return;
    }
    for (auto& [name, of] : peers_)
      ask_peer(name, of);
  }
}

void cluster_member::ask_peer(const std::string& name, peer& of) {
  auto client = http_client::of({.url = fmt::format("http://127.0.0.1:{}", of.outlet->port()),
                                 .deadline = peer_patience});
  if (!client)
    return;
  const auto told = client->ask("GET", std::string{cluster_paths} + "status",
                                {{std::string{cluster_secret_header}, secret_}});
  if (!told || told->status != 200) {
    const std::lock_guard lock{guard_};
    of.heard = {}; // Requests wait for the next owner instead of being led there.
    return;
  }
  try {
    const auto document = json::parse(told->body);
    std::map<std::uint32_t, std::uint64_t> positions;
    for (const auto& one : document.at("partitions").as_array())
      positions[one.at("partition").to_number<std::uint32_t>()] =
        one.at("position").to_number<std::uint64_t>();
    const std::lock_guard lock{guard_};
    of.heard = clock::now();
    of.is_draining = document.at("draining").as_bool();
    of.positions = std::move(positions);
  } catch (const std::exception& e) {
    spdlog::warn("cluster: node {} tells what this release does not read: {}", name, e.what());
  }
}

// --- requests ------------------------------------------------------------------------------------

cluster_member::partition* cluster_member::partition_of(std::string_view account) {
  const auto found = partitions_.find(
    cluster::partition_of(account, options_.cluster.partitions));
  return found == partitions_.end() ? nullptr : found->second.get();
}

direction cluster_member::direct(const gateway::request& asked, bool is_from_peer) {
  const auto key = key_id_in(asked);
  const auto* id = key.empty() ? asked.parameter("company_id") : nullptr;
  if (key.empty() && !id)
    return {};
  std::string account;
  {
    const std::lock_guard lock{guard_};
    const auto& names = key.empty() ? ids_ : keys_;
    const auto found = names.find(key.empty() ? std::string_view{*id} : key);
    if (found == names.end()) {
      if (index_begun_ > asked.arrived)
        return {}; // Nobody has it.
      is_index_wanted_ = has_news_ = true;
      woken_.notify_all();
      return {.to = direction::whither::wait, .why = "The node does not know the key yet."};
    }
    account = found->second;
  }
  auto* p = partition_of(account);
  const auto f = p->replica->figures();
  if (f.is_leading && p->replica->may_answer_strongly()) {
    const std::lock_guard lock{guard_};
    if (p->is_served)
      return {};
  }
  direction nobody{.to = direction::whither::wait,
                   .why = fmt::format("No node leads partition {} at the moment; ask again.",
                                      p->number)};
  if (is_from_peer || f.owner.empty() || f.owner == options_.node)
    return nobody;
  const std::lock_guard lock{guard_};
  const auto owner = peers_.find(f.owner);
  if (owner == peers_.end() || clock::now() - owner->second.heard >= peer_alive_for)
    return nobody;
  return {.to = direction::whither::there, .port = owner->second.outlet->port()};
}

status cluster_member::make_account(std::string_view name) {
  auto* p = partition_of(name);
  if (!p)
    return failure{failure_code::unavailable, "this node holds nothing of the account's partition"};
  const auto promise = std::make_shared<std::promise<outcome<cluster::operation_answer>>>();
  auto answered = promise->get_future();
  p->accounts->door()->put(new_account_operation(name),
                           [promise](outcome<cluster::operation_answer> answer) {
                             promise->set_value(std::move(answer));
                           });
  if (answered.wait_for(operation_patience) != std::future_status::ready)
    return failure{failure_code::unavailable, "the account was not made in time; look again"};
  auto answer = answered.get();
  if (!answer)
    return answer.error();
  if (const auto* told = std::any_cast<status>(&answer->value); told && !*told)
    return *told;
  if (accounts_)
    serve_partition(*p, true);
  return model::nothing{};
}

gateway::answer cluster_member::obey(const gateway::request& asked) {
  const auto* shown = asked.header(cluster_secret_header);
  if (!shown || shown->size() != secret_.size()
      || CRYPTO_memcmp(shown->data(), secret_.data(), secret_.size()) != 0)
    return refused(404, "there is nothing here");
  const auto what = std::string_view{asked.path}.substr(cluster_paths.size());
  if (what == "status" && asked.method == "GET")
    return tell_status();
  if (what == "keys" && asked.method == "POST")
    return make_key(asked);
  if (what == "move" && asked.method == "POST")
    return move(asked);
  if (what == "drain" && asked.method == "POST")
    return drain(asked);
  return refused(404, "there is no such order");
}

gateway::answer cluster_member::tell_status() const {
  json_array list;
  for (const auto& [number, p] : partitions_) {
    const auto f = p->replica->figures();
    json_array accounts;
    for (const auto& one : p->accounts->all())
      accounts.text(one.name);
    list.raw(json_object{}
               .count("partition", number)
               .boolean("leads", f.is_leading)
               .boolean("is_sure", p->replica->may_answer_strongly())
               .text("owner", f.owner)
               .count("epoch", f.epoch)
               .count("position", f.position)
               .text("hash", fmt::format("{:016x}", f.hash))
               .count("settled", f.settled)
               .count("waiting", f.waiting)
               .count("silence_ms", static_cast<std::uint64_t>(f.silence.count()))
               .text("trouble", f.trouble)
               .raw("accounts", accounts.done())
               .done());
  }
  json_array peers;
  const std::lock_guard lock{guard_};
  for (const auto& [name, one] : peers_)
    peers.raw(json_object{}
                .text("node", name)
                .boolean("is_heard", clock::now() - one.heard < peer_alive_for)
                .text("trouble", one.outlet->last_error().value_or(""))
                .done());
  return json_answer(200, json_object{}
                            .text("node", options_.node)
                            .boolean("draining", is_draining_)
                            .raw("peers", peers.done())
                            .raw("partitions", list.done())
                            .done());
}

gateway::answer cluster_member::make_key(const gateway::request& asked) {
  auto name = parameter_of(asked, "account");
  if (name.empty())
    name = gateway::default_account;
  const auto account = accounts_ ? accounts_->by_name(name) : nullptr;
  if (!account)
    return refused(409, "this node does not serve the account at the moment");
  gateway::new_key wanted;
  wanted.name = parameter_of(asked, "name");
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(
    std::chrono::system_clock::now());
  const auto made = accounts_->create_key(account, wanted, now);
  if (!made)
    return refused(made.error().code == failure_code::invalid_input ? 400 : 503,
                   made.error().message);
  return json_answer(
    200, json_object{}.text("account", account->name).text("id", account->id).text("key", made->key).done());
}

gateway::answer cluster_member::move(const gateway::request& asked) {
  const auto text = parameter_of(asked, "partition");
  const auto to = parameter_of(asked, "to");
  std::uint32_t number = 0;
  const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto found = partitions_.find(number);
  if (wrong != std::errc{} || rest != text.data() + text.size()
      || number >= options_.cluster.partitions)
    return refused(400, fmt::format("partition: found \"{}\"; 0 to {} are allowed", text,
                                    options_.cluster.partitions - 1));
  if (!options_.cluster.find(to))
    return refused(400, fmt::format("to: the cluster has no node \"{}\"", to));
  if (found == partitions_.end() || !found->second->replica->figures().is_leading)
    return refused(409, "this node does not lead the partition");
  found->second->replica->release(to);
  return json_answer(200, json_object{}.count("partition", number).text("to", to).done());
}

gateway::answer cluster_member::drain(const gateway::request& asked) {
  const auto on = parameter_of(asked, "on");
  if (on != "true" && on != "false")
    return refused(400, fmt::format("on: found \"{}\"; true and false are allowed", on));
  {
    const std::lock_guard lock{guard_};
    is_draining_ = on == "true";
  }
  wake();
  return json_answer(200, json_object{}.boolean("draining", on == "true").done());
}

} // namespace node
