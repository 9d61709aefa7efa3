#include "gateway/suppression_job.hpp"

#include "gateway/applied.hpp"
#include "gateway/errors.hpp"
#include "gateway/lists.hpp"
#include "gateway/notes.hpp"
#include "gateway/people.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view by_hand[] = {user_suppressed};

json::object to_json(const suppression_job& job) {
  json::object note{{"status", job.status},
                    {"created", model::to_ms(job.created)},
                    {"total", job.total},
                    {"done", job.done},
                    {"skipped", job.skipped}};
  if (job.completed)
    note["completed"] = model::to_ms(*job.completed);
  for (const auto& [key, text] : {std::pair{"list", &job.list}, std::pair{"segment", &job.segment},
                                  std::pair{"cursor", &job.cursor}})
    if (!text->empty())
      note[key] = *text;
  return note;
}

suppression_job to_job(suppressing what, const std::string& id, const json::object& note) {
  const auto count = [&](std::string_view key) { return note.at(key).to_number<std::uint64_t>(); };
  const auto instant = [&](std::string_view key) {
    return model::from_ms(note.at(key).to_number<std::int64_t>());
  };
  const auto text = [&](std::string_view key) {
    const auto* found = note.if_contains(key);
    return found == nullptr ? std::string{} : std::string{found->as_string()};
  };
  suppression_job job;
  job.what = what;
  job.id = id;
  job.status = text("status");
  job.created = instant("created");
  if (note.contains("completed"))
    job.completed = instant("completed");
  job.total = count("total");
  job.done = count("done");
  job.skipped = count("skipped");
  job.list = text("list");
  job.segment = text("segment");
  job.cursor = text("cursor");
  return job;
}

/// Changes of some people on their way into the engine.
class suppression_batch {
public:
  suppression_batch(const account& whose, suppression_job& job)
    : whose_(whose), job_(job),
      item_(fmt::format("{}|{}", user_suppressed, model::format_instant(whose.engine->now()))) {
  }

  /// `known` null = nobody has the address.
  void add(std::string_view email, const found_person* known) {
    const auto present = known == nullptr ? std::vector<std::string>{}
                                          : suppressions_for(known->json, by_hand);
    const bool begins = job_.what == suppressing::begin;
    if (email.empty() || begins != present.empty()) {
      ++job_.skipped;
      return;
    }
    batch_.profile({.email = email});
    if (begins)
      batch_.append(suppression_path, item_);
    for (const auto& item : present)
      batch_.remove(suppression_path, item);
  }

  void apply() {
    const auto records = batch_.records();
    if (records == 0)
      return;
    const auto receipt = take_changes(whose_, batch_.take());
    job_.skipped += receipt.rejected.size();
    job_.done += records - receipt.rejected.size();
  }

private:
  const account& whose_;
  suppression_job& job_;
  std::string item_;
  rollcall::batch_builder batch_;
};

/// The next members; takes the job's cursor on. Nothing = the list or the segment is gone.
std::optional<std::vector<rollcall::profile_place>> next_members(const account& whose,
                                                                 suppression_job& job) {
  std::vector<rollcall::profile_place> places;
  if (!job.segment.empty()) {
    auto page = whose.engine->members(job.segment, job.cursor, suppressed_at_once);
    if (!page && page.error().code == model::failure_code::not_found)
      return std::nullopt;
    auto members = value_of(std::move(page));
    for (const auto& member : members.members)
      places.push_back(member.place);
    job.cursor = std::move(members.cursor);
    return places;
  }
  const auto lists = all_lists(whose);
  const auto list = std::ranges::find(lists, job.list, &known_list::id);
  if (list == lists.end())
    return std::nullopt;
  auto page = value_of(
    whose.engine->list_profiles({.list = list->engine_name}, job.cursor, suppressed_at_once));
  for (const auto& line : page.profiles)
    places.push_back(line.place);
  job.cursor = std::move(page.cursor);
  return places;
}

void finish(const account& whose, suppression_job& job, std::string_view status) {
  job.status = status;
  job.completed = whose.engine->now();
  job.total = job.done + job.skipped; // People came and went meanwhile.
  job.cursor.clear();
}

} // namespace

std::string_view type_of(suppressing what) {
  return what == suppressing::begin ? "profile-suppression-bulk-create-job"
                                    : "profile-suppression-bulk-delete-job";
}

std::vector<suppression_job> suppression_jobs(const account& whose, suppressing what) {
  std::vector<suppression_job> jobs;
  for (const auto& [id, note] : notes{whose, type_of(what)}.all())
    jobs.push_back(to_job(what, id, note));
  return jobs;
}

void keep(const account& whose, const suppression_job& job) {
  notes{whose, type_of(job.what)}.put(job.id, to_json(job));
}

void forget_old_jobs(const account& whose, suppressing what) {
  auto jobs = suppression_jobs(whose, what); // By id, so the oldest first.
  auto left = jobs.size();
  for (const auto& job : jobs)
    if (left > suppression_jobs_max && job.is_over()) {
      notes{whose, type_of(what)}.drop(job.id);
      --left;
    }
}

void suppress_addresses(const account& whose, suppression_job& job,
                        const std::vector<std::string>& emails) {
  const auto writing = lock_notes(whose);
  std::vector<profile_identifiers> names;
  for (const auto& email : emails)
    names.push_back({.email = email});
  const auto known = find_people(whose, names);
  suppression_batch batch{whose, job};
  for (std::size_t i = 0; i < emails.size(); ++i)
    batch.add(emails[i], known[i] ? &*known[i] : nullptr);
  batch.apply();
  finish(whose, job, "complete");
}

void suppress_piece(const account& whose, suppression_job& job) {
  const auto writing = lock_notes(whose);
  const auto members = next_members(whose, job);
  if (!members)
    return finish(whose, job, "cancelled");
  const auto people = living_people(whose, *members);
  suppression_batch batch{whose, job};
  for (const auto& one : people)
    batch.add(identifiers_of(one.json).email, &one);
  batch.apply();
  job.status = "processing";
  if (job.cursor.empty())
    finish(whose, job, "complete");
}

} // namespace gateway
