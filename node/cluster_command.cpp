#include "cluster/cluster_file.hpp"
#include "cluster/tunnel.hpp"
#include "gateway/keys.hpp"
#include "node/cluster_member.hpp"
#include "node/commands.hpp"
#include "node/http_client.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace node {

namespace {

namespace json = boost::json;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::chrono::milliseconds node_patience{5'000};
constexpr std::size_t secret_characters = 48;
constexpr std::uint32_t replicas_usual = 3;

struct cluster_words {
  common_options common;
  std::string file;
  std::string node;
  std::string account{gateway::default_account};
  std::string name;
  std::string to;
  std::uint32_t partition = 0;
  bool undo = false;
};

struct init_words {
  common_options common;
  std::string directory;
  std::vector<std::string> nodes; // "n1=10.0.0.1:7100"
  std::vector<std::string> nats;
  std::vector<std::string> monitoring;
  std::uint32_t partitions = 16;
  std::uint32_t replicas = 0; // 0 = three, or as many as there are nodes.
  std::uint32_t ttl_ms = 12'000;
};

// --- a new cluster -------------------------------------------------------------------------------

outcome<cluster::cluster_node> node_of(const std::string& text) {
  const auto equals = text.find('=');
  const auto colon = text.rfind(':');
  cluster::cluster_node made;
  if (equals != std::string::npos && colon != std::string::npos && colon > equals + 1) {
    const auto* end = text.data() + text.size();
    const auto [rest, wrong] = std::from_chars(text.data() + colon + 1, end, made.port);
    made.name = text.substr(0, equals);
    made.host = text.substr(equals + 1, colon - equals - 1);
    if (wrong == std::errc{} && rest == end && made.port != 0 && cluster::is_node_name(made.name))
      return made;
  }
  return failure{failure_code::invalid_input,
                 fmt::format("--nodes: found \"{}\"; NAME=HOST:PORT is allowed", text)};
}

status write_new(const std::filesystem::path& file, std::string_view text,
                 std::filesystem::perms permissions) {
  std::ofstream to{file, std::ios::binary};
  std::error_code error;
  std::filesystem::permissions(file, permissions, error);
  to << text;
  to.close();
  if (!to || error)
    return failure{failure_code::storage_broken, fmt::format("cannot write {}", file.string())};
  return model::nothing{};
}

status make_cluster(const init_words& wanted, const cluster::cluster_settings& settings) {
  const std::filesystem::path directory{wanted.directory};
  const auto file = directory / "cluster.toml";
  std::error_code error;
  if (std::filesystem::exists(file, error))
    return failure{failure_code::conflict,
                   fmt::format("{} is there already; a cluster is made once", file.string())};
  const auto certificates = directory / settings.certificates;
  std::filesystem::create_directories(certificates, error);
  if (error)
    return failure{failure_code::not_found,
                   fmt::format("cannot make {}: {}", certificates.string(), error.message())};
  if (auto made = cluster::make_authority(certificates); !made)
    return made;
  for (const auto& node : settings.nodes) {
    const std::vector<std::string> hosts{node.host};
    if (auto made = cluster::make_node_certificate(certificates, node.name, hosts); !made)
      return made;
  }
  using enum std::filesystem::perms;
  if (auto written = write_new(directory / settings.secret_file,
                               gateway::random_characters(secret_characters) + '\n',
                               owner_read | owner_write);
      !written)
    return written;
  return write_new(file, cluster::cluster_file_text(settings),
                   owner_read | owner_write | group_read | others_read);
}

exit_status init_cluster(const init_words& wanted) {
  cluster::cluster_settings settings;
  for (const auto& text : wanted.nodes) {
    auto node = node_of(text);
    if (!node)
      return complain(wanted.common, node.error());
    if (settings.find(node->name))
      return complain(wanted.common, {failure_code::invalid_input,
                                      fmt::format("--nodes: there are two nodes {}", node->name)});
    settings.nodes.push_back(std::move(*node));
  }
  settings.partitions = wanted.partitions;
  const auto nodes = static_cast<std::uint32_t>(settings.nodes.size());
  settings.replicas = wanted.replicas != 0 ? wanted.replicas : std::min(replicas_usual, nodes);
  settings.ownership.ttl = std::chrono::milliseconds{wanted.ttl_ms};
  settings.certificates = "certificates";
  settings.secret_file = "secret";
  settings.nats.servers = wanted.nats;
  settings.nats.monitoring = wanted.monitoring;
  if (auto made = make_cluster(wanted, settings); !made)
    return complain(wanted.common, made.error());
  const auto file = (std::filesystem::path{wanted.directory} / "cluster.toml").string();
  if (wanted.common.json) {
    fmt::print("{}\n", json_object{}.text("file", file).done());
    return exit_status::fine;
  }
  fmt::print("Made {} with the certificates of {} nodes.\n"
             "Copy the directory to every node, but certificates/authority.key to none, and start "
             "on each:\n\n",
             file, nodes);
  for (const auto& node : settings.nodes)
    fmt::print("  rollcall serve --cluster {} --node {} --data DIR\n", file, node.name);
  fmt::print("\nThen `rollcall cluster key --cluster {} --node {}` makes a first key.\n", file,
             settings.nodes.front().name);
  return exit_status::fine;
}

struct certify_words {
  common_options common;
  std::string file;
  std::string node;
  std::string host;
};

exit_status certify_node(const certify_words& wanted) {
  const auto settings = cluster::read_cluster_file(wanted.file);
  if (!settings)
    return complain(wanted.common, settings.error());
  if (!cluster::is_node_name(wanted.node))
    return complain(wanted.common, {failure_code::invalid_input,
                                    fmt::format("\"{}\" is no name of a node", wanted.node)});
  const std::vector<std::string> hosts{wanted.host};
  if (auto made = cluster::make_node_certificate(settings->certificates, wanted.node, hosts); !made)
    return complain(wanted.common, made.error());
  const auto files = cluster::files_of(settings->certificates, wanted.node);
  if (wanted.common.json)
    fmt::print("{}\n", json_object{}
                         .text("certificate", files.certificate.string())
                         .text("private_key", files.private_key.string())
                         .done());
  else
    fmt::print("Made {} and {}.\n", files.certificate.string(), files.private_key.string());
  return exit_status::fine;
}

// --- asking nodes --------------------------------------------------------------------------------

/// Asks nodes as one of them.
class node_asker {
public:
  static outcome<std::unique_ptr<node_asker>> of(const cluster_words& words) {
    auto settings = cluster::read_cluster_file(words.file);
    if (!settings)
      return settings.error();
    if (!settings->find(words.node))
      return failure{failure_code::invalid_input,
                     fmt::format("--node: found \"{}\"; the cluster has no such node", words.node)};
    std::ifstream from{settings->secret_file};
    std::string secret;
    std::getline(from, secret);
    if (secret.empty())
      return failure{failure_code::not_found,
                     fmt::format("cannot read {}", settings->secret_file.string())};
    return std::unique_ptr<node_asker>{
      new node_asker{std::move(*settings), words.node, std::move(secret)}};
  }

