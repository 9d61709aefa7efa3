#include "tests/metrics/random_reports.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

/// What no standard measure does: filters, extremes of properties, a policy against Apple's opens.
constexpr std::string_view more_measures = R"(
[conversion.shoes_and_visits]
description = "Shoes by their net price, and visits."
owner = "tests"
version = 1
metrics = [
  {name = "Placed Order", value = "Net", where = '''[{"property": "Item",
    "filter": {"type": "string", "operator": "equals", "value": "Shoe"}}]'''},
  "Active on Site",
]

[conversion.texts]
description = "What led to something may be a conversion itself."
owner = "tests"
version = 1
synonyms = ["text_messages"]
metrics = [{name = "Received SMS", value = "Message Cost"}]

[measure.dearest_text]
description = "The most that a delivered text message cost."
owner = "tests"
version = 1
unit = "money"
counts = "maximum"
events = "delivered_text"
property = "Message Cost"
population = "message_sends"
time_basis = "send"

[measure.cheapest_text_by_event_date]
description = "The least that a delivered text message cost, by the delivery's date."
owner = "tests"
version = 1
unit = "money"
counts = "minimum"
events = "delivered_text"
property = "Message Cost"
population = "message_sends"
time_basis = "event"

[measure.desktop_opens]
description = "Opens on desktops without Apple's."
owner = "tests"
version = 1
unit = "events"
counts = "events"
events = "opened"
where = '''[{"property": "Client Type",
  "filter": {"type": "string", "operator": "equals", "value": "Desktop"}}]'''
population = "message_sends"
time_basis = "send"
apple_privacy_opens = "exclude"

[measure.desktop_openers]
description = "People who opened on desktops, by the open's date."
owner = "tests"
version = 1
unit = "people"
counts = "people"
events = "opened"
where = '''[{"property": "Client Type",
  "filter": {"type": "string", "operator": "not-equals", "value": "Mobile"}}]'''
population = "message_sends"
time_basis = "event"
apple_privacy_opens = "include"

[measure.shoe_conversion_uniques]
description = "People who were led to a shoe, once for each message."
owner = "tests"
version = 1
unit = "messages"
counts = "message_people"
events = "conversion"
where = '''[{"property": "Item",
  "filter": {"type": "string", "operator": "equals", "value": "Shoe"}}]'''
population = "message_sends"
time_basis = "send"

[measure.human_clicks]
description = "Clicks of people, by the account."
owner = "tests"
version = 1
unit = "events"
counts = "events"
events = "clicked"
population = "account_people"
time_basis = "event"
bot_clicks = "exclude"

[measure.human_openers]
description = "People who opened without Apple."
owner = "tests"
version = 1
unit = "people"
counts = "people"
events = "opened"
population = "account_people"
time_basis = "event"
apple_privacy_opens = "exclude"

[measure.shoe_buyers]
description = "People who bought a shoe for more than 5."
owner = "tests"
version = 1
unit = "people"
counts = "people"
events = "placed_order"
where = '''[{"property": "Item",
  "filter": {"type": "string", "operator": "equals", "value": "Shoe"}},
  {"property": "$value",
  "filter": {"type": "numeric", "operator": "greater-than", "value": 5}}]'''
population = "account_people"
time_basis = "event"
)";

} // namespace

const metrics::dictionary& random_reports::words() {
  static const auto made = [] {
    const auto standard = metrics::standard_files();
    std::vector<metrics::dictionary_file> files(standard.begin(), standard.end());
    files.push_back({"more.toml", std::string{more_measures}});
    auto result = metrics::read_dictionary(files);
    for (const auto& fault : result.faults)
      throw std::runtime_error{std::to_string(fault.at.line) + ": " + fault.message};
    return *result.read;
  }();
  return made;
}

std::vector<std::string> random_reports::statistics(std::string_view kind) {
  std::vector<std::string> found;
  const auto fits = [&](const std::string& name) {
    return std::ranges::all_of(words().measures_of(name), [&](const auto& m) {
      const auto of = words().measures.find(m)->second.of;
      return kind == "message" ? of == metrics::population::message_sends
           : kind == "form"    ? of == metrics::population::form_views
                               : of == metrics::population::account_people;
    });
  };
  for (const auto& [name, m] : words().measures)
    if (fits(name))
      found.push_back(name);
  for (const auto& [name, d] : words().derived)
    if (fits(name))
      found.push_back(name);
  return found;
}
