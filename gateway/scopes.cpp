#include "gateway/scopes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gateway {

namespace {

constexpr std::string_view reading = ":read";
constexpr std::string_view writing = ":write";

/// "profiles" of "profiles:read"; empty = it ends otherwise.
std::string_view subject_of(std::string_view scope) {
  for (const auto deed : {reading, writing})
    if (scope.ends_with(deed))
      return scope.substr(0, scope.size() - deed.size());
  return {};
}

} // namespace

bool is_scope(std::string_view text) {
  return text == full_access || text == read_only
      || std::ranges::find(scope_subjects, subject_of(text)) != scope_subjects.end();
}

bool covers(const std::vector<std::string>& granted, std::string_view scope) {
  return std::ranges::any_of(granted, [&](const std::string& one) {
    return one == scope || one == full_access || (one == read_only && scope.ends_with(reading));
  });
}

std::optional<std::string> missing_scope(const std::vector<std::string>& granted,
                                         const std::vector<std::string>& needed) {
  const auto missing = std::ranges::find_if(
    needed, [&](const std::string& one) { return !covers(granted, one); });
  return missing == needed.end() ? std::nullopt : std::optional{*missing};
}

std::string allowed_scopes() {
  return fmt::format("{}, {}, or X:read and X:write for X of {}", full_access, read_only,
                     fmt::join(scope_subjects, ", "));
}

} // namespace gateway