  [[nodiscard]] const cluster::cluster_settings& settings() const {
    return settings_;
  }

  outcome<http_answer> ask(const std::string& node, std::string_view method,
                           const std::string& what) {
    const auto* to = settings_.find(node);
    auto outlet = cluster::tunnel_outlet::start(
      threads_, {.host = to->host,
                 .port = to->port,
                 .peer = node,
                 .service = "http",
                 .node = node_,
                 .files = cluster::files_of(settings_.certificates, node_)});
    if (!outlet)
      return outlet.error();
    auto client = http_client::of(
      {.url = fmt::format("http://127.0.0.1:{}", (*outlet)->port()), .deadline = node_patience});
    if (!client)
      return client.error();
    auto told = client->ask(method, std::string{cluster_paths} + what,
                            {{std::string{cluster_secret_header}, secret_}});
    if (told)
      return told;
    return failure{
      failure_code::unavailable,
      fmt::format("node {}: {}", node, (*outlet)->last_error().value_or(told.error().message))};
  }

  /// Its answer, once it agrees.
  outcome<json::value> order(const std::string& node, const std::string& what) {
    auto told = ask(node, "POST", what);
    if (!told)
      return told.error();
    std::error_code wrong;
    auto document = json::parse(told->body, wrong);
    if (wrong || !document.is_object())
      return failure{failure_code::unavailable,
                     fmt::format("node {} answers what cannot be read", node)};
    if (told->status == 200)
      return document;
    const auto* why = document.as_object().if_contains("error");
    return failure{told->status == 400   ? failure_code::invalid_input
                   : told->status == 409 ? failure_code::conflict
                                         : failure_code::unavailable,
                   fmt::format("node {}: {}", node,
                               why && why->is_string() ? std::string{why->as_string()} : "no")};
  }

