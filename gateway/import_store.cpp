#include "gateway/import_store.hpp"

#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"
#include "gateway/notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view import_kind = "profile-bulk-import-job";
constexpr std::string_view part_id = "all";
constexpr std::size_t piece_bytes_max = 900'000; // A document has at most 1 MiB.

// Each under a kind of its own, since documents are read by kind.
std::string people_kind(std::string_view job) {
  return fmt::format("imported:{}", job);
}
std::string errors_kind(std::string_view job, std::size_t piece) {
  return fmt::format("import-errors:{}:{}", job, piece);
}

json::object to_json(const import_job& job) {
  return {{"started", model::to_ms(job.started)},
          {"completed", model::to_ms(job.completed)},
          {"total", job.total},
          {"failed", job.failed},
          {"lists", json::array(job.lists.begin(), job.lists.end())},
          {"error_counts", json::array(job.error_counts.begin(), job.error_counts.end())}};
}

import_job to_job(const std::string& id, const json::object& note) {
  const auto number = [&](std::string_view key) { return note.at(key).to_number<std::int64_t>(); };
  import_job job{id, model::from_ms(number("started")), model::from_ms(number("completed")),
                 static_cast<std::size_t>(number("total")),
                 static_cast<std::size_t>(number("failed"))};
  for (const auto& list : note.at("lists").as_array())
    job.lists.emplace_back(list.as_string());
  for (const auto& count : note.at("error_counts").as_array())
    job.error_counts.push_back(count.to_number<std::size_t>());
  return job;
}

std::vector<import_job> read_all(const account& whose) {
  std::vector<import_job> jobs;
  for (const auto& [id, note] : notes{whose, import_kind}.all())
    jobs.push_back(to_job(id, note));
  return jobs;
}

/// New profiles are neighbours, so that differences are small.
json::object to_json(std::vector<rollcall::profile_place> people) {
  std::ranges::sort(people);
  const auto [first, last] = std::ranges::unique(people);
  people.erase(first, last);
  json::object partitions;
  std::uint32_t before = 0;
  for (const auto& place : people) {
    auto& numbers = partitions[std::to_string(place.partition)];
    if (numbers.is_null()) {
      numbers = json::array{};
      before = 0;
    }
    numbers.get_array().emplace_back(place.number - before);
    before = place.number;
  }
  return partitions;
}

json::object to_json(const import_error& error) {
  return {{"code", error.why.code},
          {"title", error.why.title},
          {"detail", error.why.detail},
          {"source", {{"pointer", error.why.pointer}}},
          {"original_payload", error.original}};
}

} // namespace

std::vector<import_job> import_store::all() const {
  auto jobs = read_all(whose_);
  const auto now = whose_.engine->now();
  std::erase_if(jobs, [&](const import_job& job) { return job.expires() <= now; });
  return jobs;
}

import_job import_store::find(std::string_view id) const {
  auto jobs = all();
  const auto found = std::ranges::find(jobs, id, &import_job::id);
  if (found == jobs.end())
    throw refusal{not_found(import_kind, id)};
  return std::move(*found);
}

std::vector<rollcall::profile_place> import_store::people_of(const import_job& job) const {
  std::vector<rollcall::profile_place> people;
  for (const auto& [partition, numbers] : notes{whose_, people_kind(job.id)}.of(part_id)) {
    rollcall::profile_place place{static_cast<std::uint32_t>(std::stoul(std::string{partition})),
                                  0};
    for (const auto& step : numbers.as_array()) {
      place.number += step.to_number<std::uint32_t>();
      people.push_back(place);
    }
  }
  std::ranges::sort(people);
  return people;
}

json::array import_store::errors_of(const import_job& job, std::size_t first,
                                    std::size_t count) const {
  json::array found;
  for (std::size_t piece = 0; piece < job.error_counts.size() && found.size() < count; ++piece) {
    if (first >= job.error_counts[piece]) {
      first -= job.error_counts[piece];
      continue;
    }
    auto note = notes{whose_, errors_kind(job.id, piece)}.of(part_id);
    auto* errors = note.if_contains("errors");
    if (errors == nullptr) // Forgotten meanwhile.
      break;
    auto& all = errors->as_array();
    for (; first < all.size() && found.size() < count; ++first)
      found.push_back(std::move(all[first]));
    first = 0;
  }
  return found;
}

void import_store::put(import_job job, std::vector<rollcall::profile_place> people,
                       const std::vector<import_error>& errors) const {
  std::vector<json::array> pieces;
  std::size_t bytes = piece_bytes_max;
  for (const auto& error : errors) {
    auto written = to_json(error);
    const auto size = json_text(written).size() + 1;
    if (bytes + size > piece_bytes_max) {
      pieces.emplace_back();
      bytes = 0;
    }
    bytes += size;
    pieces.back().emplace_back(std::move(written));
  }
  for (const auto& piece : pieces)
    job.error_counts.push_back(piece.size());
  // First of all, so that whatever comes to pass somebody forgets the rest one day.
  notes{whose_, import_kind}.put(job.id, to_json(job));
  notes{whose_, people_kind(job.id)}.put(part_id, to_json(std::move(people)));
  for (std::size_t i = 0; i < pieces.size(); ++i)
    notes{whose_, errors_kind(job.id, i)}.put(part_id, {{"errors", std::move(pieces[i])}});

  auto jobs = read_all(whose_);
  std::ranges::sort(jobs, std::greater{}, [](const import_job& j) {
    return std::pair{j.started, j.id};
  });
  const auto now = whose_.engine->now();
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (i >= import_jobs_max || jobs[i].expires() <= now)
      forget(jobs[i]);
}

void import_store::forget(const import_job& job) const {
  for (std::size_t piece = 0; piece < job.error_counts.size(); ++piece)
    notes{whose_, errors_kind(job.id, piece)}.drop(part_id);
  notes{whose_, people_kind(job.id)}.drop(part_id);
  notes{whose_, import_kind}.drop(job.id);
}

} // namespace gateway
