#include "gateway/suppressions.hpp"

#include "gateway/background.hpp"
#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/lists.hpp"
#include "gateway/new_id.hpp"
#include "gateway/profile_items.hpp"
#include "gateway/segments.hpp"
#include "gateway/suppression_job.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t addresses_max = 100; // Of one job.
constexpr std::size_t jobs_waiting_max = 100;
constexpr auto pause_after_trouble = 5s;

/// Works through long jobs, one account's and another's.
class suppression_office {
public:
  /// Goes on with what an earlier run of the server has left.
  void take_over(const std::shared_ptr<account>& whose) {
    const std::lock_guard lock{guard_}; // Nobody makes a job before those that are left are known.
    if (known_.contains(whose))
      return;
    for (const auto what : {suppressing::begin, suppressing::end})
      for (auto& job : suppression_jobs(*whose, what))
        if (!job.is_over())
          begin(whose, std::move(job));
    known_.insert(whose);
  }

  void begin(const std::shared_ptr<account>& whose, suppression_job job) {
    auto name = fmt::format("{}/{}", whose->name, job.id);
    work_.add(std::move(name),
              [whose, job = std::move(job)]() mutable { return do_piece(*whose, job); });
  }

private:
  static std::optional<std::chrono::milliseconds> do_piece(const account& whose,
                                                           suppression_job& job) {
    if (whose.is_dismissed)
      return std::nullopt; // Whoever serves it goes on with it.
    auto next = job;       // Does not count before it is kept.
    try {
      suppress_piece(whose, next);
      keep(whose, next);
    } catch (const refusal& why) {
      spdlog::warn("suppressions: job {} of account {} waits: {}", job.id, whose.name,
                   why.errors().front().detail);
      return pause_after_trouble;
    }
    job = std::move(next);
    return job.is_over() ? std::nullopt : std::optional{0ms};
  }

  std::mutex guard_;
  std::set<std::weak_ptr<account>, std::owner_less<>> known_;
  background work_;
};

using shared_office = std::shared_ptr<suppression_office>;

// --- jobs as they are shown ---

json::array identifiers(std::string_view type, const std::string& id) {
  json::array all;
  if (!id.empty())
    all.emplace_back(resource_identifier(type, id));
  return all;
}

resource job_resource(const suppression_job& job) {
  resource r{std::string{type_of(job.what)}, job.id};
  r.attributes = {{"status", job.status},
                  {"created_at", instant_text(job.created)},
                  {"total_count", job.total},
                  {"completed_count", job.done},
                  {"completed_at", instant_or_null(job.completed)},
                  {"skipped_count", job.skipped}};
  r.relationships = {{"lists", identifiers("list", job.list)},
                     {"segments", identifiers("segment", job.segment)}};
  return r;
}

query_rules job_rules(suppressing what) {
  query_rules rules;
  rules.fields.emplace(type_of(what), field_names(type_of(what)));
  return rules;
}

answer list_jobs(const call& c, suppressing what) {
  using enum filter_operator;
  auto rules = job_rules(what);
  rules.filters = {{"status",
                    {equals},
                    filter_kind::text,
                    false,
                    {"cancelled", "complete", "processing", "queued"}},
                   {"list_id", {equals}},
                   {"segment_id", {equals}}};
  rules.sorts = {"created"}; // As ids do.
  rules.has_cursor = true;
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& job : suppression_jobs(*c.whose, what))
    all.push_back(job_resource(job));
  collection_rules reading;
  reading.field = [](const resource& r, std::string_view field) -> std::optional<json::value> {
    if (field == "status")
      return std::nullopt;
    const auto& data = r.relationships[field == "list_id" ? 0 : 1].data->as_array();
    return data.empty() ? json::value() : data.front().at("id");
  };
  return collection_answer(c.asked, query, std::move(all), reading);
}

