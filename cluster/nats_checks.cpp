#include "cluster/nats_checks.hpp"

#include "cluster/nats_log.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <istream>
#include <iterator>
#include <set>
#include <vector>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using std::chrono::milliseconds;

constexpr milliseconds answer_within{3000};
constexpr std::size_t answer_bytes_max = std::size_t{1} << 22;
// A record and the headers that go with it.
constexpr std::uint64_t payload_bytes_needed = partition_log::record_bytes_max + 1024;

constexpr std::string_view what_to_install =
  "Rollcall keeps its log with nats-server 2.10.27 or later only, because older ones lose "
  "acknowledged records. Install Debian 13's nats-server (see \"NATS servers\" in "
  "docs/operations.md) and restart it";

failure refused(std::string message) {
  return {failure_code::invalid_input, std::move(message)};
}

const boost::json::object* object_in(const boost::json::object& outer, std::string_view name) {
  const auto* found = outer.if_contains(name);
  return found ? found->if_object() : nullptr;
}

std::string text_in(const boost::json::object& outer, std::string_view name) {
  const auto* found = outer.if_contains(name);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{*text} : std::string{};
}

bool true_in(const boost::json::object& outer, std::string_view name) {
  const auto* found = outer.if_contains(name);
  const auto* value = found ? found->if_bool() : nullptr;
  return value && *value;
}

std::uint64_t number_in(const boost::json::object& outer, std::string_view name) {
  const auto* found = outer.if_contains(name);
  if (!found || !found->is_number())
    return 0;
  boost::system::error_code wrong;
  const auto value = found->to_number<std::uint64_t>(wrong);
  return wrong ? 0 : value;
}

std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::system::error_code wrong;
  auto parsed = boost::json::parse(text, wrong);
  if (wrong || !parsed.is_object())
    return std::nullopt;
  return std::move(parsed.as_object());
}

model::outcome<boost::asio::ip::tcp::iostream> call(const nats_address& at, std::string_view url,
                                                    milliseconds patience) {
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(patience);
  stream.connect(at.host, at.port);
  if (!stream)
    return unavailable(fmt::format("{}: cannot connect: {}", url, stream.error().message()));
  return stream;
}

// The body that a monitoring endpoint answers with.
model::outcome<std::string> fetch(const std::string& url, std::string_view path) {
  constexpr std::array<std::string_view, 1> schemes{"http"};
  const auto at = parse_nats_address(url, schemes);
  if (!at)
    return at.error();
  auto stream = call(*at, url, answer_within);
  if (!stream)
    return unavailable(stream.error().message
                       + ". The monitoring endpoint is the line `http: …` of the server's file");
  *stream << fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", path, at->host)
          << std::flush;
  std::string answer;
  for (std::istreambuf_iterator<char> at_byte{*stream}, end;
       at_byte != end && answer.size() < answer_bytes_max; ++at_byte)
    answer += *at_byte;
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || answer.find(" 200 ") != 8 || body == std::string::npos)
    return unavailable(fmt::format("{}{}: no answer that can be read: {}", url, path,
                                   answer.substr(0, std::min<std::size_t>(answer.find('\r'), 80))));
  return answer.substr(body + 4);
}

model::status accept_version(std::string_view text, std::string_view url) {
  const auto version = parse_nats_version(text);
  if (version && *version >= oldest_nats_version)
    return model::nothing{};
  return refused(fmt::format("{}: this is nats-server {}. {}", url, text, what_to_install));
}

// The numbers of JetStream's errors.
constexpr std::int64_t no_resources = 10023;
constexpr std::int64_t no_storage = 10047;
constexpr std::int64_t message_too_large = 10054;
constexpr std::int64_t wrong_last_sequence = 10071;
constexpr std::int64_t store_failed = 10077;

