#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cluster_tests {

/// A handle of the system's, closed at the end.
class descriptor {
public:
  explicit descriptor(int number = -1) : number_{number} {
  }
  ~descriptor();
  descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {
  }
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  [[nodiscard]] int number() const {
    return number_;
  }

private:
  int number_;
};

/// What becomes of packets on their way from one host to another.
struct link_weather {
  unsigned lost_permille = 0; // 1,000 = the way is cut.
  std::chrono::microseconds delay{0};
  std::chrono::microseconds jitter{0}; // Up to so much more; packets stay in their order.
};

/// Hosts that are network namespaces, and the network between them, which is this object: each
/// host has a TUN device, and a thread carries packets from one to the other as the weather on that
/// way allows. So ways can be cut, slow or lossy, each direction by itself, on every kernel that
/// has TUN; `tc netem` is missing in many. Namespaces have no names and go with whoever is in them.
class host_network {
public:
  /// Why this process cannot have one; nothing = it can.
  static std::optional<std::string> why_not();

  host_network(std::size_t hosts, std::uint64_t seed);
  ~host_network();
  host_network(const host_network&) = delete;
  host_network& operator=(const host_network&) = delete;

  [[nodiscard]] std::size_t size() const {
    return hosts_.size();
  }
  [[nodiscard]] static std::string address(std::size_t host);

  void change(std::size_t from, std::size_t to, link_weather weather);
  /// Every way, or those of one host with `others`, in both directions.
  void change_all(link_weather weather);
  void change_both(std::size_t host, const std::vector<std::size_t>& others, link_weather weather);

  /// The thread is on a host for as long as this lives, and with it what it starts.
  class stay {
  public:
    explicit stay(const descriptor& there);
    ~stay();
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;

  private:
    descriptor before_;
  };
  [[nodiscard]] const descriptor& space(std::size_t host) const {
    return hosts_.at(host).space;
  }

private:
  using clock = std::chrono::steady_clock;
  struct place {
    descriptor space;
    descriptor device;
  };
  struct way {
    link_weather weather;
    clock::time_point last_due{};
  };
  struct packet {
    std::size_t to = 0;
    std::string bytes;
  };

  void carry();
  void take(std::size_t from, std::string_view bytes, clock::time_point now);

  std::vector<place> hosts_;
  descriptor stop_reads_;
  descriptor stop_writes_;
  std::mutex guard_;
  std::vector<way> ways_; // From * hosts + to.
  std::mt19937_64 chance_;
  std::multimap<clock::time_point, packet> on_their_way_; // Of the carrier.
  std::thread carrier_;
};

} // namespace cluster_tests
