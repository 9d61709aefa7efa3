#include "cluster/cluster_file.hpp"

#include "cluster/placement.hpp"
#include "cluster/record.hpp"
#include "metrics/toml_tree.hpp"
#include "model/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace cluster {

namespace {

using metrics::toml_kind;
using metrics::toml_value;

constexpr std::int64_t partitions_max = 64;
constexpr std::int64_t replicas_max = 5;
constexpr std::size_t nodes_max = 64;

/// Reads fields of tables and notes what is wrong.
class file_reader {
public:
  explicit file_reader(std::string file) : file_(std::move(file)) {
  }

  void fault(std::uint32_t line, std::string_view what) {
    faults_.push_back(fmt::format("{}:{}: {}", file_, line, what));
  }
  void integer(const toml_value& table, std::string_view key, std::int64_t least, std::int64_t most,
               const std::function<void(std::int64_t)>& take) {
    const auto* value = table.find(key);
    if (!value)
      return;
    if (value->kind != toml_kind::integer || value->integer < least || value->integer > most)
      return fault(value->line, fmt::format("{}: found {}; a whole number from {} to {} is allowed",
                                            key, metrics::to_json(*value), least, most));
    take(value->integer);
  }
  std::string text(const toml_value& table, std::string_view key, bool is_needed) {
    const auto* value = table.find(key);
    if (!value) {
      if (is_needed)
        fault(table.line, fmt::format("{} is missing", key));
      return {};
    }
    if (value->kind != toml_kind::text || value->text.empty()) {
      fault(value->line,
            fmt::format("{}: found {}; a text is allowed", key, metrics::to_json(*value)));
      return {};
    }
    return value->text;
  }
  std::vector<std::string> texts(const toml_value& table, std::string_view key) {
    const auto* value = table.find(key);
    std::vector<std::string> all;
    if (!value) {
      fault(table.line, fmt::format("{} is missing", key));
      return all;
    }
    if (value->kind == toml_kind::array)
      for (const auto& item : value->items)
        if (item.kind == toml_kind::text)
          all.push_back(item.text);
    if (all.empty() || all.size() != value->items.size())
      fault(value->line,
            fmt::format("{}: found {}; a list of texts is allowed", key, metrics::to_json(*value)));
    return all;
  }
  void only(const toml_value& table, std::string_view name,
            std::initializer_list<std::string_view> known) {
    for (const auto& [key, line, value] : table.members)
      if (std::ranges::find(known, key) == known.end())
        fault(line, fmt::format("{}: {} has no such field; allowed are {}", key, name,
                                fmt::join(known, ", ")));
  }
  [[nodiscard]] const std::vector<std::string>& faults() const {
    return faults_;
  }

private:
  std::string file_;
  std::vector<std::string> faults_;
};

std::optional<cluster_node> read_node(file_reader& reads, const toml_value& table) {
  reads.only(table, "a node", {"name", "peer"});
  cluster_node node;
  node.name = reads.text(table, "name", true);
  const auto peer = reads.text(table, "peer", true);
  if (node.name.empty() || peer.empty())
    return std::nullopt;
  if (!is_node_name(node.name)) {
    reads.fault(table.line, fmt::format("name: found \"{}\"; letters, digits, and . - _ inside are "
                                        "allowed, at most {}",
                                        node.name, node_name_bytes_max));
    return std::nullopt;
  }
  const auto colon = peer.rfind(':');
  const auto digits = colon == std::string::npos ? std::string{} : peer.substr(colon + 1);
  const auto [rest, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(),
                                             node.port);
  if (wrong != std::errc{} || rest != digits.data() + digits.size() || node.port == 0
      || colon == 0) {
    reads.fault(table.line, fmt::format("peer: found \"{}\"; HOST:PORT is allowed", peer));
    return std::nullopt;
  }
  node.host = peer.substr(0, colon);
  return node;
}

void read_nodes(file_reader& reads, const toml_value& root, cluster_settings& into) {
  const auto* nodes = root.find("node");
  if (!nodes || nodes->kind != toml_kind::array || nodes->items.empty()
      || nodes->items.size() > nodes_max) {
    reads.fault(
      nodes ? nodes->line : 1,
      fmt::format("node: 1 to {} tables [[node]] with name and peer are needed", nodes_max));
    return;
  }
  for (const auto& table : nodes->items) {
    auto node = read_node(reads, table);
    if (!node)
      continue;
    if (into.find(node->name))
      reads.fault(table.line, fmt::format("there are two nodes {}", node->name));
    else
      into.nodes.push_back(std::move(*node));
  }
}

void read_nats(file_reader& reads, const toml_value& root, const std::filesystem::path& base,
               nats_settings& into) {
  const auto* nats = root.find("nats");
  if (!nats || nats->kind != toml_kind::table)
    return reads.fault(1, "nats: a table [nats] with servers and monitoring is needed");
  reads.only(*nats, "[nats]",
             {"servers", "monitoring", "authority", "certificate", "key", "user", "password",
              "nkey", "nkey_seed", "prefix", "log_mebibytes_max"});
  into.servers = reads.texts(*nats, "servers");
  into.monitoring = reads.texts(*nats, "monitoring");
  const auto file = [&](std::string_view key) {
    const auto name = reads.text(*nats, key, false);
    return name.empty() ? name : (base / name).string();
  };
  into.authority_file = file("authority");
  into.certificate_file = file("certificate");
  into.key_file = file("key");
  into.nkey_seed_file = file("nkey_seed");
  into.user = reads.text(*nats, "user", false);
  into.password = reads.text(*nats, "password", false);
  into.nkey = reads.text(*nats, "nkey", false);
  if (const auto prefix = reads.text(*nats, "prefix", false); !prefix.empty())
    into.prefix = prefix;
  reads.integer(*nats, "log_mebibytes_max", 64, 1 << 20,
                [&](std::int64_t n) { into.log_bytes_max = static_cast<std::uint64_t>(n) << 20; });
}

} // namespace

