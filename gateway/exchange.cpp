#include "gateway/exchange.hpp"

#include <algorithm>

namespace gateway {

namespace {

const std::string* first_named(const named_texts& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &named_texts::value_type::first);
  return found == all.end() ? nullptr : &found->second;
}

} // namespace

const std::string* request::parameter(std::string_view name) const {
  return first_named(query, name);
}

const std::string* request::header(std::string_view lower_case_name) const {
  return first_named(headers, lower_case_name);
}

} // namespace gateway