failure refusal(const boost::json::object& error, std::string_view stream, std::uint64_t last) {
  const auto* code = error.if_contains("err_code");
  const auto* described = error.if_contains("description");
  const auto number = code && code->is_int64() ? code->get_int64() : 0;
  const std::string text{described && described->is_string() ? described->get_string() : ""};
  if (number == wrong_last_sequence)
    return {failure_code::conflict,
            fmt::format("{}: does not end with record {}: {}", stream, last, text)};
  // The number stands for every failure to store, and only this one is known to store nothing.
  if ((number == store_failed && text.find("maximum bytes") != std::string::npos)
      || number == no_storage || number == no_resources)
    return {failure_code::storage_full,
            fmt::format("{}: the log is full: {}. It takes records again once it was trimmed",
                        stream, text)};
  if (number == message_too_large)
    return {failure_code::invalid_input, fmt::format("{}: {}", stream, text)};
  return unavailable(fmt::format("{}: {} ({})", stream, text, number));
}

} // namespace

failure unavailable(std::string message) {
  return {failure_code::unavailable, std::move(message)};
}

std::optional<nats_version> parse_nats_version(std::string_view text) {
  std::array<std::uint32_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with('.'))
        return std::nullopt;
      text.remove_prefix(1);
    }
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    if (wrong != std::errc{})
      return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty() && text.front() != '-' && text.front() != '+')
    return std::nullopt;
  return nats_version{parts[0], parts[1], parts[2], !text.starts_with('-')};
}

model::outcome<nats_address> parse_nats_address(std::string_view url,
                                                std::span<const std::string_view> schemes) {
  const auto wrong = [&](std::string_view why) {
    return refused(fmt::format("'{}' is no address of a NATS server: {}; an example is "
                               "{}://10.0.0.1:4222",
                               url, why, schemes.front()));
  };
  const auto mark = url.find("://");
  if (mark == std::string_view::npos || !std::ranges::count(schemes, url.substr(0, mark)))
    return wrong("its scheme is not known");
  auto rest = url.substr(mark + 3);
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  if (rest.find_first_of("@/?#") != std::string_view::npos)
    return wrong("there is more than a host and a port in it");
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos)
    return wrong("it has no port");
  auto host = rest.substr(0, colon);
  const auto port = rest.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (bad != std::errc{} || end != port.data() + port.size() || number == 0)
    return wrong("its port is no number");
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  if (host.empty())
    return wrong("it has no host");
  return nats_address{std::string{host}, std::string{port}};
}

model::outcome<nats_address> parse_nats_address(std::string_view url) {
  constexpr std::array<std::string_view, 2> schemes{"nats", "tls"};
  return parse_nats_address(url, schemes);
}

model::outcome<nats_greeting> greet_nats_server(const std::string& url, milliseconds patience) {
  const auto at = parse_nats_address(url);
  if (!at)
    return at.error();
  auto stream = call(*at, url, patience);
  if (!stream)
    return stream.error();
  std::string line;
  while (line.size() < answer_bytes_max && !line.ends_with('\n')) {
    const auto byte = stream->get();
    if (byte == std::istream::traits_type::eof())
      break;
    line += static_cast<char>(byte);
  }
  constexpr std::string_view word = "INFO ";
  const auto told = line.starts_with(word)
                    ? parse_object(std::string_view{line}.substr(word.size()))
                    : std::nullopt;
  if (!told)
    return unavailable(
      fmt::format("{}: whoever listens there does not greet like a NATS server", url));
  return nats_greeting{.server_id = text_in(*told, "server_id"),
                       .version = text_in(*told, "version"),
                       .payload_bytes_max = number_in(*told, "max_payload"),
                       .has_jetstream = true_in(*told, "jetstream")};
}

model::status accept_nats_greeting(const nats_greeting& greeting, std::string_view url) {
  if (auto version = accept_version(greeting.version, url); !version)
    return version;
  if (!greeting.has_jetstream)
    return refused(fmt::format("{}: this server has no JetStream. Give its file a `jetstream {{ "
                               "store_dir: …, sync_interval: always }}` and restart it",
                               url));
  if (greeting.payload_bytes_max < payload_bytes_needed)
    return refused(fmt::format("{}: this server takes messages of {} bytes at most, and records "
                               "need {}. Write `max_payload: 8MB` into its file and restart it",
                               url, greeting.payload_bytes_max, payload_bytes_needed));
  return model::nothing{};
}

