#pragma once

#include "gateway/body.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>

/// The people of a job: `data.attributes.profiles.data[]`.
namespace gateway {

/// The pointer to one of them.
std::string pointer_to_item(std::size_t index);

/// The list, of 1 to `items_max`; null = left out or wrong.
const boost::json::array* read_items(object_reader& attributes, presence p, std::size_t items_max);

/// Reads one of them: `{type, attributes}`, and more where it is asked for. Refers to the value and
/// the mistakes, which must outlive it.
class item_reader {
public:
  item_reader(const boost::json::value& item, std::size_t index, mistakes& found);

  /// Null = the item is not even an object with attributes, which is a mistake.
  object_reader* attributes() {
    return attributes_ ? &*attributes_ : nullptr;
  }
  /// Of the item itself, for `id` and `meta`; only with attributes.
  object_reader& data() {
    return *data_;
  }
  /// Unknown fields of the item and its attributes become mistakes.
  void finish();

private:
  std::optional<object_reader> data_;
  std::optional<object_reader> attributes_;
};

} // namespace gateway
