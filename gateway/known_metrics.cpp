#include "gateway/known_metrics.hpp"

#include <utility>

namespace gateway {

using rollcall::metric_info;

known_metrics::known_metrics(std::vector<metric_info> all) : all_(std::move(all)) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    by_id_.emplace(all_[i].id, i);
    by_name_.emplace(all_[i].name, i);
  }
}

const metric_info* known_metrics::by_id(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &all_[found->second];
}

const metric_info* known_metrics::by_name(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &all_[found->second];
}

std::string known_metrics::id_of(std::string_view name) const {
  const auto* found = by_name(name);
  return found == nullptr ? std::string{} : found->id;
}

} // namespace gateway
