#include "gateway/tag_store.hpp"

#include "gateway/errors.hpp"
#include "gateway/json_text.hpp"
#include "gateway/notes.hpp"

#include <rollcall/batch_builder.hpp>

#include <array>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using model::object_kind;

std::optional<object_kind> described_kind(std::string_view type) {
  const auto kind = model::object_kind_named(type);
  return kind && *kind != object_kind::tag ? kind : std::nullopt;
}

void describe(const account& whose, object_kind kind, const std::string& id, json::object what) {
  what["id"] = id;
  rollcall::batch_builder batch;
  batch.describe(kind, id, json_text(what));
  const auto done = value_of(whose.engine->apply(batch.take()));
  if (!done.rejected.empty())
    throw refusal{invalid_body("/data", done.rejected.front().reason)};
}

std::string text_of(const json::object& note, std::string_view key, std::string_view otherwise) {
  const auto* found = note.if_contains(key);
  return std::string{found != nullptr && found->is_string() ? std::string_view{found->as_string()}
                                                            : otherwise};
}

std::vector<std::string> tags_of(const json::object& note) {
  std::vector<std::string> ids;
  if (const auto* found = note.if_contains("tags"); found != nullptr && found->is_array())
    for (const auto& id : found->as_array())
      ids.emplace_back(id.as_string());
  return ids;
}

} // namespace

std::map<std::string, known_tag> tag_store::tags() const {
  std::map<std::string, known_tag> all;
  const auto objects = value_of(whose_.engine->objects());
  for (const auto& object : objects)
    for (const auto& tag : object.tags)
      if (auto& known = all[tag.id]; known.name.empty())
        known = {tag.id, tag.name.empty() ? tag.id : tag.name};
  for (const auto& object : objects)
    if (object.kind == object_kind::tag)
      all[object.id] = {object.id, object.name.empty() ? object.id : object.name};
  for (const auto& [id, note] : notes{whose_, "tag"}.all())
    if (const auto found = all.find(id); found != all.end())
      found->second.group = text_of(note, "group", default_tag_group);
  return all;
}

std::map<std::string, tag_group> tag_store::groups() const {
  std::map<std::string, tag_group> all;
  const std::string preset{default_tag_group};
  all[preset] = {preset, "Default Tag Group", false};
  for (const auto& [id, note] : notes{whose_, "tag-group"}.all()) {
    const auto* exclusive = note.if_contains("exclusive");
    all[id] = {id, text_of(note, "name", id), exclusive != nullptr && exclusive->as_bool()};
  }
  return all;
}

void tag_store::put(const known_tag& tag) const {
  describe(whose_, object_kind::tag, tag.id, {{"name", tag.name}});
  if (tag.group != default_tag_group)
    notes{whose_, "tag"}.put(tag.id, {{"group", tag.group}});
}

void tag_store::drop(const std::string& id) const {
  for (const auto* type : {"segment", "list", "campaign", "flow"})
    for (auto& [bearer, tags] : borne_by(type))
      if (auto left = tags; std::erase(left, id) != 0)
        set_borne(type, bearer, left);
  describe(whose_, object_kind::tag, id, {{"deleted", true}});
  notes{whose_, "tag"}.drop(id);
}

void tag_store::put(const tag_group& group) const {
  notes{whose_, "tag-group"}.put(group.id,
                                 {{"name", group.name}, {"exclusive", group.is_exclusive}});
}

void tag_store::drop_group(const std::string& id) const {
  for (const auto& [tag, known] : tags())
    if (known.group == id)
      drop(tag);
  notes{whose_, "tag-group"}.drop(id);
}

std::map<std::string, std::vector<std::string>> tag_store::borne_by(std::string_view type) const {
  std::map<std::string, std::vector<std::string>> all;
  if (const auto kind = described_kind(type)) {
    for (const auto& object : value_of(whose_.engine->objects()))
      if (object.kind == *kind)
        for (const auto& tag : object.tags)
          all[object.id].push_back(tag.id);
    return all;
  }
  for (const auto& [id, note] : notes{whose_, type}.all())
    if (auto tags = tags_of(note); !tags.empty())
      all[id] = std::move(tags);
  return all;
}

void tag_store::set_borne(std::string_view type, const std::string& id,
                          const std::vector<std::string>& borne) const {
  if (const auto kind = described_kind(type)) {
    const auto known = tags();
    json::array list;
    for (const auto& tag : borne) {
      const auto found = known.find(tag);
      list.push_back({{"id", tag}, {"name", found == known.end() ? tag : found->second.name}});
    }
    return describe(whose_, *kind, id, {{"tags", std::move(list)}});
  }
  const notes kept{whose_, type};
  auto note = kept.of(id);
  note["tags"] = json::array(borne.begin(), borne.end());
  kept.put(id, note);
}

} // namespace gateway
