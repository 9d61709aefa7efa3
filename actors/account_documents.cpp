#include "actors/account_store.hpp"

#include <fmt/format.h>

#include <utility>

/// The part of the account's store that keeps documents. They are read when somebody asks, not held
/// in memory.
namespace actors {

using storage::documents_key;
using storage::short_text;

model::outcome<std::vector<account_document>>
account_store::documents(std::string_view kind) const {
  auto t = environment_->read();
  if (!t)
    return t.error();
  const short_text wanted{kind};
  std::vector<account_document> all;
  auto records = t->from(documents_key{wanted, {}});
  while (const auto entry = records.next()) {
    const auto key = entry->as<documents_key>();
    if (key.kind != wanted)
      break;
    const auto json = storage::unpack_bytes(entry->value);
    if (!json)
      return model::failure{model::failure_code::storage_broken,
                            fmt::format("the account's data in {} is damaged: document {} of kind "
                                        "{} cannot be read; restore it from a copy",
                                        environment_->directory().string(), key.id.text(), kind)};
    all.push_back({key.id.text(), std::string{*json}});
  }
  if (auto health = t->health(); !health)
    return health.error();
  return all;
}

model::status account_store::save_document(std::string_view kind,
                                           const account_document& document) {
  return update([&](storage::write_transaction& t) -> model::status {
    t.put(documents_key{short_text{kind}, short_text{document.id}},
          storage::pack_bytes(document.json));
    return t.health();
  });
}

model::outcome<bool> account_store::erase_document(std::string_view kind, std::string_view id) {
  bool was_there = false;
  auto erased = update([&](storage::write_transaction& t) -> model::status {
    was_there = t.erase(documents_key{short_text{kind}, short_text{id}});
    return t.health();
  });
  if (!erased)
    return erased.error();
  return was_there;
}

} // namespace actors
