#include "gateway/collection.hpp"

#include "gateway/cursor.hpp"
#include "gateway/errors.hpp"
#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

/// "location.city" of an object; nothing = not there.
std::optional<json::value> at_path(const json::object& object, std::string_view path) {
  const auto dot = path.find('.');
  const auto* found = object.if_contains(path.substr(0, dot));
  if (found == nullptr)
    return std::nullopt;
  if (dot == std::string_view::npos)
    return *found;
  return found->is_object() ? at_path(found->as_object(), path.substr(dot + 1)) : std::nullopt;
}

std::optional<json::value> field_of(const resource& r, std::string_view field,
                                    const collection_rules& rules) {
  if (field == "id")
    return json::value(r.id);
  if (rules.field)
    if (auto told = rules.field(r, field))
      return told;
  return at_path(r.attributes, field);
}

/// -1, 0, 1; nothing = the two cannot be compared.
std::optional<int> compare(const json::value& found, const filter_value& wanted) {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (const auto* text = std::get_if<std::string>(&wanted))
    return found.is_string()
           ? std::optional{order(std::string_view{found.as_string()}, std::string_view{*text})}
           : std::nullopt;
  if (const auto* number = std::get_if<double>(&wanted))
    return found.is_number() ? std::optional{order(found.to_number<double>(), *number)}
                             : std::nullopt;
  if (const auto* truth = std::get_if<bool>(&wanted))
    return found.is_bool() ? std::optional{order(found.as_bool(), *truth)} : std::nullopt;
  if (!found.is_string())
    return std::nullopt;
  const auto at = read_instant(found.as_string());
  return at ? std::optional{order(*at, std::get<model::instant>(wanted))} : std::nullopt;
}

bool equals_one(const json::value& found, const std::vector<filter_value>& wanted) {
  if (found.is_array())
    return std::ranges::any_of(found.as_array(),
                               [&](const json::value& v) { return equals_one(v, wanted); });
  return std::ranges::any_of(wanted, [&](const filter_value& w) { return compare(found, w) == 0; });
}

bool passes_text(const json::value& found, const filter_term& term) {
  if (!found.is_string())
    return false;
  const std::string_view text = found.as_string();
  return std::ranges::any_of(term.texts(), [&](const std::string& part) {
    switch (term.operation) {
    case filter_operator::starts_with:
      return text.starts_with(part);
    case filter_operator::ends_with:
      return text.ends_with(part);
    default:
      return text.find(part) != std::string_view::npos;
    }
  });
}

bool passes_one(const json::value& found, const filter_term& term) {
  using enum filter_operator;
  switch (term.operation) {
  case has:
    return !found.is_null();
  case equals:
  case any:
  case contains_any:
    return equals_one(found, term.values);
  case contains_all:
    return std::ranges::all_of(term.values,
                               [&](const filter_value& w) { return equals_one(found, {w}); });
  case contains:
  case starts_with:
  case ends_with:
    return passes_text(found, term);
  default:
    break;
  }
  const auto order = compare(found, term.values.front());
  if (!order)
    return false;
  switch (term.operation) {
  case less_than:
    return *order < 0;
  case less_or_equal:
    return *order <= 0;
  case greater_than:
    return *order > 0;
  default:
    return *order >= 0;
  }
}

/// By what a collection is sorted. Nothing known comes last in either direction.
struct sort_key {
  bool is_unknown = false;
  std::string text;
  std::string id;
};

sort_key key_of(const resource& r, std::string_view field) {
  const auto found = field == "id" ? std::optional{json::value(r.id)}
                                   : at_path(r.attributes, field);
  if (!found || found->is_null())
    return {true, {}, r.id};
  return {false, found->is_string() ? std::string{found->as_string()} : json_text(*found), r.id};
}

bool comes_before(const sort_key& a, const sort_key& b, bool is_descending) {
  if (a.is_unknown != b.is_unknown)
    return b.is_unknown;
  if (a.text != b.text)
    return is_descending ? b.text < a.text : a.text < b.text;
  return is_descending ? b.id < a.id : a.id < b.id;
}

std::string position_of(const sort_key& key) {
  return json_text(json::array{key.is_unknown, key.text, key.id});
}

/// Nothing = from the start. Whoever takes the trouble can forge a cursor: trust nothing.
std::optional<sort_key> read_position(std::string_view position) {
  if (position.empty())
    return std::nullopt;
  std::vector<json_fault> faults;
  const auto read = read_json(position, faults);
  const auto* parts = read ? read->if_array() : nullptr;
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_bool() || !(*parts)[1].is_string()
      || !(*parts)[2].is_string())
    throw refusal{invalid_cursor()};
  return sort_key{(*parts)[0].as_bool(), std::string{(*parts)[1].as_string()},
                  std::string{(*parts)[2].as_string()}};
}

} // namespace

bool passes(const resource& r, const std::vector<filter_term>& terms,
            const collection_rules& rules) {
  return std::ranges::all_of(terms, [&](const filter_term& term) {
    const auto found = field_of(r, term.field, rules);
    return found && passes_one(*found, term);
  });
}

void sort_resources(std::vector<resource>& all, const parsed_query& query) {
  if (query.sort.empty())
    return;
  std::ranges::stable_sort(all, [&](const resource& a, const resource& b) {
    return comes_before(key_of(a, query.sort), key_of(b, query.sort), query.is_descending);
  });
}

answer collection_answer(const request& asked, const parsed_query& query, std::vector<resource> all,
                         const collection_rules& rules) {
  std::erase_if(all, [&](const resource& r) { return !passes(r, query.filter, rules); });
  const std::string field{query.sort.empty() ? rules.sort_preset : std::string_view{query.sort}};
  const auto before = [&](const resource& a, const resource& b) {
    return comes_before(key_of(a, field), key_of(b, field), query.is_descending);
  };
  std::ranges::sort(all, before);
  const auto scope = cursor_scope(asked);
  if (const auto after = read_position(open_cursor(scope, query.cursor)))
    std::erase_if(all, [&](const resource& r) {
      return !comes_before(*after, key_of(r, field), query.is_descending);
    });
  neighbours pages;
  if (query.page_size != 0 && all.size() > query.page_size) {
    all.resize(query.page_size);
    pages.next = seal_cursor(scope, position_of(key_of(all.back(), field)));
  }
  json::array data;
  included_resources included;
  for (auto& r : all) {
    if (rules.include)
      rules.include(r, included);
    if (rules.shows_ids_only)
      data.emplace_back(resource_identifier(r.type, r.id));
    else
      data.emplace_back(resource_object(asked, std::move(r), query));
  }
  return document_answer(200,
                         collection_document(asked, std::move(data), pages, std::move(included)));
}

answer identifiers_answer(const request& asked, std::string_view type,
                          const std::vector<std::string>& ids) {
  json::array data;
  for (const auto& id : ids)
    data.emplace_back(resource_identifier(type, id));
  return document_answer(200, collection_document(asked, std::move(data)));
}

} // namespace gateway
