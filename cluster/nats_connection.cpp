#include "cluster/nats_connection.hpp"

#include "cluster/nats_checks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace cluster {

namespace {

using model::failure;
using model::failure_code;
using std::chrono::milliseconds;

constexpr milliseconds dial_patience{2000};
// A server that hangs is noticed after two pings without an answer, or when it does not take what
// is written to it. The write itself holds the library's lock, so it needs a limit of its own.
constexpr milliseconds ping_every{2000};
constexpr int pings_unanswered_max = 2;
constexpr milliseconds write_patience{3000};
constexpr milliseconds look_every{50};
constexpr milliseconds dial_again_after{250};

using options = nats_handle<natsOptions, natsOptions_Destroy>;

void report(natsConnection*, natsSubscription*, natsStatus status, void*) {
  spdlog::warn("nats: {}", natsStatus_GetText(status));
}

// Everything that is the same for every server. The first failure counts.
natsStatus set_options(natsOptions* made, const nats_settings& settings, const std::string& url,
                       const std::string& host) {
  natsStatus status = natsOptions_SetURL(made, url.c_str());
  const auto set = [&status](natsStatus next) {
    if (status == NATS_OK)
      status = next;
  };
  set(natsOptions_SetName(made, "rollcall"));
  set(natsOptions_SetTimeout(made, dial_patience.count()));
  set(natsOptions_SetAllowReconnect(made, false));
  set(natsOptions_SetReconnectBufSize(made, 1));
  set(natsOptions_SetIgnoreDiscoveredServers(made, true));
  set(natsOptions_SetPingInterval(made, ping_every.count()));
  set(natsOptions_SetMaxPingsOut(made, pings_unanswered_max));
  set(natsOptions_SetWriteDeadline(made, write_patience.count()));
  set(natsOptions_SetSendAsap(made, true));
  set(natsOptions_SetErrorHandler(made, report, nullptr));
  if (!settings.authority_file.empty()) {
    set(natsOptions_SetSecure(made, true));
    set(natsOptions_LoadCATrustedCertificates(made, settings.authority_file.c_str()));
    set(natsOptions_LoadCertificatesChain(made, settings.certificate_file.c_str(),
                                          settings.key_file.c_str()));
    set(natsOptions_SetExpectedHostname(made, host.c_str()));
  }
  if (!settings.user.empty())
    set(natsOptions_SetUserInfo(made, settings.user.c_str(), settings.password.c_str()));
  if (!settings.nkey.empty())
    set(natsOptions_SetNKeyFromSeed(made, settings.nkey.c_str(), settings.nkey_seed_file.c_str()));
  return status;
}

model::status check_settings(const nats_settings& settings) {
  const auto wrong = [](std::string_view why) {
    return failure{failure_code::invalid_input, std::string{why}};
  };
  if (settings.servers.empty())
    return wrong("No NATS server is named. Name at least one, better three");
  for (const auto& url : settings.servers)
    if (const auto at = parse_nats_address(url); !at)
      return at.error();
  const std::array files{settings.authority_file.empty(), settings.certificate_file.empty(),
                         settings.key_file.empty()};
  if (std::ranges::adjacent_find(files, std::not_equal_to<>{}) != files.end())
    return wrong("TLS to the NATS servers needs an authority, a certificate and its key. Give all "
                 "three files or none");
  if (settings.nkey.empty() != settings.nkey_seed_file.empty())
    return wrong("An nkey for the NATS servers needs its seed file. Give both or none");
  const auto usable = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (settings.prefix.empty() || !std::ranges::all_of(settings.prefix, usable))
    return wrong(fmt::format("'{}' cannot be the prefix of streams. Use lower case letters, digits "
                             "and '_'",
                             settings.prefix));
  return model::nothing{};
}

} // namespace

std::string nats_error_text(natsStatus status) {
  natsStatus last = NATS_OK;
  const char* detail = nats_GetLastError(&last);
  const std::string text = natsStatus_GetText(status);
  return last == status && detail && *detail ? fmt::format("{} ({})", text, detail) : text;
}