  /// The first node that does not say it is another one's business.
  outcome<json::value> order_leader(const std::string& what) {
    outcome<json::value> last = failure{failure_code::unavailable, "the cluster has no nodes"};
    for (const auto& node : settings_.nodes) {
      last = order(node.name, what);
      if (last || last.error().code == failure_code::invalid_input)
        return last;
    }
    return last;
  }

private:
  node_asker(cluster::cluster_settings settings, std::string node, std::string secret)
    : settings_(std::move(settings)), node_(std::move(node)), secret_(std::move(secret)) {
  }

  cluster::cluster_settings settings_;
  std::string node_;
  std::string secret_;
  cluster::tunnel_threads threads_{1};
};

std::string text_at(const json::value& object, std::string_view key) {
  const auto& value = object.at(key);
  return value.is_string() ? std::string{value.as_string()} : json::serialize(value);
}

exit_status show_status(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  table rows({{"node"},
              {"partition", side::right},
              {"role"},
              {"epoch", side::right},
              {"position", side::right},
              {"snapshots"},
              {"accounts"},
              {"trouble"}});
  json_array list;
  bool is_whole = true;
  for (const auto& node : (*asker)->settings().nodes) {
    const auto told = (*asker)->ask(node.name, "GET", "status");
    if (!told || told->status != 200) {
      is_whole = false;
      const auto why = told ? "it does not know the cluster's secret" : told.error().message;
      rows.add({node.name, "", "unreachable", "", "", "", "", why});
      list.raw(json_object{}.text("node", node.name).text("error", why).done());
      continue;
    }
    list.raw(told->body);
    try {
      const auto document = json::parse(told->body);
      for (const auto& p : document.at("partitions").as_array()) {
        std::vector<std::string> accounts;
        for (const auto& name : p.at("accounts").as_array())
          accounts.emplace_back(name.as_string());
        std::vector<std::string> snapshots;
        for (const auto& position : p.at("snapshots").as_array())
          snapshots.push_back(json::serialize(position));
        const auto owner = text_at(p, "owner");
        rows.add(
          {node.name, text_at(p, "partition"),
           p.at("leads").as_bool() ? "leads" : "follows " + (owner.empty() ? "nobody" : owner),
           text_at(p, "epoch"), text_at(p, "position"),
           fmt::format("{}", fmt::join(snapshots, " ")),
           fmt::format("{}", fmt::join(accounts, " ")), text_at(p, "trouble")});
      }
    } catch (const std::exception& e) {
      is_whole = false;
      rows.add({node.name, "", "", "", "", "", "", e.what()});
    }
  }
  fmt::print("{}", words.common.json ? list.done() + '\n' : rows.text());
  return is_whole ? exit_status::fine : exit_status::unavailable;
}

/// Replicas that have read equally far must have read the same.
exit_status check_cluster(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  std::vector<std::string> faults;
  if (const auto sound = cluster::check_nats_servers((*asker)->settings().nats); !sound)
    faults.push_back(sound.error().message);
  std::map<std::string, std::map<std::string, std::string>> hashes; // Partition, position.
  std::set<std::string> led;
  for (const auto& node : (*asker)->settings().nodes) {
    const auto told = (*asker)->ask(node.name, "GET", "status");
    if (!told || told->status != 200) {
      faults.push_back(told ? fmt::format("node {} does not know the cluster's secret", node.name)
                            : told.error().message);
      continue;
    }
    const auto document = json::parse(told->body);
    for (const auto& p : document.at("partitions").as_array()) {
      const auto number = text_at(p, "partition");
      const auto [first, is_new] = hashes[number].try_emplace(text_at(p, "position"),
                                                              text_at(p, "hash"));
      if (!is_new && first->second != text_at(p, "hash"))
        faults.push_back(fmt::format("node {}: partition {} differs from another replica's at {}",
                                     node.name, number, first->first));
      if (const auto trouble = text_at(p, "trouble"); !trouble.empty())
        faults.push_back(fmt::format("node {}: partition {}: {}", node.name, number, trouble));
      if (p.at("leads").as_bool() && !led.insert(number).second)
        faults.push_back(fmt::format("partition {} has two leaders", number));
    }
  }
  for (std::uint32_t n = 0; n < (*asker)->settings().partitions; ++n)
    if (!led.contains(std::to_string(n)))
      faults.push_back(fmt::format("nobody leads partition {}", n));
  if (words.common.json) {
    json_array list;
    for (const auto& fault : faults)
      list.text(fault);
    fmt::print("{}\n",
               json_object{}.boolean("sound", faults.empty()).raw("faults", list.done()).done());
  } else if (faults.empty()) {
    fmt::print("The cluster is sound.\n");
  } else {
    for (const auto& fault : faults)
      fmt::print("{}\n", fault);
  }
  return faults.empty() ? exit_status::fine : exit_status::unavailable;
}

/// A text as the value of a query's parameter.
std::string in_query(std::string_view text) {
  constexpr std::string_view
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text)
    encoded += plain.find(c) != plain.npos ? std::string(1, c)
                                           : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return encoded;
}

exit_status make_key(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  const auto made = (*asker)->order_leader(
    fmt::format("keys?account={}&name={}", in_query(words.account), in_query(words.name)));
  if (!made)
    return complain(words.common, made.error());
  if (words.common.json)
    fmt::print("{}\n", json::serialize(*made));
  else
    fmt::print("A key of account {}, which may do everything:\n\n{}\n\n"
               "It is shown this once; only its hash is kept.\n",
               words.account, text_at(*made, "key"));
  return exit_status::fine;
}

exit_status move_partition(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  const auto moved = (*asker)->order_leader(
    fmt::format("move?partition={}&to={}", words.partition, in_query(words.to)));
  if (!moved)
    return complain(words.common, moved.error());
  if (words.common.json)
    fmt::print("{}\n", json::serialize(*moved));
  else
    fmt::print("Partition {} goes to {}.\n", words.partition, words.to);
  return exit_status::fine;
}

exit_status want_snapshot(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  if (!(*asker)->settings().find(words.to))
    return complain(words.common,
                    {failure_code::invalid_input,
                     fmt::format("found \"{}\"; the cluster has no such node", words.to)});
  const auto told = (*asker)->order(words.to,
                                    fmt::format("snapshots?partition={}", words.partition));
  if (!told)
    return complain(words.common, told.error());
  if (words.common.json)
    fmt::print("{}\n", json::serialize(*told));
  else
    fmt::print("Node {} makes a snapshot of partition {}.\n", words.to, words.partition);
  return exit_status::fine;
}

exit_status drain_node(const cluster_words& words) {
  auto asker = node_asker::of(words);
  if (!asker)
    return complain(words.common, asker.error());
  if (!(*asker)->settings().find(words.to))
    return complain(words.common,
                    {failure_code::invalid_input,
                     fmt::format("found \"{}\"; the cluster has no such node", words.to)});
  const auto done = (*asker)->order(words.to, words.undo ? "drain?on=false" : "drain?on=true");
  if (!done)
    return complain(words.common, done.error());
  if (words.common.json)
    fmt::print("{}\n", json::serialize(*done));
  else
    fmt::print("Node {} {}.\n", words.to,
               words.undo ? "may lead again" : "gives up what it leads, as others have caught up");
  return exit_status::fine;
}

CLI::App& add_asking(command_line& line, CLI::App& group, const std::string& name,
                     const std::string& purpose, const std::string& example,
                     const std::shared_ptr<cluster_words>& words,
                     exit_status (*act)(const cluster_words&)) {
  auto& command = line.add(group, name, purpose, example, [words, act] { return act(*words); });
  command.add_option("--cluster", words->file, "cluster.toml")->type_name("FILE")->required();
  command.add_option("--node", words->node, "The node that asks, whose certificate is here")
    ->type_name("NAME")
    ->required();
  command.add_flag("--json", words->common.json, "Answer as JSON");
  return command;
}

} // namespace

