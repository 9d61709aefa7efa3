#include "gateway/cursor.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace gateway {

namespace {

constexpr std::size_t tag_size = 8;
constexpr std::size_t token_size_max = 8'192;
/// What changes from page to page, or changes only how things are shown.
constexpr std::array<std::string_view, 5> unrelated = {"page[cursor]", "page_cursor", "page[size]",
                                                       "include", "company_id"};

bool decides_content(std::string_view parameter) {
  return std::ranges::find(unrelated, parameter) == unrelated.end()
      && !parameter.starts_with("fields[") && !parameter.starts_with("additional-fields[");
}

/// Of scope and position together, so that it tells damage and strangers alike.
std::string tag_of(std::string_view scope, std::string_view position) {
  std::string all = std::to_string(scope.size()) + ':';
  all.append(scope).append(position);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {digest.begin(), digest.begin() + tag_size};
}

/// Base 64 in the alphabet of addresses, without padding.
std::string encoded(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.resize((bytes.size() * 4 + 2) / 3);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

/// Nothing for other characters, and for what `encoded` would have spelled otherwise.
std::optional<std::string> decoded(std::string_view token) {
  constexpr std::string_view
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (token.size() % 4 == 1 || token.find_first_not_of(alphabet) != std::string_view::npos)
    return std::nullopt;
  std::string text{token};
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.resize((text.size() + 3) / 4 * 4, '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()))
      < 0)
    return std::nullopt;
  bytes.resize(token.size() * 3 / 4);
  if (encoded(bytes) != token)
    return std::nullopt;
  return bytes;
}

} // namespace

std::string cursor_scope(const request& asked) {
  std::set<std::pair<std::string_view, std::string_view>> parameters;
  for (const auto& [name, value] : asked.query)
    if (decides_content(name))
      parameters.emplace(name, value);
  std::string scope = asked.path;
  for (const auto& [name, value] : parameters)
    scope.append("\n").append(name).append("=").append(value);
  return scope;
}

std::string seal_cursor(std::string_view scope, std::string_view position) {
  return position.empty() ? std::string{} : encoded(tag_of(scope, position).append(position));
}

std::string open_cursor(std::string_view scope, std::string_view token) {
  if (token.empty())
    return {};
  // A client may have put padding back on.
  while (token.ends_with('='))
    token.remove_suffix(1);
  const auto bytes = token.size() <= token_size_max ? decoded(token) : std::nullopt;
  if (bytes && bytes->size() > tag_size) {
    const auto position = std::string_view{*bytes}.substr(tag_size);
    if (std::string_view{*bytes}.starts_with(tag_of(scope, position)))
      return std::string{position};
  }
  throw refusal{invalid_cursor()};
}

error_entry invalid_cursor() {
  return invalid_body("/data/", "Invalid cursor provided.");
}

} // namespace gateway
