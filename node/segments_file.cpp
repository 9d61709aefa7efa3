#include "node/segments_file.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <string_view>
#include <utility>

namespace node {

namespace {

namespace json = simdjson::ondemand;

/// One line, or what is wrong with it.
model::outcome<rollcall::new_segment> read_segment(json::parser& parser, std::string_view line) {
  const auto wrong = [](std::string why) {
    return model::failure{model::failure_code::invalid_input, std::move(why)};
  };
  const simdjson::padded_string padded{line};
  json::document document;
  json::object object;
  if (const auto code = parser.iterate(padded).get(document); code != simdjson::SUCCESS)
    return wrong(fmt::format("not valid JSON: {}", simdjson::error_message(code)));
  if (document.get_object().get(object) != simdjson::SUCCESS)
    return wrong("expected an object: {\"name\":…,\"definition\":…}");
  rollcall::new_segment segment;
  bool has_name = false;
  for (auto field : object) {
    std::string_view key;
    std::string_view text;
    if (const auto code = std::move(field).unescaped_key().get(key); code != simdjson::SUCCESS)
      return wrong(fmt::format("not valid JSON: {}", simdjson::error_message(code)));
    if (key == "name") {
      if (field.value().get_string().get(text) != simdjson::SUCCESS)
        return wrong("name: expected text");
      segment.name = text;
      has_name = true;
    } else if (key == "definition") {
      json::object definition;
      if (field.value().get_object().get(definition) != simdjson::SUCCESS
          || definition.raw_json().get(text) != simdjson::SUCCESS)
        return wrong("definition: expected an object");
      segment.json = text;
    } else {
      return wrong(fmt::format("{}: not a field of a segment; allowed: name, definition", key));
    }
  }
  if (!has_name)
    return wrong("name: missing; a segment needs name and definition");
  if (segment.json.empty())
    return wrong("definition: missing; a segment needs name and definition");
  return segment;
}

} // namespace

model::outcome<std::vector<rollcall::new_segment>> read_segments(const std::string& text) {
  std::vector<rollcall::new_segment> all;
  json::parser parser;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    auto segment = read_segment(parser, line);
    if (!segment)
      return model::failure{segment.error().code,
                            fmt::format("line {}: {}", number, segment.error().message)};
    all.push_back(std::move(*segment));
  }
  if (all.empty())
    return model::failure{model::failure_code::invalid_input, "there is no segment in the file"};
  return all;
}

} // namespace node
