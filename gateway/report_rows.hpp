#pragma once

#include "gateway/account.hpp"
#include "gateway/body.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// Reports of the engine (docs/reports.md) behind endpoints that ask otherwise.
namespace gateway {

/// What a field of the engine's request is called in the body. Pointers go on below it, unless it
/// is said in one piece ("filter").
struct outer_name {
  std::string_view inside;
  std::string_view outside;
  bool is_whole = false;
};

/// The report; every mistake that the engine finds becomes one of the body's attributes.
boost::json::object make_report(const account& whose, const boost::json::object& wanted,
                                std::span<const outer_name> names);

/// The most rows that a report has; beyond it, it is refused.
inline constexpr std::size_t report_rows_max = 100'000;

/// The rows of one page, in the report's order.
struct report_page {
  boost::json::array rows;
  std::string position{}; // Of the rows behind; empty = there are none.
};

/// The rows from `position` on, at most `size`; empty = from the start. It names the row before by
/// its groupings, so that rows that come or go meanwhile shift nothing.
report_page page_of(boost::json::object& report, std::string_view position, std::size_t size);

} // namespace gateway
