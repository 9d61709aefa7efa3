#include "model/instant.hpp"
#include "model/value.hpp"
#include "tests/metrics/random_reports.hpp"

#include <algorithm>

namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::string list_of(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& t : texts) {
    if (out.size() > 1)
      out += ", ";
    model::append_json_string(out, t);
  }
  return out + "]";
}

std::string quoted(std::string_view text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
}

} // namespace

std::string random_reports::next_dimension(const std::string& datasource, bool only_people) {
  static const std::string of_people[] = {"country", "profile:properties['tier']", "region",
                                          "segment:S1"};
  if (only_people || chance(0.15))
    return one_of(of_people);
  if (chance(0.35)) {
    static const std::string of_time[] = {"hour",    "day",  "week",        "month",
                                          "quarter", "year", "day_of_week", "hour_of_day"};
    return one_of(of_time);
  }
  if (chance(0.06))
    return chance(0.5) ? "segment:S1@send" : "segment:S2@event";
  if (datasource == "form" || datasource == "account") {
    static const std::string of_events[] = {"form_id", "form_version_id", "device",
                                            "property:Item"};
    return one_of(of_events);
  }
  static const std::string of_messages[] = {"message_id",
                                            "message_id",
                                            "send_channel",
                                            "variation",
                                            "message_name",
                                            "variation_name",
                                            "tag_id",
                                            "tag_name",
                                            "device",
                                            "property:Item",
                                            "send_channel",
                                            "campaign_message_id",
                                            "text_message_format"};
  static const std::string of_campaigns[] = {"campaign_id", "campaign_name", "send_strategy"};
  static const std::string of_flows[] = {"flow_id", "flow_name"};
  if (chance(0.7))
    return one_of(of_messages);
  return datasource == "flow" ? one_of(of_flows) : one_of(of_campaigns);
}

std::string random_reports::next_filter(const std::string& datasource, bool only_people,
                                        int depth) {
  if (depth < 3 && chance(0.4)) {
    static const std::string words[] = {"and", "or", "not"};
    const auto word = one_of(words);
    if (word == "not" && chance(0.6))
      return "{\"not\": " + next_filter(datasource, only_people, depth + 1) + "}";
    std::string parts = next_filter(datasource, only_people, depth + 1);
    if (chance(0.6))
      parts += ", " + next_filter(datasource, only_people, depth + 1);
    return "{\"" + word + "\": [" + parts + "]}";
  }
  static const std::string operators[] = {"equals",       "not-equals", "contains",
                                          "starts-with",  "any",        "contains-any",
                                          "contains-all", "is-set",     "not-set"};
  static const std::string operands[] = {
    "\"C1\"",      "\"F1\"",     "\"M1\"",   "\"email\"", "\"A\"",  "\"T1\"",      "\"Desktop\"",
    "1",           "true",       "\"gold\"", "\"o\"",     "\"\"",   "\"2026\"",    "\"sunday\"",
    "\"Germany\"", "\"Tag T2\"", "\"sms\"",  "\"Shoe\"",  "\"P1\"", "\"2025-11\"", "2"};
  static const std::string days[] = {"\"sunday\"", "\"Thursday\"", "\"tuesday\"", "\"\""};
  static const std::string hours[] = {"1", "\"02\"", "\"3\"", "17", "\"\""};
  static const std::string channels[] = {"\"email\"", "\"sms\"", "\"push\"", "\"\""};
  static const std::string memberships[] = {"\"member\"", "\"not a member\"", "\"\""};
  const auto op = one_of(operators);
  const auto field = next_dimension(datasource, only_people);
  const auto operand = [&] {
    if (op == "contains" || op == "starts-with")
      return one_of(operands);
    return field == "day_of_week"           ? one_of(days)
         : field == "hour_of_day"           ? one_of(hours)
         : field == "send_channel"          ? one_of(channels)
         : field.rfind("segment:", 0) == 0U ? one_of(memberships)
                                            : one_of(operands);
  };
  std::string made = "{\"field\": " + quoted(field) + ", \"operator\": \"" + op + "\"";
  if (op == "any" || op == "contains-any" || op == "contains-all")
    made += ", \"value\": [" + operand() + ", " + operand() + "]";
  else if (op != "is-set" && op != "not-set")
    made += ", \"value\": " + operand();
  return made + "}";
}

