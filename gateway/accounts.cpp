#include "gateway/accounts.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <future>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view account_kind = "account"; // Of documents.
constexpr std::string_view identity_document = "identity";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// True when an engine has been there.
bool holds_account(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / "account" / "data.mdb", ignored);
}

/// Trouble that concerns one account, so that the others may serve.
bool is_of_one_account(failure_code code) {
  return code != failure_code::in_use && code != failure_code::invalid_input
      && code != failure_code::conflict && code != failure_code::not_found;
}

} // namespace

std::filesystem::path account_directory(const std::filesystem::path& data, std::string_view name) {
  return name == default_account ? data : data / "accounts" / name;
}

bool is_account_name(std::string_view name) {
  return !name.empty() && name.size() <= account_name_characters_max && name.front() != '-'
      && name.front() != '_' && name.find_first_not_of(name_characters) == std::string_view::npos;
}

outcome<std::vector<std::string>> account_names(const std::filesystem::path& data) {
  std::vector<std::string> names;
  const auto folder = data / "accounts";
  std::error_code error;
  if (std::filesystem::is_directory(folder, error))
    for (std::filesystem::directory_iterator at{folder, error}, end; !error && at != end;
         at.increment(error)) {
      const auto name = at->path().filename().string();
      if (is_account_name(name) && name != default_account)
        names.push_back(name);
      else
        spdlog::warn("accounts: {} is passed over: its name is none of an account",
                     at->path().string());
    }
  if (error && error != std::errc::no_such_file_or_directory)
    return failure{failure_code::not_found, fmt::format("cannot list the accounts in {}: {}",
                                                        folder.string(), error.message())};
  std::ranges::sort(names);
  names.insert(names.begin(), std::string{default_account});
  return names;
}

outcome<std::string> account_id(rollcall::engine& engine) {
  const auto kept = engine.documents(account_kind);
  if (!kept)
    return kept.error();
  for (const auto& one : *kept) {
    if (one.id != identity_document)
      continue;
    try {
      return json::value_to<std::string>(json::parse(one.json).at("id"));
    } catch (const std::exception& e) {
      return failure{failure_code::storage_broken,
                     fmt::format("the account's own document cannot be read: {}", e.what())};
    }
  }
  const auto id = random_characters(key_id_characters);
  if (auto written = engine.put_document(account_kind, identity_document,
                                         json::serialize(json::object{{"id", id}}));
      !written)
    return written.error();
  return id;
}

// --- opening -------------------------------------------------------------------------------------

outcome<std::shared_ptr<account>> accounts::open_account(std::string_view name) const {
  auto opened = std::make_shared<account>();
  opened->name = name;
  opened->directory = account_directory(options_.data, name);
  auto wanted = options_.engine;
  wanted.directory = opened->directory;
  if (name != default_account && holds_account(wanted.directory)) {
    wanted.partitions.reset();
    wanted.account_zone.reset();
  }
  auto engine = rollcall::engine::open(std::move(wanted));
  if (!engine)
    return engine.error();
  opened->engine = std::move(*engine);
  return furnish(std::move(opened));
}

/// What belongs to an account beside its engine.
outcome<std::shared_ptr<account>> accounts::furnish(std::shared_ptr<account> opened) const {
  auto id = account_id(*opened->engine);
  if (!id)
    return id.error();
  opened->id = std::move(*id);
  auto keys = key_book::open(keys_of(*opened->engine));
  if (!keys)
    return keys.error();
  opened->keys = std::move(*keys);
  auto audit = audit_log::open(opened->directory / audit_file_name, options_.audit);
  if (!audit)
    return audit.error();
  opened->audit = std::move(*audit);
  opened->changes = std::make_unique<intake>(*opened->engine, options_.intake);
  return opened;
}

/// Nothing = it serves. A directory that was copied brings keys and an id that another account has
/// already; which of the two is meant could not be told.
std::optional<failure> accounts::enter(std::shared_ptr<account> opened) {
  const std::lock_guard lock{guard_};
  for (const auto& other : all_)
    if (other->id == opened->id)
      return failure{failure_code::conflict,
                     fmt::format("account {} has the id of account {}; was its directory copied?",
                                 opened->name, other->name)};
  for (const auto& key : opened->keys->all())
    by_key_id_.emplace(key.id, opened);
  all_.push_back(std::move(opened));
  return {};
}

outcome<std::unique_ptr<accounts>> accounts::open(accounts_options wanted) {
  std::unique_ptr<accounts> made{new accounts{std::move(wanted)}};
  auto names = account_names(made->options_.data);
  if (!names)
    return names.error();
  if (names->size() > accounts_max)
    return failure{failure_code::invalid_input,
                   fmt::format("{} holds {} accounts; one server has at most {}",
                               made->options_.data.string(), names->size(), accounts_max)};
  // The default account comes first: its directory is made before anything else is put into it.
  auto first = made->open_account(default_account);
  if (!first && !is_of_one_account(first.error().code))
    return first.error();
  if (auto why = made->take(default_account, std::move(first)))
    return std::move(*why);

  const std::size_t at_once = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t from = 1; from < names->size(); from += at_once) {
    std::vector<std::future<outcome<std::shared_ptr<account>>>> opening;
    const auto end = std::min(names->size(), from + at_once);
    for (auto i = from; i < end; ++i)
      opening.push_back(
        std::async(std::launch::async, [&, i] { return made->open_account((*names)[i]); }));
    std::optional<failure> ends;
    for (auto i = from; i < end; ++i)
      if (auto why = made->take((*names)[i], opening[i - from].get()))
        ends = std::move(why);
    if (ends)
      return std::move(*ends);
  }
  return made;
}

