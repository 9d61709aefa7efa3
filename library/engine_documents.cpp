#include "actors/document_check.hpp"
#include "library/engine_parts.hpp"
#include "library/ordered.hpp"

#include <utility>

namespace rollcall {

using messages::operation_kind;
using model::outcome;
using model::status;

outcome<std::vector<engine::document>> engine::documents(std::string_view kind) {
  return guarded([&]() -> outcome<std::vector<document>> {
    auto found = parts_->ask<actors::document_list>(
      parts_->account, actors::read_documents{std::string{kind}}, "read documents");
    if (!found)
      return found.error();
    std::vector<document> all;
    for (auto& d : found->documents)
      all.push_back({std::move(d.id), std::move(d.json)});
    return all;
  });
}

status engine::put_document(std::string_view kind, std::string_view id, std::string_view json) {
  return in_order<status>(
    *parts_,
    {.kind = operation_kind::put_document,
     .texts = {std::string{kind}, std::string{id}, std::string{json}}},
    [&]() -> status {
      // Read here, so that a large one does not hold up the account.
      if (auto checked = actors::check_document_json(json); !checked)
        return checked;
      return parts_->done(parts_->ask<actors::finished>(
        parts_->account,
        actors::put_document{std::string{kind}, {std::string{id}, std::string{json}}},
        "keep a document"));
    });
}

outcome<bool> engine::drop_document(std::string_view kind, std::string_view id) {
  return in_order<outcome<bool>>(
    *parts_, {.kind = operation_kind::drop_document, .texts = {std::string{kind}, std::string{id}}},
    [&]() -> outcome<bool> {
      const auto dropped = parts_->ask<actors::dropped_document>(
        parts_->account, actors::drop_document{std::string{kind}, std::string{id}},
        "drop a document");
      if (!dropped)
        return dropped.error();
      return bool{dropped->was_there};
    });
}

} // namespace rollcall
