#include "gateway/dispatch.hpp"

#include "gateway/errors.hpp"
#include "gateway/lane.hpp"
#include "gateway/target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace gateway {

struct dispatcher::parts {
  std::shared_ptr<const route_table> routes;
  door let_in;
  std::function<void(const finished_request&)> told;
  fair_queue queue;
  std::shared_ptr<worker_pool> later; // For requests that had to wait.

  parts(std::shared_ptr<const route_table> all, door asked,
        std::function<void(const finished_request&)> hears, fair_bounds bounds)
    : routes(std::move(all)), let_in(std::move(asked)), told(std::move(hears)),
      queue(bounds, [this](fair_queue::work w) { later->post(std::move(w)); }),
      later(std::make_shared<worker_pool>(bounds.at_work_max)) {
  }
  /// The last to let go may be one of the pool's own threads, which cannot wait for itself.
  ~parts() {
    if (later->runs_here())
      std::thread{[pool = std::move(later)] { pool->end(); }}.detach();
    else
      later->end();
  }
};

namespace {

std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> known{"GET",   "HEAD",   "POST",   "PUT",
                                                         "PATCH", "DELETE", "OPTIONS"};
  const auto found = std::ranges::find(known, method);
  return found == known.end() ? "other" : *found;
}

answer to_unknown_path(const request& asked) {
  error_entry e{404, "not_found", "Not found."};
  e.detail = fmt::format("The path '{}' does not exist.", asked.path);
  return to_answer({e}, asked.id);
}

answer to_wrong_method(const request& asked, const std::vector<std::string>& methods) {
  std::set<std::string_view> allowed{methods.begin(), methods.end()};
  if (allowed.contains("GET"))
    allowed.insert("HEAD");
  const auto list = fmt::format("{}", fmt::join(allowed, ", "));
  error_entry e{405, "method_not_allowed", "Method not allowed."};
  e.detail = fmt::format("The method '{}' is not allowed here; allowed: {}.", asked.method, list);
  auto a = to_answer({e}, asked.id);
  a.headers.emplace_back("Allow", list);
  return a;
}

answer to_crowd(const request& asked) {
  error_entry e{429, "throttled", "Request was throttled."};
  e.detail = "Too many requests of this account wait already. Expected available in 1 seconds.";
  auto a = to_answer({e}, asked.id);
  a.headers.emplace_back("Retry-After", "1");
  return a;
}

answer to_mishap(const std::string& id) {
  error_entry e{500, "internal", "Internal error."};
  e.detail = fmt::format("Something went wrong here. The id of this request, '{}', helps whoever "
                         "runs the server to find out what.",
                         id);
  return to_answer({e}, id);
}

} // namespace

/// One request on its way to its answer.
class dispatcher::exchange {
public:
  exchange(std::shared_ptr<parts> with, request asked, reply done)
    : parts_(std::move(with)), call_(std::make_shared<call>()), done_(std::move(done)) {
    call_->asked = std::move(asked);
  }

  static void run(const std::shared_ptr<exchange>& self) {
    self->carefully([&] {
      if (auto refused = self->find_and_ask())
        self->finish(std::move(*refused));
      else
        take_turn(self);
    });
  }

private:
  /// Does what may throw; whatever happens, the request is answered.
  template <class Work>
  void carefully(const Work& work) {
    try {
      work();
    } catch (const refusal& why) {
      finish(to_answer(why.errors(), id()));
    } catch (const std::exception& why) {
      spdlog::error("gateway: a handler failed: route={} request={}: {}", pattern(), id(),
                    why.what());
      finish(to_mishap(id()));
    } catch (...) {
      spdlog::error("gateway: a handler failed: route={} request={}", pattern(), id());
      finish(to_mishap(id()));
    }
  }

  /// Now, or when others of the same account have had theirs.
  static void take_turn(const std::shared_ptr<exchange>& self) {
    const auto* whose = self->call_->whose.get();
    if (whose == nullptr)
      return act(self);
    const auto act_and_leave = [self, whose] {
      self->carefully([&] { act(self); });
      self->parts_->queue.leave(whose);
    };
    switch (self->parts_->queue.enter(whose, act_and_leave)) {
    case fair_queue::place::at_work:
      return act_and_leave();
    case fair_queue::place::waiting:
      return;
    case fair_queue::place::full:
      return self->finish(to_crowd(self->call_->asked));
    }
  }

  static void act(const std::shared_ptr<exchange>& self) {
    self->route_->act(self->call_, [self](answer a) { self->finish(std::move(a)); });
  }

  /// Sets the route and lets the call through the door; an answer = it ends here.
  std::optional<answer> find_and_ask() {
    const auto& asked = call_->asked;
    auto match = parts_->routes->find(asked.method == "HEAD" ? "GET" : asked.method, asked.path);
    if (!match.found)
      return match.allowed.empty() ? to_unknown_path(asked) : to_wrong_method(asked, match.allowed);
    route_ = match.found;
    for (auto& part : match.captured)
      call_->captured.push_back(decode_part(part));
    auto let_in = parts_->let_in(*route_, *call_);
    headers_ = std::move(let_in.headers);
    return std::move(let_in.refused);
  }

  void finish(answer a) {
    if (is_finished_.exchange(true)) {
      spdlog::error("gateway: a handler went on after its answer: route={} request={}", pattern(),
                    id());
      return;
    }
    for (auto& header : headers_)
      a.headers.push_back(std::move(header));
    a.owner = call_->whose;
    finished_request f;
    f.method = known_method(call_->asked.method);
    f.pattern = pattern();
    f.status = a.status;
    f.took = std::chrono::steady_clock::now() - call_->asked.arrived;
    f.id = id();
    if (call_->whose)
      f.account = call_->whose->id;
    f.to = route_;
    f.asked = call_.get();
    spdlog::info("gateway: answered: method={} route={} status={} ms={:.3f} request={} account={}",
                 f.method, f.pattern.empty() ? "-" : f.pattern, f.status,
                 std::chrono::duration<double, std::milli>(f.took).count(), f.id,
                 f.account.empty() ? "-" : f.account);
    if (parts_->told)
      parts_->told(f);
    done_(std::move(a));
  }

  [[nodiscard]] std::string_view pattern() const {
    return route_ ? std::string_view{route_->pattern} : std::string_view{};
  }
  [[nodiscard]] const std::string& id() const {
    return call_->asked.id;
  }

  std::shared_ptr<parts> parts_;
  std::shared_ptr<call> call_;
  const route* route_ = nullptr;
  named_texts headers_;
  reply done_;
  std::atomic<bool> is_finished_ = false;
};

dispatcher::dispatcher(std::shared_ptr<const route_table> routes, door let_in,
                       std::function<void(const finished_request&)> told, fair_bounds bounds)
  : parts_(std::make_shared<parts>(std::move(routes), std::move(let_in), std::move(told), bounds)) {
}

void dispatcher::operator()(request asked, reply done) const {
  exchange::run(std::make_shared<exchange>(parts_, std::move(asked), std::move(done)));
}

} // namespace gateway
