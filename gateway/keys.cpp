#include "gateway/keys.hpp"

#include "gateway/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <span>
#include <stdexcept>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::string_view key_kind = "key"; // Of documents.
constexpr std::string_view
  letters_and_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t salt_bytes = 16;

using digest = std::array<unsigned char, 32>;

void fill_with_chance(std::span<unsigned char> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("OpenSSL has no random bytes");
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
  std::string text;
  for (const auto byte : bytes)
    fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

digest digest_of(std::string_view salt, std::string_view key) {
  std::string text{salt};
  text += key;
  digest sum{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), sum.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  OPENSSL_cleanse(text.data(), text.size());
  return sum;
}

status check(const new_key& wanted, model::instant now) {
  if (wanted.name.size() > key_name_bytes_max)
    return failure{failure_code::invalid_input,
                   fmt::format("name: {} bytes; at most {} are allowed", wanted.name.size(),
                               key_name_bytes_max)};
  if (wanted.scopes.empty())
    return failure{failure_code::invalid_input,
                   "scopes: a key without any is of no use; allowed are " + allowed_scopes()};
  for (const auto& scope : wanted.scopes)
    if (!is_scope(scope))
      return failure{
        failure_code::invalid_input,
        fmt::format("scopes: \"{}\" is none; allowed are {}", scope, allowed_scopes())};
  if (wanted.expires && *wanted.expires <= now)
    return failure{
      failure_code::invalid_input,
      fmt::format("expires: {} is over already", model::format_instant(*wanted.expires))};
  return model::nothing{};
}

std::optional<model::instant> optional_instant(const json::value& from) {
  return from.is_null() ? std::nullopt : model::parse_instant(std::string_view{from.as_string()});
}

} // namespace

