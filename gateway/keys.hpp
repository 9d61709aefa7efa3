#pragma once

#include "gateway/scopes.hpp"
#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

/// Private keys: `pk_`, six characters by which the key is found, and a secret. What is kept of a
/// key is not enough to use it.
namespace gateway {

inline constexpr std::string_view key_prefix = "pk_";
inline constexpr std::size_t key_id_characters = 6;
inline constexpr std::size_t key_secret_characters = 40; // Of 62: 238 bits.
inline constexpr std::size_t key_name_bytes_max = 256;
inline constexpr std::string_view
  first_key_name = "first";                     // Of the key that an account begins with.
inline constexpr std::size_t keys_max = 10'000; // Of one account, revoked ones too.

/// What is kept of a key.
struct key_record {
  std::string id; // Six letters and digits.
  std::string name;
  std::vector<std::string> scopes; // As given: "profiles:read", or a shorthand.
  model::instant created{};
  std::optional<model::instant> expires{};
  std::optional<model::instant> revoked{};
  std::string salt; // 32 hexadecimal digits.
  std::string hash; // SHA-256 of salt and key, as 64 hexadecimal digits.
};

/// A key that is to be.
struct new_key {
  std::string name{};
  std::vector<std::string> scopes{std::string{full_access}};
  std::optional<model::instant> expires{};
};

/// `key` is shown once, to whoever asked for it, and forgotten.
struct made_key {
  key_record kept;
  std::string key;
};

/// `count` letters and digits from OpenSSL's source of randomness, each of the 62 equally likely.
std::string random_characters(std::size_t count);

/// Refuses unknown scopes, a long name and an end that is over.
model::outcome<made_key> make_key(const new_key& wanted, model::instant now);
/// True when `key` is the one whose hash is kept. Takes equally long wherever they differ.
bool is_same_key(const key_record& kept, std::string_view key);
/// Neither revoked nor over.
bool is_in_force(const key_record& kept, model::instant now);
/// The part by which a key is found; empty = that is no key.
std::string_view id_of_key(std::string_view key);

/// The document of a key, without its id.
std::string to_json(const key_record& kept);
model::outcome<key_record> key_of_json(std::string_view id, std::string_view json);

/// Where an account's keys lie. Both are durable when they return.
struct key_store {
  std::function<model::outcome<std::vector<rollcall::engine::document>>()> read;
  std::function<model::status(std::string_view id, std::string_view json)> write;
};
/// Documents of kind "key" of the account. The engine must outlive the store.
key_store keys_of(rollcall::engine& engine);

/// The keys of one account. Any thread.
class key_book {
public:
  static model::outcome<std::unique_ptr<key_book>> open(key_store store);

  model::outcome<made_key> create(const new_key& wanted, model::instant now);
  /// From now on nobody comes in with it; what is at work goes on. Revoking again changes nothing.
  model::outcome<key_record> revoke(std::string_view id, model::instant now);
  /// In the order in which they were made.
  [[nodiscard]] std::vector<key_record> all() const;
  /// The record of a key that is in force; nothing for a wrong, unknown, expired or revoked one.
  [[nodiscard]] std::shared_ptr<const key_record> verify(std::string_view key,
                                                         model::instant now) const;

private:
  explicit key_book(key_store store) : store_(std::move(store)) {
  }

  key_store store_;
  std::mutex changing_; // One writer at a time; readers do not wait for the disk.
  mutable std::shared_mutex guard_;
  std::map<std::string, std::shared_ptr<const key_record>, std::less<>> keys_;
};

} // namespace gateway
