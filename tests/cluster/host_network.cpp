#include "tests/cluster/host_network.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace cluster_tests {

namespace {

constexpr int packet_bytes_max = 9'000;
constexpr std::size_t packets_waiting_max = 20'000; // Beyond, the network loses them.
constexpr std::size_t address_at = 16;              // Of the receiver, in an IPv4 packet.
constexpr std::size_t head_bytes = 20;
constexpr const char* own_space = "/proc/thread-self/ns/net";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

descriptor open_or_fail(const char* path, int how) {
  descriptor made{::open(path, how | O_CLOEXEC)};
  if (made.number() < 0)
    fail(path);
  return made;
}

void bring_up(const descriptor& socket, const char* name, const std::string& address) {
  ifreq asked{};
  std::strncpy(asked.ifr_name, name, IFNAMSIZ - 1);
  const auto tell = [&](unsigned long what) {
    if (::ioctl(socket.number(), what, &asked) != 0)
      fail(name);
  };
  if (!address.empty()) {
    sockaddr_in of{};
    of.sin_family = AF_INET;
    inet_pton(AF_INET, address.c_str(), &of.sin_addr);
    std::memcpy(&asked.ifr_addr, &of, sizeof of);
    tell(SIOCSIFADDR);
    inet_pton(AF_INET, "255.255.255.0", &of.sin_addr);
    std::memcpy(&asked.ifr_netmask, &of, sizeof of);
    tell(SIOCSIFNETMASK);
    asked.ifr_mtu = packet_bytes_max;
    tell(SIOCSIFMTU);
  }
  tell(SIOCGIFFLAGS);
  asked.ifr_flags |= IFF_UP | IFF_RUNNING;
  tell(SIOCSIFFLAGS);
}

/// Makes the calling thread's own namespace and the way out of it.
std::pair<descriptor, descriptor> make_host(const std::string& address) {
  if (::unshare(CLONE_NEWNET) != 0)
    fail("unshare");
  auto space = open_or_fail(own_space, O_RDONLY);
  auto device = open_or_fail("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq asked{};
  asked.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(asked.ifr_name, "wire", IFNAMSIZ - 1);
  if (::ioctl(device.number(), TUNSETIFF, &asked) != 0)
    fail("TUNSETIFF");
  const descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (socket.number() < 0)
    fail("socket");
  bring_up(socket, "lo", {});
  bring_up(socket, "wire", address);
  return {std::move(space), std::move(device)};
}

/// On a thread of its own, which ends in the namespace that it made.
std::pair<descriptor, descriptor> make_host_aside(const std::string& address) {
  std::pair<descriptor, descriptor> made;
  std::exception_ptr wrong;
  std::thread{[&] {
    try {
      made = make_host(address);
    } catch (...) {
      wrong = std::current_exception();
    }
  }}.join();
  if (wrong)
    std::rethrow_exception(wrong);
  return made;
}

} // namespace

descriptor::~descriptor() {
  if (number_ >= 0)
    ::close(number_);
}

std::optional<std::string> host_network::why_not() {
  if (::geteuid() != 0)
    return "only root can make network namespaces";
  try {
    make_host_aside(address(0));
  } catch (const std::system_error& e) {
    return fmt::format("no network namespace with a TUN device can be made: {}", e.what());
  }
  return std::nullopt;
}

std::string host_network::address(std::size_t host) {
  return fmt::format("10.77.0.{}", host + 1);
}

host_network::host_network(std::size_t hosts, std::uint64_t seed)
  : ways_(hosts * hosts), chance_{seed} {
  for (std::size_t i = 0; i < hosts; ++i) {
    auto [space, device] = make_host_aside(address(i));
    hosts_.push_back({std::move(space), std::move(device)});
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    fail("pipe2");
  stop_reads_ = descriptor{ends[0]};
  stop_writes_ = descriptor{ends[1]};
  carrier_ = std::thread{[this] { carry(); }};
}

host_network::~host_network() {
  stop_writes_ = descriptor{};
  carrier_.join();
}

host_network::stay::stay(const descriptor& there) : before_{open_or_fail(own_space, O_RDONLY)} {
  if (::setns(there.number(), CLONE_NEWNET) != 0)
    fail("setns");
}

host_network::stay::~stay() {
  ::setns(before_.number(), CLONE_NEWNET);
}

void host_network::change(std::size_t from, std::size_t to, link_weather weather) {
  const std::lock_guard lock{guard_};
  ways_.at(from * hosts_.size() + to).weather = weather;
}

void host_network::change_all(link_weather weather) {
  const std::lock_guard lock{guard_};
  for (auto& one : ways_)
    one.weather = weather;
}

void host_network::change_both(std::size_t host, const std::vector<std::size_t>& others,
                               link_weather weather) {
  for (const auto other : others) {
    change(host, other, weather);
    change(other, host, weather);
  }
}

void host_network::take(std::size_t from, std::string_view bytes, clock::time_point now) {
  if (bytes.size() < head_bytes || (static_cast<unsigned char>(bytes[0]) >> 4) != 4)
    return;
  const std::size_t to = static_cast<unsigned char>(bytes[address_at + 3]) - std::size_t{1};
  if (to >= hosts_.size() || to == from || on_their_way_.size() >= packets_waiting_max)
    return;
  const std::lock_guard lock{guard_};
  auto& by = ways_[from * hosts_.size() + to];
  if (by.weather.lost_permille != 0 && chance_() % 1'000 < by.weather.lost_permille)
    return;
  auto due = now + by.weather.delay;
  if (by.weather.jitter.count() > 0)
    due += std::chrono::microseconds{
      static_cast<std::int64_t>(chance_() % static_cast<std::uint64_t>(by.weather.jitter.count()))};
  by.last_due = due = std::max(due, by.last_due);
  on_their_way_.emplace(due, packet{to, std::string{bytes}});
}

void host_network::carry() {
  std::vector<pollfd> ends;
  for (const auto& h : hosts_)
    ends.push_back({h.device.number(), POLLIN, 0});
  ends.push_back({stop_reads_.number(), POLLIN, 0});
  std::array<char, packet_bytes_max + 100> buffer{};
  for (;;) {
    timespec patience{1, 0};
    if (!on_their_way_.empty()) {
      const auto left = std::max(on_their_way_.begin()->first - clock::now(),
                                 clock::duration::zero());
      const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
      patience = {whole.count(), std::chrono::nanoseconds{left - whole}.count()};
    }
    ::ppoll(ends.data(), ends.size(), &patience, nullptr);
    if (ends.back().revents != 0)
      return;
    const auto now = clock::now();
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      for (ssize_t size = 0;
           (size = ::read(hosts_[i].device.number(), buffer.data(), buffer.size())) > 0;)
        take(i, {buffer.data(), static_cast<std::size_t>(size)}, now);
    while (!on_their_way_.empty() && on_their_way_.begin()->first <= now) {
      const auto& next = on_their_way_.begin()->second;
      // A device that does not take it loses it, as networks do.
      [[maybe_unused]] const auto written = ::write(hosts_[next.to].device.number(),
                                                    next.bytes.data(), next.bytes.size());
      on_their_way_.erase(on_their_way_.begin());
    }
  }
}

} // namespace cluster_tests
