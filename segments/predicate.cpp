#include "segments/predicate.hpp"

#include "model/instant.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace segments {

namespace {

constexpr std::int64_t count_max = std::int64_t{1} << 62;

template <class Number>
bool compare(comparison op, Number a, Number b) {
  switch (op) {
  case comparison::equal:
    return a == b;
  case comparison::not_equal:
    return a != b;
  case comparison::greater:
    return a > b;
  case comparison::greater_equal:
    return a >= b;
  case comparison::less:
    return a < b;
  case comparison::less_equal:
    return a <= b;
  }
  return false;
}

/// A whole number as a count, cut to what counts can be.
std::int64_t as_count(double whole) {
  if (!(whole > -1))
    return -1;
  return whole < static_cast<double>(count_max) ? static_cast<std::int64_t>(whole) : count_max;
}

bool is_negative(text_operator op) {
  switch (op) {
  case text_operator::not_equals:
  case text_operator::not_contains:
  case text_operator::not_starts_with:
  case text_operator::not_ends_with:
  case text_operator::not_matches:
  case text_operator::not_in:
  case text_operator::phone_country_not_in:
    return true;
  default:
    return false;
  }
}

/// Most items differ in their length.
bool is_same(const model::value_view& item, const model::value& wanted) {
  return item.kind == wanted.kind && item.text.size() == wanted.text.size()
      && item == wanted.view();
}

bool takes_many(text_operator op) {
  return op == text_operator::in || op == text_operator::not_in
      || op == text_operator::phone_country_in || op == text_operator::phone_country_not_in;
}

} // namespace

bool holds(const number_filter& test, double number) {
  if (test.upper)
    return test.operand <= number && number <= *test.upper;
  return compare(test.op, number, test.operand);
}

count_range range_of(const number_filter& test) {
  const double x = test.operand;
  if (test.upper)
    return {as_count(std::ceil(x)), as_count(std::floor(*test.upper)), false};
  const bool is_whole = std::floor(x) == x;
  const count_range exactly = is_whole ? count_range{as_count(x), as_count(x)} : count_range{0, -1};
  switch (test.op) {
  case comparison::equal:
    return exactly;
  case comparison::not_equal:
    return {exactly.low, exactly.high, true};
  case comparison::greater:
    return {as_count(std::floor(x)) + 1, count_max};
  case comparison::greater_equal:
    return {as_count(std::ceil(x)), count_max};
  case comparison::less:
    return {0, as_count(std::ceil(x) - 1)};
  case comparison::less_equal:
    return {0, as_count(std::floor(x))};
  }
  return exactly;
}

bool holds(const list_length_filter& test, std::int64_t length) {
  return compare(test.op, length, test.operand);
}

predicate::predicate(predicate&&) noexcept = default;
predicate& predicate::operator=(predicate&&) noexcept = default;
predicate::~predicate() = default;

predicate::predicate(const filter& test, const zone& account_zone) {
  if (const auto* text = std::get_if<text_filter>(&test)) {
    kind_ = kind::text;
    text_op_ = text->op;
    texts_ = text->operands;
    if (text_op_ == text_operator::equals && !texts_.empty())
      kind_ = kind::same_text;
    if (text_op_ == text_operator::contains || text_op_ == text_operator::not_contains)
      kind_ = kind::text_on_list;
    if (text_op_ == text_operator::in || text_op_ == text_operator::not_in)
      std::sort(texts_.begin(), texts_.end());
    if (text_op_ == text_operator::phone_country_in
        || text_op_ == text_operator::phone_country_not_in)
      countries_ = phone_countries{texts_};
    if ((text_op_ == text_operator::matches || text_op_ == text_operator::not_matches)
        && !texts_.empty()) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      options.set_never_capture(true);
      pattern_ = std::make_unique<re2::RE2>(texts_.front(), options);
      if (!pattern_->ok())
        throw std::invalid_argument{"The pattern \"" + texts_.front()
                                    + "\" cannot be used: " + pattern_->error()};
      needed_ = needed_texts{texts_.front()};
    }
  } else if (const auto* number = std::get_if<number_filter>(&test)) {
    kind_ = kind::number;
    number_ = *number;
  } else if (const auto* boolean = std::get_if<boolean_filter>(&test)) {
    kind_ = kind::boolean;
    flag_ = boolean->operand;
  } else if (const auto* existence = std::get_if<existence_filter>(&test)) {
    kind_ = kind::existence;
    flag_ = existence->is_set;
  } else if (const auto* list = std::get_if<list_filter>(&test)) {
    kind_ = kind::list;
    list_op_ = list->op;
    items_ = list->operands;
  } else if (const auto* length = std::get_if<list_length_filter>(&test)) {
    kind_ = kind::length;
    length_ = *length;
  } else if (const auto* date = std::get_if<date_filter>(&test)) {
    kind_ = kind::date;
    window_ = date_window{*date, account_zone};
  }
}

