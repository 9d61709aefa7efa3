#include "storage/name_table.hpp"

namespace storage {

std::uint32_t names::intern(name_kind kind, std::string_view name) {
  auto& t = of(kind);
  if (const auto known = t.numbers.find(name); known != t.numbers.end())
    return known->second;
  t.names.emplace_back(name);
  const auto number = static_cast<std::uint32_t>(t.names.size());
  t.numbers.emplace(std::string{name}, number);
  return number;
}

std::uint32_t names::metric(std::string_view name) {
  return intern(name_kind::metric, name);
}

std::uint32_t names::attribute(std::string_view path) {
  return intern(name_kind::attribute, path);
}

std::uint32_t names::event_property(std::string_view key) {
  return intern(name_kind::event_property, key);
}

std::uint32_t names::find(name_kind kind, std::string_view name) const {
  const auto& t = of(kind);
  const auto known = t.numbers.find(name);
  return known == t.numbers.end() ? 0 : known->second;
}

std::string_view names::name(name_kind kind, std::uint32_t number) const {
  return of(kind).names[number - 1];
}

std::uint32_t names::count(name_kind kind) const {
  return static_cast<std::uint32_t>(of(kind).names.size());
}

model::status names::load(const transaction& from) {
  auto all = from.all(keyspace::names);
  while (const auto e = all.next()) {
    const auto key = e->as<names_key>();
    const auto text = unpack_bytes(e->value);
    if (!text || key.kind < name_kind::metric || key.kind > name_kind::event_property
        || key.number != of(key.kind).names.size() + 1)
      return model::failure{model::failure_code::storage_broken,
                            "the table of names has a hole or a broken record"};
    intern(key.kind, *text);
  }
  for (auto& t : tables_)
    t.durable = t.written = t.names.size();
  return from.health();
}

void names::store_new(write_transaction& to) {
  for (const auto kind : {name_kind::metric, name_kind::attribute, name_kind::event_property}) {
    auto& t = of(kind);
    for (std::size_t i = t.durable; i < t.names.size(); ++i)
      to.put(names_key{kind, i + 1}, pack_bytes(t.names[i]));
    t.written = t.names.size();
  }
}

void names::stored() {
  for (auto& t : tables_)
    t.durable = t.written;
}

} // namespace storage
