#include "tests/cluster/nats_servers.hpp"

#include "cluster/nats_checks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace cluster_tests {

namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds look_every{50};
// Now and then two of three fresh servers make a group without the third. A restart brings it in.
constexpr seconds whole_within{15};

bool is_new_enough(const std::filesystem::path& program) {
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored))
    return false;
  const auto command = "'" + program.string() + "' --version 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> output{popen(command.c_str(), "r"), pclose};
  std::array<char, 128> line{};
  if (!output || !std::fgets(line.data(), line.size(), output.get()))
    return false;
  std::string_view text{line.data()};
  constexpr std::string_view before = "nats-server: v";
  if (!text.starts_with(before))
    return false;
  text = text.substr(before.size(), text.find('\n') - before.size());
  const auto version = cluster::parse_nats_version(text);
  return version && *version >= cluster::oldest_nats_version;
}

std::optional<std::filesystem::path> look_for_program() {
  if (const auto* named = std::getenv("ROLLCALL_NATS_SERVER"))
    return is_new_enough(named) ? std::optional<std::filesystem::path>{named} : std::nullopt;
  std::vector<std::filesystem::path> places;
  for (auto at = std::filesystem::read_symlink("/proc/self/exe").parent_path();
       at.has_relative_path(); at = at.parent_path())
    places.push_back(at / "nats/usr/sbin");
  std::string path{std::getenv("PATH") ? std::getenv("PATH") : ""};
  path += ":/usr/sbin";
  for (std::size_t from = 0; from < path.size();) {
    const auto colon = std::min(path.find(':', from), path.size());
    places.emplace_back(path.substr(from, colon - from));
    from = colon + 1;
  }
  for (const auto& place : places)
    if (is_new_enough(place / "nats-server"))
      return place / "nats-server";
  return std::nullopt;
}

pid_t run(const std::filesystem::path& program, const std::filesystem::path& file) {
  const auto log = file.parent_path() / (file.stem().string() + ".log");
  const auto pid = fork();
  if (pid < 0)
    throw std::runtime_error("cannot fork");
  if (pid > 0)
    return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto out = ::open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execl(program.c_str(), program.c_str(), "-c", file.c_str(), nullptr);
  _exit(127);
}

std::optional<boost::json::value> ask_json(std::uint16_t port, std::string_view path,
                                           const std::string& address) {
  const auto answer = ask_monitoring(port, path, address);
  if (!answer)
    return std::nullopt;
  boost::system::error_code wrong;
  auto parsed = boost::json::parse(*answer, wrong);
  return wrong ? std::nullopt : std::optional{std::move(parsed)};
}

} // namespace

std::optional<std::filesystem::path> nats_server_program() {
  static const auto found = look_for_program();
  return found;
}

boost::unit_test::decorator::precondition where_nats_is() {
  return boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
    // Without the library there is nothing that it would call wrong settings.
    const bool built = cluster::connect_nats({}).error().code == model::failure_code::invalid_input;
    boost::test_tools::assertion_result there{built && nats_server_program().has_value()};
    if (!there) {
      const std::string
        why = built ? "NOT CHECKED: the log on NATS: there is no nats-server of 2.10.27 or later "
                      "(scripts/install-nats fetches one)"
                    : "NOT CHECKED: the log on NATS: this is a build without libnats";
      there.message() << why;
      std::puts(why.c_str());
    }
    return there;
  });
}

std::vector<std::uint16_t> free_ports(std::size_t count) {
  boost::asio::io_context context;
  std::vector<tcp::acceptor> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(context, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0});
    ports.push_back(held.back().local_endpoint().port());
  }
  return ports;
}

std::optional<std::string> ask_monitoring(std::uint16_t port, std::string_view path,
                                          const std::string& address) {
  tcp::iostream stream;
  stream.expires_after(seconds{2});
  stream.connect(address, std::to_string(port));
  if (!stream)
    return std::nullopt;
  stream << "GET " << path << " HTTP/1.0\r\nConnection: close\r\n\r\n" << std::flush;
  const std::string answer{std::istreambuf_iterator<char>{stream}, {}};
  const auto body = answer.find("\r\n\r\n");
  if (body == std::string::npos || answer.find(" 200 ") != 8)
    return std::nullopt;
  return answer.substr(body + 4);
}

nats_servers::nats_servers(nats_servers_options options) : options_{std::move(options)} {
  const auto ports = this->ports();
  for (std::size_t i = 0; i < options_.count; ++i)
    servers_.push_back({.name = fmt::format("n{}", i + 1),
                        .address = options_.network ? host_network::address(i) : "127.0.0.1",
                        .client_port = ports[3 * i],
                        .monitoring_port = ports[3 * i + 1],
                        .route_port = ports[3 * i + 2],
                        .file = directory_.path() / fmt::format("n{}.conf", i + 1)});
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    write_file(servers_[i], i < options_.stores.size() ? options_.stores[i]
                                                       : directory_.path() / servers_[i].name);
    start(i);
    // One after the other, so that each finds those before it.
    for (int looks = 0;
         looks < 100 && !ask_monitoring(servers_[i].monitoring_port, "/varz", servers_[i].address);
         ++looks)
      std::this_thread::sleep_for(look_every);
  }
  try {
    wait_until_whole(whole_within);
  } catch (const std::runtime_error&) {
    kill(servers_.size() - 1);
    start(servers_.size() - 1);
    wait_until_whole();
  }
}

