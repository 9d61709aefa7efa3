#include "gateway/suppression.hpp"

#include "gateway/json_text.hpp"

#include <algorithm>

namespace gateway {

std::vector<std::string> suppressions_for(std::string_view engine_json,
                                          std::span<const std::string_view> reasons) {
  std::vector<std::string> found;
  const auto profile = own_json(engine_json);
  boost::system::error_code is_absent;
  const auto* list = profile.find_pointer("/subscriptions/email/marketing/suppression", is_absent);
  if (list == nullptr || !list->is_array())
    return found;
  for (const auto& item : list->get_array()) {
    if (!item.is_string())
      continue;
    const std::string_view text{item.get_string()};
    if (std::ranges::find(reasons, text.substr(0, text.find('|'))) != reasons.end())
      found.emplace_back(text);
  }
  return found;
}

} // namespace gateway
