#pragma once

#include "gateway/body.hpp"
#include "gateway/errors.hpp"
#include "messages/line_block.hpp"
#include "messages/ndjson.hpp"
#include "model/change.hpp"
#include "model/instant.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Profiles as the API has them (klaviyo-api.md §2.1) and as the engine has them
/// (messages/README.md).
namespace gateway {

/// What is only shown to who asks for it by additional-fields[profile].
struct profile_parts {
  bool subscriptions = false;
  bool predictive_analytics = false;
};

/// The attributes of a profile out of what engine::profile gave. Every key is there; null where
/// nothing is known.
boost::json::object profile_attributes(std::string_view engine_json, profile_parts parts = {});

/// Texts that name a profile; empty = it has none of that kind.
struct profile_identifiers {
  std::string external_id{};
  std::string email{};
  std::string phone_number{};

  [[nodiscard]] bool is_empty() const {
    return external_id.empty() && email.empty() && phone_number.empty();
  }
};

/// Those of the engine's JSON.
profile_identifiers identifiers_of(std::string_view engine_json);
/// Those that a request's attributes name.
profile_identifiers identifiers_of(const boost::json::object& attributes);

/// When the profile joined a static list; nothing = it is in no list of that name.
std::optional<model::instant> joined_list_at(std::string_view engine_json, std::string_view list);

/// One NDJSON line, without its end.
struct profile_line {
  std::string text;
  profile_identifiers who; // What the line calls the profile.
  /// Whether some identifier of the known ones is still among them. Without one, the engine takes
  /// the line for another profile.
  bool names_known = false;
};

/// The line that says what `attributes` and `meta` (null = none) of a request say: a field that is
/// null clears (a location: all of it), one that is left out stays; `properties` that are null say
/// nothing. Identifiers of `known` are put in where the attributes say nothing of that name, so
/// that an update finds its profile. Mistakes go into `found`, with pointers below `pointer`
/// ("/data"); what is inside location, properties and patches is checked by read_profile_line.
profile_line make_profile_line(const boost::json::object& attributes,
                               const boost::json::object* meta, const profile_identifiers& known,
                               mistakes& found, std::string_view pointer = "/data");

/// Appends the line's records to `batch`. Throws a refusal when the reader does not take it, with
/// the pointer to the attribute; nothing was appended then.
void read_profile_line(messages::ndjson_reader& reader, const profile_line& line,
                       model::change_batch& batch, std::string_view pointer = "/data");

/// The reader's error as one of the request's.
error_entry to_error(const messages::line_error& why, std::string_view line,
                     std::string_view pointer = "/data");

} // namespace gateway