nats_servers::~nats_servers() {
  for (std::size_t i = 0; i < servers_.size(); ++i)
    kill(i);
}

std::vector<std::uint16_t> nats_servers::ports() const {
  if (!options_.network)
    return free_ports(3 * options_.count);
  std::vector<std::uint16_t> usual;
  for (std::size_t i = 0; i < options_.count; ++i)
    usual.insert(usual.end(), {4222, 8222, 6222});
  return usual;
}

cluster::nats_settings nats_servers::settings() const {
  cluster::nats_settings made;
  for (const auto& s : servers_) {
    made.servers.push_back(fmt::format("nats://{}:{}", s.address, s.client_port));
    made.monitoring.push_back(fmt::format("http://{}:{}", s.address, s.monitoring_port));
  }
  made.log_bytes_max = std::uint64_t{32} << 20;
  // Tests run beside compilers.
  made.append_patience = milliseconds{6000};
  return made;
}

void nats_servers::kill(std::size_t which) {
  end(which, SIGKILL);
}

void nats_servers::stop(std::size_t which) {
  end(which, SIGTERM);
}

void nats_servers::end(std::size_t which, int signal) {
  auto& pid = servers_.at(which).pid;
  if (pid < 0)
    return;
  ::kill(pid, signal);
  ::waitpid(pid, nullptr, 0);
  pid = -1;
}

void nats_servers::pause(std::size_t which) {
  ::kill(servers_.at(which).pid, SIGSTOP);
}

void nats_servers::resume(std::size_t which) {
  ::kill(servers_.at(which).pid, SIGCONT);
}

void nats_servers::start(std::size_t which) {
  std::optional<host_network::stay> there;
  if (options_.network)
    there.emplace(options_.network->space(which));
  servers_.at(which).pid = run(nats_server_program().value(), servers_.at(which).file);
}

std::string nats_servers::log_of(std::size_t which) const {
  auto file = servers_.at(which).file;
  std::ifstream from{file.replace_extension(".log")};
  return {std::istreambuf_iterator<char>{from}, {}};
}

void nats_servers::wait_until_whole(seconds patience, nats_health what) {
  const auto until = steady_clock::now() + patience;
  std::string why;
  while (!is_whole(why, what)) {
    for (const auto& s : servers_)
      if (s.pid >= 0 && ::waitpid(s.pid, nullptr, WNOHANG) != 0)
        throw std::logic_error("nats-server ends at once with " + s.file.string());
    if (steady_clock::now() > until)
      throw std::runtime_error("the NATS servers do not become a group: " + why);
    std::this_thread::sleep_for(look_every);
  }
}

bool nats_servers::is_whole(std::string& why, nats_health what) const {
  const auto* path = what == nats_health::everything ? "/healthz" : "/healthz?js-server-only=true";
  for (const auto& s : servers_) {
    const auto jsz = ask_json(s.monitoring_port, "/jsz", s.address);
    if (!jsz) {
      why = s.name + " does not answer";
      return false;
    }
    if (servers_.size() > 1) {
      const auto* meta = jsz->as_object().if_contains("meta_cluster");
      if (!meta || !meta->as_object().contains("leader")
          || meta->at("cluster_size").to_number<std::size_t>() != servers_.size()) {
        why = s.name + " does not know all of them";
        return false;
      }
    }
    if (!ask_monitoring(s.monitoring_port, path, s.address)) {
      why = s.name + " is not healthy";
      return false;
    }
  }
  return true;
}

std::optional<std::size_t> nats_servers::leader_of(const std::string& stream) const {
  for (const auto& s : servers_) {
    const auto jsz = s.pid < 0
                     ? std::nullopt
                     : ask_json(s.monitoring_port, "/jsz?accounts=true&streams=true", s.address);
    if (!jsz || !jsz->as_object().contains("account_details"))
      continue;
    for (const auto& account : jsz->at("account_details").as_array()) {
      if (!account.as_object().contains("stream_detail"))
        continue;
      for (const auto& detail : account.at("stream_detail").as_array()) {
        if (detail.at("name").as_string() != stream || !detail.as_object().contains("cluster")
            || !detail.at("cluster").as_object().contains("leader"))
          continue;
        const auto& leader = detail.at("cluster").at("leader").as_string();
        for (std::size_t i = 0; i < servers_.size(); ++i)
          if (servers_[i].pid >= 0 && servers_[i].name == leader)
            return i;
      }
    }
  }
  return std::nullopt;
}

void nats_servers::write_file(const server& s, const std::filesystem::path& store) const {
  std::ofstream out{s.file};
  out << fmt::format("server_name: {0}\nlisten: {1}:{2}\nhttp: {1}:{3}\nmax_payload: 8MB\n"
                     "jetstream {{ store_dir: '{4}', max_memory_store: 64MB, max_file_store: 4GB",
                     s.name, s.address, s.client_port, s.monitoring_port, store.string());
  if (options_.sync_always)
    out << ", sync_interval: always";
  out << " }\n" << options_.lines << '\n';
  if (servers_.size() == 1)
    return;
  out << fmt::format("cluster {{ name: tests, listen: {}:{}, routes: [", s.address, s.route_port);
  for (const auto& each : servers_)
    out << (&each == servers_.data() ? " " : ", ")
        << fmt::format("nats-route://{}:{}", each.address, each.route_port);
  out << " ] }\n";
}

} // namespace cluster_tests
