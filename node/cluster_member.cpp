#include "node/cluster_member.hpp"

#include "gateway/keys.hpp"
#include "node/exchanged_directory.hpp"
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
constexpr auto peer_patience = 2s;
constexpr auto piece_patience = 30s; // Of a snapshot.
constexpr auto operation_patience = 30s;
constexpr std::uint64_t caught_up_within = 64;  // Records.
constexpr std::uint32_t own_connections = 16;   // Questions of a peer itself, beside its clients'.
constexpr std::size_t greeting_at_once = 1'024; // Clients that come to a peer at the same time.
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

/// A number that a request names; the whole text must be one.
std::optional<std::uint64_t> number_in(const gateway::request& asked, std::string_view name) {
  const auto text = parameter_of(asked, name);
  std::uint64_t number = 0;
  const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || rest != text.data() + text.size())
    return std::nullopt;
  return number;
}

gateway::answer snapshot_answer(const outcome<std::string>& told, std::string_view type) {
  if (!told)
    return refused(told.error().code == failure_code::not_found ? 404 : 503, told.error().message);
  auto a = json_answer(200, *told);
  a.content_type = type;
  return a;
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
    return failure{
      failure_code::invalid_input,
      fmt::format("the cluster has no node \"{}\"; its file names those it has", wanted.node)};
  std::unique_ptr<cluster_member> made{new cluster_member{std::move(wanted)}};
  const auto& settings = made->options_.cluster;
  auto secret = read_secret(settings.secret_file);
  if (!secret)
    return secret.error();
  made->secret_ = std::move(*secret);
  if (auto sound = cluster::check_nats_servers(settings.nats, cluster::nats_check::most_servers);
      !sound)
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
    auto outlet = cluster::tunnel_outlet::start(
      tunnel_threads_, {.host = node.host,
                        .port = node.port,
                        .peer = node.name,
                        .service = std::string{http_service},
                        .node = options_.node,
                        .files = files,
                        .limits = {.connections_max = connections_per_peer_max()}});
    if (!outlet)
      return outlet.error();
    peers_[node.name].outlet = std::move(*outlet);
  }
  return model::nothing{};
}

outcome<std::shared_ptr<cluster_member::running_replica>>
cluster_member::open_replica(partition& p) {
  auto made = std::make_shared<running_replica>();
  const auto news = [this, &p](bool is_leader) {
    if (is_leader) {
      const std::lock_guard lock{guard_};
      p.led_since = clock::now();
    }
    wake();
  };
  auto accounts = cluster_accounts::open(
    {p.number, p.directory / accounts_folder, news, [this] { wake(); }});
  if (!accounts)
    return accounts.error();
  made->accounts = std::move(*accounts);
  auto log = cluster::open_nats_log(nats_, p.number);
  if (!log)
    return log.error();
  auto replica = cluster::replica::start({.partition = p.number,
                                          .node = options_.node,
                                          .state_file = p.directory / position_file,
                                          .ownership = options_.cluster.ownership,
                                          .overruled = p.overruled},
                                         std::move(*log), made->accounts);
  if (!replica)
    return replica.error();
  made->it = std::move(*replica);
  made->accounts->door()->open(made->it.get());
  return made;
}

status cluster_member::open_partitions() {
  std::vector<cluster::roster_entry> everybody;
  for (const auto& node : options_.cluster.nodes)
    everybody.push_back({node.name});
  std::vector<std::future<status>> opening;
  for (std::uint32_t number = 0; number < options_.cluster.partitions; ++number) {
    const auto ranked = cluster::ranked(number, everybody);
    if (!cluster::rank_of(options_.node, ranked, options_.cluster.replicas))
      continue;
    auto& p = *partitions_
                 .emplace(number, std::make_unique<partition>(
                                    number, options_.data / fmt::format("partition-{:02}", number)))
                 .first->second;
    opening.push_back(std::async(std::launch::async, [this, &p]() -> status {
      if (auto whole = finish_exchange(p.directory); !whole)
        return whole;
      auto opened = open_replica(p);
      if (!opened)
        return opened.error();
      p.now = std::move(*opened);
      return model::nothing{};
    }));
  }
  status all = model::nothing{};
  for (auto& one : opening)
    if (auto opened = one.get(); !opened)
      all = std::move(opened);
  return all;
}

void cluster_member::running_replica::end() {
  if (accounts)
    accounts->door()->close();
  it.reset();
  accounts.reset();
}

cluster_member::running_replica::~running_replica() {
  end();
}

std::shared_ptr<cluster_member::running_replica> cluster_member::running(const partition& p) const {
  const std::lock_guard lock{guard_};
  return p.now;
}