const cluster_node* cluster_settings::find(std::string_view name) const {
  const auto found = std::ranges::find(nodes, name, &cluster_node::name);
  return found == nodes.end() ? nullptr : &*found;
}

model::outcome<cluster_settings> read_cluster_file(const std::filesystem::path& file) {
  std::ifstream from{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{from}, {}};
  if (!from)
    return model::failure{
      model::failure_code::not_found,
      fmt::format("cannot read {}; `rollcall cluster init` makes one", file.string())};
  std::vector<metrics::dictionary_fault> wrong;
  const auto root = metrics::read_toml({file.string(), text}, wrong);
  file_reader reads{file.string()};
  for (const auto& fault : wrong)
    reads.fault(fault.at.line, fault.message);
  cluster_settings made;
  if (root) {
    const auto base = file.parent_path();
    reads.only(*root, "the file",
               {"partitions", "replicas", "certificates", "secret", "node", "nats", "ttl_ms",
                "margin_ms", "snapshot_records", "absence_hours_max"});
    reads.integer(*root, "partitions", 1, partitions_max,
                  [&](auto n) { made.partitions = static_cast<std::uint32_t>(n); });
    reads.integer(*root, "replicas", 1, replicas_max,
                  [&](auto n) { made.replicas = static_cast<std::uint32_t>(n); });
    reads.integer(*root, "ttl_ms", 3'000, 300'000,
                  [&](auto n) { made.ownership.ttl = std::chrono::milliseconds{n}; });
    made.ownership.margin = made.ownership.ttl / 6;
    reads.integer(*root, "margin_ms", made.ownership.ttl.count() / 10,
                  made.ownership.ttl.count() / 2,
                  [&](auto n) { made.ownership.margin = std::chrono::milliseconds{n}; });
    reads.integer(*root, "snapshot_records", 10, 10'000'000,
                  [&](auto n) { made.snapshot_records = static_cast<std::uint64_t>(n); });
    reads.integer(*root, "absence_hours_max", 1, 24 * 365,
                  [&](auto n) { made.absence_max = std::chrono::hours{n}; });
    made.certificates = base / reads.text(*root, "certificates", true);
    made.secret_file = base / reads.text(*root, "secret", true);
    read_nodes(reads, *root, made);
    read_nats(reads, *root, base, made.nats);
  }
  if (!reads.faults().empty())
    return model::failure{model::failure_code::invalid_input,
                          fmt::format("{}", fmt::join(reads.faults(), "\n"))};
  return made;
}

std::string cluster_file_text(const cluster_settings& settings) {
  const auto quoted = [](std::string_view text) {
    std::string json;
    model::append_json_string(json, text);
    return json;
  };
  const auto list = [&](const std::vector<std::string>& all) {
    std::string text;
    for (const auto& one : all)
      text += (text.empty() ? "" : ", ") + quoted(one);
    return text;
  };
  auto text = fmt::format(
    "# The same file on every node. docs/operations.md tells what each line means.\n"
    "partitions = {}   # Chosen once: accounts are spread over them.\n"
    "replicas = {}     # Nodes that hold each partition.\n"
    "certificates = {}\n"
    "secret = {}\n"
    "ttl_ms = {}       # How long nobody hears of an owner before another takes over.\n\n"
    "[nats]\nservers = [{}]\nmonitoring = [{}]\nprefix = {}\n",
    settings.partitions, settings.replicas, quoted(settings.certificates.string()),
    quoted(settings.secret_file.string()), settings.ownership.ttl.count(),
    list(settings.nats.servers), list(settings.nats.monitoring), quoted(settings.nats.prefix));
  for (const auto& node : settings.nodes)
    text += fmt::format("\n[[node]]\nname = {}\npeer = {}\n", quoted(node.name),
                        quoted(fmt::format("{}:{}", node.host, node.port)));
  return text;
}

} // namespace cluster
