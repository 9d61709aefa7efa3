#include "gateway/all_routes.hpp"

#include "gateway/account_routes.hpp"
#include "gateway/bulk_imports.hpp"
#include "gateway/campaigns.hpp"
#include "gateway/flows.hpp"
#include "gateway/lists.hpp"
#include "gateway/profiles.hpp"
#include "gateway/segments.hpp"
#include "gateway/subscriptions.hpp"
#include "gateway/suppressions.hpp"
#include "gateway/tags.hpp"
#include "gateway/webhooks.hpp"

namespace gateway {

// One line a resource, in alphabetical order.
void add_all_routes(route_table& routes) {
  add_account_routes(routes);
  add_bulk_import_routes(routes);
  add_campaign_routes(routes);
  add_flow_routes(routes);
  add_list_routes(routes);
  add_profile_routes(routes);
  add_segment_routes(routes);
  add_subscription_routes(routes);
  add_suppression_routes(routes);
  add_tag_routes(routes);
  add_webhook_routes(routes);
}

} // namespace gateway
