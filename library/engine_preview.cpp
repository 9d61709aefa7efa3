#include "library/engine_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rollcall {

namespace {

using model::failure;
using model::failure_code;

constexpr std::size_t labels_at_once = 10'000;
constexpr std::size_t questions_max = 400;

/// The definition without references to other segments.
definition_outcome<std::shared_ptr<const std::string>> inlined(engine::parts& parts,
                                                               std::string_view json) {
  auto ready = parts.ask<actors::ready_preview>(
    parts.account, actors::prepare_preview{std::string{json}}, "read a definition");
  if (!ready)
    return ready.error();
  if (ready->inlined)
    return ready->inlined;
  auto why = wrong_definition(ready->errors);
  return {std::move(why), to_faults(std::move(ready->errors))};
}

/// Tells what some profiles of a partition are called, in pieces.
model::status tell_labels(engine::parts& parts, std::size_t partition,
                          std::span<const std::uint32_t> profiles,
                          const std::function<void(std::span<const std::string>)>& each) {
  while (!profiles.empty()) {
    const auto piece = profiles.first(std::min(profiles.size(), labels_at_once));
    profiles = profiles.subspan(piece.size());
    auto named = parts.ask<actors::profile_labels>(
      parts.profiles[partition], actors::label_profiles{{piece.begin(), piece.end()}},
      "name profiles");
    if (!named)
      return named.error();
    each(named->labels);
  }
  return model::nothing{};
}

/// Definitions are often the same from question to question, at other instants.
definition_outcome<actors::compare_members>
ready_comparison(engine::parts& parts, std::span<const preview_question> questions) {
  actors::compare_members ready;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto at = model::floor_second(questions[i].at);
    if (i > 0 && questions[i].json == questions[i - 1].json) {
      ready.questions.push_back({ready.questions.back().json, at});
      continue;
    }
    auto one = inlined(parts, questions[i].json);
    if (!one) {
      auto faults = one.faults();
      for (auto& fault : faults)
        fault.pointer = fmt::format("/{}{}", i, fault.pointer);
      return {one.error(), std::move(faults)};
    }
    ready.questions.push_back({std::move(*one), at});
  }
  return ready;
}

void add_places(std::vector<profile_place>& to, std::uint32_t partition,
                std::span<const std::uint32_t> profiles, std::size_t count_max) {
  for (const auto profile : profiles)
    if (to.size() < count_max)
      to.push_back({partition, profile});
}

} // namespace

definition_outcome<std::uint64_t>
engine::preview(std::string_view json, model::instant at,
                const std::function<void(std::span<const std::string>)>& each) {
  return guarded([&]() -> definition_outcome<std::uint64_t> {
    const auto ready = inlined(*parts_, json);
    if (!ready)
      return {ready.error(), ready.faults()};
    const auto found = parts_->ask_all<actors::preview_answer>(
      actors::preview_members{*ready, model::floor_second(at)}, "preview a definition",
      parts::work_deadline);
    if (!found)
      return found.error();
    std::uint64_t count = 0;
    for (std::size_t p = 0; p < found->size(); ++p) {
      const auto& profiles = (*found)[p].profiles;
      count += profiles.size();
      if (!each)
        continue;
      if (auto told = tell_labels(*parts_, p, profiles, each); !told)
        return told.error();
    }
    return count;
  });
}

definition_outcome<std::vector<preview_step>>
engine::compare_previews(std::span<const preview_question> questions, std::size_t listed_max) {
  return guarded([&]() -> definition_outcome<std::vector<preview_step>> {
    if (questions.size() > questions_max)
      return failure{failure_code::invalid_input,
                     fmt::format("a comparison of {} questions: at most {} are possible",
                                 questions.size(), questions_max)};
    auto ready = ready_comparison(*parts_, questions);
    if (!ready)
      return {ready.error(), ready.faults()};
    ready->listed_max = listed_max;
    const auto found = parts_->ask_all<actors::compared_members>(*ready, "compare previews",
                                                                 parts::work_deadline);
    if (!found)
      return found.error();
    std::vector<preview_step> steps(questions.size());
    for (std::uint32_t p = 0; p < found->size(); ++p)
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& part = (*found)[p].steps[i];
        steps[i].members += part.members;
        steps[i].joined += part.joined;
        steps[i].left += part.left;
        add_places(steps[i].some_joined, p, part.some_joined, listed_max);
        add_places(steps[i].some_left, p, part.some_left, listed_max);
      }
    return steps;
  });
}

} // namespace rollcall
