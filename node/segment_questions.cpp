#include "node/segment_questions.hpp"

#include "gateway/identity.hpp"
#include "node/json_text.hpp"
#include "node/stop_signals.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace node {

namespace {

constexpr std::size_t page_size = 10'000;
constexpr std::uint64_t evidence_shown_max = 5; // For people; --json has up to 20.

/// A segment whose first build a crash or --no-wait left behind has no members yet: builds it,
/// since nobody else will.
model::status make_ready(rollcall::engine& engine, const std::string& segment) {
  const auto info = engine.show(segment);
  if (!info)
    return info.error();
  if (info->state == rollcall::segment_state::building)
    return wait_with_progress(engine, segment);
  return model::nothing{};
}

struct members_options {
  common_options common;
  std::string segment;
  std::uint64_t limit = 20;
  bool all = false;
  std::string ids;
};

/// Calls `take` with page after page; stops behind `limit` members.
model::status each_member(rollcall::engine& engine, const std::string& segment, std::uint64_t limit,
                          const std::function<void(const rollcall::member&)>& take) {
  std::string cursor;
  while (limit > 0) {
    const auto page = engine.members(segment, cursor, std::min<std::uint64_t>(limit, page_size));
    if (!page)
      return page.error();
    for (const auto& member : page->members)
      take(member);
    limit -= std::min<std::uint64_t>(limit, page->members.size());
    cursor = page->cursor;
    if (cursor.empty())
      break;
  }
  return model::nothing{};
}

exit_status members(const members_options& wanted) {
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    if (const auto ready = make_ready(engine, wanted.segment); !ready)
      return complain(wanted.common, ready.error());
    const auto count = engine.count(wanted.segment);
    if (!count)
      return complain(wanted.common, count.error());
    std::vector<rollcall::member> found;
    const auto limit = wanted.all || !wanted.ids.empty() ? UINT64_MAX : wanted.limit;
    const auto read = each_member(engine, wanted.segment, limit,
                                  [&](const rollcall::member& member) { found.push_back(member); });
    if (!read)
      return complain(wanted.common, read.error());
    if (!wanted.ids.empty()) {
      std::vector<std::string> ids;
      for (auto& member : found)
        ids.push_back(std::move(member.profile));
      if (const auto written = write_ids(wanted.ids, std::move(ids)); !written)
        return complain(wanted.common, written.error());
      if (wanted.ids == "-")
        return exit_status::fine;
      found.clear();
    }
    if (wanted.common.json) {
      json_array list;
      for (const auto& member : found)
        list.raw(json_object{}
                   .text("profile", member.profile)
                   .text("joined_at", model::format_instant(member.joined_at))
                   .done());
      fmt::print("{}\n", json_object{}
                           .text("segment", wanted.segment)
                           .count("count", *count)
                           .raw("members", list.done())
                           .done());
      return exit_status::fine;
    }
    fmt::print("{}\n", amount(*count, "member"));
    if (found.empty())
      return exit_status::fine;
    table rows({{"profile"}, {"joined"}});
    for (const auto& member : found)
      rows.add({member.profile, model::format_instant(member.joined_at)});
    fmt::print("\n{}", rows.text());
    if (found.size() < *count)
      fmt::print("... and {} more; --limit N or --all shows them\n",
                 grouped(*count - found.size()));
    return exit_status::fine;
  });
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string{found->get_string()} : std::string{};
}

bool truth_member(const boost::json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && found->is_bool() && found->get_bool();
}

void append_events(std::string& out, std::string_view margin, const boost::json::array& events,
                   const boost::json::object& condition) {
  auto count = std::uint64_t{events.size()};
  if (const auto* all = condition.if_contains("events_in_all"); all && all->is_number())
    count = std::max(count, all->to_number<std::uint64_t>());
  std::uint64_t shown = 0;
  for (const auto& entry : events)
    if (const auto* event = entry.if_object(); event && shown < evidence_shown_max) {
      out += fmt::format("{}         {}  {}\n", margin, text_member(*event, "time"),
                         text_member(*event, "metric"));
      ++shown;
    }
  if (count > shown)
    out += fmt::format("{}         ... and {} more\n", margin, grouped(count - shown));
}

/// How the conditions of an explanation are put together: `{"all_of":[0,{"none_of":[1]}]}`, where
/// numbers are conditions.
class explained_logic {
public:
  explicit explained_logic(const boost::json::array& conditions) : conditions_(conditions) {
  }

