#pragma once

#include "gateway/document.hpp"
#include "gateway/query.hpp"
#include "gateway/router.hpp"

#include <rollcall/rollcall.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Pages of people: members of segments and lists, and everybody.
namespace gateway {

struct shown_profile {
  rollcall::profile_place place{};
  std::optional<model::instant> joined_at{}; // Of members.
};

/// A profile as replies have it; `engine_json` is what engine::profile gave.
resource profile_resource(const shown_profile& who, std::string_view engine_json,
                          const parsed_query& query);

/// A page of profiles, those that are gone meanwhile left out. `ids_only`: identifiers instead.
answer profiles_answer(const call& c, const parsed_query& query, std::span<const shown_profile> who,
                       const neighbours& pages, bool ids_only);

/// What the endpoints of members take. Segments filter by `profile_id` too, lists do not.
query_rules member_rules(bool by_profile_id, bool ids_only);

/// What a query of members asks for.
struct member_request {
  /// Only these (by id, e-mail address, phone number), in order and each once; nothing = everybody.
  std::optional<std::vector<rollcall::profile_place>> only{};
  std::optional<model::instant> from{}; // Of joining, inclusive.
  std::optional<model::instant> to{};   // Exclusive.
  bool by_joining = false;              // Sorted by it.
};
member_request read_member_request(const call& c, const parsed_query& query);

} // namespace gateway
