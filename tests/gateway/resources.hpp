#pragma once

#include "gateway/account.hpp"
#include "gateway/dispatch.hpp"
#include "gateway/intake.hpp"
#include "gateway/json_text.hpp"
#include "gateway/router.hpp"
#include "gateway/target.hpp"
#include "tests/library/batch_maker.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <rollcall/rollcall.hpp>

#include <functional>
#include <future>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway_test {

/// What came back.
struct answered {
  unsigned status = 0;
  std::string text;
  boost::json::value body; // Null when there was none.

  /// The value at a JSON pointer; null, and a complaint, when there is none.
  [[nodiscard]] const boost::json::value& at(std::string_view pointer) const {
    static const boost::json::value nothing;
    boost::system::error_code failed;
    const auto* found = body.find_pointer(pointer, failed);
    BOOST_CHECK_MESSAGE(found != nullptr, "nothing at " << pointer << " of " << text);
    return found == nullptr ? nothing : *found;
  }
  [[nodiscard]] std::string text_at(std::string_view pointer) const {
    const auto& value = at(pointer);
    return value.is_string() ? std::string{value.get_string()} : gateway::json_text(value);
  }
  [[nodiscard]] std::size_t size_at(std::string_view pointer) const {
    const auto& value = at(pointer);
    return value.is_array() ? value.get_array().size() : value.as_object().size();
  }
  /// "pointer: detail" of the first error; the parameter's name where there is one.
  [[nodiscard]] std::string error() const {
    const auto& source = at("/errors/0/source").as_object();
    const auto* where = source.if_contains("pointer");
    if (where == nullptr)
      where = source.if_contains("parameter");
    return (where == nullptr ? std::string{} : std::string{where->as_string()} + ": ")
         + text_at("/errors/0/detail");
  }
};

/// An account with an engine in a directory of its own, whose manual clock starts on 1 January
/// 2026, and the routes of some resources. What asks goes through the dispatcher, as with a server.
class resources {
public:
  using add_routes = std::function<void(gateway::route_table&)>;

  explicit resources(std::initializer_list<add_routes> adding) {
    rollcall::options o;
    o.directory = directory_.path() / "store";
    o.clock = rollcall::clock_kind::manual;
    o.start = instant("2026-01-01");
    o.partitions = 3;
    auto opened = rollcall::engine::open(o);
    need(opened);
    whose_->id = "AbC123";
    whose_->name = "default";
    whose_->directory = o.directory;
    whose_->engine = std::move(*opened);
    whose_->changes = std::make_unique<gateway::intake>(*whose_->engine);
    auto routes = std::make_shared<gateway::route_table>();
    for (const auto& add : adding)
      add(*routes);
    ask_.emplace(std::move(routes), [whose = whose_](const gateway::route&, gateway::call& c) {
      c.whose = whose;
      c.key_id = "key";
      return gateway::admission{};
    });
  }

  /// `target` is the path, perhaps with a query: "/api/lists?fields[list]=name".
  answered ask(std::string_view method, std::string_view target, std::string body = {}) {
    auto read = gateway::read_target(target);
    need(read);
    gateway::request asked;
    asked.method = method;
    asked.path = std::move(read->path);
    asked.query = std::move(read->query);
    asked.body = std::move(body);
    asked.id = "request";
    asked.origin = "http://127.0.0.1:8080";
    if (!asked.body.empty())
      asked.headers.emplace_back("content-type", "application/vnd.api+json");
    const auto promise = std::make_shared<std::promise<gateway::answer>>();
    (*ask_)(std::move(asked), [promise](gateway::answer a) { promise->set_value(std::move(a)); });
    auto given = promise->get_future().get();
    answered a;
    a.status = given.status;
    a.text = std::move(given.body);
    if (!a.text.empty())
      a.body = gateway::own_json(a.text);
    return a;
  }
  answered get(std::string_view target) {
    return ask("GET", target);
  }
  answered post(std::string_view target, std::string body) {
    return ask("POST", target, std::move(body));
  }
  /// Follows a link of an answer.
  answered follow(const boost::json::value& link) {
    return get(std::string_view{link.as_string()});
  }

  [[nodiscard]] rollcall::engine& engine() {
    return *whose_->engine;
  }
  [[nodiscard]] gateway::account& account() {
    return *whose_;
  }
  void apply(batch_maker& batch) {
    auto taken = engine().apply(batch.take());
    need(taken);
    BOOST_REQUIRE(taken->rejected.empty());
  }
  void create_segment(std::string_view name, std::string_view json) {
    need(engine().create(name, json));
    need(engine().wait_built(name));
  }
  void advance(std::string_view to) {
    need(engine().advance(instant(to)));
  }

  static model::instant instant(std::string_view text) {
    return *model::parse_instant(text);
  }
  /// Ends the test with the failure's sentence.
  template <class T>
  static void need(const model::outcome<T>& o) {
    if (!o)
      BOOST_FAIL(o.error().message);
  }

private:
  tests::temporary_directory directory_;
  std::shared_ptr<gateway::account> whose_ = std::make_shared<gateway::account>();
  std::optional<gateway::dispatcher> ask_;
};

} // namespace gateway_test
