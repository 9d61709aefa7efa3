#include "gateway/all_routes.hpp"

#include "gateway/account_routes.hpp"
#include "gateway/bulk_imports.hpp"
#include "gateway/campaigns.hpp"
#include "gateway/changes.hpp"
#include "gateway/client.hpp"
#include "gateway/custom_metrics.hpp"
#include "gateway/dictionary_routes.hpp"
#include "gateway/documentation.hpp"
#include "gateway/events.hpp"
#include "gateway/feeds.hpp"
#include "gateway/flows.hpp"
#include "gateway/inspection.hpp"
#include "gateway/lists.hpp"
#include "gateway/mapped_metrics.hpp"
#include "gateway/memberships.hpp"
#include "gateway/metric_aggregates.hpp"
#include "gateway/metrics.hpp"
#include "gateway/profiles.hpp"
#include "gateway/reports.hpp"
#include "gateway/segments.hpp"
#include "gateway/subscriptions.hpp"
#include "gateway/suppressions.hpp"
#include "gateway/tags.hpp"
#include "gateway/trials.hpp"
#include "gateway/webhooks.hpp"

namespace gateway {

// One line a resource, in alphabetical order.
void add_all_routes(route_table& routes) {
  add_account_routes(routes);
  add_bulk_import_routes(routes);
  add_campaign_routes(routes);
  add_change_routes(routes);
  add_client_routes(routes);
  add_custom_metric_routes(routes);
  add_dictionary_routes(routes);
  add_documentation_routes(routes);
  add_event_routes(routes);
  add_feed_routes(routes);
  add_flow_routes(routes);
  add_inspection_routes(routes);
  add_list_routes(routes);
  add_mapped_metric_routes(routes);
  add_membership_routes(routes);
  add_metric_aggregate_routes(routes);
  add_metric_routes(routes);
  add_profile_routes(routes);
  add_report_routes(routes);
  add_segment_routes(routes);
  add_subscription_routes(routes);
  add_suppression_routes(routes);
  add_tag_routes(routes);
  add_trial_routes(routes);
  add_webhook_routes(routes);
}

} // namespace gateway
