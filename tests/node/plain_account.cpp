#include "tests/node/plain_account.hpp"

#include "model/instant.hpp"
#include "segments/evaluate.hpp"
#include "segments/parse.hpp"

#include <boost/json.hpp>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace node_tests {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& v) {
  return std::string{v.as_string()};
}

bool is_scalar(const json::value& v) {
  return v.is_string() || v.is_number() || v.is_bool();
}

model::value scalar(const json::value& v) {
  if (v.is_string())
    return model::value::of_text(text_of(v));
  if (v.is_bool())
    return model::value::of_boolean(v.get_bool());
  return model::value::of_number(v.to_number<double>());
}

model::value value_of(const json::value& v) {
  if (is_scalar(v))
    return scalar(v);
  model::value made;
  if (v.is_null())
    return made;
  if (!v.is_array() || !std::all_of(v.get_array().begin(), v.get_array().end(), is_scalar)) {
    made.kind = model::value_kind::nested;
    made.text = json::serialize(v);
    return made;
  }
  made.kind = model::value_kind::list;
  for (const auto& item : v.get_array())
    model::append_list_item(made.text, scalar(item).view());
  return made;
}

void set(plain::profile& person, const std::string& path, const json::value& v) {
  if (v.is_null())
    person.attributes.erase(path);
  else
    person.attributes[path] = value_of(v);
}

void set_all(plain::profile& person, const std::string& group, const json::value& object) {
  for (const auto& [key, v] : object.as_object())
    set(person, group + "['" + std::string{key} + "']", v);
}

std::int64_t ms_of(const json::value& v) {
  const auto found = model::parse_instant(text_of(v));
  if (!found)
    throw std::runtime_error("no instant: " + text_of(v));
  return model::to_ms(*found);
}

void add_event(plain_account& account, const json::object& line) {
  plain::event event;
  event.metric = text_of(line.at("metric"));
  event.time = ms_of(line.at("time"));
  if (const auto* v = line.if_contains("value"))
    event.value = v->to_number<double>();
  if (const auto* properties = line.if_contains("properties"))
    for (const auto& [key, v] : properties->as_object())
      if (!v.is_null())
        event.properties[std::string{key}] = value_of(v);
  account[text_of(line.at("profile").as_object().at("external_id"))].events.push_back(
    std::move(event));
}

void add_profile(plain_account& account, const json::object& line) {
  auto& person = account[text_of(line.at("external_id"))];
  for (const auto& [key, v] : line) {
    const std::string name{key};
    if (name == "location" || name == "properties") {
      set_all(person, name, v);
    } else if (name == "predictive_analytics") {
      set_all(person, "predictive", v);
    } else if (name == "subscriptions") {
      for (const auto& [channel, record] : v.as_object())
        set_all(person, "subscriptions['" + std::string{channel} + "']", record.at("marketing"));
    } else if (name == "lists") {
      for (const auto& list : v.as_array())
        person.attributes["list['" + text_of(list.at("id")) + "']"] = model::value::of_number(
          static_cast<double>(ms_of(list.at("joined_at"))));
    } else {
      set(person, name, v);
    }
  }
}

} // namespace

void add_lines(plain_account& account, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = json::parse(json::string_view{lines.data(), end}).as_object();
    if (line.contains("metric"))
      add_event(account, line);
    else
      add_profile(account, line);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::string unpacked(const std::filesystem::path& file) {
  // zlib passes plain files through.
  auto* opened = gzopen(file.c_str(), "rb");
  if (!opened)
    throw std::runtime_error("cannot read " + file.string());
  std::string all;
  std::array<char, 1 << 16> buffer{};
  int size = 0;
  while ((size = gzread(opened, buffer.data(), buffer.size())) > 0)
    all.append(buffer.data(), static_cast<std::size_t>(size));
  if (gzclose(opened) != Z_OK || size < 0)
    throw std::runtime_error("damaged: " + file.string());
  return all;
}

std::vector<std::string> members_of(const plain_account& account, std::string_view definition,
                                    std::int64_t now_ms) {
  const auto parsed = segments::parse_definition(definition, {});
  if (!parsed.rule)
    throw std::runtime_error(segments::describe(parsed.errors));
  std::vector<std::string> members;
  for (const auto& [id, person] : account) {
    const auto bit = [&, &who = person](std::uint32_t leaf) {
      return plain::holds(parsed.rule->criteria[leaf], who, now_ms, "UTC");
    };
    if (segments::holds(parsed.rule->root, bit))
      members.push_back(id);
  }
  return members;
}

} // namespace node_tests
