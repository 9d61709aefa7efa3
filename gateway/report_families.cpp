#include "gateway/report_families.hpp"

#include <initializer_list>
#include <string>

namespace gateway {

namespace {

using names = std::vector<std::string_view>;

const names message_statistics = {"average_order_value",
                                  "bounce_rate",
                                  "bounced",
                                  "bounced_or_failed",
                                  "bounced_or_failed_rate",
                                  "click_rate",
                                  "click_to_open_rate",
                                  "clicks",
                                  "clicks_unique",
                                  "conversion_rate",
                                  "conversion_uniques",
                                  "conversion_value",
                                  "conversions",
                                  "delivered",
                                  "delivery_rate",
                                  "failed",
                                  "failed_rate",
                                  "message_segment_count_sum",
                                  "open_rate",
                                  "opens",
                                  "opens_unique",
                                  "recipients",
                                  "revenue_per_recipient",
                                  "spam_complaint_rate",
                                  "spam_complaints",
                                  "text_message_credit_usage_amount",
                                  "text_message_roi",
                                  "text_message_spend",
                                  "unsubscribe_rate",
                                  "unsubscribe_uniques",
                                  "unsubscribes"};

std::vector<filter_rule> message_filters(std::initializer_list<std::string_view> scalars) {
  using enum filter_operator;
  std::vector<filter_rule> rules;
  for (const auto name : scalars)
    rules.push_back({std::string{name}, {equals, contains_any}});
  rules.push_back({"send_channel", {equals, contains_any}});
  rules.back().choices = {"email", "sms", "push-notification", "whatsapp"};
  for (const auto* name : {"tag_id", "tag_name"})
    rules.push_back({name, {contains_any, contains_all}});
  return rules;
}

report_family of_campaigns() {
  report_family f{"campaign", "campaigns:read", message_statistics};
  f.group_by = {"campaign_id",
                "campaign_message_id",
                "campaign_message_name",
                "group",
                "group_name",
                "send_channel",
                "tag_id",
                "tag_name",
                "variation",
                "variation_name",
                "text_message_format"};
  f.group_by_preset = {"campaign_id", "campaign_message_id", "send_channel"};
  f.group_by_needed = {"campaign_id", "campaign_message_id"};
  f.unknown_groups = {"group", "group_name"};
  f.filters = message_filters({"campaign_id", "campaign_message_id", "campaign_message_name",
                               "variation", "variation_name", "text_message_format"});
  f.has_conversion = true;
  f.has_pages = true;
  f.has_series = false;
  f.relations = {{"campaigns", "campaign", "campaign_id"}};
  return f;
}

report_family of_flows() {
  report_family f{"flow", "flows:read", message_statistics};
  f.group_by = {"flow_id",
                "flow_message_id",
                "flow_message_name",
                "flow_name",
                "send_channel",
                "tag_id",
                "tag_name",
                "variation",
                "variation_name",
                "text_message_"
                "format"};
  f.group_by_preset = {"flow_id", "flow_message_id", "send_channel"};
  f.group_by_needed = {"flow_id", "flow_message_id"};
  f.filters = message_filters({"flow_id", "flow_name", "flow_message_id", "flow_message_name",
                               "variation", "variation_name", "text_message_format"});
  f.has_conversion = true;
  f.has_pages = true;
  f.relations = {{"flows", "flow", "flow_id"},
                 {"flow-messages", "flow-message", "flow_message_id"}};
  return f;
}

report_family of_segments() {
  report_family f{"segment", "segments:read"};
  f.statistics = {"members_added", "members_removed", "net_members_changed", "total_members"};
  f.group_by_preset = {"segment_id"};
  f.filters = {{"segment_id", {filter_operator::equals, filter_operator::any}}};
  return f;
}

report_family of_forms() {
  report_family f{"form", "forms:read"};
  f.statistics = {"closed_form",
                  "closed_form_uniques",
                  "qualified_form",
                  "qualified_form_uniques",
                  "submit_rate",
                  "submits",
                  "submitted_form_step",
                  "submitted_form_step_uniques",
                  "viewed_form",
                  "viewed_form_step",
                  "viewed_form_step_uniques",
                  "viewed_form_uniques"};
  f.group_by = {"form_id", "form_version_id"};
  f.group_by_preset = {"form_id"};
  f.group_by_needed = {"form_id"};
  for (const auto* name : {"form_id", "form_version_id"})
    f.filters.push_back({name, {filter_operator::equals, filter_operator::any}});
  return f;
}

} // namespace

std::vector<report_family> report_families() {
  return {of_campaigns(), of_flows(), of_segments(), of_forms()};
}

} // namespace gateway