void cluster_member::serve(gateway::accounts& all, account_listener opened,
                           account_listener closed) {
  accounts_ = &all;
  opened_ = std::move(opened);
  closed_ = std::move(closed);
  stand();
  worker_ = std::thread{[this] { work(); }};
  asker_ = std::thread{[this] { ask_peers(); }};
  keeper_ = std::thread{[this] { keep(); }};
}

std::uint32_t cluster_member::connections_per_peer_max() const {
  return options_.clients_max + own_connections;
}

std::uint32_t cluster_member::peer_connections_max() const {
  const auto peers = std::max<std::size_t>(options_.cluster.nodes.size(), 2) - 1;
  return static_cast<std::uint32_t>(peers) * connections_per_peer_max();
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
     .services = {{std::string{http_service}, {.port = port}}},
     .limits = {.connections_max = peer_connections_max(),
                .connections_per_peer_max = connections_per_peer_max(),
                .handshakes_max = greeting_at_once}});
  if (!listener)
    return listener.error();
  listener_ = std::move(*listener);
  return model::nothing{};
}

cluster_member::~cluster_member() {
  for (auto& [number, p] : partitions_)
    if (const auto r = running(*p))
      r->it->release({});
  // Whoever takes over has not to wait for our silence.
  const auto patience = clock::now() + 2s;
  const auto owns = [this] {
    return std::ranges::any_of(partitions_, [this](const auto& one) {
      const auto r = running(*one.second);
      return r && r->it->figures().is_owner;
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
  if (keeper_.joinable())
    keeper_.join();
  if (listener_)
    listener_->stop();
  for (auto& [number, p] : partitions_) {
    if (const auto r = running(*p))
      r->accounts->door()->close();
    serve_partition(*p, false);
    p->now.reset();
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
    const auto r = running(*p);
    if (r && r->it->figures().parted == cluster::parting::none)
      r->it->stand(cluster::rank_of(options_.node, ranked, options_.cluster.replicas));
  }
}

void cluster_member::serve_partition(partition& p, bool is_leader) {
  const std::lock_guard one_at_a_time{serving_};
  const auto r = running(p);
  if (!r)
    return;
  {
    const std::lock_guard lock{guard_};
    if (is_leader && p.is_kept_closed)
      return;
  }
  for (const auto& hosted : r->accounts->all()) {
    if (!is_leader) {
      if (accounts_)
        if (const auto gone = accounts_->dismiss(hosted.name))
          closed_(gone);
      continue;
    }
    if (!hosted.engine || accounts_->by_name(hosted.name))
      continue;
    auto adopted = accounts_->adopt(hosted.name, hosted.engine, hosted.directory);
    if (adopted)
      opened_(*adopted);
    else
      spdlog::warn("cluster: account {} is not served: {}", hosted.name, adopted.error().message);
  }
  const std::lock_guard lock{guard_};
  p.is_served = is_leader;
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
      const auto r = running(*p);
      const auto leads = r && r->it->figures().is_leading;
      bool is_served = false;
      {
        const std::lock_guard lock{guard_};
        is_served = p->is_served;
      }
      if (leads || is_served)
        serve_partition(*p, leads);
    }
    if (is_index_wanted)
      refresh_index();
    if (clock::now() < next_tick)
      continue;
    next_tick = clock::now() + tick_every;
    for (auto& [number, p] : partitions_)
      if (const auto r = running(*p); r && r->it->figures().is_leading)
        r->accounts->door()->put(tick_operation(), [](const auto&) {});
    if (auto failed = ensure_default_account())
      spdlog::warn("cluster: the default account cannot be made: {}", failed->message);
    stand();
    hand_over();
  }
}

std::optional<failure> cluster_member::ensure_default_account() {
  auto* p = partition_of(gateway::default_account);
  const auto r = p ? running(*p) : nullptr;
  if (!r || !r->it->figures().is_leading || !r->accounts->all().empty())
    return std::nullopt;
  const auto made = make_account(gateway::default_account);
  if (made || made.error().code == failure_code::conflict)
    return std::nullopt;
  return made.error();
}

/// What is known of accounts that are closed at the moment stays.
void cluster_member::refresh_index() {
  const auto begun = clock::now();
  std::map<std::string, std::string, std::less<>> keys;
  std::map<std::string, std::string, std::less<>> ids;
  std::set<std::string> closed;
  for (const auto& [number, p] : partitions_) {
    const auto r = running(*p);
    if (!r)
      continue;
    for (const auto& hosted : r->accounts->all()) {
      if (!hosted.engine) {
        closed.insert(hosted.name);
        continue;
      }
      if (auto id = account_id_in(*hosted.engine); !id.empty())
        ids[std::move(id)] = hosted.name;
      if (const auto kept = hosted.engine->documents("key"))
        for (const auto& one : *kept)
          keys[one.id] = hosted.name;
    }
  }
  const std::lock_guard lock{guard_};
  for (const auto& [key, name] : keys_)
    if (closed.contains(name))
      keys.emplace(key, name);
  for (const auto& [id, name] : ids_)
    if (closed.contains(name))
      ids.emplace(id, name);
  keys_ = std::move(keys);
  ids_ = std::move(ids);
  // A key that nobody has may be one of theirs.
  if (closed.empty())
    index_begun_ = begun;
  else
    is_index_wanted_ = true;
}

/// Whether a key that is not known here may be one of the cluster's nevertheless.
bool cluster_member::may_lack_accounts() const {
  for (const auto& [number, p] : partitions_) {
    const auto r = running(*p);
    if (!r)
      return true;
    const auto f = r->it->figures();
    if (f.parted != cluster::parting::none)
      return true;
    const std::lock_guard lock{guard_};
    for (const auto& [name, other] : peers_)
      if (const auto at = other.replicas.find(number);
          at != other.replicas.end() && clock::now() - other.heard < peer_alive_for
          && at->second.position > f.position + caught_up_within)
        return true;
  }
  return false;
}

/// Partitions that somebody else should lead are given to him once he has caught up.
void cluster_member::hand_over() {
  const auto everybody = roster();
  for (auto& [number, p] : partitions_) {
    const auto r = running(*p);
    const auto f = r ? r->it->figures() : cluster::replica_figures{};
    if (!f.is_leading)
      continue;
    std::vector<cluster::replica_position> live{{options_.node, f.position}};
    clock::time_point since;
    {
      const std::lock_guard lock{guard_};
      since = p->led_since;
      for (const auto& [name, other] : peers_)
        if (const auto at = other.replicas.find(number);
            at != other.replicas.end() && clock::now() - other.heard < peer_alive_for)
          live.push_back({name, at->second.position});
    }
    const auto better = cluster::better_owner(options_.node, cluster::ranked(number, everybody),
                                              options_.cluster.replicas, live, f.position,
                                              clock::now() - since, cluster::hand_over_settings{});
    if (better) {
      spdlog::info("cluster: partition {} goes to {}", number, *better);
      r->it->release(*better);
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

outcome<std::string> cluster_member::ask_peer_for(const std::string& name, std::string_view method,
                                                  const std::string& what) const {
  const auto& outlet = *peers_.at(name).outlet;
  auto client = http_client::of({.url = fmt::format("http://127.0.0.1:{}", outlet.port()),
                                 .deadline = what == "status" ? peer_patience : piece_patience});
  if (!client)
    return client.error();
  auto told = client->ask(method, std::string{cluster_paths} + what,
                          {{std::string{cluster_secret_header}, secret_}});
  if (!told)
    return told.error();
  if (told->status != 200)
    return failure{told->status == 404 ? failure_code::not_found : failure_code::unavailable,
                   fmt::format("node {} answers {} with {}", name, what.substr(0, what.find('?')),
                               told->status)};
  return std::move(told->body);
}

void cluster_member::ask_peer(const std::string& name, peer& of) {
  const auto told = ask_peer_for(name, "GET", "status");
  if (!told) {
    const std::lock_guard lock{guard_};
    of.heard = {}; // Requests wait for the next owner instead of being led there.
    return;
  }
  try {
    const auto document = json::parse(*told);
    std::map<std::uint32_t, peer_replica> replicas;
    for (const auto& one : document.at("partitions").as_array()) {
      auto& here = replicas[one.at("partition").to_number<std::uint32_t>()];
      here.position = one.at("position").to_number<std::uint64_t>();
      here.settled = one.at("settled").to_number<std::uint64_t>();
      here.is_sound = one.at("is_sound").as_bool();
      here.leads = one.at("leads").as_bool();
      for (const auto& at : one.at("snapshots").as_array())
        here.snapshots.push_back(at.to_number<std::uint64_t>());
    }
    const std::lock_guard lock{guard_};
    of.heard = of.told = clock::now();
    of.is_draining = document.at("draining").as_bool();
    of.replicas = std::move(replicas);
  } catch (const std::exception& e) {
    spdlog::warn("cluster: node {} tells what this release does not read: {}", name, e.what());
  }
}

// --- requests ------------------------------------------------------------------------------------

cluster_member::partition* cluster_member::partition_of(std::string_view account) {
  const auto found = partitions_.find(cluster::partition_of(account, options_.cluster.partitions));
  return found == partitions_.end() ? nullptr : found->second.get();
}

std::optional<std::string> cluster_member::account_with(std::string_view key,
                                                        const std::string* id) const {
  const std::lock_guard lock{guard_};
  const auto& names = key.empty() ? ids_ : keys_;
  const auto found = names.find(key.empty() ? std::string_view{*id} : key);
  return found == names.end() ? std::nullopt : std::optional{found->second};
}

direction cluster_member::direct(const gateway::request& asked, bool is_from_peer) {
  const auto key = key_id_in(asked);
  const auto* id = key.empty() ? asked.parameter("company_id") : nullptr;
  if (key.empty() && !id)
    return {};
  const auto account = account_with(key, id);
  if (!account) {
    const auto is_behind = may_lack_accounts();
    const std::lock_guard lock{guard_};
    if (index_begun_ > asked.arrived && !is_behind)
      return {}; // Nobody has it.
    is_index_wanted_ = has_news_ = true;
    woken_.notify_all();
    return {.to = direction::whither::wait, .why = "The node does not know the key yet."};
  }
  auto* p = partition_of(*account);
  const auto r = running(*p);
  const auto f = r ? r->it->figures() : cluster::replica_figures{};
  if (f.is_sure) {
    const std::lock_guard lock{guard_};
    if (p->is_served)
      return {
        .headers = {{"Rollcall-Node", options_.node}, {"Rollcall-Epoch", std::to_string(f.epoch)}}};
  }
  direction nobody{
    .to = direction::whither::wait,
    .why = fmt::format("No node leads partition {} at the moment; ask again.", p->number)};
  if (is_from_peer || f.owner.empty() || f.owner == options_.node)
    return nobody;
  const std::lock_guard lock{guard_};
  const auto owner = peers_.find(f.owner);
  if (owner == peers_.end() || clock::now() - owner->second.heard >= peer_alive_for)
    return nobody;
  return {.to = direction::whither::there, .port = owner->second.outlet->port()};
}

bool cluster_member::has_elsewhere(const gateway::request& asked) const {
  const auto key = key_id_in(asked);
  const auto* id = key.empty() ? asked.parameter("company_id") : nullptr;
  if (key.empty() && !id)
    return false;
  const auto account = account_with(key, id);
  return account && !accounts_->by_name(*account);
}

status cluster_member::make_account(std::string_view name) {
  auto* p = partition_of(name);
  const auto r = p ? running(*p) : nullptr;
  if (!r)
    return failure{failure_code::unavailable, "this node holds nothing of the account's partition"};
  const auto promise = std::make_shared<std::promise<outcome<cluster::operation_answer>>>();
  auto answered = promise->get_future();
  r->accounts->door()->put(new_account_operation(name),
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
  if (what == "snapshot" && asked.method == "GET")
    return tell_snapshot(asked);
  if (what == "snapshot-file" && asked.method == "GET")
    return tell_snapshot_file(asked);
  if (what == "snapshots" && asked.method == "POST")
    return want_snapshot(asked);
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
    const auto r = running(*p);
    auto f = r ? r->it->figures() : cluster::replica_figures{};
    json_array accounts;
    if (r)
      for (const auto& one : r->accounts->all())
        accounts.text(one.name);
    json_array snapshots;
    for (const auto position : p->snapshots.positions())
      snapshots.raw(std::to_string(position));
    {
      const std::lock_guard lock{guard_};
      if (!r)
        f.settled = p->starts_from;
      if (!p->doing.empty())
        f.trouble = p->doing;
    }
    list.raw(json_object{}
               .count("partition", number)
               .boolean("leads", f.is_leading)
               .boolean("is_sure", f.is_sure)
               .boolean("is_sound", r && f.parted == cluster::parting::none)
               .text("owner", f.owner)
               .count("epoch", f.epoch)
               .count("position", f.position)
               .count("performed", f.performed)
               .text("hash", fmt::format("{:016x}", f.hash))
               .count("settled", f.settled)
               .count("waiting", f.waiting)
               .count("silence_ms", static_cast<std::uint64_t>(f.silence.count()))
               .text("trouble", f.trouble)
               .raw("accounts", accounts.done())
               .raw("snapshots", snapshots.done())
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

void cluster_member::write_figures(gateway::exposition& to) const {
  std::vector<std::pair<std::string, cluster::replica_figures>> all;
  for (const auto& [number, p] : partitions_) {
    const auto r = running(*p);
    auto f = r ? r->it->figures() : cluster::replica_figures{};
    const std::lock_guard lock{guard_};
    if (!p->doing.empty())
      f.trouble = p->doing;
    all.emplace_back(std::to_string(number), std::move(f));
  }
  using enum gateway::figure_kind;
  // What is read at one instant on several nodes tells how far they are apart.
  to.begin("rollcall_cluster_read_at_seconds", gauge,
           "When these figures of the cluster were read, since 1970.");
  to.sample(
    {}, std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count());
  const auto family = [&](std::string_view name, std::string_view help, auto value) {
    to.begin(name, gauge, help);
    for (const auto& [number, f] : all)
      to.sample({{"partition", number}}, static_cast<double>(value(f)));
  };
  using figures = cluster::replica_figures;
  family("rollcall_cluster_leads", "1 = this node leads the partition.",
         [](const figures& f) { return f.is_leading ? 1 : 0; });
  family("rollcall_cluster_position", "Last record of the log that was read.",
         [](const figures& f) { return f.position; });
  family("rollcall_cluster_performed_position", "Record up to which everything is performed.",
         [](const figures& f) { return f.performed; });
  family("rollcall_cluster_settled_position", "Record from which a start would go on.",
         [](const figures& f) { return f.settled; });
  family("rollcall_cluster_operations_waiting", "Operations that have no place in the log yet.",
         [](const figures& f) { return f.waiting; });
  family("rollcall_cluster_silence_seconds", "Since the partition's owner was heard.",
         [](const figures& f) { return std::chrono::duration<double>{f.silence}.count(); });
  family("rollcall_cluster_trouble", "1 = `rollcall cluster status` tells of trouble.",
         [](const figures& f) { return f.trouble.empty() ? 0 : 1; });
  to.begin("rollcall_cluster_peer_heard", gauge, "1 = the node answers this one.");
  const std::lock_guard lock{guard_};
  for (const auto& [name, one] : peers_)
    to.sample({{"node", name}}, clock::now() - one.heard < peer_alive_for ? 1 : 0);
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
  return json_answer(200, json_object{}
                            .text("account", account->name)
                            .text("id", account->id)
                            .text("key", made->key)
                            .done());
}

const cluster_member::partition* cluster_member::named(const gateway::request& asked) const {
  const auto number = number_in(asked, "partition");
  const auto found = number && *number < options_.cluster.partitions
                     ? partitions_.find(static_cast<std::uint32_t>(*number))
                     : partitions_.end();
  return found == partitions_.end() ? nullptr : found->second.get();
}

gateway::answer cluster_member::tell_snapshot(const gateway::request& asked) const {
  const auto* p = named(asked);
  const auto position = number_in(asked, "position");
  if (!p || !position)
    return refused(404, "this node has no such snapshot");
  return snapshot_answer(p->snapshots.manifest_of(*position), gateway::json_type);
}

gateway::answer cluster_member::tell_snapshot_file(const gateway::request& asked) const {
  const auto* p = named(asked);
  const auto position = number_in(asked, "position");
  const auto offset = number_in(asked, "offset");
  if (!p || !position || !offset)
    return refused(404, "this node has no such snapshot");
  return snapshot_answer(p->snapshots.piece(*position, parameter_of(asked, "file"), *offset),
                         "application/octet-stream");
}

gateway::answer cluster_member::want_snapshot(const gateway::request& asked) {
  const auto* p = named(asked);
  if (!p)
    return refused(404, "this node does not hold the partition");
  {
    const std::lock_guard lock{guard_};
    partitions_.at(p->number)->is_snapshot_wanted = true;
  }
  wake();
  return json_answer(200,
                     json_object{}.count("partition", p->number).boolean("wanted", true).done());
}

gateway::answer cluster_member::move(const gateway::request& asked) {
  const auto* p = named(asked);
  const auto to = parameter_of(asked, "to");
  const auto number = number_in(asked, "partition");
  if (!number || *number >= options_.cluster.partitions)
    return refused(400,
                   fmt::format("partition: found \"{}\"; 0 to {} are allowed",
                               parameter_of(asked, "partition"), options_.cluster.partitions - 1));
  if (!options_.cluster.find(to))
    return refused(400, fmt::format("to: the cluster has no node \"{}\"", to));
  const auto r = p ? running(*p) : nullptr;
  if (!r || !r->it->figures().is_leading)
    return refused(409, "this node does not lead the partition");
  r->it->release(to);
  return json_answer(200, json_object{}.count("partition", *number).text("to", to).done());
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
