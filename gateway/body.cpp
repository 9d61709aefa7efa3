#include "gateway/body.hpp"

#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"
#include "segments/json_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

/// The media type without its parameters, in lower case.
std::string media_type(std::string_view header) {
  std::string type{header.substr(0, header.find(';'))};
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t'; });
  for (auto& c : type)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c | 0x20);
  return type;
}

void check_media_type(const request& asked) {
  const auto* header = asked.header("content-type");
  if (header == nullptr)
    return;
  const auto type = media_type(*header);
  if (type == json_type || type == json_api_type)
    return;
  error_entry e{415, "unsupported_media_type", "Unsupported media type."};
  e.detail = fmt::format("a body must be {} or {}", json_type, json_api_type);
  throw refusal{std::move(e)};
}

std::string kind_of(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return "true or false";
  case json::kind::int64:
  case json::kind::uint64:
  case json::kind::double_:
    return "a number";
  case json::kind::string:
    return "text";
  case json::kind::array:
    return "a list";
  case json::kind::object:
    break;
  }
  return "an object";
}

std::string must_be(std::string_view what, const json::value& found) {
  return fmt::format("must be {}, found {}", what, kind_of(found));
}

double double_of(const json::value& number) {
  if (number.is_int64())
    return static_cast<double>(number.get_int64());
  if (number.is_uint64())
    return static_cast<double>(number.get_uint64());
  return number.get_double();
}

/// Empty = the text is as the rule says.
std::string fault_of(std::string_view text, const text_rule& rule) {
  if (text.size() > rule.bytes_max)
    return fmt::format("is a text of {} bytes; at most {} are allowed", text.size(),
                       rule.bytes_max);
  if (text.empty() && !rule.may_be_empty)
    return "must not be empty";
  if (!rule.choices.empty() && std::ranges::find(rule.choices, text) == rule.choices.end())
    return rule.choices.size() == 1
           ? fmt::format("must be '{}'", rule.choices.front())
           : fmt::format("must be one of {}", fmt::join(rule.choices, ", "));
  return {};
}

constexpr std::size_t id_bytes_max = 512;

/// `{type, id}`: the id; empty when something is wrong.
std::string identifier_in(const json::value& from, const std::string& pointer,
                          std::string_view type, mistakes& found) {
  const auto* object = from.if_object();
  if (object == nullptr) {
    found.add(pointer, must_be("an object with type and id", from));
    return {};
  }
  object_reader reader{*object, pointer, std::string{type}, found};
  text_rule rule;
  rule.choices = {type};
  reader.text("type", presence::required, rule);
  const auto id = reader.text("id", presence::required, {id_bytes_max, false, {}});
  reader.finish();
  return id.value_or({});
}

std::optional<std::vector<std::string>> identifiers_in(const json::array& from,
                                                       const std::string& pointer,
                                                       std::string_view type, std::size_t items_max,
                                                       mistakes& found) {
  if (from.size() > items_max) {
    found.add(pointer,
              fmt::format("a list of {} items; at most {} are allowed", from.size(), items_max));
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (auto id = identifier_in(from[i], fmt::format("{}/{}", pointer, i), type, found);
        !id.empty())
      ids.push_back(std::move(id));
  if (ids.size() != from.size())
    return std::nullopt;
  return ids;
}

} // namespace

json::value read_body(const request& asked) {
  check_media_type(asked);
  if (asked.body.empty())
    throw refusal{invalid_body("", "a body is needed: a JSON object with 'data'")};
  std::vector<json_fault> faults;
  auto body = read_json(asked.body, faults);
  if (body)
    return std::move(*body);
  mistakes found;
  for (auto& fault : faults)
    found.add(std::move(fault.pointer), std::move(fault.reason));
  throw refusal{found.all()};
}

// --- mistakes ---

void mistakes::add(std::string pointer, std::string detail) {
  add(invalid_body(std::move(pointer), std::move(detail)));
}

void mistakes::add(error_entry one) {
  if (all_.size() < count_max)
    all_.push_back(std::move(one));
}

void mistakes::refuse_if_any() const {
  if (!all_.empty())
    throw refusal{all_};
}

// --- objects ---

object_reader::object_reader(const json::object& from, std::string pointer, std::string resource,
                             mistakes& found)
  : from_{&from}, pointer_(std::move(pointer)), resource_(std::move(resource)), found_{&found} {
}

