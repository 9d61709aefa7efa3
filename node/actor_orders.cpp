#include "node/actor_orders.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace node {

namespace {

using model::failure;
using model::failure_code;

exit_status say(const common_options& common, const model::outcome<boost::json::object>& answer,
                std::string_view sentence) {
  if (!answer)
    return complain(common, answer.error());
  if (common.json)
    fmt::print("{}\n", boost::json::serialize(*answer));
  else
    fmt::print("{}\n", sentence);
  return exit_status::fine;
}

/// Whoever asks has to write the name: a slip of the hand restarts nothing.
bool is_meant(const std::string& name, std::string_view deed,
              const std::function<std::string()>& next_line) {
  fmt::print(stderr, "Type {} to {} it: ", name, deed);
  std::fflush(stderr);
  return next_line() == name;
}

exit_status order_actor(const actor_order& order, const common_options& common,
                        const remote_options& remote,
                        const std::function<std::string()>& next_line) {
  const bool is_restart = order.stop.empty();
  const auto& name = is_restart ? order.restart : order.stop;
  const std::string_view deed = is_restart ? "restart" : "stop";
  if (!order.is_confirmed && !is_meant(name, deed, next_line))
    return complain(common, {failure_code::cancelled,
                             fmt::format("nothing was done: that was not {0}; --yes asks for no "
                                         "confirmation",
                                         name)});
  const auto answer = ask(remote, "POST",
                          fmt::format("/api/rollcall/actors/{}/{}", path_segment(name), deed));
  return say(common, answer, fmt::format("{} was {}", name, is_restart ? "restarted" : "stopped"));
}

} // namespace

bool is_wanted(const actor_order& order) {
  return !order.log_level.empty() || !order.restart.empty() || !order.stop.empty();
}

exit_status carry_out(const actor_order& order, const common_options& common,
                      const remote_options& remote, const std::function<std::string()>& next_line) {
  const auto count = (order.log_level.empty() ? 0 : 1) + (order.restart.empty() ? 0 : 1)
                   + (order.stop.empty() ? 0 : 1);
  if (count != 1)
    return complain_of_usage(common, "--log-level, --restart and --stop are one order each; give "
                                     "one of them at a time");
  if (order.log_level.empty())
    return order_actor(order, common, remote, next_line);
  return say(common,
             ask(remote, "PUT", "/api/rollcall/log-level",
                 document_of("log-level", {{"level", order.log_level}})),
             fmt::format("The server logs at {} now", order.log_level));
}

std::string path_segment(std::string_view text) {
  std::string out;
  for (const auto c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')
                       || (byte >= 'a' && byte <= 'z') || c == '-' || c == '_' || c == '.';
    if (is_plain)
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

} // namespace node