  void append(std::string& out, const boost::json::value& part, std::size_t depth) const {
    const std::string margin(2 * depth, ' ');
    if (const auto* condition = condition_of(part)) {
      append_condition(out, margin, *condition);
      return;
    }
    const auto [name, parts] = group_of(part);
    if (parts == nullptr || parts->empty())
      return;
    // A group of one says nothing that the one does not.
    if (parts->size() == 1 && name != none_of) {
      append(out, parts->front(), depth);
      return;
    }
    out += fmt::format("{}{}  {} of\n", margin, answer_of(holds(part)),
                       name.substr(0, name.find('_')));
    for (const auto& each : *parts)
      append(out, each, depth + 1);
  }

private:
  static constexpr std::string_view all_of = "all_of";
  static constexpr std::string_view none_of = "none_of";

  static std::string_view answer_of(bool holds) {
    return holds ? "yes" : "no ";
  }
  static void append_condition(std::string& out, std::string_view margin,
                               const boost::json::object& condition) {
    out += fmt::format("{}{}  {}\n", margin, answer_of(truth_member(condition, "holds")),
                       text_member(condition, "rule"));
    out += fmt::format("{}     found: {}\n", margin, text_member(condition, "found"));
    if (const auto* events = condition.if_contains("events"); events && events->is_array())
      append_events(out, margin, events->get_array(), condition);
    if (const auto flips_at = text_member(condition, "flips_at"); !flips_at.empty())
      out += fmt::format("{}     flips by itself at {}\n", margin, flips_at);
  }
  [[nodiscard]] const boost::json::object* condition_of(const boost::json::value& part) const {
    if (!part.is_number())
      return nullptr;
    const auto index = part.to_number<std::size_t>();
    return index < conditions_.size() ? conditions_[index].if_object() : nullptr;
  }
  /// What a group is called, and its parts; null = it is none.
  static std::pair<std::string_view, const boost::json::array*>
  group_of(const boost::json::value& part) {
    const auto* group = part.if_object();
    if (group == nullptr || group->size() != 1)
      return {};
    const auto& [name, parts] = *group->begin();
    return {name, parts.if_array()};
  }
  [[nodiscard]] bool holds(const boost::json::value& part) const {
    if (const auto* condition = condition_of(part))
      return truth_member(*condition, "holds");
    const auto [name, parts] = group_of(part);
    if (parts == nullptr)
      return false;
    const auto part_holds = [this](const boost::json::value& each) { return holds(each); };
    return name == all_of  ? std::ranges::all_of(*parts, part_holds)
         : name == none_of ? std::ranges::none_of(*parts, part_holds)
                           : std::ranges::any_of(*parts, part_holds);
  }

  const boost::json::array& conditions_;
};

struct explain_options {
  common_options common;
  std::string segment;
  std::string profile;
};

exit_status explain(const explain_options& wanted) {
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    if (const auto ready = make_ready(engine, wanted.segment); !ready)
      return complain(wanted.common, ready.error());
    const auto explained = engine.explain(wanted.segment, wanted.profile);
    if (!explained)
      return complain(wanted.common, explained.error());
    if (wanted.common.json)
      fmt::print("{}\n", *explained);
    else
      fmt::print("{}", explanation_text(*explained, wanted.profile, wanted.segment));
    return exit_status::fine;
  });
}

struct feed_options {
  common_options common;
  std::string segment;
  std::string after;
  std::uint64_t limit = 100;
  bool follow = false;
};

std::string flip_line(const rollcall::flip_record& flip) {
  return fmt::format("{}  {:<6}  {:<24}  {}{}{}\n", model::format_instant(flip.at),
                     flip.joined ? "joined" : "left", flip.profile, model::name_of(flip.cause),
                     flip.detail.empty() ? "" : " ", flip.detail);
}

/// Shows flips as they come until somebody asks for the end.
exit_status follow(rollcall::engine& engine, const feed_options& wanted, const std::string& cursor,
                   stop_signals& stop) {
  std::fflush(stdout);
  const auto heard = engine.subscribe(
    wanted.segment,
    [&](const rollcall::flip_record& flip) {
      fmt::print("{}", wanted.common.json ? flip_json(flip) + '\n' : flip_line(flip));
      std::fflush(stdout);
    },
    cursor);
  if (!heard)
    return complain(wanted.common, heard.error());
  while (!stop.wait(std::chrono::minutes{10})) {
  }
  return exit_status::fine;
}

/// Calls `take` with the flips behind `cursor`, at most `limit`, and moves the cursor behind them.
model::status each_flip(rollcall::engine& engine, const std::string& segment, std::string& cursor,
                        std::uint64_t limit,
                        const std::function<void(const rollcall::flip_record&)>& take) {
  while (limit > 0) {
    const auto page = engine.feed(segment, cursor, std::min<std::uint64_t>(limit, page_size));
    if (!page)
      return page.error();
    cursor = page->cursor;
    if (page->flips.empty())
      break;
    limit -= page->flips.size();
    for (const auto& flip : page->flips)
      take(flip);
  }
  return model::nothing{};
}

