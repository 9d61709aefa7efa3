#pragma once

#include "gateway/dispatch.hpp"
#include "gateway/registry.hpp"
#include "gateway/router.hpp"
#include "gateway/server.hpp"

#include <rollcall/rollcall.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gateway {

/// Who may read `/metrics`, which tells of every account.
enum class figures_for : std::uint8_t { loopback, everybody, nobody };

struct watched_engine {
  std::string account;
  std::shared_ptr<rollcall::engine> engine; // May share an account's ownership. Null = not open.
  std::string trouble{};                    // Why it is not.
};

/// What operators ask: is it alive, is it ready, what is going on, what is logged. Outlives the
/// routes that it adds, and what calls `observe`.
class operations {
public:
  /// `engines` names every account that is open; called on workers.
  operations(std::function<std::vector<watched_engine>()> engines, figures_for audience);
  operations(const operations&) = delete;
  operations& operator=(const operations&) = delete;

  /// The server whose figures are told; it begins after its routes are there, and ends before.
  void watch(const server& s) {
    server_ = &s;
  }

  /// Figures that `/metrics` tells behind its own. Called on workers.
  void add_figures(std::function<void(exposition&)> source) {
    registry_.add(std::move(source));
  }

  /// `/healthz`, `/readyz`, `/metrics` and `/api/rollcall/log-level`.
  void add_routes(route_table& routes);

  /// Counts a request. Any thread.
  void observe(const finished_request& r);

private:
  [[nodiscard]] answer tell_ready(const call& asks) const;
  [[nodiscard]] answer tell_figures(const call& asks) const;

  std::function<std::vector<watched_engine>()> engines_;
  figures_for audience_;
  std::atomic<const server*> server_ = nullptr;
  counter_family requests_;
  histogram_family durations_;
  registry registry_;
};

/// Figures of the engines: profiles, segments, partitions, actors.
void write_engine_figures(const std::vector<watched_engine>& engines, exposition& to);
void write_server_figures(const server_figures& f, exposition& to);
/// Of this process: memory, processor time, descriptors.
void write_process_figures(exposition& to);

/// "debug", "info", "warn", "error", "off": the level now, and another one.
std::string log_level();
bool set_log_level(std::string_view name);

} // namespace gateway
