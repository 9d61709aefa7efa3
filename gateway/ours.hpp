#pragma once

#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <rollcall/rollcall.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the routes below /api/rollcall/ have in common. Their answers are plain JSON; each says how
/// fresh it is: `as_of`, up to which time has done its work, and `log_positions`, the last change
/// that counts in each partition. Both are read before the answer, which may know more.
namespace gateway {

/// Scopes of our routes.
inline constexpr const char* reading_scope = "rollcall:read";
inline constexpr const char* writing_scope = "rollcall:write";

rollcall::freshness freshness_of(rollcall::engine& engine);
/// Adds `as_of` and `log_positions`.
void add_freshness(boost::json::object& to, const rollcall::freshness& seen);

answer own_answer(const boost::json::object& content);

/// Refuses parameters that are not among `known`, and those that are given twice.
void check_parameters(const request& asked, std::initializer_list<std::string_view> known);

struct number_rule {
  std::int64_t preset = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
};
/// A whole number of the query. Refuses other texts, and numbers outside.
std::int64_t number_parameter(const request& asked, std::string_view name, number_rule rule);
std::optional<model::instant> instant_parameter(const request& asked, std::string_view name);

/// The value, or the mistakes of the definition as a refusal with pointers below `pointer`.
template <class T>
T value_of(rollcall::definition_outcome<T> found, std::string_view pointer);
[[noreturn]] void refuse_definition(const model::failure& why,
                                    const std::vector<rollcall::definition_fault>& faults,
                                    std::string_view pointer);

/// What the engine calls a profile that a request names by its id here or by an identifier.
std::string engine_name_of(std::string_view profile);

/// {"id", "external_id", "email", "phone_number"} of each, in the order given; one that is gone has
/// its id alone.
boost::json::array people_at(rollcall::engine& engine,
                             std::span<const rollcall::profile_place> places);

// --- implementation

template <class T>
T value_of(rollcall::definition_outcome<T> found, std::string_view pointer) {
  if (!found)
    refuse_definition(found.error(), found.faults(), pointer);
  return std::move(*found);
}

} // namespace gateway