answer get_job(const call& c, suppressing what) {
  const auto query = parse_query(c.asked, job_rules(what));
  const auto jobs = suppression_jobs(*c.whose, what);
  const auto found = std::ranges::find(jobs, c.captured[0], &suppression_job::id);
  if (found == jobs.end())
    throw refusal{not_found(type_of(what), c.captured[0])};
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, job_resource(*found), query)));
}

// --- new jobs ---

struct new_job {
  std::vector<std::string> emails;
  std::string list;
  std::string segment;
};

new_job read_job(const request& asked, suppressing what) {
  const auto body = read_body(asked);
  mistakes found;
  data_reader read{body, {.type = std::string{type_of(what)}, .needs_attributes = false}, found};
  new_job job;
  const auto* items = read_items(read.attributes(), presence::nullable, addresses_max);
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    item_reader item{(*items)[i], i, found};
    if (auto* attributes = item.attributes())
      job.emails.push_back(
        attributes->text("email", presence::required, {model::identifier_bytes_max, false, {}})
          .value_or({}));
    item.finish();
  }
  job.list = read.related_one("list", "list", presence::optional);
  job.segment = read.related_one("segment", "segment", presence::optional);
  read.finish();
  found.refuse_if_any();
  if ((job.emails.empty() ? 0 : 1) + (job.list.empty() ? 0 : 1) + (job.segment.empty() ? 0 : 1)
      != 1)
    throw refusal{invalid_body("/data", "Exactly one is needed: 'profiles' among the attributes, "
                                        "or 'list' or 'segment' among the relationships.")};
  return job;
}

void refuse_if_busy(const account& whose, suppressing what) {
  const auto jobs = suppression_jobs(whose, what);
  const auto waiting = std::ranges::count_if(jobs, [](const auto& job) { return !job.is_over(); });
  if (static_cast<std::size_t>(waiting) < jobs_waiting_max)
    return;
  error_entry e{429, "throttled", "Too many jobs."};
  e.detail = fmt::format("{} jobs wait already; try again when some are done", waiting);
  throw refusal{std::move(e)};
}

answer create_job(const call& c, suppressing what, suppression_office& office) {
  const auto query = parse_query(c.asked, job_rules(what));
  const auto wanted = read_job(c.asked, what);
  suppression_job job;
  job.what = what;
  job.created = c.whose->engine->now();
  job.id = new_ulid(job.created);
  job.list = wanted.list;
  job.segment = wanted.segment;
  if (!wanted.emails.empty()) {
    suppress_addresses(*c.whose, job, wanted.emails);
    keep(*c.whose, job);
  } else {
    job.total = job.list.empty() ? find_segment(*c.whose, job.segment).members
                                 : count_members(*c.whose, find_list(*c.whose, job.list));
    refuse_if_busy(*c.whose, what);
    keep(*c.whose, job);
    office.begin(c.whose, job);
  }
  forget_old_jobs(*c.whose, what);
  return document_answer(
    202, single_document(c.asked, resource_object(c.asked, job_resource(job), query)));
}

} // namespace

void add_suppression_routes(route_table& routes) {
  const auto office = std::make_shared<suppression_office>();
  routes.at_opening([office](const std::shared_ptr<account>& whose) { office->take_over(whose); });
  for (const auto what : {suppressing::begin, suppressing::end}) {
    const auto all = "/api/" + std::string{type_of(what)} + 's';
    std::vector<std::string> write{"subscriptions:write"};
    if (what == suppressing::begin)
      write.emplace_back("profiles:write");
    routes.add("POST", all, write, [office, what](const call& c) {
      office->take_over(c.whose);
      return create_job(c, what, *office);
    });
    routes.add("GET", all, {"subscriptions:read"}, [office, what](const call& c) {
      office->take_over(c.whose);
      return list_jobs(c, what);
    });
    routes.add("GET", all + "/{id}", {"subscriptions:read"}, [office, what](const call& c) {
      office->take_over(c.whose);
      return get_job(c, what);
    });
  }
}

} // namespace gateway
