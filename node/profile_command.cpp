#include "node/commands.hpp"
#include "node/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace node {

namespace {

/// A person as the command line names one: by any identifier, or by one of a kind.
struct person_options {
  std::string any;
  std::string external_id;
  std::string email;
  std::string phone;

  [[nodiscard]] const std::string& identifier() const {
    for (const auto* given : {&any, &external_id, &email})
      if (!given->empty())
        return *given;
    return phone;
  }
};

void add_person(CLI::App& command, person_options& person) {
  auto* group = command.add_option_group("person", "Who; one of");
  group->add_option("PERSON", person.any, "External id, e-mail address or phone number");
  group->add_option("--external-id", person.external_id);
  group->add_option("--email", person.email);
  group->add_option("--phone", person.phone);
  group->require_option(1);
}

exit_status show(const common_options& common, const std::string& identifier) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto found = engine.profile(identifier);
    if (!found)
      return complain(common, found.error());
    fmt::print("{}\n", common.json ? *found : indented(*found));
    return exit_status::fine;
  });
}

/// How many events somebody has; nobody has none.
std::uint64_t events_of(rollcall::engine& engine, const std::string& identifier) {
  std::uint64_t count = 0;
  const auto shown = engine.profile(identifier);
  if (!shown)
    return count;
  const auto person = boost::json::parse(*shown);
  for (const auto& metric : person.at("events").as_object())
    count += metric.value().at("count").to_number<std::uint64_t>();
  return count;
}

exit_status merge(const common_options& common, const std::string& from, const std::string& into) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto before = events_of(engine, from) + events_of(engine, into);
    if (const auto merged = engine.merge_profiles(from, into); !merged)
      return complain(common, merged.error());
    // Events of one metric with one id, or without one in one second, are one event to a person.
    const auto known = before - std::min(before, events_of(engine, into));
    if (common.json)
      fmt::print(
        "{}\n",
        json_object{}.text("merged", from).text("into", into).count("events_known", known).done());
    else
      fmt::print("{} is now part of {}{}\n", from, into,
                 known == 0 ? std::string{}
                            : fmt::format("; {} of the events were known and count once", known));
    return exit_status::fine;
  });
}

exit_status erase(const common_options& common, const std::string& identifier) {
  return with_engine(common, [&](rollcall::engine& engine) {
    if (const auto erased = engine.erase_profile(identifier); !erased)
      return complain(common, erased.error());
    if (common.json)
      fmt::print("{}\n", json_object{}.text("erased", identifier).done());
    else
      fmt::print("{} is forgotten\n", identifier);
    return exit_status::fine;
  });
}

} // namespace

void add_profile_commands(command_line& line) {
  auto& group = line.add(line.root(), "profile", "Show, merge or forget people", "");

  struct one_person {
    common_options common;
    person_options person;
  };
  auto shown = std::make_shared<one_person>();
  auto& show_command = line.add(
    group, "show", "Everything known about a person, in the shape of the input",
    "rollcall profile show --data store cust-000042",
    [shown] { return show(shown->common, shown->person.identifier()); });
  add_common(show_command, shown->common);
  add_person(show_command, shown->person);

  struct two_people {
    common_options common;
    std::string from;
    std::string into;
  };
  auto pair = std::make_shared<two_people>();
  auto& merge_command = line.add(group, "merge",
                                 "Make two profiles one: FROM goes into INTO and is gone",
                                 "rollcall profile merge --data store old@example.org cust-000042",
                                 [pair] { return merge(pair->common, pair->from, pair->into); });
  add_common(merge_command, pair->common);
  merge_command.add_option("FROM", pair->from, "External id, e-mail address or phone number")
    ->required();
  merge_command.add_option("INTO", pair->into, "External id, e-mail address or phone number")
    ->required();

  auto erased = std::make_shared<one_person>();
  auto& erase_command = line.add(
    group, "erase", "Forget a person and everything they did",
    "rollcall profile erase --data store --email someone@example.org",
    [erased] { return erase(erased->common, erased->person.identifier()); });
  add_common(erase_command, erased->common);
  add_person(erase_command, erased->person);
}

} // namespace node
