#include "gateway/report_rows.hpp"

#include "gateway/cursor.hpp"
#include "gateway/errors.hpp"
#include "gateway/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

/// "/statistics/2" → "/data/attributes/measurements/2".
std::string outer_pointer(std::string_view pointer, std::span<const outer_name> names) {
  constexpr std::string_view attributes = "/data/attributes";
  if (pointer.empty())
    return std::string{attributes};
  const auto end = std::min(pointer.find('/', 1), pointer.size());
  const auto field = pointer.substr(1, end - 1);
  const auto known = std::ranges::find(names, field, &outer_name::inside);
  if (known == names.end())
    return std::string{attributes}.append(pointer);
  return fmt::format("{}/{}{}", attributes, known->outside,
                     known->is_whole ? std::string_view{} : pointer.substr(end));
}

/// Where a page ends: how many rows were before it, and the groupings of the last one.
struct edge {
  std::size_t rows = 0;
  json::object groupings;
};

/// Whoever takes the trouble can forge a cursor: trust nothing.
edge read_edge(std::string_view position) {
  if (position.empty())
    return {};
  std::vector<json_fault> faults;
  const auto read = read_json(position, faults);
  const auto* parts = read ? read->if_array() : nullptr;
  if (parts == nullptr || parts->size() != 2 || !(*parts)[0].is_int64()
      || (*parts)[0].get_int64() < 1 || !(*parts)[1].is_object())
    throw refusal{invalid_cursor()};
  return {static_cast<std::size_t>((*parts)[0].get_int64()), (*parts)[1].get_object()};
}

/// The first row behind the edge. Where the row before it has vanished, its number must do.
std::size_t first_behind(const json::array& rows, const edge& last) {
  if (last.rows == 0)
    return 0;
  const auto is_last = [&](const json::value& row) {
    return row.as_object().at("groupings") == last.groupings;
  };
  if (last.rows <= rows.size() && is_last(rows[last.rows - 1]))
    return last.rows;
  const auto found = std::ranges::find_if(rows, is_last);
  return found == rows.end() ? std::min(last.rows, rows.size())
                             : static_cast<std::size_t>(found - rows.begin()) + 1;
}

} // namespace

json::object make_report(const account& whose, const json::object& wanted,
                         std::span<const outer_name> names) {
  auto request = wanted;
  request["limit"] = report_rows_max;
  auto made = whose.engine->report(json_text(request));
  if (!made) {
    mistakes found;
    for (const auto& fault : made.faults())
      found.add(outer_pointer(fault.pointer, names),
                fmt::format("found {}; allowed: {}", fault.found, fault.allowed));
    found.refuse_if_any();
    throw refusal{to_error(made.error())};
  }
  auto report = std::move(own_json(*made).as_object());
  if (report.at("rows").to_number<std::size_t>() > report_rows_max)
    throw refusal{
      invalid_body("/data/attributes/filter",
                   fmt::format("the report has {} rows; at most {} can be had: narrow it down",
                               json_text(report.at("rows")), report_rows_max))};
  return report;
}

report_page page_of(json::object& report, std::string_view position, std::size_t size) {
  auto& rows = report.at("results").as_array();
  const auto first = first_behind(rows, read_edge(position));
  const auto count = std::min(size, rows.size() - first);
  report_page page;
  const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
  page.rows.reserve(count);
  std::move(begin, begin + static_cast<std::ptrdiff_t>(count), std::back_inserter(page.rows));
  if (first + count < rows.size())
    page.position = json_text(
      json::array{first + count, page.rows.back().as_object().at("groupings")});
  return page;
}

} // namespace gateway
