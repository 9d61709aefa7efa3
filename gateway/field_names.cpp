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
  {"flow-action",
   "created definition definition.data definition.data.action_output_filter "
   "definition.data.action_output_filter.condition_groups definition.data.branches "
   "definition.data.current_experiment definition.data.current_experiment.allocations "
   "definition.data.current_experiment.automatic_winner_selection_settings "
   "definition.data.current_experiment.automatic_winner_selection_settings.automatic_end_date "
   "definition.data.current_experiment.automatic_winner_selection_settings.automatic_end_"
   "statistical_certainty "
   "definition.data.current_experiment.automatic_winner_selection_settings.enabled "
   "definition.data.current_experiment.id definition.data.current_experiment.name "
   "definition.data.current_experiment.started definition.data.current_experiment.variations "
   "definition.data.current_experiment.winner_metric definition.data.delay_until_time "
   "definition.data.delay_until_weekdays definition.data.experiment_status definition.data.list_id "
   "definition.data.main_action definition.data.main_action.data "
   "definition.data.main_action.data.message "
   "definition.data.main_action.data.message.action_buttons "
   "definition.data.main_action.data.message.add_info_link "
   "definition.data.main_action.data.message.add_opt_out_language "
   "definition.data.main_action.data.message.add_org_prefix "
   "definition.data.main_action.data.message.add_tracking_params "
   "definition.data.main_action.data.message.additional_filters "
   "definition.data.main_action.data.message.additional_filters.condition_groups "
   "definition.data.main_action.data.message.android_link "
   "definition.data.main_action.data.message.badge "
   "definition.data.main_action.data.message.badge_options "
   "definition.data.main_action.data.message.badge_options.badge_config "
   "definition.data.main_action.data.message.badge_options.set_from_property "
   "definition.data.main_action.data.message.badge_options.value "
   "definition.data.main_action.data.message.bcc_email "
   "definition.data.main_action.data.message.body "
   "definition.data.main_action.data.message.cc_email "
   "definition.data.main_action.data.message.conversion_metric_id "
   "definition.data.main_action.data.message.custom_tracking_params "
   "definition.data.main_action.data.message.dynamic_image "
   "definition.data.main_action.data.message.from_email "
   "definition.data.main_action.data.message.from_label "
   "definition.data.main_action.data.message.id definition.data.main_action.data.message.image_id "
   "definition.data.main_action.data.message.include_contact_card "
   "definition.data.main_action.data.message.ios_link "
   "definition.data.main_action.data.message.kv_pairs "
   "definition.data.main_action.data.message.message_hierarchy "
   "definition.data.main_action.data.message.name definition.data.main_action.data.message.on_open "
   "definition.data.main_action.data.message.preview_text "
   "definition.data.main_action.data.message.push_type "
   "definition.data.main_action.data.message.reply_to_email "
   "definition.data.main_action.data.message.shorten_links "
   "definition.data.main_action.data.message.smart_sending_enabled "
   "definition.data.main_action.data.message.sms_quiet_hours_enabled "
   "definition.data.main_action.data.message.sound "
   "definition.data.main_action.data.message.subject_line "
   "definition.data.main_action.data.message.template_id "
   "definition.data.main_action.data.message.title "
   "definition.data.main_action.data.message.transactional "
   "definition.data.main_action.data.message.vendor_id "
   "definition.data.main_action.data.message.video_asset_id "
   "definition.data.main_action.data.message.web_url definition.data.main_action.data.status "
   "definition.data.main_action.id definition.data.main_action.links "
   "definition.data.main_action.links.next definition.data.main_action.temporary_id "
   "definition.data.main_action.type definition.data.message "
   "definition.data.message.action_buttons definition.data.message.add_info_link "
   "definition.data.message.add_opt_out_language definition.data.message.add_org_prefix "
   "definition.data.message.add_tracking_params definition.data.message.additional_filters "
   "definition.data.message.additional_filters.condition_groups "
   "definition.data.message.android_link definition.data.message.badge "
   "definition.data.message.badge_options definition.data.message.badge_options.badge_config "
   "definition.data.message.badge_options.set_from_property "
   "definition.data.message.badge_options.value definition.data.message.bcc_email "
   "definition.data.message.body definition.data.message.cc_email "
   "definition.data.message.conversion_metric_id definition.data.message.custom_tracking_params "
   "definition.data.message.dynamic_image definition.data.message.from_email "
   "definition.data.message.from_label definition.data.message.headers definition.data.message.id "
   "definition.data.message.image_id definition.data.message.include_contact_card "
   "definition.data.message.ios_link definition.data.message.kv_pairs "
   "definition.data.message.message_hierarchy definition.data.message.name "
   "definition.data.message.on_open definition.data.message.preview_text "
   "definition.data.message.push_type definition.data.message.reply_to_email "
   "definition.data.message.shorten_links definition.data.message.smart_sending_enabled "
   "definition.data.message.sms_quiet_hours_enabled definition.data.message.sound "
   "definition.data.message.subject_line definition.data.message.template_id "
   "definition.data.message.title definition.data.message.to_emails "
   "definition.data.message.transactional definition.data.message.url "
   "definition.data.message.vendor_id definition.data.message.video_asset_id "
   "definition.data.message.web_url definition.data.name definition.data.on_execution "
   "definition.data.profile_filter definition.data.profile_filter.condition_groups "
   "definition.data.profile_operations definition.data.secondary_value "
   "definition.data.service_configuration definition.data.service_configuration.event_key "
   "definition.data.service_configuration.event_payload "
   "definition.data.service_configuration.report_id "
   "definition.data.service_configuration.service_method_type "
   "definition.data.service_configuration.tracking_company_id definition.data.status "
   "definition.data.target_days definition.data.target_time definition.data.timezone "
   "definition.data.trigger_filter definition.data.trigger_filter.condition_groups "
   "definition.data.trigger_id definition.data.trigger_subtype definition.data.trigger_type "
   "definition.data.unit definition.data.value definition.id definition.links "
   "definition.links.next definition.links.next_if_false definition.links.next_if_true "
   "definition.temporary_id definition.type id updated"},
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