std::string random_reports::next_timeframe(bool is_short) {
  static const std::string short_keys[] = {"today", "yesterday", "last_7_days", "last_week"};
  if (is_short)
    return "{\"key\": \"" + one_of(short_keys) + "\"}";
  static const std::string keys[] = {
    "today",         "yesterday",      "last_7_days",  "last_30_days",
    "last_90_days",  "last_365_days",  "this_week",    "this_month",
    "this_year",     "last_week",      "last_month",   "last_year",
    "last_3_months", "last_12_months", "last_30_days", "last_7_days"};
  if (chance(0.5))
    return "{\"key\": \"" + one_of(keys) + "\"}";
  auto from = next_time();
  auto to = next_time();
  if (to < from)
    std::swap(from, to);
  const auto written = [&](std::int64_t t) {
    auto all = model::format_instant(model::from_ms(t));
    if (chance(0.5))
      return quoted(all.substr(0, 10));
    return quoted(chance(0.5) ? all : all.substr(0, 19) + "+03:00");
  };
  auto start = written(from);
  auto end = written(to + day_ms);
  return "{\"start\": " + start + ", \"end\": " + end + "}";
}

std::string random_reports::next_interval() {
  static const std::string intervals[] = {"daily", "weekly", "monthly", "day", "hourly"};
  return one_of(intervals);
}

std::string random_reports::next_settings() {
  std::string out;
  if (chance(0.3)) {
    static const std::string zones[] = {"America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
                                        "UTC"};
    out += ", \"timezone\": " + quoted(one_of(zones));
  }
  if (chance(0.2))
    out += ", \"week_start\": \"" + std::string{chance(0.5) ? "sunday" : "thursday"} + "\"";
  if (chance(0.3))
    out += ", \"limit\": " + std::to_string(1 + below(5));
  return out;
}

std::string random_reports::next_window() {
  static const std::string fields[] = {
    "email_open_hours",   "email_click_hours", "sms_open_hours",      "sms_click_hours",
    "sms_delivery_hours", "push_open_hours",   "whatsapp_open_hours", "whatsapp_click_hours"};
  static constexpr int hours[] = {0, 1, 12, 24, 120, 2160};
  return quoted(one_of(fields)) + ": " + std::to_string(one_of(hours));
}

std::string random_reports::next_account_settings() {
  std::string out;
  if (chance(0.2))
    out += R"("week_start": "wednesday", )";
  if (chance(0.2))
    out += R"("bots": "include", )";
  if (chance(0.2))
    out += R"("apple_privacy": "no_credit", )";
  return '{' + out + "\"attribution\": {" + (chance(0.3) ? next_window() : "") + "}}";
}

std::string random_reports::next_comparison() {
  if (chance(0.7))
    return "";
  const auto to = quoted(chance(0.6) ? "previous_period" : "previous_year");
  if (chance(0.4))
    return ", \"compare\": " + to;
  return ", \"compare\": {\"to\": " + to + ", \"align\": \"" + (chance(0.7) ? "weekday" : "date")
       + "\"}";
}

std::string random_reports::next_order(const std::vector<std::string>& asked,
                                       const std::vector<std::string>& groupings) {
  if (chance(0.6))
    return "";
  std::vector<std::string> by;
  for (auto left = 1 + below(2); left > 0; --left)
    by.push_back((chance(0.5) ? "-" : "")
                 + (groupings.empty() || chance(0.6) ? one_of(asked) : one_of(groupings)));
  return ", \"order\": " + list_of(by);
}

std::string random_reports::next_growth_request() {
  static const std::string all[] = {"total_members", "members_added", "members_removed",
                                    "net_members_changed"};
  std::vector<std::string> asked;
  for (auto left = 1 + below(3); left > 0; --left)
    if (const auto name = one_of(all); std::ranges::find(asked, name) == asked.end())
      asked.push_back(name);
  const auto interval = chance(0.6) ? next_interval() : std::string{};
  std::string out = "{\"datasource\": \"segment\", \"statistics\": " + list_of(asked)
                  + ", \"timeframe\": " + next_timeframe(interval == "hourly");
  if (!interval.empty())
    out += ", \"interval\": " + quoted(interval);
  out += next_settings() + next_comparison();
  static const std::string dimensions[] = {"segment_id", "segment_name"};
  std::vector<std::string> groupings{"segment_id"};
  if (chance(0.6)) {
    groupings.clear();
    for (const auto& d : dimensions)
      if (chance(0.5))
        groupings.push_back(d);
    out += chance(0.5) ? ", \"group_by\": " + list_of(groupings)
                       : ", \"rollups\": [" + list_of(groupings) + ", []]";
  }
  static const std::string operands[] = {"\"S1\"", "\"S\"", "\"Segment S2\"", "\"S3\"", "\"S4\""};
  static const std::string operators[] = {"equals", "not-equals", "contains", "starts-with"};
  for (const auto* word : {"", "not"})
    if (chance(0.2)) {
      const auto leaf = "{\"field\": " + quoted(one_of(dimensions)) + ", \"operator\": "
                      + quoted(one_of(operators)) + ", \"value\": " + one_of(operands) + "}";
      out += ", \"filter\": " + (word[0] == '\0' ? leaf : "{" + quoted(word) + ": [" + leaf + "]}");
      break;
    }
  return out + next_order(asked, groupings) + "}";
}