model::outcome<std::shared_ptr<nats_link>> nats_link::dial(const nats_settings& settings,
                                                           const std::string& url) {
  const auto at = parse_nats_address(url);
  if (!at)
    return at.error();
  const auto greeting = greet_nats_server(url, dial_patience);
  if (!greeting)
    return greeting.error();
  if (const auto fine = accept_nats_greeting(*greeting, url); !fine)
    return fine.error();

  natsOptions* raw_options = nullptr;
  auto status = natsOptions_Create(&raw_options);
  const options made{raw_options};
  if (status == NATS_OK)
    status = set_options(made.get(), settings, url, at->host);
  if (status != NATS_OK)
    return failure{failure_code::invalid_input,
                   fmt::format("{}: these settings cannot be used: {}. Look at the certificates, "
                               "the key and the nkey",
                               url, nats_error_text(status))};
  auto link = std::make_shared<nats_link>();
  link->url_ = url;
  natsConnection* raw_connection = nullptr;
  status = natsConnection_Connect(&raw_connection, made.get());
  link->connection_.reset(raw_connection);
  if (status == NATS_CONNECTION_AUTH_FAILED || status == NATS_SECURE_CONNECTION_REQUIRED
      || status == NATS_SECURE_CONNECTION_WANTED || status == NATS_SSL_ERROR)
    return failure{failure_code::invalid_input,
                   fmt::format("{}: the server and we do not trust each other: {}. Compare user, "
                               "nkey and certificates of both sides",
                               url, nats_error_text(status))};
  if (status != NATS_OK)
    return failure{failure_code::unavailable,
                   fmt::format("{}: cannot connect: {}", url, nats_error_text(status))};
  // The one that greeted, not another that took its place since.
  std::array<char, 128> server_id{};
  natsConnection_GetConnectedServerId(raw_connection, server_id.data(), server_id.size());
  if (greeting->server_id != server_id.data())
    return failure{failure_code::unavailable, fmt::format("{}: was restarted just now", url)};
  jsOptions waits;
  jsOptions_Init(&waits);
  waits.Wait = settings.answer_patience.count();
  jsCtx* raw_jetstream = nullptr;
  status = natsConnection_JetStream(&raw_jetstream, raw_connection, &waits);
  link->jetstream_.reset(raw_jetstream);
  if (status != NATS_OK)
    return failure{failure_code::unavailable,
                   fmt::format("{}: JetStream: {}", url, nats_error_text(status))};
  return link;
}

bool nats_link::works() const {
  return natsConnection_Status(connection_.get()) == NATS_CONN_STATUS_CONNECTED;
}

void nats_link::end() {
  natsConnection_Close(connection_.get());
}

nats_line::nats_line(const nats_settings& settings, std::string what)
  : settings_{settings}, what_{std::move(what)} {
}

nats_line::~nats_line() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable())
    keeper_.join();
}

model::status nats_line::open() {
  auto made = dial_any();
  if (!made)
    return made.error();
  current_ = std::move(*made);
  keeper_ = std::thread{[this] { keep(); }};
  return model::nothing{};
}

model::outcome<std::shared_ptr<nats_link>> nats_line::link() const {
  const std::scoped_lock lock{mutex_};
  if (!current_)
    return failure{failure_code::unavailable,
                   fmt::format("there is no connection to a NATS server: {}", why_not_)};
  return current_;
}

model::outcome<std::shared_ptr<nats_link>> nats_line::dial_any() {
  std::optional<failure> worst;
  for (std::size_t i = 0; i < settings_.servers.size(); ++i) {
    const auto& url = settings_.servers[next_ % settings_.servers.size()];
    auto made = nats_link::dial(settings_, url);
    if (made)
      return made;
    ++next_;
    // A server that has to be changed says more than one that does not answer.
    if (!worst
        || (worst->code == failure_code::unavailable
            && made.error().code != failure_code::unavailable))
      worst = made.error();
  }
  return *worst;
}

void nats_line::keep() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (current_ && !current_->works()) {
      why_not_ = fmt::format("{} is gone", current_->url());
      spdlog::warn("nats: {}: lost: {}", what_, current_->url());
      ++next_;
      current_.reset();
    }
    if (current_) {
      changed_.wait_for(lock, look_every);
      continue;
    }
    lock.unlock();
    auto made = dial_any();
    lock.lock();
    if (made) {
      current_ = std::move(*made);
      spdlog::info("nats: {}: connected: {}", what_, current_->url());
      continue;
    }
    if (why_not_ != made.error().message)
      spdlog::warn("nats: {}: cannot connect: {}", what_, made.error().message);
    why_not_ = made.error().message;
    changed_.wait_for(lock, dial_again_after, [this] { return stopping_; });
  }
}

nats_connection::nats_connection(nats_settings given)
  : settings{std::move(given)}, appends{settings, "appends"}, questions{settings, "questions"} {
}

model::outcome<std::shared_ptr<nats_connection>> connect_nats(nats_settings settings) {
  if (const auto fine = check_settings(settings); !fine)
    return fine.error();
  for (const auto& url : settings.servers) {
    const auto greeting = greet_nats_server(url, dial_patience);
    if (!greeting)
      continue;
    if (const auto fine = accept_nats_greeting(*greeting, url); !fine)
      return fine.error();
  }
  auto made = std::make_shared<nats_connection>(std::move(settings));
  for (auto* line : {&made->appends, &made->questions})
    if (const auto opened = line->open(); !opened)
      return opened.error();
  return made;
}

} // namespace cluster
