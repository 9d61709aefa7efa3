#pragma once

#include "model/value.hpp"
#include "segments/definition.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

/// The rules once more, as plainly as one can write them down from klaviyo-api.md 3 and 4.2 and
/// semantics.md S1–S27. Slow, and it shares nothing with segments/ but the definition types and the
/// ZIP table. What the engine says is compared with this.
namespace plain {

struct event {
  std::string metric;
  std::int64_t time = 0; // Milliseconds since 1970 UTC.
  double value = std::numeric_limits<double>::quiet_NaN();
  std::map<std::string, model::value> properties;
};

/// A person: attributes by path as model/change.hpp spells them, events in the order in which they
/// were taken.
struct profile {
  std::map<std::string, model::value> attributes;
  std::vector<event> events;
};

/// Whether `c` holds for `p` at `now` (milliseconds, a whole second). `account_zone` is an IANA
/// name.
bool holds(const segments::criterion& c, const profile& p, std::int64_t now,
           const std::string& account_zone);

/// Whether the instant `t` is inside the time frame `f` at `now`; `person_zone` stands for the zone
/// "profile".
bool is_inside(const segments::date_filter& f, std::int64_t t, std::int64_t now,
               const std::string& account_zone, const std::string& person_zone);

} // namespace plain
