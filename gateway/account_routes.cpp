#include "gateway/account_routes.hpp"

#include "gateway/document.hpp"
#include "gateway/field_names.hpp"

namespace gateway {

namespace {

namespace json = boost::json;

/// Rollcall keeps a name and a time zone; what belongs to sending messages it does not know.
resource account_resource(const account& whose) {
  const auto figures = value_of(whose.engine->figures());
  return {"account",
          whose.id,
          {{"test_account", false},
           {"contact_information",
            {{"default_sender_name", whose.name},
             {"default_sender_email", ""},
             {"website_url", nullptr},
             {"organization_name", whose.name},
             {"street_address",
              {{"address1", nullptr},
               {"address2", nullptr},
               {"city", nullptr},
               {"region", nullptr},
               {"country", nullptr},
               {"zip", nullptr}}}}},
           {"industry", nullptr},
           {"timezone", figures.account_zone},
           {"preferred_currency", "USD"},
           {"public_api_key", whose.id},
           {"locale", "en-US"}}};
}

query_rules read_rules() {
  query_rules rules;
  rules.fields = {{"account", field_names("account")}};
  return rules;
}

answer list_accounts(const call& c) {
  static const auto rules = read_rules();
  const auto query = parse_query(c.asked, rules);
  json::array data;
  data.emplace_back(resource_object(c.asked, account_resource(*c.whose), query));
  return document_answer(200, collection_document(c.asked, std::move(data)));
}

answer get_account(const call& c) {
  static const auto rules = read_rules();
  const auto query = parse_query(c.asked, rules);
  if (c.captured[0] != c.whose->id)
    throw refusal{not_found("account", c.captured[0])};
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, account_resource(*c.whose), query)));
}

} // namespace

void add_account_routes(route_table& routes) {
  routes.add("GET", "/api/accounts", {"accounts:read"}, list_accounts, "XS");
  routes.add("GET", "/api/accounts/{id}", {"accounts:read"}, get_account, "XS");
}

} // namespace gateway
