#include "node/inspection_view.hpp"

#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace node {

namespace {

namespace json = boost::json;

std::string text(const json::value& from) {
  return from.is_null() ? std::string{} : json::value_to<std::string>(from);
}

std::uint64_t count(const json::value& from) {
  return from.to_number<std::uint64_t>();
}

double number(const json::value& from) {
  return from.is_null() ? 0 : from.to_number<double>();
}

/// One actor, and how deep in the tree it stands.
struct placed_actor {
  const json::object* what = nullptr;
  std::size_t depth = 0;
};

bool fits(const json::object& actor, std::string_view filter) {
  return text(actor.at("name")).find(filter) != std::string::npos
      || text(actor.at("kind")).find(filter) != std::string::npos;
}

/// Adds the actors that fit, and those above them; true = there were some.
bool add_fitting(const json::array& actors, std::string_view filter, std::size_t depth,
                 std::vector<placed_actor>& into) {
  bool any = false;
  for (const auto& each : actors) {
    const auto& actor = each.as_object();
    into.push_back({&actor, depth});
    const auto has_below = add_fitting(actor.at("children").as_array(), filter, depth + 1, into);
    if (has_below || fits(actor, filter))
      any = true;
    else
      into.pop_back();
  }
  return any;
}

/// Whether one actor stands before another by a column.
bool stands_before(const json::object& a, const json::object& b, std::string_view column) {
  static constexpr std::array<std::string_view, inspection_columns.size()> fields{
    "name",          "kind",
    "mailbox_depth", "mailbox_depth_max",
    "messages_in",   "messages_per_second",
    "busy_share",    "running_for_ms",
    "age_seconds",   "last_error"};
  const auto at = std::ranges::find(inspection_columns, column) - inspection_columns.begin();
  const auto field = fields.at(static_cast<std::size_t>(at));
  if (field != "name" && field != "kind" && field != "last_error")
    return number(a.at(field)) > number(b.at(field));
  const auto of_a = text(a.at(field));
  const auto of_b = text(b.at(field));
  return std::pair{of_a.empty(), of_a} < std::pair{of_b.empty(), of_b};
}

/// A list by the column; without one the tree, with those above the actors that fit.
std::vector<placed_actor> place(const json::array& actors, const inspection_choice& choice) {
  std::vector<placed_actor> all;
  add_fitting(actors, choice.filter, 0, all);
  if (!choice.top.empty()) {
    std::erase_if(all, [&](const placed_actor& a) { return !fits(*a.what, choice.filter); });
    std::ranges::stable_sort(all, [&](const placed_actor& a, const placed_actor& b) {
      return stands_before(*a.what, *b.what, choice.top);
    });
  }
  return all;
}

std::string actors_text(const json::array& actors, const inspection_choice& choice) {
  const auto all = place(actors, choice);
  table rows({{"actor"},
              {"kind"},
              {"waiting", side::right},
              {"most", side::right},
              {"messages", side::right},
              {"per s", side::right},
              {"busy", side::right},
              {"at it for", side::right},
              {"age", side::right},
              {"last error"}});
  for (const auto& [what, depth] : all) {
    const auto& a = *what;
    const auto indent = choice.top.empty() ? 2 * depth : 0;
    rows.add(
      {std::string(indent, ' ') + text(a.at("name")) + (a.at("alive").as_bool() ? "" : " (ended)"),
       text(a.at("kind")), grouped(count(a.at("mailbox_depth"))),
       grouped(count(a.at("mailbox_depth_max"))), grouped(count(a.at("messages_in"))),
       fmt::format("{:.1f}", number(a.at("messages_per_second"))),
       fmt::format("{:.1f}%", 100 * number(a.at("busy_share"))),
       a.at("running_for_ms").is_null() ? "" : duration_text(number(a.at("running_for_ms")) / 1e3),
       duration_text(number(a.at("age_seconds"))), text(a.at("last_error"))});
  }
  return rows.text();
}

std::string partitions_text(const json::array& partitions) {
  table rows({{"partition", side::right},
              {"profiles", side::right},
              {"log", side::right},
              {"waiting", side::right},
              {"delta records", side::right},
              {"delta MiB", side::right},
              {"at work"},
              {"due", side::right},
              {"next due"},
              {"late", side::right},
              {"trouble"}});
  for (const auto& each : partitions) {
    const auto& p = each.as_object();
    const auto& log = p.at("log").as_object();
    const auto& delta = p.at("delta").as_object();
    const auto& due = p.at("due").as_object();
    std::vector<std::string_view> work;
    if (p.at("is_merging").as_bool())
      work.push_back("merging");
    if (p.at("is_building").as_bool())
      work.push_back("building");
    rows.add({std::to_string(count(p.at("index"))), grouped(count(p.at("profiles"))),
              fmt::format("{}-{}", count(log.at("first")), count(log.at("last"))),
              grouped(count(p.at("waiting_records"))), grouped(count(delta.at("records"))),
              fmt::format("{:.1f}", static_cast<double>(count(delta.at("bytes"))) / 1048576),
              fmt::format("{}", fmt::join(work, ", ")), grouped(count(due.at("entries"))),
              due.at("next").is_null() ? "never" : text(due.at("next")),
              duration_text(number(p.at("lag_seconds"))), text(p.at("trouble"))});
  }
  return rows.text();
}

std::string builds_text(const json::array& builds) {
  if (builds.empty())
    return {};
  table rows({{"build"},
              {"version", side::right},
              {"done", side::right},
              {"profiles", side::right},
              {"left", side::right},
              {"trouble"}});
  for (const auto& each : builds) {
    const auto& b = each.as_object();
    rows.add({text(b.at("segment").at("name")), std::to_string(count(b.at("definition_version"))),
              fmt::format("{:.1f}%", number(b.at("percent"))),
              grouped(count(b.at("profiles_done"))) + " of " + grouped(count(b.at("profiles"))),
              b.at("left_ms").is_null() ? "" : duration_text(number(b.at("left_ms")) / 1e3),
              text(b.at("trouble"))});
  }
  return rows.text() + '\n';
}

} // namespace

json::object chosen(json::object inspection, const inspection_choice& choice) {
  if (choice.top.empty() && choice.filter.empty())
    return inspection;
  json::array list;
  for (const auto& [what, depth] : place(inspection.at("actors").as_array(), choice)) {
    if (!fits(*what, choice.filter))
      continue;
    auto one = *what;
    one.erase("children");
    list.push_back(std::move(one));
  }
  inspection["actors"] = std::move(list);
  return inspection;
}

std::string inspection_text(const json::object& inspection, const inspection_choice& choice) {
  const auto& engine = inspection.at("engine").as_object();
  std::vector<std::uint64_t> positions;
  for (const auto& position : inspection.at("log_positions").as_array())
    positions.push_back(count(position));
  auto out = fmt::format(
    "account {} ({}), {}, {}\nas of {} by the {} clock, zone {}, log positions "
    "{}\n\n",
    text(inspection.at("account").at("name")), text(inspection.at("account").at("id")),
    amount(count(engine.at("profiles")), "profile"),
    amount(count(engine.at("segments")), "segment"), text(inspection.at("as_of")),
    text(engine.at("clock")), text(engine.at("zone")), fmt::join(positions, " "));
  out += partitions_text(inspection.at("partitions").as_array()) + '\n';
  out += builds_text(inspection.at("builds").as_array());
  out += actors_text(inspection.at("actors").as_array(), choice);
  return out;
}

} // namespace node