model::status accept_nats_monitoring(std::string_view varz, std::string_view jsz,
                                     std::size_t servers, std::string_view url) {
  const auto general = parse_object(varz);
  const auto jetstream = parse_object(jsz);
  if (!general || !jetstream)
    return unavailable(fmt::format("{}: this is not what a NATS server answers", url));
  if (auto version = accept_version(text_in(*general, "version"), url); !version)
    return version;
  const auto* config = object_in(*jetstream, "config");
  if (!config)
    return refused(fmt::format("{}: this server has no JetStream. Give its file a `jetstream {{ "
                               "store_dir: …, sync_interval: always }}` and restart it",
                               url));
  if (!true_in(*config, "sync_always"))
    return refused(fmt::format("{}: this server acknowledges records before they are on disk, and "
                               "a power failure takes them. Write `sync_interval: always` into the "
                               "`jetstream` part of its file and restart it",
                               url));
  const auto* meta = object_in(*jetstream, "meta_cluster");
  const auto group = meta ? number_in(*meta, "cluster_size") : 1;
  if (group != servers)
    return unavailable(
      fmt::format("{}: this server knows a group of {}, but the configuration names "
                  "{}. Wait until all of them run; if it stays so, correct `routes` in "
                  "the servers' files, restart the servers one after another and look "
                  "at meta_cluster.cluster_size in /jsz",
                  url, group, servers));
  return model::nothing{};
}

model::outcome<std::uint64_t> read_nats_answer(std::string_view answer, std::string_view stream,
                                               std::uint64_t last) {
  boost::system::error_code wrong;
  const auto parsed = boost::json::parse(answer, wrong);
  const auto* told = wrong ? nullptr : parsed.if_object();
  if (!told)
    return unavailable(fmt::format("{}: an answer that cannot be read", stream));
  if (const auto* error = told->if_contains("error"); error && error->is_object())
    return refusal(error->get_object(), stream, last);
  const auto* in = told->if_contains("stream");
  const auto* at = told->if_contains("seq");
  // A duplicate with sequence 0 is said of records that were never stored, and a record that is
  // elsewhere than behind `last` came in after its writer was given up.
  if (!in || !in->is_string() || in->get_string() != stream || !at || !at->is_int64()
      || at->get_int64() <= 0 || static_cast<std::uint64_t>(at->get_int64()) != last + 1)
    return unavailable(fmt::format("{}: an answer that is not about record {}: {}", stream,
                                   last + 1, answer.substr(0, 200)));
  return last + 1;
}

std::optional<std::uint64_t> parse_nats_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<std::uint64_t> nats_sequence_of(std::string_view reply) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= reply.size();) {
    const auto dot = std::min(reply.find('.', at), reply.size());
    words.push_back(reply.substr(at, dot - at));
    at = dot + 1;
  }
  if (words.size() < 9 || words[0] != "$JS" || words[1] != "ACK")
    return std::nullopt;
  // Either …STREAM.CONSUMER.deliveries.SEQUENCE.…, or with a domain and an account before STREAM.
  return parse_nats_number(words[words.size() >= 11 ? 7 : 5]);
}

model::status check_nats_servers(const nats_settings& settings, nats_check what) {
  if (settings.monitoring.size() != settings.servers.size())
    return refused(fmt::format("{} NATS servers are named but {} monitoring endpoints. Name the "
                               "endpoint of every server",
                               settings.servers.size(), settings.monitoring.size()));
  std::set<std::string> seen;
  auto may_be_away = what == nats_check::every_server ? 0 : (settings.servers.size() - 1) / 2;
  for (const auto& url : settings.monitoring) {
    const auto varz = fetch(url, "/varz");
    const auto jsz = varz ? fetch(url, "/jsz") : varz;
    if (!jsz) {
      if (jsz.error().code != failure_code::unavailable || may_be_away == 0)
        return jsz.error();
      --may_be_away;
      spdlog::warn("nats: a server was not checked, because it does not answer: {}",
                   jsz.error().message);
      continue;
    }
    if (auto fine = accept_nats_monitoring(*varz, *jsz, settings.servers.size(), url); !fine)
      return fine;
    if (!seen.insert(text_in(*parse_object(*varz), "server_id")).second)
      return refused(
        fmt::format("{}: this is the endpoint of a server that was asked before. Name the endpoint "
                    "of every server once",
                    url));
  }
  return model::nothing{};
}

} // namespace cluster
