#include "metrics/where.hpp"

#include "segments/json_reader.hpp"
#include "segments/parse_condition.hpp"
#include "segments/place.hpp"

#include <utility>

namespace metrics {

std::vector<segments::event_filter> parse_where(std::string_view text,
                                                std::vector<segments::definition_error>& errors) {
  if (text.empty())
    return {};
  const auto document = segments::read_json(text, errors);
  if (!document)
    return {};
  const segments::place at{&*document, "", errors};
  if (!at.must_be_filled_array("object with \"property\" and \"filter\""))
    return {};
  return segments::parse_event_filters(at);
}

std::string canonical_where(const std::vector<segments::event_filter>& where) {
  if (where.empty())
    return {};
  segments::event_criterion all;
  all.events.where = where;
  return segments::canonical_text(segments::criterion{std::move(all)});
}

} // namespace metrics
