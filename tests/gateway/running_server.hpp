#pragma once

#include "gateway/server.hpp"
#include "tests/gateway/client.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace gateway_tests {

/// A server with a handler of the test's.
struct running_server {
  std::unique_ptr<gateway::server> it;

  explicit running_server(gateway::server::handler handle, gateway::server_options options = {}) {
    auto started = gateway::server::start(std::move(options), std::move(handle));
    if (!started)
      BOOST_FAIL(started.error().message);
    it = std::move(*started);
  }
  [[nodiscard]] client connect(client::transport by = client::transport::plain) const {
    return client{it->port(), by};
  }
};

inline gateway::answer text_answer(std::string body, unsigned status = 200) {
  gateway::answer a;
  a.status = status;
  a.content_type = "text/plain";
  a.body = std::move(body);
  return a;
}

/// Answers with what it was asked: method, path, query and length of the body.
inline void echo(const gateway::request& asked, const gateway::reply& done) {
  auto text = fmt::format("{} {}", asked.method, asked.path);
  for (const auto& [name, value] : asked.query)
    text += fmt::format(" {}={}", name, value);
  done(text_answer(text + fmt::format(" {}", asked.body.size())));
}

} // namespace gateway_tests
