#include "gateway/notes.hpp"

#include "gateway/errors.hpp"
#include "gateway/json_text.hpp"

#include <utility>

namespace gateway {

std::map<std::string, boost::json::object> notes::all() const {
  std::map<std::string, boost::json::object> found;
  for (auto& document : value_of(whose_.engine->documents(kind_)))
    found.emplace(std::move(document.id), own_json(document.json).as_object());
  return found;
}

boost::json::object notes::of(std::string_view id) const {
  auto everything = all();
  const auto found = everything.find(std::string{id});
  return found == everything.end() ? boost::json::object{} : std::move(found->second);
}

void notes::put(std::string_view id, const boost::json::object& note) const {
  value_of(whose_.engine->put_document(kind_, id, json_text(note)));
}

bool notes::drop(std::string_view id) const {
  return value_of(whose_.engine->drop_document(kind_, id));
}

std::unique_lock<std::mutex> lock_notes(const account& whose) {
  return std::unique_lock{whose.writing};
}

} // namespace gateway