exit_status feed(const feed_options& wanted) {
  std::optional<stop_signals> stop;
  if (wanted.follow)
    stop.emplace();
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    if (const auto ready = make_ready(engine, wanted.segment); !ready)
      return complain(wanted.common, ready.error());
    auto cursor = wanted.after;
    json_array list;
    const auto read = each_flip(engine, wanted.segment, cursor,
                                wanted.follow || wanted.limit == 0 ? UINT64_MAX : wanted.limit,
                                [&](const rollcall::flip_record& flip) {
                                  if (!wanted.common.json)
                                    fmt::print("{}", flip_line(flip));
                                  else if (stop)
                                    fmt::print("{}\n", flip_json(flip));
                                  else
                                    list.raw(flip_json(flip));
                                });
    if (!read)
      return complain(wanted.common, read.error());
    if (stop)
      return follow(engine, wanted, cursor, *stop);
    if (wanted.common.json)
      fmt::print("{}\n", json_object{}.raw("flips", list.done()).text("cursor", cursor).done());
    else
      fmt::print("go on with --after {}\n", cursor);
    return exit_status::fine;
  });
}

} // namespace

/// The engine's explanation in lines for people: yes or no before every condition and every group
/// of them, and what was found behind it.
std::string explanation_text(const std::string& json, const std::string& person,
                             const std::string& segment) {
  boost::json::error_code failed;
  const auto document = boost::json::parse(json, failed);
  if (failed || !document.is_object())
    return json + '\n';
  const auto& all = document.get_object();
  auto out = fmt::format("{} is {}a member of {}", person,
                         truth_member(all, "member") ? "" : "not ", segment);
  if (const auto flips_at = text_member(all, "flips_at"); !flips_at.empty())
    out += fmt::format("; time alone changes that at {}", flips_at);
  out += "\n\n";
  const auto* conditions = all.if_contains("conditions");
  const auto* logic = all.if_contains("logic");
  if (conditions && conditions->is_array() && logic)
    explained_logic{conditions->get_array()}.append(out, *logic, 1);
  return out;
}

std::string flip_json(const rollcall::flip_record& flip) {
  return json_object{}
    .text("segment", flip.segment)
    .text("segment_id", flip.segment_id)
    .count("partition", flip.partition)
    .count("sequence", flip.sequence)
    .text("profile_id", gateway::profile_id(flip.place))
    .text("profile", flip.profile)
    .boolean("joined", flip.joined)
    .text("at", model::format_instant(flip.at))
    .text("cause", model::name_of(flip.cause))
    .text("detail", flip.detail)
    .done();
}

void add_segment_questions(command_line& line, CLI::App& group) {
  auto listed = std::make_shared<members_options>();
  auto& members_command = line.add(group, "members", "Who is in a segment",
                                   "rollcall segment members Buyers --data store --ids buyers.txt",
                                   [listed] { return members(*listed); });
  add_common(members_command, listed->common);
  members_command.add_option("NAME", listed->segment, "Name or id of the segment")->required();
  members_command.add_option("--limit", listed->limit, "Show at most so many")
    ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
    ->capture_default_str();
  members_command.add_flag("--all", listed->all, "Show all");
  members_command
    .add_option("--ids", listed->ids,
                "Write all members here, one external id a line, sorted; - is standard output")
    ->type_name("FILE");

  auto explained = std::make_shared<explain_options>();
  auto& explain_command = line.add(
    group, "explain", "Why a person is in a segment or not, condition by condition",
    "rollcall segment explain Buyers --data store --profile cust-000042",
    [explained] { return explain(*explained); });
  add_common(explain_command, explained->common);
  explain_command.add_option("NAME", explained->segment, "Name or id of the segment")->required();
  explain_command
    .add_option("--profile", explained->profile, "External id, e-mail address or phone number")
    ->required()
    ->type_name("ID");

  auto fed = std::make_shared<feed_options>();
  auto& feed_command = line.add(group, "feed", "Who joined and left, in order, and why",
                                "rollcall segment feed Buyers --data store --after 12.7.0.3",
                                [fed] { return feed(*fed); });
  add_common(feed_command, fed->common);
  feed_command.add_option("NAME", fed->segment, "Name or id of the segment")->required();
  feed_command
    .add_option("--after", fed->after, "Go on behind this cursor; from the first flip without it")
    ->type_name("CURSOR");
  feed_command.add_option("--limit", fed->limit, "Show at most so many; 0 = all")
    ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000}))
    ->capture_default_str();
  feed_command.add_flag("--follow", fed->follow, "Go on showing flips as they come, until Ctrl-C");
}

} // namespace node
