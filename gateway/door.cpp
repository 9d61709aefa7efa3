#include "gateway/door.hpp"

#include "gateway/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace gateway {

namespace {

constexpr std::string_view key_scheme = "klaviyo-api-key";
constexpr std::string_view never_retry_sooner_s = "5"; // After a 503.

constexpr std::array<std::string_view, 3> change_routes{"/api/events", "/api/profiles",
                                                        "/api/profile-import"};

answer refuse(error_entry why, const request& asked) {
  return to_answer({std::move(why)}, asked.id);
}

answer not_authenticated(const request& asked) {
  error_entry e{401, "not_authenticated", "Authentication failed."};
  e.detail = "Missing or incorrect private key: send 'Authorization: Klaviyo-API-Key pk_…'.";
  auto a = refuse(std::move(e), asked);
  a.headers.emplace_back("WWW-Authenticate", "Klaviyo-API-Key");
  return a;
}

answer account_is_closed(const request& asked) {
  error_entry e{503, "unavailable", "The server cannot do this now."};
  e.detail = "An account of this server could not be opened, and the key may belong to it; "
             "/readyz says why.";
  auto a = refuse(std::move(e), asked);
  a.headers.emplace_back("Retry-After", never_retry_sooner_s);
  return a;
}

answer lacks_scope(std::string_view scope, const request& asked) {
  error_entry e{403, "permission_denied", "The key may not do this."};
  e.detail = fmt::format("The key lacks the scope '{}'.", scope);
  return refuse(std::move(e), asked);
}

answer throttled(std::chrono::seconds wait, const request& asked) {
  error_entry e{429, "throttled", "Request was throttled."};
  e.detail = fmt::format("Request was throttled. Expected available in {} seconds.", wait.count());
  auto a = refuse(std::move(e), asked);
  a.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return a;
}

/// The key in "Klaviyo-API-Key pk_…"; empty = there is none.
std::string_view key_of(const request& asked) {
  const auto* header = asked.header("authorization");
  if (header == nullptr)
    return {};
  std::string_view text{*header};
  const auto is_same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  };
  if (text.size() <= key_scheme.size() || text[key_scheme.size()] != ' '
      || !std::ranges::equal(text.substr(0, key_scheme.size()), key_scheme, is_same))
    return {};
  text.remove_prefix(text.find_first_not_of(' ', key_scheme.size()) == std::string_view::npos
                       ? text.size()
                       : text.find_first_not_of(' ', key_scheme.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// "2026-07-15" or "2026-07-15.pre". Other revisions than ours are answered like ours.
bool is_revision(std::string_view text) {
  const auto day = text.substr(0, 10);
  const auto suffix = text.substr(day.size());
  const auto is_word = [](std::string_view word) {
    return !word.empty()
        && std::ranges::all_of(word, [](unsigned char c) { return std::isalnum(c) != 0; });
  };
  const auto looks_like_a_day = day.size() == 10 && day[4] == '-' && day[7] == '-';
  return looks_like_a_day && model::parse_instant(day)
      && (suffix.empty() || (suffix.front() == '.' && is_word(suffix.substr(1))));
}

std::optional<answer> check_revision(const request& asked) {
  const auto* revision = asked.header("revision");
  if (revision == nullptr || is_revision(*revision))
    return {};
  error_entry e;
  e.detail = fmt::format("revision: '{}' is no revision; write a day such as 2026-07-15, or leave "
                         "the header out.",
                         *revision);
  return refuse(std::move(e), asked);
}

bool is_write(const route& to) {
  return std::ranges::any_of(to.scopes,
                             [](const std::string& scope) { return scope.ends_with(":write"); });
}

} // namespace

moment moment::now() {
  return {std::chrono::time_point_cast<model::instant::duration>(std::chrono::system_clock::now()),
          std::chrono::steady_clock::now()};
}

void only_for_default_account(const call& asks) {
  if (!asks.whose || asks.whose->name == default_account)
    return;
  error_entry e{403, "permission_denied", "The key may not do this."};
  e.detail = fmt::format("This concerns the whole server and needs a key of the account {}; this "
                         "one belongs to {}.",
                         default_account, asks.whose->name);
  throw refusal{std::move(e)};
}

bool is_change(const route& to) {
  return to.method != "GET" && to.by == entrance::private_key
      && (to.pattern.find("-bulk-") != std::string::npos
          || std::ranges::find(change_routes, to.pattern) != change_routes.end());
}

std::optional<answer> doorkeeper::identify(const route& to, call& entering, model::instant now,
                                           std::shared_ptr<const key_record>& key) const {
  const auto& asked = entering.asked;
  key_holder found;
  if (to.by == entrance::public_key) {
    const auto* id = asked.parameter("company_id");
    if (id == nullptr)
      return refuse(invalid_parameter("company_id", "company_id: the public key is missing."),
                    asked);
    found = accounts_.by_public_key(*id);
    if (!found.whose && !found.is_uncertain)
      return refuse(
        invalid_parameter("company_id", fmt::format("company_id: '{}' is no public key.", *id)),
        asked);
  } else {
    found = accounts_.by_key(key_of(asked), now);
  }
  if (!found.whose)
    return found.is_uncertain ? account_is_closed(asked) : not_authenticated(asked);
  entering.whose = std::move(found.whose);
  key = std::move(found.key);
  entering.key_id = key ? key->id : "";
  return {};
}

admission doorkeeper::admit(const route& to, call& entering, moment now) {
  if (to.by == entrance::open)
    return {};
  const auto& asked = entering.asked;
  std::shared_ptr<const key_record> key;
  if (auto refused = identify(to, entering, now.calendar, key))
    return {.refused = std::move(refused)};
  if (auto refused = check_revision(asked))
    return {.refused = std::move(refused)};
  if (key) {
    if (const auto missing = missing_scope(key->scopes, to.scopes))
      return {.refused = lacks_scope(*missing, asked)};
  }
  const auto verdict = limits_.take({.key = key ? std::string_view{key->id} : asked.peer,
                                     .account = entering.whose->id,
                                     .route = to.method + ' ' + to.pattern,
                                     .tier = tier_named(to.tier),
                                     .is_change = is_change(to)},
                                    now.steady);
  if (!verdict.is_allowed)
    return {.refused = throttled(verdict.retry_after, asked)};
  admission in;
  if (verdict.limit != 0)
    in.headers = {{"RateLimit-Limit", std::to_string(verdict.limit)},
                  {"RateLimit-Remaining", std::to_string(verdict.remaining)},
                  {"RateLimit-Reset", std::to_string(verdict.reset.count())}};
  return in;
}

void doorkeeper::note(const route& to, const call& answered, unsigned status, moment now) {
  // Who asks too often must not fill the log too.
  if (answered.key_id.empty() || !answered.whose || !is_write(to) || status == 429)
    return;
  answered.whose->audit->add({.at = now.calendar,
                              .key_id = answered.key_id,
                              .method = to.method,
                              .route = to.pattern,
                              .status = status,
                              .request_id = answered.asked.id});
}

} // namespace gateway
