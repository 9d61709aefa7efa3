#pragma once

#include "gateway/account.hpp"
#include "gateway/dispatch.hpp"
#include "gateway/json_text.hpp"
#include "tests/gateway/running_server.hpp"
#include "tests/library/engine_fixture.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gateway_tests {

/// One answer, read.
struct shown {
  unsigned status = 0;
  received raw{};
  boost::json::value body{}; // Null when it is no JSON.

  /// The value at a JSON pointer; null, and a complaint, when there is none.
  [[nodiscard]] const boost::json::value& at(std::string_view pointer) const {
    static const boost::json::value nothing;
    boost::system::error_code failed;
    const auto* found = body.find_pointer(pointer, failed);
    BOOST_CHECK_MESSAGE(found != nullptr, "nothing at " << pointer << " of " << raw.body);
    return found == nullptr ? nothing : *found;
  }
  /// Texts as they are, everything else as JSON.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    const auto& value = at(pointer);
    return value.is_string() ? std::string{value.get_string()} : gateway::json_text(value);
  }
  /// Where the first error points, and what it says.
  [[nodiscard]] std::string error() const {
    const auto source = text("/errors/0/source");
    return text("/errors/0/detail") + ' ' + source;
  }
};

/// An engine with a manual clock that starts on 1 January 2026, and some routes on a real server
/// that lets everybody in.
class served_account {
public:
  using add_routes = std::function<void(gateway::route_table&)>;

  explicit served_account(std::initializer_list<add_routes> adding,
                          gateway::server_options options = {}) {
    auto opened = rollcall::engine::open({.directory = directory_.path() / "store",
                                          .partitions = 3,
                                          .clock = rollcall::clock_kind::manual,
                                          .start = model::parse_instant("2026-01-01")});
    need(opened);
    whose_->id = "AbC123";
    whose_->name = "default";
    whose_->engine = std::move(*opened);
    auto routes = std::make_shared<gateway::route_table>();
    for (const auto& add : adding)
      add(*routes);
    server_.emplace(gateway::dispatcher{routes,
                                        [whose = whose_](const gateway::route&, gateway::call& c) {
                                          c.whose = whose;
                                          return gateway::admission{};
                                        }},
                    std::move(options));
  }

  [[nodiscard]] client connect() const {
    return server_->connect();
  }
  [[nodiscard]] gateway::server& server() const {
    return *server_->it;
  }
  [[nodiscard]] shown get(std::string_view target, const std::vector<std::string>& headers = {}) {
    return show(connect().ask(gateway_tests::get(target, headers)));
  }
  [[nodiscard]] shown post(std::string_view target, std::string_view body,
                           std::vector<std::string> headers = {}) {
    headers.emplace_back("Content-Type: application/json");
    return show(connect().ask(gateway_tests::post(target, body, headers)));
  }
  static shown show(received raw) {
    shown s{raw.status, std::move(raw)};
    std::vector<gateway::json_fault> faults;
    if (auto read = gateway::read_json(s.raw.body, faults))
      s.body = std::move(*read);
    return s;
  }

  [[nodiscard]] rollcall::engine& engine() const {
    return *whose_->engine;
  }
  void apply(batch_maker& batch) const {
    const auto taken = engine().apply(batch.take());
    need(taken);
    BOOST_REQUIRE(taken->rejected.empty());
  }
  std::string create(std::string_view name, std::string_view json) const {
    const auto made = engine().create(name, json);
    need(made);
    need(engine().wait_built(name));
    return made->id;
  }
  void advance(std::string_view to) const {
    need(engine().advance(*model::parse_instant(to)));
  }

private:
  tests::temporary_directory directory_;
  std::shared_ptr<gateway::account> whose_ = std::make_shared<gateway::account>();
  std::optional<running_server> server_;
};

} // namespace gateway_tests
