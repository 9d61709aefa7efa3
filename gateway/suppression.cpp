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
    if (!item.is_object())
      continue;
    const auto reason = text_in(item.get_object(), "reason");
    if (std::ranges::find(reasons, reason) == reasons.end())
      continue;
    std::string text{reason};
    if (item.get_object().contains("timestamp"))
      text.append("|").append(text_in(item.get_object(), "timestamp"));
    found.push_back(std::move(text));
  }
  return found;
}

} // namespace gateway
