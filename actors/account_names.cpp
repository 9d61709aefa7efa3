#include "actors/account_parts.hpp"
#include "actors/document_check.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <utility>

/// What the ACCOUNT keeps for others: documents, and the names of metrics and lists.
namespace actors::account_parts {

namespace {

const name_register& register_of(self_pointer self, name_of_what what) {
  const auto& known = self->state.parts.known;
  return what == name_of_what::metric ? known.metrics : known.lists;
}

model::failure nothing_called(name_of_what what, std::string_view called) {
  return {model::failure_code::not_found,
          fmt::format("there is no {} \"{}\"; it comes into being with its first {}",
                      what == name_of_what::metric ? "metric" : "list", called,
                      what == name_of_what::metric ? "event" : "member")};
}

} // namespace

caf::result<document_list> list_documents(self_pointer self, const read_documents& asked) {
  if (auto checked = check_document_kind(asked.kind); !checked)
    return to_error(checked.error());
  auto found = self->state.parts.store->documents(asked.kind);
  if (!found)
    return to_error(found.error());
  return document_list{std::move(*found)};
}

caf::result<finished> save_document(self_pointer self, const put_document& order) {
  for (const auto& checked :
       {check_document_kind(order.kind), check_document_id(order.document.id)})
    if (!checked)
      return to_error(checked.error());
  if (auto saved = self->state.parts.store->save_document(order.kind, order.document); !saved)
    return to_error(saved.error());
  return finished{};
}

caf::result<dropped_document> erase_document(self_pointer self, const drop_document& order) {
  for (const auto& checked : {check_document_kind(order.kind), check_document_id(order.id)})
    if (!checked)
      return to_error(checked.error());
  const auto erased = self->state.parts.store->erase_document(order.kind, order.id);
  if (!erased)
    return to_error(erased.error());
  return dropped_document{*erased};
}

name_ids list_names(self_pointer self, const ask_name_ids& asked) {
  const auto& names = register_of(self, asked.what);
  name_ids list;
  for (const auto& name : names.names())
    list.names.emplace_back(name, names.id_of(name));
  return list;
}

caf::result<added_list> add_new_list(self_pointer self, const add_list& order) {
  auto& parts = self->state.parts;
  auto& lists = parts.known.lists;
  if (order.name.empty() || order.name.size() > model::list_name_bytes_max)
    return to_error({model::failure_code::invalid_input,
                     fmt::format("a list's name has 1 to {} bytes, not {}", model::list_name_bytes_max,
                                 order.name.size())});
  if (lists.knows(order.name))
    return to_error({model::failure_code::conflict,
                     fmt::format("there is a list \"{}\" already", order.name)});
  if (auto saved = parts.store->save_names(
        {{account_store::name_kind::list, lists.names().size(), order.name}});
      !saved)
    return to_error(saved.error());
  lists.learn(order.name);
  return added_list{lists.id_of(order.name)};
}

caf::result<found_names> find_all(self_pointer self, const find_names& asked) {
  const auto& names = register_of(self, asked.what);
  found_names found;
  for (const auto& called : asked.names_or_ids) {
    auto name = names.find(called);
    if (!name)
      return to_error(nothing_called(asked.what, called));
    found.names.push_back(std::move(*name));
  }
  return found;
}

} // namespace actors::account_parts
