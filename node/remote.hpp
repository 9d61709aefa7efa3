#pragma once

#include "node/command_line.hpp"
#include "node/http_client.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace node {

/// The environment variable that says what --key does not.
inline constexpr std::string_view key_variable = "ROLLCALL_KEY";

/// A server that is asked instead of opening its directory.
struct remote_options {
  std::string url; // Empty = the directory is opened.
  std::string key;
  std::string certificates;

  [[nodiscard]] bool is_wanted() const {
    return !url.empty();
  }
};

/// Adds --data or else --url with --key and --ca, and --json.
void add_place(CLI::App& command, common_options& common, remote_options& remote);

/// Asks a server's API and returns the document that it answers with; an empty one for answers
/// without a body. Its errors become failures that say what it said.
model::outcome<boost::json::object> ask(const remote_options& remote, std::string_view method,
                                        std::string_view target,
                                        const std::optional<boost::json::object>& body = {});
model::failure no_such_answer(const remote_options& remote);

/// The same, and makes something of its `data`; `read` may throw when that is not what it expects.
template <class Read>
auto ask_for(const remote_options& remote, std::string_view method, std::string_view target,
             const std::optional<boost::json::object>& body, Read&& read)
  -> model::outcome<decltype(read(std::declval<const boost::json::value&>()))> {
  const auto document = ask(remote, method, target, body);
  if (!document)
    return document.error();
  try {
    return read(document->at("data"));
  } catch (const std::exception&) {
    return no_such_answer(remote);
  }
}

/// {"data":{"type":…,"attributes":{…}}}
boost::json::object document_of(std::string_view type, boost::json::object attributes);

/// The engine of an account below a data directory; made where there is none, if it may be.
model::outcome<std::unique_ptr<rollcall::engine>>
open_account(const std::string& data, std::string_view account, bool may_make);
/// What to do about a directory that is in use.
model::failure with_advice(model::failure why);

} // namespace node
