#include "gateway/field_names.hpp"

#include <algorithm>

namespace gateway {

namespace {

struct type_fields {
  std::string_view type;
  std::string_view names; // With a blank between them.
};

constexpr type_fields all_fields[] = {
  {"account",
   "contact_information contact_information.default_sender_email "
   "contact_information.default_sender_name contact_information.organization_name "
   "contact_information.street_address contact_information.street_address.address1 "
   "contact_information.street_address.address2 contact_information.street_address.city "
   "contact_information.street_address.country contact_information.street_address.region "
   "contact_information.street_address.zip contact_information.website_url id industry locale "
   "preferred_currency public_api_key test_account timezone"},
  {"attribution", "id"},
  {"campaign",
   "archived audiences audiences.excluded audiences.included created_at id name scheduled_at "
   "send_options send_options.use_smart_sending send_strategy send_strategy.date "
   "send_strategy.datetime send_strategy.method send_strategy.options "
   "send_strategy.options.is_local send_strategy.options.send_past_recipients_immediately "
   "send_strategy.throttle_percentage send_time status tracking_options "
   "tracking_options.add_tracking_params tracking_options.custom_tracking_params "
   "tracking_options.is_tracking_clicks tracking_options.is_tracking_opens updated_at"},
  {"campaign-message",
   "created_at definition definition.channel definition.content "
   "definition.content.action_buttons definition.content.bcc_email definition.content.body "
   "definition.content.cc_email definition.content.dynamic_image "
   "definition.content.from_email definition.content.from_label definition.content.media_url "
   "definition.content.preview_text definition.content.reply_to_email "
   "definition.content.subject definition.content.title definition.kv_pairs definition.label "
   "definition.notification_type definition.options definition.options.badge "
   "definition.options.badge.badge_options "
   "definition.options.badge.badge_options.badge_config "
   "definition.options.badge.badge_options.set_from_property "
   "definition.options.badge.badge_options.value definition.options.badge.display "
   "definition.options.on_open definition.options.on_open.android_deep_link "
   "definition.options.on_open.ios_deep_link definition.options.on_open.type "
   "definition.options.on_open.web_url definition.options.play_sound "
   "definition.render_options definition.render_options.add_info_link "
   "definition.render_options.add_opt_out_language definition.render_options.add_org_prefix "
   "definition.render_options.shorten_links id send_times updated_at"},
  {"campaign-values-report", "id results"},
  {"custom-metric",
   "created definition definition.aggregation_method definition.metric_groups id name updated"},
  {"event", "datetime event_properties id timestamp uuid"},
  {"flow", "archived created id name status trigger_type updated"},
  {"flow-message",
   "channel created definition definition.action_buttons definition.add_info_link "
   "definition.add_opt_out_language definition.add_org_prefix definition.add_tracking_params "
   "definition.additional_filters definition.additional_filters.condition_groups "
   "definition.android_link definition.badge definition.badge_options "
   "definition.badge_options.badge_config definition.badge_options.set_from_property "
   "definition.badge_options.value definition.bcc_email definition.body definition.cc_email "
   "definition.conversion_metric_id definition.custom_tracking_params "
   "definition.dynamic_image definition.from_email definition.from_label definition.headers "
   "definition.id definition.image_id definition.include_contact_card definition.ios_link "
   "definition.kv_pairs definition.message_hierarchy definition.name definition.on_open "
   "definition.preview_text definition.push_type definition.reply_to_email "
   "definition.shorten_links definition.smart_sending_enabled "
   "definition.sms_quiet_hours_enabled definition.sound definition.subject_line "
   "definition.template_id definition.title definition.to_emails definition.transactional "
   "definition.url definition.vendor_id definition.video_asset_id definition.web_url id "
   "updated"},
  {"flow-series-report", "date_times id results"},
  {"flow-values-report", "id results"},
  {"form", "ab_test created_at id name status updated_at"},
  {"form-series-report", "date_times id results"},
  {"form-values-report", "id results"},
  {"form-version",
   "ab_test ab_test.variation_name created_at form_type id status updated_at variation_name"},
  {"import-error", "code detail id original_payload source source.pointer title"},
  {"list", "created id name opt_in_process profile_count updated"},
  {"mapped-metric", "id updated"},
  {"metric", "created id integration name updated"},
  {"metric-aggregate", "data dates id"},
  {"metric-property", "id inferred_type label property sample_values"},
  {"profile",
   "created email external_id first_name id image last_event_date last_name locale location "
   "location.address1 location.address2 location.city location.country location.ip "
   "location.latitude location.longitude location.region location.timezone location.zip "
   "organization phone_number predictive_analytics "
   "predictive_analytics.average_days_between_orders predictive_analytics.average_order_value "
   "predictive_analytics.churn_probability predictive_analytics.expected_date_of_next_order "
   "predictive_analytics.historic_clv predictive_analytics.historic_number_of_orders "
   "predictive_analytics.predicted_clv predictive_analytics.predicted_number_of_orders "
   "predictive_analytics.ranked_channel_affinity predictive_analytics.total_clv properties "
   "subscriptions subscriptions.email subscriptions.email.marketing "
   "subscriptions.email.marketing.can_receive_email_marketing "
   "subscriptions.email.marketing.consent subscriptions.email.marketing.consent_timestamp "
   "subscriptions.email.marketing.custom_method_detail "
   "subscriptions.email.marketing.double_optin subscriptions.email.marketing.last_updated "
   "subscriptions.email.marketing.list_suppressions subscriptions.email.marketing.method "
   "subscriptions.email.marketing.method_detail subscriptions.email.marketing.suppression "
   "subscriptions.email.open_tracking subscriptions.email.open_tracking.can_receive "
   "subscriptions.email.open_tracking.consent "
   "subscriptions.email.open_tracking.consent_timestamp "
   "subscriptions.email.open_tracking.created_timestamp "
   "subscriptions.email.open_tracking.last_updated subscriptions.email.open_tracking.metadata "
   "subscriptions.email.open_tracking.valid_until subscriptions.mobile_push "
   "subscriptions.mobile_push.marketing "
   "subscriptions.mobile_push.marketing.can_receive_push_marketing "
   "subscriptions.mobile_push.marketing.consent "
   "subscriptions.mobile_push.marketing.consent_timestamp subscriptions.sms "
   "subscriptions.sms.marketing subscriptions.sms.marketing.can_receive_sms_marketing "
   "subscriptions.sms.marketing.consent subscriptions.sms.marketing.consent_timestamp "
   "subscriptions.sms.marketing.last_updated subscriptions.sms.marketing.method "
   "subscriptions.sms.marketing.method_detail subscriptions.sms.transactional "
   "subscriptions.sms.transactional.can_receive_sms_transactional "
   "subscriptions.sms.transactional.consent subscriptions.sms.transactional.consent_timestamp "
   "subscriptions.sms.transactional.last_updated subscriptions.sms.transactional.method "
   "subscriptions.sms.transactional.method_detail subscriptions.whatsapp "
   "subscriptions.whatsapp.conversational subscriptions.whatsapp.conversational.can_receive "
   "subscriptions.whatsapp.conversational.consent "
   "subscriptions.whatsapp.conversational.consent_timestamp "
   "subscriptions.whatsapp.conversational.created_timestamp "
   "subscriptions.whatsapp.conversational.last_updated "
   "subscriptions.whatsapp.conversational.metadata "
   "subscriptions.whatsapp.conversational.phone_number "
   "subscriptions.whatsapp.conversational.valid_until subscriptions.whatsapp.marketing "
   "subscriptions.whatsapp.marketing.can_receive subscriptions.whatsapp.marketing.consent "
   "subscriptions.whatsapp.marketing.consent_timestamp "
   "subscriptions.whatsapp.marketing.created_timestamp "
   "subscriptions.whatsapp.marketing.last_updated subscriptions.whatsapp.marketing.metadata "
   "subscriptions.whatsapp.marketing.phone_number "
   "subscriptions.whatsapp.marketing.valid_until subscriptions.whatsapp.transactional "
   "subscriptions.whatsapp.transactional.can_receive "
   "subscriptions.whatsapp.transactional.consent "
   "subscriptions.whatsapp.transactional.consent_timestamp "
   "subscriptions.whatsapp.transactional.created_timestamp "
   "subscriptions.whatsapp.transactional.last_updated "
   "subscriptions.whatsapp.transactional.metadata "
   "subscriptions.whatsapp.transactional.phone_number "
   "subscriptions.whatsapp.transactional.valid_until title updated"},
  {"profile-bulk-import-job",
   "completed_at completed_count created_at expires_at failed_count id started_at status "
   "total_count"},
  {"profile-suppression-bulk-create-job",
   "completed_at completed_count created_at id skipped_count status total_count"},
  {"profile-suppression-bulk-delete-job",
   "completed_at completed_count created_at id skipped_count status total_count"},
  {"segment",
   "created definition definition.condition_groups id is_active is_processing is_starred name "
   "profile_count updated"},
  {"segment-series-report", "date_times id results"},
  {"segment-values-report", "id results"},
  {"tag", "id name"},
  {"tag-group", "default exclusive id name"},
  {"webhook", "created_at description enabled endpoint_url id name updated_at"},
  {"webhook-topic", "id"},
};

bool is_within(std::string_view name, std::string_view above) {
  return name.starts_with(above) && (name.size() == above.size() || name[above.size()] == '.');
}

} // namespace

std::vector<std::string> field_names(std::string_view type,
                                     std::initializer_list<std::string_view> without) {
  std::vector<std::string> names;
  const auto* found = std::ranges::find(all_fields, type, &type_fields::type);
  if (found == std::end(all_fields))
    return names;
  for (auto rest = found->names; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (std::ranges::none_of(without, [&](auto above) { return is_within(name, above); }))
      names.emplace_back(name);
  }
  return names;
}

} // namespace gateway