std::unique_ptr<accounts> accounts::hosted(accounts_options wanted) {
  return std::unique_ptr<accounts>{new accounts{std::move(wanted)}};
}

outcome<std::shared_ptr<account>> accounts::adopt(std::string_view name,
                                                  std::shared_ptr<rollcall::engine> engine,
                                                  const std::filesystem::path& directory) {
  auto opened = std::make_shared<account>();
  opened->name = name;
  opened->directory = directory;
  opened->engine = std::move(engine);
  auto whole = furnish(std::move(opened));
  if (!whole)
    return whole;
  auto made = *whole;
  if (auto why = enter(std::move(*whole)))
    return std::move(*why);
  return made;
}

std::shared_ptr<account> accounts::dismiss(std::string_view name) {
  const std::lock_guard lock{guard_};
  const auto found = std::ranges::find(all_, name, &account::name);
  if (found == all_.end())
    return nullptr;
  auto gone = *found;
  gone->is_dismissed = true;
  all_.erase(found);
  for (auto at = by_key_id_.begin(); at != by_key_id_.end();)
    at = at->second == gone ? by_key_id_.erase(at) : std::next(at);
  return gone;
}

/// Enters an account, or notes why it is closed. A failure = nobody may serve: another process has
/// the account open, and may be serving it.
std::optional<failure> accounts::take(std::string_view name,
                                      outcome<std::shared_ptr<account>> opened) {
  auto why = opened ? enter(std::move(*opened)) : std::optional{opened.error()};
  if (!why)
    return {};
  if (why->code == failure_code::in_use)
    return why;
  spdlog::error("accounts: account {} does not serve: {}", name, why->message);
  const std::lock_guard lock{guard_};
  closed_.push_back({std::string{name}, std::move(*why)});
  return {};
}

// --- asking --------------------------------------------------------------------------------------

std::vector<std::shared_ptr<account>> accounts::all() const {
  const std::shared_lock lock{guard_};
  return all_;
}

std::vector<closed_account> accounts::closed() const {
  const std::shared_lock lock{guard_};
  return closed_;
}

std::shared_ptr<account> accounts::by_name(std::string_view name) const {
  const std::shared_lock lock{guard_};
  const auto found = std::ranges::find(all_, name, &account::name);
  return found == all_.end() ? nullptr : *found;
}

key_holder accounts::by_key(std::string_view key, model::instant now) const {
  const auto id = std::string{id_of_key(key)};
  const std::shared_lock lock{guard_};
  const auto [first, last] = by_key_id_.equal_range(id);
  for (auto at = first; at != last; ++at)
    if (auto found = at->second->keys->verify(key, now))
      return {at->second, std::move(found)};
  return {nullptr, nullptr, first == last && !id.empty() && !closed_.empty()};
}

key_holder accounts::by_public_key(std::string_view id) const {
  const std::shared_lock lock{guard_};
  const auto found = std::ranges::find(all_, id, &account::id);
  if (found != all_.end())
    return {*found};
  return {nullptr, nullptr, id.size() == key_id_characters && !closed_.empty()};
}

// --- changing ------------------------------------------------------------------------------------

outcome<std::shared_ptr<account>> accounts::create(std::string_view name) {
  if (!is_account_name(name))
    return failure{failure_code::invalid_input,
                   fmt::format("\"{}\" is no name of an account: 1 to {} small letters, digits, - "
                               "and _, the first a letter or digit",
                               name, account_name_characters_max)};
  const std::lock_guard one_at_a_time{creating_};
  if (options_.make_elsewhere) {
    if (auto made = options_.make_elsewhere(name); !made)
      return made.error();
    if (auto found = by_name(name))
      return found;
    return failure{failure_code::unavailable,
                   fmt::format("account {} was made, and another node serves it", name)};
  }
  if (name == default_account || holds_account(account_directory(options_.data, name)))
    return failure{failure_code::conflict, fmt::format("there is an account {} already", name)};
  if (all().size() + closed().size() >= accounts_max)
    return failure{failure_code::conflict,
                   fmt::format("one server has at most {} accounts", accounts_max)};
  auto opened = open_account(name);
  if (!opened)
    return opened;
  auto made = *opened;
  if (auto why = enter(std::move(*opened)))
    return std::move(*why);
  return made;
}

outcome<made_key> accounts::create_key(const std::shared_ptr<account>& whose, const new_key& wanted,
                                       model::instant now) {
  auto made = whose->keys->create(wanted, now);
  if (!made)
    return made;
  const std::lock_guard lock{guard_};
  by_key_id_.emplace(made->kept.id, whose);
  return made;
}

} // namespace gateway