standing predicate::test(model::value_view v, std::int64_t now, const zone& profile_zone) const {
  if (kind_ != kind::date)
    return {matches(v), never};
  if (v.kind != model::value_kind::text)
    return {};
  const auto t = model::parse_instant(v.text);
  return t ? window_.at(now, profile_zone).stands(model::to_ms(*t)) : standing{};
}

standing predicate::test_instant(std::int64_t t, std::int64_t now, const zone& profile_zone) const {
  if (kind_ == kind::existence)
    return {flag_, never};
  return kind_ == kind::date ? window_.at(now, profile_zone).stands(t) : standing{};
}

bool predicate::matches_other(model::value_view v) const {
  using model::value_kind;
  switch (kind_) {
  case kind::same_text:
  case kind::text:
    return v.kind == value_kind::text && matches_text(v.text);
  case kind::text_on_list: {
    if (v.kind == value_kind::text)
      return matches_text(v.text);
    if (v.kind != value_kind::list || texts_.empty())
      return false;
    model::list_items items{v.text};
    for (auto item = items.next(); item.is_set(); item = items.next())
      if (item.kind == value_kind::text && item.text == texts_.front())
        return text_op_ == text_operator::contains;
    return text_op_ == text_operator::not_contains;
  }
  case kind::number:
    return v.kind == value_kind::number && holds(number_, v.number);
  case kind::boolean:
    return v.kind == value_kind::boolean && (v.number != 0) == flag_;
  case kind::existence:
    return v.is_set() == flag_;
  case kind::list:
    return v.kind == value_kind::list && matches_items(v.text);
  case kind::length: {
    if (v.kind != value_kind::list)
      return false;
    std::int64_t length = 0;
    model::list_items items{v.text};
    while (items.next().is_set())
      ++length;
    return holds(length_, length);
  }
  case kind::date:
    return false;
  }
  return false;
}

bool predicate::matches_text(std::string_view text) const {
  if (texts_.empty() && !takes_many(text_op_))
    return false; // A null operand.
  bool found = false;
  switch (text_op_) {
  case text_operator::equals:
  case text_operator::not_equals:
    found = text == texts_.front();
    break;
  case text_operator::contains:
  case text_operator::not_contains:
    found = text.find(texts_.front()) != std::string_view::npos;
    break;
  case text_operator::starts_with:
  case text_operator::not_starts_with:
    found = text.starts_with(texts_.front());
    break;
  case text_operator::ends_with:
  case text_operator::not_ends_with:
    found = text.ends_with(texts_.front());
    break;
  case text_operator::matches:
  case text_operator::not_matches:
    found = needed_.are_in(text) && re2::RE2::PartialMatch({text.data(), text.size()}, *pattern_);
    break;
  case text_operator::in:
  case text_operator::not_in:
    found = std::binary_search(texts_.begin(), texts_.end(), text, std::less<>{});
    break;
  case text_operator::phone_country_in:
  case text_operator::phone_country_not_in: {
    const auto answer = countries_.find(text);
    if (answer == phone_countries::answer::no_number)
      return false;
    found = answer == phone_countries::answer::inside;
    break;
  }
  }
  return found != is_negative(text_op_);
}

bool predicate::matches_items(std::string_view encoded) const {
  const auto has = [&](const model::value& wanted) {
    model::list_items items{encoded};
    for (auto item = items.next(); item.is_set(); item = items.next())
      if (is_same(item, wanted))
        return true;
    return false;
  };
  const auto has_any = [&] {
    model::list_items items{encoded};
    for (auto item = items.next(); item.is_set(); item = items.next())
      for (const auto& wanted : items_)
        if (is_same(item, wanted))
          return true;
    return false;
  };
  const auto has_text_with = [&](std::string_view part) {
    model::list_items items{encoded};
    for (auto item = items.next(); item.is_set(); item = items.next())
      if (item.kind == model::value_kind::text && item.text.find(part) != std::string_view::npos)
        return true;
    return false;
  };
  const bool takes_one = list_op_ == list_operator::contains
                      || list_op_ == list_operator::not_contains
                      || list_op_ == list_operator::contains_substring
                      || list_op_ == list_operator::not_contains_substring;
  if (takes_one && items_.empty())
    return false; // A null operand.
  switch (list_op_) {
  case list_operator::contains:
    return has(items_.front());
  case list_operator::not_contains:
    return !has(items_.front());
  case list_operator::contains_all:
    return std::all_of(items_.begin(), items_.end(), has);
  case list_operator::contains_any:
    return has_any();
  case list_operator::not_contains_all:
    return !std::all_of(items_.begin(), items_.end(), has);
  case list_operator::not_contains_any:
    return !has_any();
  case list_operator::contains_substring:
    return has_text_with(items_.front().text);
  case list_operator::not_contains_substring:
    return !has_text_with(items_.front().text);
  }
  return false;
}

} // namespace segments
