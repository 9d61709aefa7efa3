#pragma once

#include "gateway/account.hpp"
#include "gateway/audit.hpp"
#include "gateway/intake.hpp"
#include "gateway/keys.hpp"

#include <boost/unordered/unordered_map.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

inline constexpr std::string_view default_account = "default";
inline constexpr std::size_t account_name_characters_max = 64;
inline constexpr std::size_t accounts_max = 256; // Of one server; each has threads of its own.

/// Where an account lies below a data directory: the directory itself is the default account.
std::filesystem::path account_directory(const std::filesystem::path& data, std::string_view name);
/// Small letters, digits, `-` and `_`, beginning with a letter or digit.
bool is_account_name(std::string_view name);
/// Names of the accounts that a data directory has, the default one first.
model::outcome<std::vector<std::string>> account_names(const std::filesystem::path& data);
/// The six characters by which an account is known outside; given to it when it is first asked for.
model::outcome<std::string> account_id(rollcall::engine& engine);

struct accounts_options {
  std::filesystem::path data;
  /// Of every engine; `directory` is filled in. Partitions and zone are those of new accounts.
  rollcall::options engine{};
  intake_bounds intake{};
  audit_bounds audit{};
  /// Of accounts that come and go by `adopt` and `dismiss`: makes a new one, which is adopted by
  /// the time this returns.
  std::function<model::status(std::string_view name)> make_elsewhere{};
};

/// Why an account does not serve.
struct closed_account {
  std::string name;
  model::failure why;
};

/// Who comes with a key.
struct key_holder {
  std::shared_ptr<account> whose; // Null = nobody.
  std::shared_ptr<const key_record> key{};
  /// The key may belong to an account that could not be opened.
  bool is_uncertain = false;
};

/// Every account of a data directory. Any thread.
class accounts {
public:
  /// Opens all of them, and makes the default one where there is none. An account that cannot be
  /// opened does not keep the others from serving, unless somebody else has it open or the
  /// directory is not Rollcall's.
  static model::outcome<std::unique_ptr<accounts>> open(accounts_options wanted);

  /// None at first, and opens none by itself: see `adopt`.
  static std::unique_ptr<accounts> hosted(accounts_options wanted);

  /// Serves an account whose engine somebody else has opened, from now on. `directory` is for what
  /// the account keeps beside the engine.
  model::outcome<std::shared_ptr<account>> adopt(std::string_view name,
                                                 std::shared_ptr<rollcall::engine> engine,
                                                 const std::filesystem::path& directory);
  /// Serves it no more. Requests that have it go on with it.
  std::shared_ptr<account> dismiss(std::string_view name);

  /// In the order of their names, the default one first.
  [[nodiscard]] std::vector<std::shared_ptr<account>> all() const;
  [[nodiscard]] std::vector<closed_account> closed() const;
  /// Null = there is none, or it is closed.
  [[nodiscard]] std::shared_ptr<account> by_name(std::string_view name) const;
  [[nodiscard]] key_holder by_key(std::string_view key, model::instant now) const;
  [[nodiscard]] key_holder by_public_key(std::string_view id) const;

  /// A new account, open. `conflict` when the name is taken.
  model::outcome<std::shared_ptr<account>> create(std::string_view name);
  /// A new key, which `by_key` knows when this returns.
  model::outcome<made_key> create_key(const std::shared_ptr<account>& whose, const new_key& wanted,
                                      model::instant now);

private:
  explicit accounts(accounts_options wanted) : options_(std::move(wanted)) {
  }
  model::outcome<std::shared_ptr<account>> open_account(std::string_view name) const;
  [[nodiscard]] model::outcome<std::shared_ptr<account>>
  furnish(std::shared_ptr<account> opened) const;
  std::optional<model::failure> enter(std::shared_ptr<account> opened);
  std::optional<model::failure> take(std::string_view name,
                                     model::outcome<std::shared_ptr<account>> opened);

  accounts_options options_;
  std::mutex creating_;
  mutable std::shared_mutex guard_;
  std::vector<std::shared_ptr<account>> all_;
  std::vector<closed_account> closed_;
  /// Ids are chosen by chance, in each account by itself; two accounts may have the same one.
  boost::unordered_multimap<std::string, std::shared_ptr<account>> by_key_id_;
};

} // namespace gateway
