#include "gateway/profile_items.hpp"

#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

std::string pointer_to_item(std::size_t index) {
  return fmt::format("/data/attributes/profiles/data/{}", index);
}

const json::array* read_items(object_reader& attributes, presence p, std::size_t items_max) {
  auto profiles = attributes.nested("profiles", p);
  if (!profiles)
    return nullptr;
  const auto* items = profiles->array("data", presence::required);
  profiles->finish();
  if (items == nullptr)
    return nullptr;
  if (items->empty() || items->size() > items_max) {
    profiles->refuse("data", fmt::format("is a list of {} profiles; 1 to {} are allowed",
                                         items->size(), items_max));
    return nullptr;
  }
  return items;
}

item_reader::item_reader(const json::value& item, std::size_t index, mistakes& found) {
  const auto pointer = pointer_to_item(index);
  const auto* object = item.if_object();
  if (object == nullptr) {
    found.add(pointer, "an object is needed: {\"type\": \"profile\", \"attributes\": …}");
    return;
  }
  data_.emplace(*object, pointer, "profile", found);
  data_->text("type", presence::required, {.choices = {"profile"}});
  attributes_ = data_->nested("attributes", presence::required);
}

void item_reader::finish() {
  if (data_)
    data_->finish();
  if (attributes_)
    attributes_->finish();
}

} // namespace gateway
