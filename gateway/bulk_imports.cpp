#include "gateway/bulk_imports.hpp"

#include "gateway/body.hpp"
#include "gateway/bulk_import.hpp"
#include "gateway/collection.hpp"
#include "gateway/cursor.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/import_store.hpp"
#include "gateway/lists.hpp"
#include "gateway/members.hpp"
#include "gateway/new_id.hpp"
#include "gateway/profile_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view type = "profile-bulk-import-job";
constexpr std::size_t body_bytes_max = std::size_t{5} << 20;
constexpr std::size_t profiles_max = 10'000;
constexpr std::size_t lists_max = 10;

// --- jobs as they are shown ---

resource job_resource(const import_job& job) {
  resource r{std::string{type}, job.id};
  r.attributes = {{"status", "complete"},
                  {"created_at", instant_text(job.started)},
                  {"total_count", job.total},
                  {"completed_count", job.total - job.failed},
                  {"failed_count", job.failed},
                  {"completed_at", instant_text(job.completed)},
                  {"expires_at", instant_text(job.expires())},
                  {"started_at", instant_text(job.started)}};
  json::array lists;
  for (const auto& id : job.lists)
    lists.emplace_back(resource_identifier("list", id));
  r.relationships = {{"lists", std::move(lists)}, {"profiles", {}}, {"import-errors", {}}};
  return r;
}

/// The job's lists that are still there.
std::vector<known_list> lists_of(const account& whose, const import_job& job) {
  auto all = all_lists(whose);
  std::erase_if(all, [&](const known_list& list) {
    return std::ranges::find(job.lists, list.id) == job.lists.end();
  });
  return all;
}

query_rules job_rules() {
  query_rules rules;
  rules.fields.emplace(type, field_names(type));
  return rules;
}

answer list_jobs(const call& c) {
  static const auto rules = [] {
    using enum filter_operator;
    auto made = job_rules();
    made.filters = {{"status",
                     {any, equals},
                     filter_kind::text,
                     true,
                     {"cancelled", "complete", "processing", "queued"}}};
    made.sorts = {"created_at"};
    made.page = page_rule{20, 1, 100};
    made.has_cursor = true;
    return made;
  }();
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& job : import_store{*c.whose}.all())
    all.push_back(job_resource(job));
  return collection_answer(c.asked, query, std::move(all));
}

answer get_job(const call& c) {
  static const auto rules = [] {
    auto made = job_rules();
    made.includes = {"lists"};
    made.fields.emplace("list", field_names("list", {"profile_count"}));
    return made;
  }();
  const auto query = parse_query(c.asked, rules);
  const auto job = import_store{*c.whose}.find(c.captured[0]);
  included_resources included;
  if (query.includes("lists"))
    for (const auto& list : lists_of(*c.whose, job))
      included.add(resource_object(c.asked, list_resource(list), query));
  return document_answer(200, single_document(c.asked,
                                              resource_object(c.asked, job_resource(job), query),
                                              std::move(included)));
}

// --- what belongs to a job ---

/// Pages of things that are numbered from 0 and never change.
struct numbered_page {
  std::string scope;
  std::size_t first = 0;
  std::size_t count = 0;

  numbered_page(const request& asked, const parsed_query& query)
    : scope(cursor_scope(asked)), count(query.page_size) {
    const auto position = open_cursor(scope, query.cursor);
    const auto* end = position.data() + position.size();
    if (!position.empty() && std::from_chars(position.data(), end, first).ptr != end)
      throw refusal{invalid_cursor()};
  }

  [[nodiscard]] neighbours around(std::size_t all) const {
    neighbours pages;
    if (first < all && count < all - first)
      pages.next = seal_cursor(scope, std::to_string(first + count));
    return pages;
  }
};

answer get_profiles(const call& c, bool ids_only) {
  query_rules rules;
  if (!ids_only) {
    rules.fields = {{"profile", field_names("profile")}};
    rules.additional_fields = {{"profile", {"subscriptions", "predictive_analytics"}}};
  }
  rules.page = page_rule{20, 1, 100};
  rules.has_cursor = true;
  const auto query = parse_query(c.asked, rules);
  const import_store store{*c.whose};
  const auto people = store.people_of(store.find(c.captured[0]));
  const numbered_page page{c.asked, query};
  std::vector<shown_profile> shown;
  for (auto i = page.first; i < people.size() && shown.size() < page.count; ++i)
    shown.push_back({people[i], {}});
  return profiles_answer(c, query, shown, page.around(people.size()), ids_only);
}

