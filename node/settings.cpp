#include "node/settings.hpp"

#include "metrics/toml_tree.hpp"
#include "node/remote.hpp"
#include "node/text_file.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <unistd.h>

namespace node {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view environment_prefix = "ROLLCALL_";

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number n{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return n;
}

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

/// "10 s" with one of the units; a bare number has none.
std::optional<std::uint64_t> amount_of(std::string_view text, std::span<const unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto n = number_of<std::uint64_t>(text.substr(0, digits));
  const auto name = text.substr(std::min(text.find_first_not_of(' ', digits), text.size()));
  const auto found = std::ranges::find(units, name, &unit::name);
  if (!n || found == units.end() || *n > std::uint64_t{1} << 40)
    return std::nullopt;
  return *n * found->factor;
}

constexpr std::array<unit, 4> time_units{
  {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}}};
constexpr std::array<unit, 5> byte_units{
  {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};

/// "127.0.0.1:8787", "[::1]:8787", "localhost:8787".
bool take_listen(std::string_view text, serve_settings& into) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return false;
  const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
  auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  else if (address.find(':') != std::string_view::npos)
    return false;
  if (address == "localhost")
    address = "127.0.0.1";
  boost::system::error_code failed;
  boost::asio::ip::make_address(std::string{address}, failed);
  if (failed || !port)
    return false;
  into.server.address = address;
  into.server.port = *port;
  return true;
}

bool take_truth(std::string_view text, bool& into) {
  into = text == "true";
  return text == "true" || text == "false";
}

bool take_public_url(std::string_view text, serve_settings& into) {
  into.server.public_origin = text.substr(0, text.find_last_not_of('/') + 1);
  if (text.empty())
    return true;
  const auto scheme = text.find("://");
  const auto name = text.substr(0, scheme);
  return (name == "http" || name == "https")
      && into.server.public_origin.find('/', scheme + 3) == std::string::npos
      && into.server.public_origin.size() > scheme + 3;
}

bool take_audience(std::string_view text, serve_settings& into) {
  static constexpr std::array<std::string_view, 3> words{"loopback", "everybody", "nobody"};
  const auto found = std::ranges::find(words, text);
  into.figures = static_cast<gateway::figures_for>(found - words.begin());
  return found != words.end();
}

bool take_limits(std::string_view text, serve_settings& into) {
  const auto limits = gateway::limit_setting_of(text);
  if (limits)
    into.limits = *limits;
  return limits.has_value();
}

bool take_log_level(std::string_view text, serve_settings& into) {
  static constexpr std::array<std::string_view, 5> words{"debug", "info", "warn", "error", "off"};
  into.log = text;
  return std::ranges::find(words, text) != words.end();
}

template <class Number>
auto whole_number(Number gateway::server_options::*member, Number least, Number most) {
  return [=](std::string_view text, serve_settings& into) {
    const auto n = number_of<Number>(text);
    if (n)
      into.server.*member = *n;
    return n && *n >= least && *n <= most;
  };
}

template <class Number>
auto bytes(Number gateway::server_options::*member, std::uint64_t least, std::uint64_t most) {
  return [=](std::string_view text, serve_settings& into) {
    const auto n = amount_of(text, byte_units);
    if (n)
      into.server.*member = *n;
    return n && *n >= least && *n <= most;
  };
}

auto time_span(milliseconds gateway::server_options::*member) {
  return [=](std::string_view text, serve_settings& into) {
    const auto n = amount_of(text, time_units);
    if (n)
      into.server.*member = milliseconds{*n};
    return n && *n >= 1 && *n <= 86'400'000;
  };
}

setting span_setting(std::string_view name, std::string otherwise, std::string_view purpose,
                     milliseconds gateway::server_options::*member) {
  return {name,
          "TIME",
          std::move(otherwise),
          purpose,
          "a time from 1ms to 24h, like 500ms, 10s, 2min",
          time_span(member)};
}

