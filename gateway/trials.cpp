#include "gateway/trials.hpp"

#include "gateway/body.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"

#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

namespace {

using rollcall::preview_question;
using rollcall::preview_step;

constexpr std::int64_t listed_preset = 100;
constexpr std::int64_t listed_max = 1'000;
constexpr number_rule days_rule{30, 1, 366};
constexpr std::chrono::hours day{24};

/// A definition that somebody wants to try.
struct trial {
  std::string definition;
  std::optional<model::instant> at{};
  std::size_t limit = 0;
};

trial read_trial(const request& asked) {
  const auto body = read_body(asked);
  mistakes found;
  if (!body.is_object())
    found.add("", "An object with 'definition' is allowed here.");
  found.refuse_if_any();
  object_reader fields{body.get_object(), "", "trial", found};
  trial t;
  if (const auto* definition = fields.object("definition", presence::required))
    t.definition = json_text(*definition);
  t.at = fields.instant("at", presence::optional).value;
  t.limit = static_cast<std::size_t>(
    fields.integer("limit", presence::optional, {0, listed_max}).value_or(listed_preset));
  fields.finish();
  found.refuse_if_any();
  return t;
}

/// Asks the engine; mistakes in the definition of question `tried` point into the body.
std::vector<preview_step> compare(rollcall::engine& engine,
                                  const std::vector<preview_question>& questions, std::size_t limit,
                                  std::size_t tried = 0) {
  auto steps = engine.compare_previews(questions, limit);
  if (steps)
    return std::move(*steps);
  const auto index = fmt::format("/{}", tried);
  auto faults = steps.faults();
  for (auto& fault : faults)
    if (fault.pointer.starts_with(index))
      fault.pointer.erase(0, index.size());
  refuse_definition(steps.error(), faults, "/definition");
}

/// {"count": 3, "profiles": […]}
json::object people(rollcall::engine& engine, std::uint64_t count,
                    const std::vector<rollcall::profile_place>& some) {
  return {{"count", count}, {"profiles", people_at(engine, some)}};
}

json::object begin_answer(const rollcall::freshness& seen) {
  json::object content;
  add_freshness(content, seen);
  return content;
}

answer preview(const call& c) {
  check_parameters(c.asked, {});
  auto& engine = *c.whose->engine;
  const auto wanted = read_trial(c.asked);
  const auto seen = freshness_of(engine);
  const auto at = model::floor_second(wanted.at.value_or(seen.as_of));
  const auto steps = compare(engine, {{wanted.definition, at}}, wanted.limit);
  auto content = begin_answer(seen);
  content["at"] = model::format_instant(at);
  content["members"] = people(engine, steps[0].joined, steps[0].some_joined);
  return own_answer(content);
}

void add_segment(json::object& to, const rollcall::segment_info& segment) {
  to["segment"] = {
    {"id", segment.id}, {"name", segment.name}, {"definition_version", segment.version}};
}

answer try_definition(const call& c) {
  check_parameters(c.asked, {});
  auto& engine = *c.whose->engine;
  const auto segment = value_of(engine.show(c.captured.front()));
  const auto wanted = read_trial(c.asked);
  const auto seen = freshness_of(engine);
  const auto at = model::floor_second(wanted.at.value_or(seen.as_of));
  const auto steps = compare(engine, {{segment.json, at}, {wanted.definition, at}}, wanted.limit,
                             1);
  auto content = begin_answer(seen);
  add_segment(content, segment);
  content["at"] = model::format_instant(at);
  content["members_now"] = steps[0].members;
  content["members_then"] = steps[1].members;
  content["joining"] = people(engine, steps[1].joined, steps[1].some_joined);
  content["leaving"] = people(engine, steps[1].left, steps[1].some_left);
  return own_answer(content);
}

/// Now, the end of each day, and now once more: so the last step tells who changes sides between
/// now and the last day.
std::vector<preview_question> questions_of(const std::string& definition, model::instant now,
                                           std::int64_t days) {
  std::vector<preview_question> questions;
  for (std::int64_t d = 0; d <= days; ++d)
    questions.push_back({definition, now + d * day});
  questions.push_back({definition, now});
  return questions;
}

json::object day_object(rollcall::engine& engine, std::int64_t number, model::instant at,
                        const preview_step& step) {
  return {{"day", number},
          {"at", model::format_instant(at)},
          {"members", step.members},
          {"joining", people(engine, step.joined, step.some_joined)},
          {"leaving", people(engine, step.left, step.some_left)}};
}

answer forecast(const call& c) {
  check_parameters(c.asked, {"days", "limit"});
  const auto days = number_parameter(c.asked, "days", days_rule);
  const auto limit = number_parameter(c.asked, "limit", {10, 0, listed_max});
  auto& engine = *c.whose->engine;
  const auto segment = value_of(engine.show(c.captured.front()));
  const auto seen = freshness_of(engine);
  const auto now = model::floor_second(seen.as_of);
  const auto steps = compare(engine, questions_of(segment.json, now, days),
                             static_cast<std::size_t>(limit));
  json::array all;
  for (std::int64_t d = 1; d <= days; ++d)
    all.push_back(day_object(engine, d, now + d * day, steps[static_cast<std::size_t>(d)]));
  // The way back: who joins on it has left on the way there.
  const auto& back = steps.back();
  auto content = begin_answer(seen);
  add_segment(content, segment);
  content["from"] = model::format_instant(now);
  content["until"] = model::format_instant(now + days * day);
  content["members"] = steps.front().members;
  content["joining"] = people(engine, back.left, back.some_left);
  content["leaving"] = people(engine, back.joined, back.some_joined);
  content["days"] = std::move(all);
  return own_answer(content);
}

} // namespace

void add_trial_routes(route_table& routes) {
  routes.add("POST", "/api/rollcall/segment-previews", {reading_scope}, preview, "M");
  routes.add("POST", "/api/rollcall/segments/{id}/what-if", {reading_scope}, try_definition, "M");
  routes.add("GET", "/api/rollcall/segments/{id}/forecast", {reading_scope}, forecast, "S");
}

} // namespace gateway
