#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a key may do: "profiles:read". klaviyo-api.md names a route's scopes in chapter 2.
namespace gateway {

/// What scopes speak of: Klaviyo's own, then ours. Each can be read and written.
inline constexpr std::array<std::string_view, 15> scope_subjects{
  "accounts", "campaigns", "data-privacy",  "events", "flows",    "forms",    "lists", "metrics",
  "profiles", "segments",  "subscriptions", "tags",   "webhooks", "rollcall", "admin"};

/// Shorthands. They grow with the scopes.
inline constexpr std::string_view full_access = "full";
inline constexpr std::string_view read_only = "read-only"; // Every scope that only reads.

/// A scope or a shorthand.
bool is_scope(std::string_view text);
/// True when a key with `granted` may do what needs `scope`.
bool covers(const std::vector<std::string>& granted, std::string_view scope);
/// The first of `needed` that is not covered; nothing = all are.
std::optional<std::string> missing_scope(const std::vector<std::string>& granted,
                                         const std::vector<std::string>& needed);
/// For error messages: what may stand in a list of scopes.
std::string allowed_scopes();

} // namespace gateway
