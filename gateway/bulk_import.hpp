#pragma once

#include "gateway/account.hpp"
#include "gateway/import_store.hpp"
#include "gateway/lists.hpp"

#include <boost/json/array.hpp>
#include <rollcall/rollcall.hpp>

#include <vector>

namespace gateway {

/// What came of profiles that were imported.
struct imported {
  std::size_t failed = 0;
  std::vector<rollcall::profile_place> people; // Created or changed.
  std::vector<import_error> errors;            // In the order of the profiles.
};

/// Creates or changes the profiles of `data.attributes.profiles.data`, and puts them on the lists.
/// A profile with a mistake keeps out nobody but itself.
imported import_profiles(const account& whose, const boost::json::array& items,
                         const std::vector<known_list>& lists);

} // namespace gateway