void add_cluster_commands(command_line& line) {
  auto& group = line.add(line.root(), "cluster", "Many nodes as one", "");
  auto init = std::make_shared<init_words>();
  auto& made = line.add(group, "init", "Make cluster.toml, certificates and the secret",
                        "rollcall cluster init there --nodes n1=10.0.0.1:7100 n2=10.0.0.2:7100 "
                        "--nats nats://10.0.0.1:4222 --monitoring http://10.0.0.1:8222",
                        [init] { return init_cluster(*init); });
  made.add_option("directory", init->directory, "Where they go")->type_name("DIR")->required();
  made.add_option("--nodes", init->nodes, "Nodes and where their peer tunnels listen")
    ->type_name("NAME=HOST:PORT")
    ->required();
  made.add_option("--nats", init->nats, "NATS servers")->type_name("URL")->required();
  made.add_option("--monitoring", init->monitoring, "Their monitoring endpoints")
    ->type_name("URL")
    ->required();
  made.add_option("--partitions", init->partitions, "Chosen once (usually 16)")
    ->check(CLI::Range(1, 64));
  made.add_option("--replicas", init->replicas, "Nodes that hold each partition (usually 3)")
    ->check(CLI::Range(1, 5));
  made.add_option("--ttl-ms", init->ttl_ms, "Silence of an owner before another takes over")
    ->check(CLI::Range(3'000, 300'000));
  made.add_flag("--json", init->common.json, "Answer as JSON");

  auto certify = std::make_shared<certify_words>();
  auto& certified = line.add(group, "certify", "Make the certificate of a further node",
                             "rollcall cluster certify there/cluster.toml n4 10.0.0.4",
                             [certify] { return certify_node(*certify); });
  certified.add_option("file", certify->file, "cluster.toml, beside the authority's key")
    ->type_name("FILE")
    ->required();
  certified.add_option("who", certify->node, "The node")->type_name("NAME")->required();
  certified.add_option("host", certify->host, "Where it is reached")->type_name("HOST")->required();
  certified.add_flag("--json", certify->common.json, "Answer as JSON");

  const auto new_words = [] { return std::make_shared<cluster_words>(); };
  add_asking(line, group, "status", "Who leads and holds which partition",
             "rollcall cluster status --cluster cluster.toml --node n1", new_words(), show_status);
  add_asking(line, group, "check", "Whether servers and replicas are sound",
             "rollcall cluster check --cluster cluster.toml --node n1", new_words(), check_cluster);
  auto key = new_words();
  auto& made_key = add_asking(line, group, "key", "Make a key of an account",
                              "rollcall cluster key --cluster cluster.toml --node n1 --name first",
                              key, make_key);
  made_key.add_option("--account", key->account, "Whose (usually default)")->type_name("NAME");
  made_key.add_option("--name", key->name, "What it is called")->type_name("TEXT");
  auto move = new_words();
  auto& moved = add_asking(line, group, "move", "Have another node lead a partition",
                           "rollcall cluster move --cluster cluster.toml --node n1 3 n2", move,
                           move_partition);
  moved.add_option("partition", move->partition, "Which")->type_name("N")->required();
  moved.add_option("to", move->to, "The node that is to lead it")->type_name("NAME")->required();
  auto snapshot = new_words();
  auto& wanted = add_asking(line, group, "snapshot", "Have a node make a snapshot of a partition",
                            "rollcall cluster snapshot --cluster cluster.toml --node n1 3 n2",
                            snapshot, want_snapshot);
  wanted.add_option("partition", snapshot->partition, "Which")->type_name("N")->required();
  wanted.add_option("who", snapshot->to, "The node")->type_name("NAME")->required();
  auto drain = new_words();
  auto& drained = add_asking(line, group, "drain", "Have a node lead nothing, for maintenance",
                             "rollcall cluster drain --cluster cluster.toml --node n1 n2", drain,
                             drain_node);
  drained.add_option("who", drain->to, "The node")->type_name("NAME")->required();
  drained.add_flag("--undo", drain->undo, "It may lead again");
}

} // namespace node
