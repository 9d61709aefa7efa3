#include "metrics/request_reader.hpp"
#include "metrics/words.hpp"
#include "segments/parse_condition.hpp"

#include <algorithm>
#include <array>

namespace metrics {

namespace {

using segments::json_kind;
using segments::listed;

constexpr std::array<std::string_view, 9> operator_names{
  "equals",       "not-equals",   "contains", "starts-with", "any",
  "contains-any", "contains-all", "is-set",   "not-set"};

template <std::size_t Size>
std::optional<std::size_t> index_in(const std::array<std::string_view, Size>& names,
                                    std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

/// All texts that a grouping can show, where they are known beforehand; else none.
std::vector<std::string_view> vocabulary_of(const grouping& g) {
  static constexpr std::array<std::string_view, 24> hours{
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
    "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"};
  const auto of = [](const auto& words) {
    return std::vector<std::string_view>(words.begin(), words.end());
  };
  if (g.source == group_source::time && g.part == time_part::hour_of_day)
    return of(hours);
  if (g.source == group_source::time && g.part == time_part::day_of_week)
    return of(weekday_names());
  if (g.source == group_source::message && g.fact == message_fact::channel)
    return of(std::span{channel_words}.subspan(1)); // The first is no channel.
  if (g.source == group_source::membership)
    return {membership_words.begin(), membership_words.end()};
  return {};
}

/// As rows show it: "Thursday" as "thursday", 9 as "09", "push" as "push-notification".
std::string as_shown(const grouping& g, std::string text) {
  if (g.source == group_source::time && g.part == time_part::hour_of_day && text.size() == 1)
    return '0' + text;
  if (g.source == group_source::message && (text == "push" || text == "mobile_push"))
    return std::string{name_of(channel::push)};
  for (auto& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

} // namespace

std::optional<grouping> request_reader::read_grouping(const place& at) {
  const auto text = at.text("the name of a dimension");
  if (!text)
    return std::nullopt;
  auto found = grouping_of(at, *text);
  if (found && !profiles_statistic_.empty() && found->source != group_source::profile_attribute
      && !(found->source == group_source::membership && found->moment == membership_moment::now)) {
    at.refuse("\"profile:…\" or \"segment:…\", since \"" + profiles_statistic_
              + "\" counts profiles");
    return std::nullopt;
  }
  return found;
}

std::optional<grouping> request_reader::grouping_of(const place& at, const std::string& text) {
  grouping g;
  g.name = text;
  const auto rest = [&](std::string_view prefix) -> std::optional<std::string> {
    if (!text.starts_with(prefix) || text.size() == prefix.size())
      return std::nullopt;
    return text.substr(prefix.size());
  };
  const bool about_segments = is_about(datasource_kind::segments);
  if (auto key = rest("property:"); key && !about_segments) {
    g.source = group_source::event_property;
    g.key = std::move(*key);
    return g;
  }
  if (auto key = rest("profile:"); key && !about_segments)
    return attribute_of(at, std::move(g), *key);
  if (auto key = rest("segment:"); key && !about_segments)
    return membership_of(at, std::move(g), std::move(*key));
  const auto known = words_.dimension_name(text);
  if (known)
    if (auto made = of_dictionary(std::move(g), words_.dimensions.find(*known)->second))
      return made;
  std::vector<std::string_view> fitting;
  for (const auto& [name, d] : words_.dimensions)
    if (of_dictionary({}, d))
      fitting.push_back(name);
  at.refuse(listed(fitting, text)
            + (about_segments ? "" : ", \"property:KEY\", \"profile:PATH\", \"segment:NAME\""));
  return std::nullopt;
}

std::optional<grouping> request_reader::attribute_of(const place& at, grouping g,
                                                     const std::string& path) {
  segments::json_value written;
  written.kind = json_kind::text;
  written.text = path;
  std::vector<segments::definition_error> wrong;
  auto attribute = segments::parse_property({&written, at.pointer(), wrong});
  if (!attribute) {
    at.refuse("a property as in segments after \"profile:\": " + wrong.front().allowed);
    return std::nullopt;
  }
  // They are told by events, not kept with the profile.
  if (*attribute == "last_event_date" || *attribute == "first_event_date") {
    at.refuse("another property after \"profile:\"; the dates of events are no dimension");
    return std::nullopt;
  }
  g.source = group_source::profile_attribute;
  g.key = std::move(*attribute);
  return g;
}

std::optional<grouping> request_reader::membership_of(const place& at, grouping g,
                                                      std::string segment) {
  g.source = group_source::membership;
  static constexpr std::array<std::string_view, 3> moments{"@now", "@send", "@event"};
  for (std::size_t i = 0; i < moments.size(); ++i)
    if (segment.ends_with(moments[i])) {
      segment.resize(segment.size() - moments[i].size());
      g.moment = static_cast<membership_moment>(i);
      break;
    }
  const auto id = account_.segment_id ? account_.segment_id(segment) : std::nullopt;
  if (!id) {
    at.refuse("name or id of a segment after \"segment:\", and \"@now\", \"@send\" or "
              "\"@event\" behind it if you like");
    return std::nullopt;
  }
  g.key = *id;
  return g;
}

std::optional<grouping> request_reader::of_dictionary(grouping g, const dimension& d) const {
  const bool about_segments = is_about(datasource_kind::segments);
  if ((d.source == dimension_source::segment) != about_segments)
    return std::nullopt;
  g.key = d.key;
  switch (d.source) {
  case dimension_source::message: {
    const auto fact = index_in(message_keys, d.key);
    if (!is_about(datasource_kind::messages) || !fact)
      return std::nullopt;
    // A campaign's dimension is not a flow's.
    const bool of_flow = d.facts.name.starts_with("flow_");
    const bool of_campaign = d.facts.name.starts_with("campaign_");
    if ((of_flow && source_->owner != message_owner::flow)
        || (of_campaign && source_->owner != message_owner::campaign))
      return std::nullopt;
    g.source = group_source::message;
    g.fact = static_cast<message_fact>(*fact);
    return g;
  }
  case dimension_source::time: {
    const auto part = index_in(time_keys, d.key);
    if (!part)
      return std::nullopt;
    g.source = group_source::time;
    g.part = static_cast<time_part>(*part);
    return g;
  }
  case dimension_source::event_property:
    g.source = group_source::event_property;
    return g;
  case dimension_source::profile_attribute:
    g.source = group_source::profile_attribute;
    return g;
  case dimension_source::segment:
    g.source = group_source::segment;
    return g;
  }
  return std::nullopt;
}

std::optional<std::vector<grouping>> request_reader::read_grouping_list(const place& at) {
  if (!at.is(json_kind::array)) {
    at.refuse("an array of names of dimensions");
    return std::nullopt;
  }
  if (at.items() > groupings_max) {
    at.refuse("at most " + std::to_string(groupings_max) + " dimensions");
    return std::nullopt;
  }
  std::vector<grouping> all;
  for (std::size_t i = 0; i < at.items(); ++i) {
    auto g = read_grouping(at.item(i));
    if (!g)
      continue;
    const auto same = [&](const grouping& o) { return o.name == g->name; };
    if (std::ranges::any_of(all, same))
      at.item(i).refuse("a dimension that is not there already");
    else
      all.push_back(std::move(*g));
  }
  return all;
}

void request_reader::read_groupings() {
  if (const auto at = root_.member("rollups"); !at.is_nothing()) {
    if (!root_.member("group_by").is_nothing())
      root_.member("group_by").refuse("nothing beside \"rollups\"");
    if (!at.is(json_kind::array) || at.items() == 0 || at.items() > rollups_max) {
      at.refuse("an array of 1 to " + std::to_string(rollups_max)
                + " groupings, each an array of names of dimensions");
      return;
    }
    made_.has_rollups = true;
    for (std::size_t i = 0; i < at.items(); ++i)
      if (auto all = read_grouping_list(at.item(i)))
        made_.rollups.push_back(std::move(*all));
    return;
  }
  if (const auto at = root_.member("group_by"); !at.is_nothing()) {
    if (auto all = read_grouping_list(at))
      made_.rollups.push_back(std::move(*all));
    return;
  }
  // The datasource's own.
  std::vector<grouping> all;
  if (source_ != nullptr)
    for (const auto& name : source_->group_by)
      if (const auto known = words_.dimension_name(name)) {
        grouping g;
        g.name = name;
        if (auto made = of_dictionary(std::move(g), words_.dimensions.find(*known)->second))
          all.push_back(std::move(*made));
      }
  made_.rollups.push_back(std::move(all));
}

void request_reader::read_filter() {
  if (const auto at = root_.member("filter"); !at.is_nothing())
    if (auto read = read_row_filter(at, 0))
      made_.filter = std::move(*read);
}

std::optional<row_filter> request_reader::read_row_filter(const place& at, unsigned depth) {
  constexpr unsigned depth_max = 32;
  constexpr std::string_view shape = "{\"and\": […]}, {\"or\": […]}, {\"not\": …} or {\"field\": "
                                     "…, \"operator\": …, \"value\": …}";
  if (!at.must_be_object(shape))
    return std::nullopt;
  if (depth == depth_max) {
    at.refuse("at most 32 levels");
    return std::nullopt;
  }
  row_filter made;
  for (const auto* word : {"and", "or", "not"}) {
    const auto parts = at.member(word);
    if (!parts.is_there())
      continue;
    at.must_have_only({word});
    made.what = word == std::string_view{"and"} ? row_filter::kind::all
              : word == std::string_view{"or"}  ? row_filter::kind::any
                                                : row_filter::kind::none;
    if (made.what == row_filter::kind::none && parts.is(json_kind::object)) {
      if (auto part = read_row_filter(parts, depth + 1))
        made.parts.push_back(std::move(*part));
      return made;
    }
    if (!parts.must_be_filled_array("filters"))
      return std::nullopt;
    for (std::size_t i = 0; i < parts.items(); ++i)
      if (auto part = read_row_filter(parts.item(i), depth + 1))
        made.parts.push_back(std::move(*part));
    return made;
  }
  if (!at.member("field").is_there()) {
    at.refuse(std::string{shape});
    return std::nullopt;
  }
  return read_leaf(at);
}

std::optional<row_filter> request_reader::read_leaf(const place& at) {
  at.must_have_only({"field", "operator", "value"});
  row_filter made;
  made.what = row_filter::kind::leaf;
  auto g = read_grouping(at.member("field"));
  const auto op = at.member("operator").choice(operator_names);
  if (!g || !op)
    return std::nullopt;
  made.op = static_cast<filter_operator>(*op);
  const auto value = at.member("value");
  const bool wants_many = made.op == filter_operator::any
                       || made.op == filter_operator::contains_any
                       || made.op == filter_operator::contains_all;
  // What asks for a part of a text asks for any text.
  const bool asks_for_part = made.op == filter_operator::contains
                          || made.op == filter_operator::starts_with;
  const auto vocabulary = asks_for_part ? std::vector<std::string_view>{} : vocabulary_of(*g);
  const auto add = [&](const place& from) {
    auto text = read_operand(from);
    if (!text)
      return;
    if (!vocabulary.empty() && !text->empty()) {
      *text = as_shown(*g, std::move(*text));
      if (std::ranges::find(vocabulary, *text) == vocabulary.end()) {
        from.refuse(listed(vocabulary, *text));
        return;
      }
    }
    made.values.push_back(std::move(*text));
  };
  if (made.op == filter_operator::is_set || made.op == filter_operator::not_set) {
    if (value.is_there())
      value.refuse("nothing beside this operator");
  } else if (wants_many) {
    if (!value.must_be_filled_array("values"))
      return std::nullopt;
    for (std::size_t i = 0; i < value.items(); ++i)
      add(value.item(i));
  } else {
    add(value);
  }
  const auto known = std::ranges::find_if(made_.filtered,
                                          [&](const grouping& o) { return o.same_values(*g); });
  made.grouping = static_cast<std::size_t>(known - made_.filtered.begin());
  if (known == made_.filtered.end())
    made_.filtered.push_back(std::move(*g));
  return made;
}

std::optional<std::string> request_reader::read_operand(const place& at) {
  if (at.is(json_kind::text) || at.is(json_kind::number))
    return at.is(json_kind::text) ? at.value().text : model::format_number(at.value().number);
  if (at.is(json_kind::boolean))
    return at.value().truth ? "true" : "false";
  at.refuse("a text, a number or a boolean");
  return std::nullopt;
}

void request_reader::read_order() {
  const auto at = root_.member("order");
  if (at.is_nothing())
    return;
  if (at.is(json_kind::text)) {
    read_one_order(at);
  } else if (at.is(json_kind::array)) {
    for (std::size_t i = 0; i < at.items(); ++i)
      read_one_order(at.item(i));
  } else {
    at.refuse("names of statistics or dimensions, with \"-\" in front for falling");
  }
}

void request_reader::read_one_order(const place& at) {
  auto name = at.text("the name of a statistic or dimension, with \"-\" in front for falling");
  if (!name)
    return;
  order_by made;
  if (name->starts_with('-')) {
    made.falls = true;
    name->erase(0, 1);
  }
  std::vector<std::string_view> choices(made_.shown_as.begin(), made_.shown_as.end());
  if (const auto found = std::ranges::find(made_.shown_as, *name); found != made_.shown_as.end()) {
    made.statistic = static_cast<std::size_t>(found - made_.shown_as.begin());
  } else {
    bool is_known = false;
    for (const auto& rollup : made_.rollups)
      for (const auto& g : rollup) {
        is_known = is_known || g.name == *name;
        if (std::ranges::find(choices, g.name) == choices.end())
          choices.push_back(g.name);
      }
    if (!is_known) {
      at.refuse(listed(choices, *name));
      return;
    }
    made.grouping = *name;
  }
  made_.order.push_back(std::move(made));
}

} // namespace metrics
