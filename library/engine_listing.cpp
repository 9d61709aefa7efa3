#include "actors/profile_listing.hpp"
#include "library/engine_parts.hpp"
#include "library/page_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rollcall {

namespace {

using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::size_t listing_page_max = 10'000;
/// A message asks about no more profiles or events than this, so that changes need not wait long
/// behind it.
constexpr std::size_t asked_at_once = 500;

status check_listing_limit(std::size_t limit) {
  if (limit == 0 || limit > listing_page_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a page of {}: 1 to {} are possible", limit, listing_page_max)};
  return model::nothing{};
}

failure wrong_cursor(std::string_view cursor) {
  return {
    failure_code::invalid_input,
    fmt::format("\"{:.100}\" is no cursor of this query; use one that a page of it came with, "
                "or none",
                cursor)};
}

std::optional<std::int64_t> to_ms(std::optional<model::instant> at) {
  return at ? std::optional{model::to_ms(*at)} : std::nullopt;
}

/// Asks each partition about its share of some things, with one message when they are no more than
/// `asked_at_once`. `place_of(i)` is where thing i lies, `question_about(indexes)` asks for its
/// answers, `take(i, answer, position)` keeps one.
template <class Answer, class PlaceOf, class QuestionAbout, class Take>
status ask_by_place(engine::parts& parts, std::size_t count, const PlaceOf& place_of,
                    const QuestionAbout& question_about, const Take& take, std::string_view tried) {
  std::vector<std::vector<std::size_t>> shares(parts.profiles.size());
  std::size_t most = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (const auto partition = place_of(i).partition; partition < shares.size()) {
      shares[partition].push_back(i);
      most = std::max(most, shares[partition].size());
    }
  for (std::size_t first = 0; first < most; first += asked_at_once) {
    const auto piece_of = [&](std::size_t p) {
      const std::span<const std::size_t> share{shares[p]};
      return share.subspan(std::min(first, share.size()))
        .first(std::min(asked_at_once, share.size() - std::min(first, share.size())));
    };
    using question = decltype(question_about(piece_of(0)));
    auto told = parts.ask_some<Answer>(
      [&](std::size_t p) {
        const auto piece = piece_of(p);
        return piece.empty() ? std::nullopt : std::optional<question>{question_about(piece)};
      },
      tried);
    if (!told)
      return told.error();
    for (std::size_t p = 0; p < told->size(); ++p)
      for (const auto piece = piece_of(p); const auto& i : piece)
        take(i, (*told)[p], static_cast<std::size_t>(&i - piece.data()));
  }
  return model::nothing{};
}

/// The name of a list or metric by name or id.
outcome<std::vector<std::string>> names_of(engine::parts& parts, actors::name_of_what what,
                                           const std::vector<std::string>& names_or_ids) {
  auto found = parts.ask<actors::found_names>(parts.account, actors::find_names{what, names_or_ids},
                                              what == actors::name_of_what::list ? "find a list"
                                                                                 : "find a metric");
  if (!found)
    return found.error();
  return std::move(found->names);
}

// --- lists of profiles

outcome<actors::profile_question> question_of(engine::parts& parts, const profile_query& query) {
  actors::profile_question asked;
  asked.is_descending = query.is_descending;
  asked.from = to_ms(query.from);
  asked.to = to_ms(query.to);
  const auto wrong = [](std::string why) {
    return failure{failure_code::invalid_input, std::move(why)};
  };
  if (query.order_by == "joined_at") {
    if (query.list.empty())
      return wrong("profiles are ordered by \"joined_at\" only with a list");
    asked.order = actors::profile_order::joined;
  } else if (query.order_by == "first_event_date" || query.order_by == "last_event_date") {
    return wrong(
      fmt::format("profiles cannot be ordered by \"{}\", which is no attribute but worked "
                  "out from events",
                  query.order_by));
  } else if (!query.order_by.empty()) {
    asked.attribute = query.order_by;
    asked.order = actors::is_ordered_as_instant(query.order_by) ? actors::profile_order::instant
                                                                : actors::profile_order::text;
  }
  const bool has_instant = asked.order == actors::profile_order::instant
                        || asked.order == actors::profile_order::joined;
  if (!has_instant && (asked.from || asked.to))
    return wrong(fmt::format("from and to are possible with an order by an instant, such as "
                             "\"created\"; the order is by {}",
                             query.order_by.empty() ? "place" : '"' + query.order_by + '"'));
  if (!query.list.empty()) {
    auto name = names_of(parts, actors::name_of_what::list, {query.list});
    if (!name)
      return name.error();
    asked.list = std::move(name->front());
  }
  return asked;
}

using profile_lines = std::vector<actors::profile_line>;

/// Partition after partition, until there are enough: none has profiles between another's.
outcome<profile_lines> list_by_place(engine::parts& parts, actors::profile_question asked) {
  profile_lines all;
  const auto partitions = parts.profiles.size();
  const auto limit = asked.limit;
  for (std::size_t i = 0; i < partitions && all.size() < limit; ++i) {
    const auto p = asked.is_descending ? partitions - 1 - i : i;
    const bool is_behind = asked.after
                        && (asked.is_descending ? p > asked.after->place.partition
                                                : p < asked.after->place.partition);
    if (is_behind)
      continue;
    asked.limit = limit - all.size();
    auto found = parts.ask<actors::profile_lines>(parts.profiles[p], actors::list_profiles{asked},
                                                  "list profiles");
    if (!found)
      return found.error();
    std::ranges::move(found->lines, std::back_inserter(all));
  }
  return all;
}

outcome<profile_lines> list_everywhere(engine::parts& parts,
                                       const actors::profile_question& asked) {
  auto found = parts.ask_all<actors::profile_lines>(actors::list_profiles{asked}, "list profiles");
  if (!found)
    return found.error();
  profile_lines all;
  for (auto& partition : *found)
    std::ranges::move(partition.lines, std::back_inserter(all));
  std::ranges::sort(all, [&](const auto& a, const auto& b) { return comes_before(a, b, asked); });
  return all;
}

profile_page to_page(const profile_lines& lines, const actors::profile_question& asked,
                     std::size_t limit) {
  profile_page page;
  for (std::size_t i = 0; i < lines.size() && i < limit; ++i) {
    const auto& line = lines[i];
    page.profiles.push_back(
      {{line.place.partition, line.place.profile},
       line.joined_at ? std::optional{model::from_ms(*line.joined_at)} : std::nullopt});
  }
  if (lines.size() > limit)
    page.cursor = to_cursor(lines[limit - 1], asked);
  return page;
}

// --- events

outcome<actors::event_question> question_of(engine::parts& parts, const event_query& query) {
  actors::event_question asked;
  if (query.profile)
    asked.profile = query.profile->number;
  asked.from = to_ms(query.from);
  asked.to = to_ms(query.to);
  asked.newest_first = query.newest_first;
  if (!query.metrics.empty()) {
    auto names = names_of(parts, actors::name_of_what::metric, query.metrics);
    if (!names)
      return names.error();
    asked.metrics = std::move(*names);
  }
  return asked;
}

outcome<std::vector<actors::event_key>> find_events(engine::parts& parts, const event_query& query,
                                                    const actors::event_question& asked) {
  auto found = parts.ask_some<actors::event_keys>(
    [&](std::size_t p) {
      return query.profile && query.profile->partition != p
             ? std::nullopt
             : std::optional{actors::list_events{asked}};
    },
    "list events");
  if (!found)
    return found.error();
  std::vector<actors::event_key> all;
  for (auto& partition : *found)
    std::ranges::move(partition.keys, std::back_inserter(all));
  std::ranges::sort(all, [&](const auto& a, const auto& b) {
    return asked.newest_first ? comes_before(b, a) : comes_before(a, b);
  });
  return all;
}

event_info to_info(const actors::event_key& key, actors::event_content&& content) {
  return {to_event_id(key),
          {key.place.partition, key.place.profile},
          std::move(content.metric),
          model::from_ms(key.time),
          content.value,
          std::move(content.unique_id),
          std::move(content.properties)};
}

/// In their order; those that have gone meanwhile are left out.
outcome<std::vector<event_info>> read_events(engine::parts& parts,
                                             const std::vector<actors::event_key>& keys) {
  std::vector<std::optional<actors::event_content>> contents(keys.size());
  auto read = ask_by_place<actors::event_contents>(
    parts, keys.size(), [&](std::size_t i) { return keys[i].place; },
    [&](std::span<const std::size_t> piece) {
      actors::read_events question;
      for (const auto i : piece)
        question.keys.push_back(keys[i]);
      return question;
    },
    [&](std::size_t i, actors::event_contents& answer, std::size_t position) {
      contents[i] = std::move(answer.events[position]);
    },
    "read events");
  if (!read)
    return read.error();
  std::vector<event_info> all;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (contents[i])
      all.push_back(to_info(keys[i], std::move(*contents[i])));
  return all;
}

} // namespace

// --- profiles ------------------------------------------------------------------------------------

outcome<profile_place> engine::find_profile(std::string_view identifier) {
  return guarded([&]() -> outcome<profile_place> {
    const auto found = parts_->ask<actors::found_person>(
      parts_->account, actors::find_person{std::string{identifier}}, "find a profile");
    if (!found)
      return found.error();
    return profile_place{found->place.partition, found->place.profile};
  });
}

outcome<std::vector<std::optional<std::string>>>
engine::profiles(std::span<const profile_place> places) {
  return guarded([&]() -> outcome<std::vector<std::optional<std::string>>> {
    std::vector<std::optional<std::string>> all(places.size());
    auto shown = ask_by_place<actors::profile_texts>(
      *parts_, places.size(), [&](std::size_t i) { return places[i]; },
      [&](std::span<const std::size_t> piece) {
        actors::show_profiles question;
        for (const auto i : piece)
          question.profiles.push_back(places[i].number);
        return question;
      },
      [&](std::size_t i, actors::profile_texts& answer, std::size_t position) {
        all[i] = std::move(answer.texts[position]);
      },
      "show profiles");
    if (!shown)
      return shown.error();
    return all;
  });
}

outcome<profile_page> engine::list_profiles(const profile_query& query, std::string_view cursor,
                                            std::size_t limit) {
  return guarded([&]() -> outcome<profile_page> {
    if (auto checked = check_listing_limit(limit); !checked)
      return checked.error();
    auto asked = question_of(*parts_, query);
    if (!asked)
      return asked.error();
    if (!cursor.empty()) {
      asked->after = parse_cursor(cursor, *asked);
      if (!asked->after)
        return wrong_cursor(cursor);
    }
    asked->limit = limit + 1; // One more tells whether there is another page.
    auto lines = asked->order == actors::profile_order::place && asked->list.empty()
                 ? list_by_place(*parts_, *asked)
                 : list_everywhere(*parts_, *asked);
    if (!lines)
      return lines.error();
    return to_page(*lines, *asked, limit);
  });
}

// --- events --------------------------------------------------------------------------------------

outcome<event_page> engine::events(const event_query& query, std::string_view cursor,
                                   std::size_t limit) {
  return guarded([&]() -> outcome<event_page> {
    if (auto checked = check_listing_limit(limit); !checked)
      return checked.error();
    auto asked = question_of(*parts_, query);
    if (!asked)
      return asked.error();
    if (!cursor.empty()) {
      asked->after = parse_cursor(cursor, *asked);
      const bool is_elsewhere = asked->after && query.profile
                             && query.profile->partition != asked->after->place.partition;
      if (!asked->after || is_elsewhere)
        return wrong_cursor(cursor);
    }
    asked->limit = limit + 1;
    auto keys = find_events(*parts_, query, *asked);
    if (!keys)
      return keys.error();
    event_page page;
    if (keys->size() > limit) {
      keys->resize(limit);
      page.cursor = to_cursor(keys->back(), *asked);
    }
    auto events = read_events(*parts_, *keys);
    if (!events)
      return events.error();
    page.events = std::move(*events);
    return page;
  });
}

outcome<event_info> engine::event(std::string_view id) {
  return guarded([&]() -> outcome<event_info> {
    std::vector<event_info> found;
    if (const auto key = parse_event_id(id)) {
      auto read = read_events(*parts_, {*key});
      if (!read)
        return read.error();
      found = std::move(*read);
    }
    if (found.empty())
      return failure{failure_code::not_found, fmt::format("there is no event \"{:.100}\"", id)};
    return std::move(found.front());
  });
}

} // namespace rollcall
