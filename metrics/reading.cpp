#include "metrics/reading.hpp"

#include "metrics/words.hpp"
#include "segments/json_reader.hpp"
#include "segments/place.hpp"

#include <utility>

namespace metrics {

namespace {

constexpr std::size_t texts_max = 100; // Items of one array.

std::string shown(const toml_value& value) {
  switch (value.kind) {
  case toml_kind::array:
    return "an array";
  case toml_kind::table:
    return "a table";
  case toml_kind::text:
    return segments::shortened(std::string_view{value.text});
  default:
    return to_json(value);
  }
}

} // namespace

std::string field_key(std::string_view kind, std::string_view name, std::string_view field) {
  std::string key{kind};
  key.append(" ").append(name).append(" ").append(field);
  return key;
}

std::string entry_title(std::string_view kind, std::string_view name) {
  return std::string{kind} + " " + segments::shortened(name);
}

void reading::refuse(std::string_view kind, const entry_facts& entry, std::string_view field,
                     std::string_view message) {
  const auto at = fields.find(field_key(kind, entry.name, field));
  faults.push_back({at == fields.end() ? entry.at : at->second,
                    entry_title(kind, entry.name) + ": " + std::string{message}});
}

void table_reader::refuse(std::uint32_t line, std::string_view message) {
  into_.faults.push_back({{file_, line}, title_ + ": " + std::string{message}});
}

std::uint32_t table_reader::line_of(std::string_view key) const {
  const auto found = std::ranges::find(table_.members, key, &toml_member::key);
  return found == table_.members.end() ? line_ : found->line;
}

const toml_value* table_reader::value(std::string_view key) {
  asked_.push_back(key);
  return table_.find(key);
}

const toml_value* table_reader::required(std::string_view key) {
  const auto* found = value(key);
  if (found == nullptr)
    refuse(line_, std::string{key} + " is missing");
  return found;
}

std::string table_reader::text(std::string_view key) {
  const auto* found = required(key);
  if (found == nullptr)
    return {};
  if (found->kind == toml_kind::text
      && found->text.find_first_not_of(" \t\r\n") != std::string::npos)
    return found->text;
  refuse(line_of(key), std::string{key} + " is " + shown(*found) + "; it is text, not empty");
  return {};
}

std::string table_reader::text_or(std::string_view key, std::string_view otherwise) {
  const auto* found = value(key);
  if (found != nullptr && found->kind == toml_kind::text)
    return found->text;
  if (found != nullptr)
    refuse(line_of(key), std::string{key} + " is " + shown(*found) + "; it is text");
  return std::string{otherwise};
}

bool table_reader::truth_or(std::string_view key, bool otherwise) {
  const auto* found = value(key);
  if (found != nullptr && found->kind == toml_kind::truth)
    return found->truth;
  if (found != nullptr)
    refuse(line_of(key), std::string{key} + " is " + shown(*found) + "; it is true or false");
  return otherwise;
}

std::int64_t table_reader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* found = required(key);
  if (found == nullptr)
    return least;
  if (found->kind == toml_kind::integer && found->integer >= least && found->integer <= most)
    return found->integer;
  refuse(line_of(key), std::string{key} + " is " + shown(*found) + "; it is a whole number from "
                         + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

std::vector<std::string> table_reader::texts(std::string_view key) {
  const auto* found = value(key);
  if (found == nullptr)
    return {};
  std::vector<std::string> made;
  if (found->kind == toml_kind::array && found->items.size() <= texts_max)
    for (const auto& item : found->items)
      if (item.kind == toml_kind::text && !item.text.empty())
        made.push_back(item.text);
  if (found->kind != toml_kind::array || made.size() != found->items.size()) {
    refuse(line_of(key), std::string{key} + " is an array of at most " + std::to_string(texts_max)
                           + " texts, none empty");
    made.clear();
  }
  return made;
}

std::vector<toml_value> table_reader::tables(std::string_view key) {
  const auto* found = value(key);
  if (found == nullptr)
    return {};
  std::vector<toml_value> made;
  if (found->kind == toml_kind::array && found->items.size() <= texts_max)
    for (const auto& item : found->items) {
      if (item.kind == toml_kind::table) {
        made.push_back(item);
      } else if (item.kind == toml_kind::text) {
        toml_value table;
        table.line = item.line;
        table.members.push_back({"name", item.line, item});
        made.push_back(std::move(table));
      }
    }
  if (found->kind != toml_kind::array || made.size() != found->items.size()) {
    refuse(line_of(key),
           std::string{key} + " is an array of at most " + std::to_string(texts_max) + " tables");
    made.clear();
  }
  return made;
}

std::optional<std::size_t> table_reader::index_of(std::string_view key,
                                                  std::span<const std::string_view> words,
                                                  bool is_required) {
  const auto* found = is_required ? required(key) : value(key);
  if (found == nullptr)
    return std::nullopt;
  const std::string_view written = found->kind == toml_kind::text ? std::string_view{found->text}
                                                                  : std::string_view{};
  const auto word = std::ranges::find(words, written);
  if (word != words.end())
    return static_cast<std::size_t>(word - words.begin());
  refuse(line_of(key), std::string{key} + " is " + shown(*found) + "; it is one of "
                         + segments::listed(words, written));
  return std::nullopt;
}

void table_reader::refuse_others() {
  std::ranges::sort(asked_);
  for (const auto& member : table_.members)
    if (!std::ranges::binary_search(asked_, std::string_view{member.key}))
      refuse(member.line, "no field is called " + segments::shortened(std::string_view{member.key})
                            + "; the fields are " + segments::listed(asked_, member.key));
}

} // namespace metrics