std::string object_reader::pointer_to(std::string_view key) const {
  return segments::pointer_to(pointer_, key);
}

void object_reader::refuse(std::string_view key, std::string detail) {
  found_->add(pointer_to(key), fmt::format("'{}' {}", key, detail));
}

bool object_reader::has(std::string_view key) const {
  return from_->contains(key);
}

/// The value to be read; null when there is none, which is a mistake where one is needed.
const json::value* object_reader::look(std::string_view key, presence p) {
  const auto* value = from_->if_contains(key);
  if (value == nullptr) {
    if (p == presence::required)
      refuse(key, "is required");
    return nullptr;
  }
  known_.push_back(value);
  if (!value->is_null())
    return value;
  if (p != presence::nullable)
    refuse(key, "must not be null");
  return nullptr;
}

given<std::string> object_reader::text(std::string_view key, presence p, const text_rule& rule) {
  const auto* value = look(key, p);
  if (value == nullptr)
    return {has(key), {}};
  if (!value->is_string()) {
    refuse(key, must_be("text", *value));
    return {};
  }
  if (auto fault = fault_of(value->get_string(), rule); !fault.empty()) {
    refuse(key, std::move(fault));
    return {};
  }
  return {true, std::string{value->get_string()}};
}

given<double> object_reader::number(std::string_view key, presence p) {
  const auto* value = look(key, p);
  if (value == nullptr)
    return {has(key), {}};
  if (!value->is_number()) {
    refuse(key, must_be("a number", *value));
    return {};
  }
  return {true, double_of(*value)};
}

given<std::int64_t> object_reader::integer(std::string_view key, presence p, integer_range range) {
  const auto* value = look(key, p);
  if (value == nullptr)
    return {has(key), {}};
  const bool is_small = value->is_int64()
                     || (value->is_double() && std::fabs(value->get_double()) < 1e15
                         && std::nearbyint(value->get_double()) == value->get_double());
  const auto number = !is_small         ? 0
                    : value->is_int64() ? value->get_int64()
                                        : static_cast<std::int64_t>(value->get_double());
  if (!is_small || number < range.min || number > range.max) {
    refuse(key, fmt::format("must be a whole number from {} to {}", range.min, range.max));
    return {};
  }
  return {true, number};
}

given<bool> object_reader::boolean(std::string_view key, presence p) {
  const auto* value = look(key, p);
  if (value == nullptr)
    return {has(key), {}};
  if (!value->is_bool()) {
    refuse(key, must_be("true or false", *value));
    return {};
  }
  return {true, value->get_bool()};
}

given<model::instant> object_reader::instant(std::string_view key, presence p) {
  const auto* value = look(key, p);
  if (value == nullptr)
    return {has(key), {}};
  const auto at = value->is_string() ? read_instant(value->get_string()) : std::nullopt;
  if (!at) {
    refuse(key, "must be an ISO 8601 date and time as 2024-01-31T08:00:00Z");
    return {};
  }
  return {true, *at};
}

given<std::vector<std::string>> object_reader::texts(std::string_view key, presence p,
                                                     std::size_t items_max, const text_rule& rule) {
  const auto* list = array(key, p);
  if (list == nullptr)
    return {has(key) && from_->at(key).is_null(), {}};
  if (list->size() > items_max) {
    refuse(key,
           fmt::format("is a list of {} items; at most {} are allowed", list->size(), items_max));
    return {};
  }
  std::vector<std::string> all;
  for (const auto& item : *list) {
    const auto fault = item.is_string() ? fault_of(item.get_string(), rule) : must_be("text", item);
    if (!fault.empty()) {
      found_->add(fmt::format("{}/{}", pointer_to(key), &item - list->data()), "an item " + fault);
      continue;
    }
    all.emplace_back(item.get_string());
  }
  if (all.size() != list->size())
    return {};
  return {true, std::move(all)};
}

