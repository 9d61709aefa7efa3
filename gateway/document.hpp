#pragma once

#include "gateway/exchange.hpp"
#include "gateway/instant.hpp"
#include "gateway/query.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Writing JSON:API documents (klaviyo-api.md §1.2, §1.4).
namespace gateway {

/// `{type, id}`.
boost::json::object resource_identifier(std::string_view type, std::string_view id);

/// Has its links where there are such addresses, and data where it is known: null, an identifier or
/// an array of them.
struct relationship {
  std::string name;
  std::optional<boost::json::value> data{};
};

struct resource {
  std::string type;
  std::string id; // Empty = none, and no links either, as reports have it.
  boost::json::object attributes{};
  std::vector<relationship> relationships{};
  std::string collection{}; // Where it is found, "/api/segments"; empty = by the type.
};

/// "/api/segments" for "segment", "/api/metric-properties" for "metric-property".
std::string collection_of(std::string_view type);

/// The resource as it is written, with the wanted fields only. `wanted` null = all of them.
boost::json::object resource_object(const request& asked, resource r,
                                    const std::vector<std::string>* wanted = nullptr);
/// The same with the fields that the query wants of its type.
boost::json::object resource_object(const request& asked, resource r, const parsed_query& query);

/// Drops what is not named; "location.city" keeps that much of the location.
void keep_fields(boost::json::object& attributes, const std::vector<std::string>& wanted);

/// What a document brings along. Takes each resource once.
class included_resources {
public:
  /// False = it was there already; then do not fetch it either.
  [[nodiscard]] bool is_new(std::string_view type, std::string_view id) const;
  void add(boost::json::object written);
  [[nodiscard]] bool is_empty() const {
    return all_.empty();
  }
  boost::json::array take() {
    return std::move(all_);
  }

private:
  std::set<std::pair<std::string, std::string>> seen_; // By type and id.
  boost::json::array all_;
};

/// Sealed cursors of the pages before and behind; empty = there is none.
struct neighbours {
  std::string next{};
  std::string prev{};
  std::string parameter = "page[cursor]"; // Reports call it page_cursor.
};

/// This request's own address.
std::string self_link(const request& asked);
/// This request's address with another cursor; everything else stays.
std::string page_link(const request& asked, std::string_view parameter, std::string_view cursor);

/// `{data, links: {self}}`, with `included` when any are given.
boost::json::object single_document(const request& asked, boost::json::value data,
                                    included_resources included = {});
/// `{data: […], links: {self, next, prev}}`, with `included` when any are given.
boost::json::object collection_document(const request& asked, boost::json::array data,
                                        const neighbours& pages = {},
                                        included_resources included = {});

answer document_answer(unsigned status, const boost::json::value& document);
/// 202 and 204 have no body.
answer empty_answer(unsigned status);

} // namespace gateway
