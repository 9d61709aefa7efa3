#include "segments/canonical_words.hpp"

namespace segments {

std::string_view word(comparison op) {
  switch (op) {
  case comparison::equal:
    return "equal";
  case comparison::not_equal:
    return "not-equal";
  case comparison::greater:
    return "greater";
  case comparison::greater_equal:
    return "greater-equal";
  case comparison::less:
    return "less";
  case comparison::less_equal:
    return "less-equal";
  }
  return {};
}

std::string_view word(text_operator op) {
  switch (op) {
  case text_operator::equals:
    return "equals";
  case text_operator::not_equals:
    return "not-equals";
  case text_operator::contains:
    return "contains";
  case text_operator::not_contains:
    return "not-contains";
  case text_operator::starts_with:
    return "starts-with";
  case text_operator::not_starts_with:
    return "not-starts-with";
  case text_operator::ends_with:
    return "ends-with";
  case text_operator::not_ends_with:
    return "not-ends-with";
  case text_operator::matches:
    return "matches";
  case text_operator::not_matches:
    return "not-matches";
  case text_operator::in:
    return "in";
  case text_operator::not_in:
    return "not-in";
  case text_operator::phone_country_in:
    return "phone-country-in";
  case text_operator::phone_country_not_in:
    return "phone-country-not-in";
  }
  return {};
}

std::string_view word(list_operator op) {
  switch (op) {
  case list_operator::contains:
    return "contains";
  case list_operator::not_contains:
    return "not-contains";
  case list_operator::contains_all:
    return "contains-all";
  case list_operator::contains_any:
    return "contains-any";
  case list_operator::not_contains_all:
    return "not-contains-all";
  case list_operator::not_contains_any:
    return "not-contains-any";
  case list_operator::contains_substring:
    return "contains-substring";
  case list_operator::not_contains_substring:
    return "not-contains-substring";
  }
  return {};
}

std::string_view word(date_operator op) {
  switch (op) {
  case date_operator::alltime:
    return "alltime";
  case date_operator::before:
    return "before";
  case date_operator::after:
    return "after";
  case date_operator::between_static:
    return "between-static";
  case date_operator::at_least:
    return "at-least";
  case date_operator::in_the_last:
    return "in-the-last";
  case date_operator::in_the_next:
    return "in-the-next";
  case date_operator::between:
    return "between";
  case date_operator::anniversary:
    return "anniversary";
  case date_operator::anniversary_month:
    return "anniversary-month";
  case date_operator::anniversary_last:
    return "anniversary-last";
  case date_operator::anniversary_next:
    return "anniversary-next";
  case date_operator::calendar_month:
    return "calendar-month";
  }
  return {};
}

std::string_view word(date_unit unit) {
  switch (unit) {
  case date_unit::hour:
    return "hour";
  case date_unit::day:
    return "day";
  case date_unit::week:
    return "week";
  case date_unit::second:
    return "second";
  case date_unit::minute:
    return "minute";
  }
  return {};
}

std::string_view word(measure what) {
  switch (what) {
  case measure::count:
    return "count";
  case measure::sum:
    return "sum";
  case measure::average:
    return "average";
  case measure::minimum:
    return "minimum";
  case measure::maximum:
    return "maximum";
  case measure::distinct:
    return "distinct";
  case measure::first:
    return "first";
  case measure::last:
    return "last";
  }
  return {};
}

std::string_view word(channel on) {
  switch (on) {
  case channel::email:
    return "email";
  case channel::sms:
    return "sms";
  case channel::push:
    return "push";
  case channel::whatsapp:
    return "whatsapp";
  }
  return {};
}

std::string_view word(subscription state) {
  switch (state) {
  case subscription::any:
    return "any";
  case subscription::subscribed:
    return "subscribed";
  case subscription::unsubscribed:
    return "unsubscribed";
  case subscription::never_subscribed:
    return "never-subscribed";
  }
  return {};
}

std::string_view word(reachability status) {
  switch (status) {
  case reachability::explicitly_reachable:
    return "explicitly-reachable";
  case reachability::implicitly_reachable:
    return "implicitly-reachable";
  case reachability::implicitly_or_explicitly_reachable:
    return "implicitly-or-explicitly-reachable";
  case reachability::explicitly_unreachable:
    return "explicitly-unreachable";
  case reachability::implicitly_unreachable:
    return "implicitly-unreachable";
  case reachability::implicitly_or_explicitly_unreachable:
    return "implicitly-or-explicitly-unreachable";
  }
  return {};
}

std::string_view word(region area) {
  switch (area) {
  case region::european_union:
    return "european-union";
  case region::united_states:
    return "united-states";
  }
  return {};
}

} // namespace segments