const json::object* object_reader::object(std::string_view key, presence p) {
  const auto* value = look(key, p);
  if (value != nullptr && !value->is_object())
    refuse(key, must_be("an object", *value));
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* object_reader::array(std::string_view key, presence p) {
  const auto* value = look(key, p);
  if (value != nullptr && !value->is_array())
    refuse(key, must_be("a list", *value));
  return value == nullptr ? nullptr : value->if_array();
}

const json::value* object_reader::any(std::string_view key, presence p) {
  return look(key, p);
}

std::optional<object_reader> object_reader::nested(std::string_view key, presence p) {
  const auto* found = object(key, p);
  if (found == nullptr)
    return std::nullopt;
  return object_reader{*found, pointer_to(key), resource_, *found_};
}

void object_reader::finish() {
  for (const auto& [key, value] : *from_)
    if (std::ranges::find(known_, &value) == known_.end())
      found_->add(pointer_to(key), fmt::format("'{}' is not a valid field for the resource '{}'.",
                                               std::string_view{key}, resource_));
}

// --- data ---

data_reader::data_reader(const json::value& from, const data_rule& rule, mistakes& found,
                         const std::string& pointer) {
  const auto below = pointer + "/data";
  const auto* outer = from.if_object();
  const auto* data = outer == nullptr ? nullptr : outer->if_contains("data");
  const auto* object = data == nullptr ? nullptr : data->if_object();
  if (object == nullptr)
    found.add(outer == nullptr ? pointer : below,
              "an object is needed: {\"data\": {\"type\": \"" + rule.type + "\", …}}");
  if (outer != nullptr) {
    object_reader whole{*outer, pointer, rule.type, found};
    whole.any("data", presence::nullable);
    whole.finish();
  }
  const bool is_there = object != nullptr;
  data_.emplace(is_there ? *object : nothing_, below, rule.type, found);
  attributes_.emplace(nothing_, below + "/attributes", rule.type, found);
  if (!is_there)
    return;
  if (const auto type = data_->any("type", presence::nullable);
      type == nullptr || *type != json::string{rule.type})
    data_->refuse("type", fmt::format("must be '{}'", rule.type));
  read_id(rule);
  if (const auto* given = data_->object("attributes", rule.needs_attributes ? presence::required
                                                                            : presence::nullable))
    attributes_.emplace(*given, below + "/attributes", rule.type, found);
  if (const auto* given = data_->object("relationships", presence::nullable))
    relationships_.emplace(*given, below + "/relationships", rule.type, found);
}

void data_reader::read_id(const data_rule& rule) {
  if (!rule.path_id && !rule.may_have_id)
    return; // Unknown then.
  id_ = data_
          ->text("id", rule.path_id ? presence::required : presence::nullable,
                 {id_bytes_max, true, {}})
          .value_or({});
  if (rule.path_id && !id_.empty() && id_ != *rule.path_id)
    data_->refuse("id", fmt::format("must equal the id of the path, '{}'", *rule.path_id));
}

std::string data_reader::related_one(std::string_view name, std::string_view type, presence p) {
  auto related = relationship(name, p);
  if (!related)
    return {};
  const auto* data = related->any("data", p);
  related->any("links", presence::nullable);
  related->finish();
  return data == nullptr
         ? std::string{}
         : identifier_in(*data, related->pointer_to("data"), type, related->found());
}

std::optional<std::vector<std::string>> data_reader::related_many(std::string_view name,
                                                                  std::string_view type, presence p,
                                                                  std::size_t items_max) {
  auto related = relationship(name, p);
  if (!related)
    return std::nullopt;
  const auto* data = related->array("data", p);
  related->any("links", presence::nullable);
  related->finish();
  if (data == nullptr)
    return std::nullopt;
  return identifiers_in(*data, related->pointer_to("data"), type, items_max, related->found());
}

std::optional<object_reader> data_reader::relationship(std::string_view name, presence p) {
  if (!relationships_) {
    if (p == presence::required)
      data_->refuse("relationships", fmt::format("is required, with '{}'", name));
    return std::nullopt;
  }
  return relationships_->nested(name, p);
}

void data_reader::finish() {
  data_->finish();
  attributes_->finish();
  if (relationships_)
    relationships_->finish();
}

std::vector<std::string> read_identifiers(const request& asked, std::string_view type,
                                          std::size_t items_max) {
  const auto body = read_body(asked);
  mistakes found;
  const auto* object = body.if_object();
  const auto* data = object == nullptr ? nullptr : object->if_contains("data");
  const auto* list = data == nullptr ? nullptr : data->if_array();
  std::optional<std::vector<std::string>> ids;
  if (list == nullptr || list->empty())
    found.add("/data", fmt::format("a list of at least one {{\"type\": \"{}\", \"id\": …}} is "
                                   "needed",
                                   type));
  else
    ids = identifiers_in(*list, "/data", type, items_max, found);
  found.refuse_if_any();
  return std::move(*ids);
}

} // namespace gateway
