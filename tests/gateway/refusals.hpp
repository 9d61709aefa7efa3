#pragma once

#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gateway_test {

/// What `act` refuses; none = it does not.
template <class F>
std::vector<gateway::error_entry> refused(F&& act) {
  try {
    static_cast<void>(act());
  } catch (const gateway::refusal& why) {
    return why.errors();
  }
  return {};
}

/// Whether `text` has `piece` in it, for messages of which only the gist counts.
inline bool tells(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

inline gateway::request get(std::string path, gateway::named_texts query = {}) {
  gateway::request asked;
  asked.method = "GET";
  asked.path = std::move(path);
  asked.query = std::move(query);
  asked.origin = "http://127.0.0.1:8080";
  return asked;
}

inline gateway::request post(std::string path, std::string body,
                             std::string content_type = "application/json") {
  auto asked = get(std::move(path));
  asked.method = "POST";
  asked.body = std::move(body);
  asked.headers.emplace_back("content-type", std::move(content_type));
  return asked;
}

} // namespace gateway_test
