#pragma once

#include <cstdint>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// A shop that never was, for the demonstration: people and what they do, as NDJSON lines in time
/// order. The same seed and sizes give the same lines on every machine.
namespace node {

struct demo_size {
  std::uint64_t seed = 1;
  std::uint32_t profiles = 100'000;
  std::uint64_t events = 2'000'000;
};

/// The instant at which the shop's history ends, 2026-06-15T09:30:00Z, in seconds since 1970.
inline constexpr std::int64_t demo_now = 1'781'515'800;

/// Writes the profiles, the oldest customer first.
class demo_profiles {
public:
  explicit demo_profiles(const demo_size& size) : size_(size), random_(size.seed) {
  }
  /// Appends the next profile's line; false when there is none left.
  bool append_next(std::string& lines);
  [[nodiscard]] std::uint32_t written() const {
    return next_;
  }

private:
  demo_size size_;
  std::mt19937_64 random_;
  std::uint32_t next_ = 0;
};

/// Writes what people do. Visits, campaigns and parcels become events in time order; the stream
/// never ends: after `size.events` events it is at demo_now, what comes later is live traffic at
/// the shop's usual pace.
class demo_events {
public:
  explicit demo_events(const demo_size& size);
  /// Appends the next event's line and returns its time in seconds since 1970.
  std::int64_t append_next(std::string& lines);
  [[nodiscard]] std::uint64_t written() const {
    return written_;
  }

private:
  enum class metric : std::uint8_t;
  struct event {
    std::int64_t time = 0;
    std::uint64_t order = 0; // Of making; settles equal times.
    std::uint32_t profile = 0;
    metric kind{};
    std::uint8_t quantity = 0;
    std::uint16_t topic = 0; // A product, or a campaign.
    std::uint32_t cents = 0; // 0 = no value.
    std::uint32_t order_number = 0;
  };
  struct later {
    bool operator()(const event& a, const event& b) const {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };

  std::uint64_t below(std::uint64_t bound) {
    return random_() % bound;
  }
  bool chance(unsigned per_cent) {
    return below(100) < per_cent;
  }
  [[nodiscard]] double position_of(std::int64_t time) const;
  std::uint32_t someone(std::int64_t time);
  void plan(event e);
  void plan_session();
  void plan_message(std::int64_t time, std::uint32_t profile);
  void plan_visit(std::int64_t time, std::uint32_t profile);
  void append(std::string& lines, const event& e);

  demo_size size_;
  std::mt19937_64 random_;
  std::priority_queue<event, std::vector<event>, later> planned_;
  double session_ = 0;  // Sessions planned so far.
  double sessions_ = 1; // Sessions up to demo_now.
  std::int64_t next_session_at_ = 0;
  std::uint64_t planned_count_ = 0;
  std::uint32_t orders_ = 0;
  std::uint64_t written_ = 0;
};

} // namespace node