answer get_lists(const call& c, bool ids_only) {
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"list", field_names("list", {"profile_count"})}};
  const auto query = parse_query(c.asked, rules);
  const auto job = import_store{*c.whose}.find(c.captured[0]);
  std::vector<std::string> ids;
  std::vector<resource> lists;
  for (const auto& list : lists_of(*c.whose, job)) {
    ids.push_back(list.id);
    lists.push_back(list_resource(list));
  }
  return ids_only ? identifiers_answer(c.asked, "list", ids)
                  : collection_answer(c.asked, query, std::move(lists));
}

answer get_errors(const call& c, bool ids_only) {
  static const auto rules_of = [](bool has_fields) {
    query_rules made;
    if (has_fields)
      made.fields = {{"import-error", field_names("import-error")}};
    made.page = page_rule{20, 1, 100};
    made.has_cursor = true;
    return made;
  };
  static const auto rules = rules_of(true);
  static const auto id_rules = rules_of(false);
  const auto query = parse_query(c.asked, ids_only ? id_rules : rules);
  const import_store store{*c.whose};
  const auto job = store.find(c.captured[0]);
  const numbered_page page{c.asked, query};
  json::array data;
  for (auto& error : store.errors_of(job, page.first, page.count)) {
    resource r{"import-error", fmt::format("{}-{}", job.id, page.first + data.size() + 1)};
    r.attributes = std::move(error.as_object());
    auto written = ids_only ? resource_identifier(r.type, r.id)
                            : resource_object(c.asked, std::move(r), query);
    written.erase("links"); // An error has no address of its own.
    data.emplace_back(std::move(written));
  }
  std::size_t all = 0;
  for (const auto count : job.error_counts)
    all += count;
  return document_answer(200, collection_document(c.asked, std::move(data), page.around(all)));
}

// --- importing ---

answer create_job(const call& c) {
  static const auto rules = job_rules();
  const auto query = parse_query(c.asked, rules);
  if (c.asked.body.size() > body_bytes_max) {
    auto e = invalid_body("", fmt::format("a body of {} bytes; at most {} are allowed",
                                          c.asked.body.size(), body_bytes_max));
    e.status = 413;
    throw refusal{std::move(e)};
  }
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = std::string{type}}, found};
  const auto* items = read_items(read.attributes(), presence::required, profiles_max);
  const auto list_ids = read.related_many("lists", "list", presence::optional, lists_max);
  read.finish();
  found.refuse_if_any();
  import_job job;
  job.started = c.whose->engine->now();
  std::vector<known_list> lists;
  for (const auto& id : list_ids.value_or(std::vector<std::string>{})) {
    lists.push_back(find_list(*c.whose, id));
    job.lists.push_back(id);
  }
  auto done = import_profiles(*c.whose, *items, lists);
  job.id = new_ulid(job.started);
  job.completed = c.whose->engine->now();
  job.total = items->size();
  job.failed = done.failed;
  import_store{*c.whose}.put(job, std::move(done.people), done.errors);
  return document_answer(
    202, single_document(c.asked, resource_object(c.asked, job_resource(job), query)));
}

} // namespace

void add_bulk_import_routes(route_table& routes) {
  const std::string all = "/api/profile-bulk-import-jobs";
  const std::string one = all + "/{id}";
  const std::vector<std::string> read{"lists:read", "profiles:read"};
  routes.add("POST", all, {"lists:write", "profiles:write"}, create_job, "M");
  routes.add("GET", all, read, list_jobs, "M");
  routes.add("GET", one, read, get_job, "M");
  for (const bool ids_only : {false, true}) {
    const auto above = ids_only ? one + "/relationships" : one;
    routes.add(
      "GET", above + "/profiles", {"profiles:read"},
      [ids_only](const call& c) { return get_profiles(c, ids_only); }, "M");
    routes.add(
      "GET", above + "/lists", {"lists:read"},
      [ids_only](const call& c) { return get_lists(c, ids_only); }, "M");
    routes.add(
      "GET", above + "/import-errors", {"profiles:read"},
      [ids_only](const call& c) { return get_errors(c, ids_only); }, "M");
  }
}

} // namespace gateway
