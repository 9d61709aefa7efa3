#include "node/cluster_accounts.hpp"

#include "messages/operation.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

namespace node {

namespace {

using messages::operation_kind;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr auto try_again_after = std::chrono::milliseconds{200};
constexpr auto look_again_after = std::chrono::milliseconds{10};

model::instant this_second() {
  return model::floor_second(
    std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

/// For a client there is nothing wrong with what he asked: somebody else leads, or soon will.
failure not_performed(failure why) {
  if (why.code == failure_code::conflict)
    why.code = failure_code::unavailable;
  return why;
}

/// Puts an engine's operations into the log of its partition.
class account_order final : public rollcall::operation_order {
public:
  account_order(std::string account, std::shared_ptr<partition_door> door)
    : account_(std::move(account)), door_(std::move(door)) {
  }

  void put(std::string operation, performed done) override {
    auto what = messages::decode_operation(operation);
    if (!what)
      return done(what.error());
    what->account = account_;
    what->at = this_second();
    door_->put(messages::encode(*what),
               [done = std::move(done)](outcome<cluster::operation_answer> answer) {
                 if (!answer)
                   return done(not_performed(answer.error()));
                 done(rollcall::performed_operation{std::move(answer->value)});
               });
  }

private:
  std::string account_;
  std::shared_ptr<partition_door> door_;
};

} // namespace

// --- the door ------------------------------------------------------------------------------------

void partition_door::open(cluster::replica* to) {
  const std::lock_guard lock{guard_};
  to_ = to;
}

void partition_door::close() {
  open(nullptr);
}

void partition_door::put(std::string operation, cluster::replica::performed done) {
  {
    const std::shared_lock lock{guard_};
    if (to_)
      return to_->put(std::move(operation), std::move(done));
  }
  done(failure{failure_code::unavailable, "the node is starting or stopping"});
}

// --- accounts ------------------------------------------------------------------------------------

outcome<std::shared_ptr<cluster_accounts>> cluster_accounts::open(options wanted) {
  std::shared_ptr<cluster_accounts> made{new cluster_accounts{std::move(wanted)}};
  const auto& directory = made->options_.directory;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return failure{failure_code::not_found,
                   fmt::format("cannot make {}: {}", directory.string(), error.message())};
  for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end;
       at.increment(error)) {
    if (!at->is_directory())
      continue;
    rollcall::options opening;
    opening.clock = rollcall::clock_kind::manual;
    auto opened = made->open_account(at->path().filename().string(), std::move(opening));
    if (!opened)
      return opened.error();
    auto name = opened->name;
    made->accounts_.emplace(std::move(name), std::move(*opened));
  }
  if (error)
    return failure{failure_code::not_found,
                   fmt::format("cannot read {}: {}", directory.string(), error.message())};
  return made;
}

outcome<hosted_account> cluster_accounts::open_account(std::string_view name,
                                                       rollcall::options wanted) {
  hosted_account made{std::string{name}, options_.directory / name, nullptr};
  wanted.directory = made.directory;
  wanted.order = std::make_shared<account_order>(made.name, door_);
  auto engine = rollcall::engine::open(std::move(wanted));
  if (!engine)
    return engine.error();
  made.engine = std::move(*engine);
  return made;
}

std::vector<hosted_account> cluster_accounts::all() const {
  const std::lock_guard lock{guard_};
  std::vector<hosted_account> list;
  for (const auto& [name, account] : accounts_)
    list.push_back(account);
  return list;
}

/// Null = there is no such account.
outcome<std::shared_ptr<rollcall::engine>> cluster_accounts::find(std::string_view name) const {
  const std::lock_guard lock{guard_};
  const auto found = accounts_.find(name);
  if (found == accounts_.end())
    return std::shared_ptr<rollcall::engine>{};
  if (!found->second.engine)
    return failure{failure_code::unavailable, fmt::format("account {} is closed", name)};
  return found->second.engine;
}

// --- closed for a while --------------------------------------------------------------------------

bool cluster_accounts::is_unused() const {
  const std::lock_guard lock{guard_};
  return std::ranges::all_of(accounts_,
                             [](const auto& one) { return one.second.engine.use_count() <= 1; });
}

/// Whatever keeps an engine from opening may be over soon, and the account has to come back.
status cluster_accounts::open_again(const std::string& name) {
  for (;;) {
    rollcall::options wanted;
    wanted.clock = rollcall::clock_kind::manual;
    auto opened = open_account(name, std::move(wanted));
    if (opened) {
      const std::lock_guard lock{guard_};
      accounts_.find(name)->second.engine = std::move(opened->engine);
      return model::nothing{};
    }
    if (is_stopping_)
      return opened.error();
    spdlog::warn("cluster: account {} does not open again: {}", name, opened.error().message);
    std::this_thread::sleep_for(try_again_after);
  }
}

status cluster_accounts::while_closed(std::chrono::milliseconds patience,
                                      const std::function<status()>& work) {
  std::map<std::string, std::shared_ptr<rollcall::engine>> taken;
  {
    const std::lock_guard lock{guard_};
    for (auto& [name, account] : accounts_)
      taken.emplace(name, std::exchange(account.engine, nullptr));
  }
  const auto is_held = [&] {
    return std::ranges::any_of(taken, [](const auto& one) { return one.second.use_count() > 1; });
  };
  const auto until = std::chrono::steady_clock::now() + patience;
  while (is_held() && std::chrono::steady_clock::now() < until && !is_stopping_)
    std::this_thread::sleep_for(look_again_after);
  if (is_held() || is_stopping_) {
    const std::lock_guard lock{guard_};
    for (auto& [name, engine] : taken)
      accounts_.find(name)->second.engine = std::move(engine);
    return failure{failure_code::in_use, "somebody has an account of the partition"};
  }
  for (auto& [name, engine] : taken)
    engine.reset();
  auto worked = work();
  for (const auto& [name, engine] : taken)
    if (auto opened = open_again(name); !opened)
      return opened;
  return worked;
}

status cluster_accounts::create(std::uint64_t position, std::string_view name, model::instant at,
                                const std::vector<std::string>& texts, const performed& done) {
  const auto there = find(name);
  if (!there)
    return there.error();
  if (*there) {
    if (done)
      done({status{
        failure{failure_code::conflict, fmt::format("there is an account {} already", name)}}});
    return model::nothing{};
  }
  rollcall::options wanted;
  wanted.clock = rollcall::clock_kind::manual;
  wanted.start = at;
  std::uint32_t partitions = 0;
  for (const char digit : texts[0])
    partitions = partitions * 10 + static_cast<std::uint32_t>(digit - '0');
  wanted.partitions = partitions;
  wanted.account_zone = texts[1];
  // Room on the disk may come back, and every replica has to have the account.
  for (;;) {
    auto opened = open_account(name, wanted);
    if (opened) {
      if (auto settled = opened->engine->settle_order(position); !settled)
        return settled;
      const std::lock_guard lock{guard_};
      accounts_.emplace(std::string{name}, std::move(*opened));
      break;
    }
    if (is_stopping_)
      return opened.error();
    spdlog::warn("cluster: account {} cannot be made: {}", name, opened.error().message);
    std::this_thread::sleep_for(try_again_after);
  }
  if (done)
    done({status{model::nothing{}}});
  if (options_.came)
    options_.came();
  return model::nothing{};
}

status cluster_accounts::apply(std::uint64_t position, std::string_view operation, performed done) {
  const auto what = messages::decode_operation(operation);
  if (!what)
    return what.error();
  applied_ = position;
  if (what->kind == operation_kind::tick) {
    for (const auto& account : all()) {
      if (!account.engine)
        return failure{failure_code::unavailable, "the accounts are closed"};
      if (auto ticked = account.engine->perform(operation, position); !ticked)
        return ticked;
    }
    if (done)
      done({});
    return model::nothing{};
  }
  if (what->kind == operation_kind::create_account)
    return create(position, what->account, what->at, what->texts, done);
  const auto found = find(what->account);
  if (!found)
    return found.error();
  if (!*found) {
    if (done)
      done({});
    return model::nothing{};
  }
  std::function<void(rollcall::performed_operation)> answered;
  if (done)
    answered = [done = std::move(done)](rollcall::performed_operation answer) {
      done({std::move(answer.answer)});
    };
  return (*found)->perform(operation, position, std::move(answered));
}

status cluster_accounts::settle() {
  for (const auto& account : all()) {
    if (!account.engine)
      return failure{failure_code::unavailable, "the accounts are closed"};
    if (auto settled = account.engine->settle_order(applied_); !settled)
      return settled;
  }
  return model::nothing{};
}

void cluster_accounts::stop() {
  is_stopping_ = true;
  for (const auto& account : all())
    if (account.engine)
      account.engine->stop_performing();
}

void cluster_accounts::lead(bool is_leader) {
  if (options_.lead)
    options_.lead(is_leader);
}

// --- operations ----------------------------------------------------------------------------------

std::string new_account_operation(std::string_view name) {
  return messages::encode({.kind = operation_kind::create_account,
                           .at = this_second(),
                           .account = std::string{name},
                           .texts = {"4", "UTC"}});
}

std::string tick_operation() {
  return messages::encode({.kind = operation_kind::tick, .at = this_second()});
}

} // namespace node