std::string random_characters(std::size_t count) {
  // Bytes from here on would make the first characters likelier than the last.
  constexpr std::size_t even = 256 / letters_and_digits.size() * letters_and_digits.size();
  std::string text;
  std::array<unsigned char, 64> bytes{};
  while (text.size() < count) {
    fill_with_chance(bytes);
    for (const auto byte : bytes)
      if (byte < even && text.size() < count)
        text.push_back(letters_and_digits[byte % letters_and_digits.size()]);
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return text;
}

outcome<made_key> make_key(const new_key& wanted, model::instant now) {
  if (auto checked = check(wanted, now); !checked)
    return checked.error();
  made_key made;
  made.kept.id = random_characters(key_id_characters);
  made.key = std::string{key_prefix} + made.kept.id + random_characters(key_secret_characters);
  made.kept.name = wanted.name;
  made.kept.scopes = wanted.scopes;
  made.kept.created = now;
  made.kept.expires = wanted.expires;
  std::array<unsigned char, salt_bytes> salt{};
  fill_with_chance(salt);
  made.kept.salt = hexadecimal(salt);
  made.kept.hash = hexadecimal(digest_of(made.kept.salt, made.key));
  return made;
}

bool is_same_key(const key_record& kept, std::string_view key) {
  const auto hash = hexadecimal(digest_of(kept.salt, key));
  return hash.size() == kept.hash.size()
      && CRYPTO_memcmp(hash.data(), kept.hash.data(), hash.size()) == 0;
}

bool is_in_force(const key_record& kept, model::instant now) {
  return !kept.revoked && (!kept.expires || now < *kept.expires);
}

std::string_view id_of_key(std::string_view key) {
  const auto length = key_prefix.size() + key_id_characters + key_secret_characters;
  if (key.size() != length || !key.starts_with(key_prefix)
      || key.find_first_not_of(letters_and_digits, key_prefix.size()) != std::string_view::npos)
    return {};
  return key.substr(key_prefix.size(), key_id_characters);
}

std::string to_json(const key_record& kept) {
  return json::serialize(json::object{{"name", kept.name},
                                      {"scopes", json::value_from(kept.scopes)},
                                      {"created", model::format_instant(kept.created)},
                                      {"expires", our_instant(kept.expires)},
                                      {"revoked", our_instant(kept.revoked)},
                                      {"salt", kept.salt},
                                      {"hash", kept.hash}});
}

outcome<key_record> key_of_json(std::string_view id, std::string_view text) {
  try {
    const auto all = json::parse(json::string_view{text.data(), text.size()}).as_object();
    key_record kept;
    kept.id = id;
    kept.name = json::value_to<std::string>(all.at("name"));
    kept.scopes = json::value_to<std::vector<std::string>>(all.at("scopes"));
    kept.created = optional_instant(all.at("created")).value();
    kept.expires = optional_instant(all.at("expires"));
    kept.revoked = optional_instant(all.at("revoked"));
    kept.salt = json::value_to<std::string>(all.at("salt"));
    kept.hash = json::value_to<std::string>(all.at("hash"));
    return kept;
  } catch (const std::exception& e) {
    return failure{failure_code::storage_broken,
                   fmt::format("the document of key {} cannot be read: {}", id, e.what())};
  }
}

key_store keys_of(rollcall::engine& engine) {
  return {[&engine] { return engine.documents(key_kind); },
          [&engine](std::string_view id, std::string_view text) {
            return engine.put_document(key_kind, id, text);
          }};
}

// --- the book ------------------------------------------------------------------------------------

outcome<std::unique_ptr<key_book>> key_book::open(key_store store) {
  const auto documents = store.read();
  if (!documents)
    return documents.error();
  std::unique_ptr<key_book> book{new key_book{std::move(store)}};
  for (const auto& one : *documents) {
    auto kept = key_of_json(one.id, one.json);
    if (!kept)
      return kept.error();
    book->keys_.emplace(one.id, std::make_shared<const key_record>(std::move(*kept)));
  }
  return book;
}

outcome<made_key> key_book::create(const new_key& wanted, model::instant now) {
  const std::lock_guard one_at_a_time{changing_};
  const auto is_taken = [this](const std::string& id) {
    const std::shared_lock lock{guard_};
    return keys_.contains(id);
  };
  if (all().size() >= keys_max)
    return failure{failure_code::conflict,
                   fmt::format("the account has {} keys, revoked ones included; no more are "
                               "allowed",
                               keys_max)};
  auto made = make_key(wanted, now);
  while (made && is_taken(made->kept.id))
    made = make_key(wanted, now);
  if (!made)
    return made;
  if (auto written = store_.write(made->kept.id, to_json(made->kept)); !written)
    return written.error();
  const std::lock_guard lock{guard_};
  keys_.emplace(made->kept.id, std::make_shared<const key_record>(made->kept));
  return made;
}

outcome<key_record> key_book::revoke(std::string_view id, model::instant now) {
  const std::lock_guard one_at_a_time{changing_};
  std::shared_ptr<const key_record> known;
  {
    const std::shared_lock lock{guard_};
    if (const auto found = keys_.find(id); found != keys_.end())
      known = found->second;
  }
  if (!known)
    return failure{failure_code::not_found,
                   fmt::format("the account has no key with the id \"{}\"", id)};
  if (known->revoked)
    return *known;
  auto changed = *known;
  changed.revoked = now;
  if (auto written = store_.write(id, to_json(changed)); !written)
    return written.error();
  const std::lock_guard lock{guard_};
  keys_.find(id)->second = std::make_shared<const key_record>(changed);
  return changed;
}

std::vector<key_record> key_book::all() const {
  const std::shared_lock lock{guard_};
  std::vector<key_record> list;
  for (const auto& [id, kept] : keys_)
    list.push_back(*kept);
  std::ranges::stable_sort(list, {}, &key_record::created);
  return list;
}

std::shared_ptr<const key_record> key_book::verify(std::string_view key, model::instant now) const {
  std::shared_ptr<const key_record> kept;
  {
    const std::shared_lock lock{guard_};
    if (const auto found = keys_.find(id_of_key(key)); found != keys_.end())
      kept = found->second;
  }
  if (!kept || !is_same_key(*kept, key) || !is_in_force(*kept, now))
    return nullptr;
  return kept;
}

} // namespace gateway