std::string random_reports::next_request() {
  if (chance(0.1))
    return next_growth_request();
  static const std::string datasources[] = {"campaign", "campaign", "flow",
                                            "flow",     "account",  "form"};
  const auto datasource = one_of(datasources);
  const bool of_messages = datasource == "campaign" || datasource == "flow";
  static const auto message_statistics = statistics("message");
  static const auto account_statistics = statistics("account");
  static const auto form_statistics = statistics("form");
  const auto& choices = of_messages          ? message_statistics
                      : datasource == "form" ? form_statistics
                                             : account_statistics;
  std::vector<std::string> asked;
  for (auto left = 1 + below(5); left > 0; --left)
    if (const auto name = one_of(choices); std::ranges::find(asked, name) == asked.end())
      asked.push_back(name);
  static const std::string about_profiles[] = {"profiles", "share_of_profiles", "buyers_share",
                                               "revenue_per_profile"};
  const bool only_people = std::ranges::any_of(asked, [&](const auto& name) {
    return std::ranges::find(about_profiles, name) != std::end(about_profiles);
  });

  const auto interval = !only_people && chance(0.4) ? next_interval() : std::string{};
  std::string out = "{\"datasource\": " + quoted(datasource) + ", \"statistics\": " + list_of(asked)
                  + ", \"timeframe\": " + next_timeframe(interval == "hourly");
  if (!interval.empty())
    out += ", \"interval\": " + quoted(interval);
  if (datasource == "account")
    out += std::string{", \"metric\": "}
         + (chance(0.7) ? "\"Placed Order\"" : "\"Active on Site\"");
  out += next_settings() + next_comparison();
  std::vector<std::string> groupings;
  const auto next_groupings = [&] {
    std::vector<std::string> made;
    for (auto left = below(4); left > 0; --left) {
      const auto name = next_dimension(datasource, only_people);
      if (std::ranges::find(made, name) == made.end())
        made.push_back(name);
    }
    groupings.insert(groupings.end(), made.begin(), made.end());
    return list_of(made);
  };
  if (chance(0.3)) {
    out += ", \"rollups\": [" + next_groupings();
    for (auto left = below(3); left > 0; --left)
      out += ", " + next_groupings();
    out += "]";
  } else if (only_people || chance(0.8)) {
    out += ", \"group_by\": " + next_groupings();
  }
  if (chance(0.35))
    out += ", \"filter\": " + next_filter(datasource, only_people, 0);
  if (of_messages) {
    static const std::string moments[] = {"send",           "event",   "event",    "first_delivery",
                                          "send_completed", "created", "scheduled"};
    static const std::string flow_moments[] = {"send", "event"};
    if (chance(0.35))
      out += ", \"time_basis\": "
           + quoted(datasource == "flow" ? one_of(flow_moments) : one_of(moments));
    if (chance(0.3)) {
      out += ", \"attribution\": {" + next_window() + "}";
    }
    if (chance(0.2))
      out += std::string{", \"bots\": \""} + (chance(0.7) ? "include" : "exclude") + "\"";
    if (chance(0.2))
      out += std::string{", \"apple_privacy\": \""} + (chance(0.7) ? "no_credit" : "credit") + "\"";
    if (chance(0.1))
      out += ", \"conversion_metric\": \"Active on Site\"";
    else if (chance(0.15))
      out += std::string{", \"conversion_metric\": "}
           + (chance(0.7) ? "\"shoes_and_visits\"" : "\"text_messages\"");
    else if (chance(0.1))
      out += R"(, "conversion_metric": {"metrics": [{"name": "Placed Order", "value": "Net"},
        {"name": "Clicked Email", "where": [{"property": "Client Type", "filter":
         {"type": "string", "operator": "equals", "value": "Mobile"}}]}]})";
    else if (chance(0.1)) // What is a touch itself.
      out += std::string{", \"conversion_metric\": \""}
           + (chance(0.5) ? "Clicked Email" : "Opened Push") + "\"";
    if (chance(0.15))
      out += ", \"conversion_filter\": [{\"property\": \"$value\", \"filter\": {\"type\": "
             "\"numeric\", \"operator\": \"greater-than\", \"value\": 10}}]";
    else if (chance(0.15))
      out += ", \"conversion_filter\": [{\"property\": \"Item\", \"filter\": {\"type\": "
             "\"string\", \"operator\": \"equals\", \"value\": \"Shoe\"}}]";
  }
  return out + next_order(asked, groupings) + "}";
}