std::vector<setting> make_settings() {
  using options = gateway::server_options;
  constexpr std::uint64_t gibibyte = 1 << 30;
  return {
    {"data", "DIR", "", "Directory that holds the account; made where there is none", "a directory",
     [](std::string_view text, serve_settings& into) {
       into.data = text;
       return true;
     }},
    {"cluster", "FILE", "", "cluster.toml of the cluster that this server is a node of",
     "the name of a file",
     [](std::string_view text, serve_settings& into) {
       into.cluster = text;
       return true;
     }},
    {"node", "NAME", "", "The name of this node in the cluster", "a name of cluster.toml",
     [](std::string_view text, serve_settings& into) {
       into.node = text;
       return true;
     }},
    {"listen", "ADDRESS:PORT", "127.0.0.1:8787", "Where to listen; port 0 is any free one",
     "ADDRESS:PORT, like 127.0.0.1:8787, [::1]:8787, 0.0.0.0:80", take_listen},
    {"tls-certificate", "FILE", "", "PEM file of the certificate and those above it",
     "the name of a file",
     [](std::string_view text, serve_settings& into) {
       into.server.certificate = text;
       return true;
     }},
    {"tls-key", "FILE", "", "PEM file of its private key", "the name of a file",
     [](std::string_view text, serve_settings& into) {
       into.server.private_key = text;
       return true;
     }},
    {"public-url", "URL", "", "How links in answers begin; else as the Host header says",
     "http:// or https:// and a host, without a path", take_public_url},
    {"open", "", "false", "Let everybody in, without keys; only on a loopback address",
     "true or false",
     [](std::string_view text, serve_settings& into) { return take_truth(text, into.is_open); }},
    {"rate-limits", "HOW", "10",
     "How often a key may ask: as Klaviyo allows, so many times as often, or without end",
     "off, klaviyo, or a factor up to 1000000", take_limits},
    {"metrics-for", "WHO", "loopback", "Who may read /metrics", "loopback, everybody or nobody",
     take_audience},
    {"log", "LEVEL", "info", "What is logged on standard error", "debug, info, warn, error or off",
     take_log_level},
    {"threads", "N", "2", "Threads that serve sockets", "1 to 64",
     whole_number<std::uint32_t>(&options::io_threads, 1, 64)},
    {"workers", "N", "16", "Threads that run requests", "1 to 1024",
     whole_number<std::uint32_t>(&options::workers, 1, 1024)},
    {"stream-workers", "N", "16", "Threads that run long answers", "1 to 1024",
     whole_number<std::uint32_t>(&options::stream_workers, 1, 1024)},
    {"connections-max", "N", "4096", "Connections at a time; more are refused with 503",
     "1 to 1000000", whole_number<std::uint32_t>(&options::connections_max, 1, 1'000'000)},
    {"header-bytes-max", "BYTES", "16KiB", "First line and headers of a request", "1KiB to 1MiB",
     bytes(&options::header_bytes_max, 1 << 10, 1 << 20)},
    {"body-bytes-max", "BYTES", "10MiB", "Body of a request, packed and unpacked", "1KiB to 1GiB",
     bytes(&options::body_bytes_max, 1 << 10, gibibyte)},
    {"bodies-bytes-max", "BYTES", "512MiB", "Bodies of all requests under way together",
     "1MiB to 1024GiB", bytes(&options::bodies_bytes_max, 1 << 20, 1024 * gibibyte)},
    span_setting("handshake-timeout", "10s", "For the handshake of TLS",
                 &options::handshake_timeout),
    span_setting("header-timeout", "10s", "For the whole head of a request",
                 &options::header_timeout),
    span_setting("body-timeout", "20s", "For every 16 KiB of a body", &options::body_timeout),
    span_setting("write-timeout", "20s", "For every 16 KiB of an answer", &options::write_timeout),
    span_setting("idle-timeout", "75s", "Between requests of a connection", &options::idle_timeout),
    span_setting("shutdown-grace", "20s", "For requests under way when the server stops",
                 &options::shutdown_grace),
  };
}

