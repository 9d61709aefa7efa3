#include "gateway/router.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

/// Takes the text before the next slash off `path`, which begins with one.
std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const auto end = std::min(path.find('/'), path.size());
  const auto part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& captured) {
  captured.clear();
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_part(pattern);
    const auto given = take_part(path);
    if (!wanted.starts_with('{')) {
      if (wanted != given)
        return false;
    } else if (given.empty()) {
      return false;
    } else {
      captured.emplace_back(given);
    }
  }
  return pattern.empty() && path.empty();
}

} // namespace

void route_table::add(route r) {
  routes_.push_back(std::make_unique<route>(std::move(r)));
}

void route_table::add(std::string_view method, std::string_view pattern,
                      std::vector<std::string> scopes, plain_handler act, std::string_view tier) {
  route r;
  r.method = method;
  r.pattern = pattern;
  r.scopes = std::move(scopes);
  r.tier = tier;
  r.act = [act = std::move(act)](std::shared_ptr<const call> c, const reply& done) {
    done(act(*c));
  };
  add(std::move(r));
}

void route_table::at_opening(opening act) {
  openings_.push_back(std::move(act));
}

void route_table::open(const std::shared_ptr<account>& whose) const {
  for (const auto& act : openings_)
    try {
      act(whose);
    } catch (const refusal& why) {
      spdlog::error("gateway: what account {} has begun does not go on: {}", whose->name,
                    why.errors().front().detail);
    }
}

void route_table::at_closing(opening act) {
  closings_.push_back(std::move(act));
}

void route_table::close(const std::shared_ptr<account>& whose) const {
  for (const auto& act : closings_)
    act(whose);
}

route_table::match route_table::find(std::string_view method, std::string_view path) const {
  match m;
  if (!path.starts_with('/'))
    return m;
  std::vector<std::string> captured;
  for (const auto& r : routes_) {
    if (!fits(r->pattern, path, captured))
      continue;
    if (r->method == method) {
      // A pattern that spells the path out beats one that captures.
      if (m.found == nullptr || captured.size() < m.captured.size()) {
        m.found = r.get();
        m.captured = captured;
      }
      continue;
    }
    if (std::ranges::find(m.allowed, r->method) == m.allowed.end())
      m.allowed.push_back(r->method);
  }
  return m;
}

} // namespace gateway