std::string environment_name(std::string_view name) {
  std::string out{environment_prefix};
  for (const char c : name)
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

/// A text as one source gave it.
struct given {
  std::string text;
  std::string origin;
  std::string key; // Of a file, which the origin does not name.
};

class gathering {
public:
  void add(std::string_view name, given what) {
    given_[std::string{name}].push_back(std::move(what));
  }
  void fault(std::string message) {
    all_.faults.push_back(std::move(message));
  }
  void warn(std::string message) {
    all_.warnings.push_back(std::move(message));
  }

  gathered_settings finish() {
    for (const auto& each : all_settings())
      put(each);
    check_together();
    return std::move(all_);
  }

private:
  void put(const setting& each) {
    auto& values = given_[std::string{each.name}];
    values.insert(values.begin(), {each.otherwise, "default", {}});
    // The last one wins, and the others are looked at.
    for (const auto& value : values)
      if (!each.take(value.text, all_.made))
        fault(fmt::format("{}: {}found \"{}\"; allowed: {}", value.origin,
                          value.key.empty() ? "" : value.key + ": ", value.text, each.allowed));
    all_.in_force.push_back({std::string{each.name}, values.back().text, values.back().origin});
  }

  [[nodiscard]] const setting_in_force& in_force(std::string_view name) const {
    return *std::ranges::find(all_.in_force, name, &setting_in_force::name);
  }

  void check_together() {
    const auto& certificate = in_force("tls-certificate");
    const auto& key = in_force("tls-key");
    if (certificate.value.empty() != key.value.empty()) {
      const auto& given_alone = certificate.value.empty() ? key : certificate;
      fault(fmt::format("{}: {} is given without {}; TLS needs both", given_alone.origin,
                        given_alone.name,
                        certificate.value.empty() ? "tls-certificate" : "tls-key"));
    }
    if (all_.made.cluster.empty() != all_.made.node.empty())
      fault(fmt::format("{}: a node of a cluster needs both, cluster and node",
                        in_force(all_.made.node.empty() ? "cluster" : "node").origin));
    if (all_.made.is_open && !all_.made.cluster.empty())
      fault(
        fmt::format("{}: open is not for a cluster, whose accounts are told apart by their keys",
                    in_force("open").origin));
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(all_.made.server.address, failed);
    if (all_.made.is_open && !failed && !address.is_loopback())
      fault(fmt::format("{}: open lets everybody in, so it goes with a loopback address only; "
                        "listen is \"{}\" ({})",
                        in_force("open").origin, in_force("listen").value,
                        in_force("listen").origin));
  }

  std::map<std::string, std::vector<given>> given_;
  gathered_settings all_;
};

bool is_setting(std::string_view name) {
  return std::ranges::find(all_settings(), name, &setting::name) != all_settings().end();
}

void read_file(const std::string& file, const std::string& named_by, gathering& into) {
  const auto text = text_of(file);
  if (!text) {
    into.fault(fmt::format("{}: {}", named_by, text.error().message));
    return;
  }
  std::vector<metrics::dictionary_fault> faults;
  const auto root = metrics::read_toml({file, *text}, faults);
  for (const auto& fault : faults)
    into.fault(fmt::format("{}:{}: {}", fault.at.file, fault.at.line, fault.message));
  if (!root)
    return;
  for (const auto& [key, line, value] : root->members) {
    const auto origin = fmt::format("{}:{}", file, line);
    if (!is_setting(key)) {
      into.fault(
        fmt::format("{}: {}: not a setting; `rollcall config show` lists them all", origin, key));
    } else if (value.kind == metrics::toml_kind::text) {
      into.add(key, {value.text, origin, key});
    } else if (value.kind == metrics::toml_kind::integer
               || value.kind == metrics::toml_kind::truth) {
      into.add(key, {metrics::to_json(value), origin, key});
    } else {
      into.fault(fmt::format("{}: {}: expected text, a whole number, or true or false, found {}",
                             origin, key, metrics::to_json(value)));
    }
  }
}

/// The file of settings, and who named it.
std::optional<std::pair<std::string, std::string>>
config_file(const std::map<std::string, std::string>& flags, const environment& around) {
  if (const auto flag = flags.find("config"); flag != flags.end())
    return std::pair{flag->second, std::string{"--config"}};
  const auto name = environment_name("config");
  if (const auto variable = around.find(name); variable != around.end())
    return std::pair{variable->second, name};
  return std::nullopt;
}

} // namespace

const std::vector<setting>& all_settings() {
  static const auto all = make_settings();
  return all;
}

environment process_environment() {
  environment all;
  for (char** each = environ; *each; ++each) {
    const std::string_view text{*each};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

gathered_settings gather_settings(const std::map<std::string, std::string>& flags,
                                  const environment& around) {
  gathering all;
  if (const auto file = config_file(flags, around))
    read_file(file->first, file->second, all);
  std::vector<std::string> names{environment_name("config"), std::string{key_variable}};
  for (const auto& each : all_settings()) {
    names.push_back(environment_name(each.name));
    if (const auto variable = around.find(names.back()); variable != around.end())
      all.add(each.name, {variable->second, names.back(), {}});
    if (const auto flag = flags.find(std::string{each.name}); flag != flags.end())
      all.add(each.name, {flag->second, fmt::format("--{}", each.name), {}});
  }
  for (auto it = around.lower_bound(environment_prefix);
       it != around.end() && it->first.starts_with(environment_prefix); ++it)
    if (std::ranges::find(names, it->first) == names.end())
      all.warn(fmt::format("{}: the environment has it, but it is no setting", it->first));
  return all.finish();
}

} // namespace node
