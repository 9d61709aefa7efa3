#include "segments/place.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace segments {

namespace {

constexpr std::size_t near_miss_max = 2;         // Edits.
constexpr std::size_t near_miss_length_max = 64; // Longer texts are no slips of the pen.

/// Levenshtein's distance.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto swapped = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, swapped}));
    }
  }
  return row[b.size()];
}

/// The choice that was probably meant; empty = none is near.
std::string_view nearest(std::span<const std::string_view> choices, std::string_view written) {
  std::string_view best;
  if (written.empty() || written.size() > near_miss_length_max)
    return best;
  std::size_t fewest = near_miss_max + 1;
  for (const auto choice : choices) {
    const auto edits = edits_between(choice, written);
    if (edits < fewest && edits < choice.size()) {
      fewest = edits;
      best = choice;
    }
  }
  return best;
}

} // namespace

std::string listed(std::span<const std::string_view> choices, std::string_view written) {
  std::string out;
  for (const auto choice : choices) {
    out += out.empty() ? "\"" : ", \"";
    out += choice;
    out += '"';
  }
  if (const auto meant = nearest(choices, written); !meant.empty()) {
    out += "; did you mean \"";
    out += meant;
    out += "\"?";
  }
  return out;
}

void place::refuse(std::string allowed) const {
  errors_->push_back({pointer_, value_ ? shortened(*value_) : "nothing", std::move(allowed)});
}

place place::member(std::string_view key) const {
  const auto found = is(json_kind::object) ? value_->find(key) : nullptr;
  return {found, pointer_to(pointer_, key), *errors_};
}

place place::item(std::size_t index) const {
  return {&value_->items[index], pointer_to(pointer_, std::to_string(index)), *errors_};
}

bool place::must_be_object(std::string_view what) const {
  if (is(json_kind::object))
    return true;
  refuse("an object, " + std::string{what});
  return false;
}

bool place::must_be_filled_array(std::string_view what) const {
  if (is(json_kind::array) && !value_->items.empty())
    return true;
  refuse("an array of at least one " + std::string{what});
  return false;
}

void place::must_have_only(std::span<const std::string_view> fields) const {
  for (const auto& member : value_->members)
    if (std::find(fields.begin(), fields.end(), member.key) == fields.end())
      errors_->push_back({pointer_to(pointer_, member.key), shortened(member.value),
                          "no such field here; the fields are " + listed(fields, member.key)});
}

std::optional<std::string> place::text(std::string_view what) const {
  if (is(json_kind::text))
    return value_->text;
  refuse("text: " + std::string{what});
  return std::nullopt;
}

std::optional<bool> place::truth() const {
  if (is(json_kind::boolean))
    return value_->truth;
  refuse("true, false");
  return std::nullopt;
}

std::optional<double> place::number(std::string_view what) const {
  if (is(json_kind::number) && std::isfinite(value_->number))
    return value_->number == 0 ? 0.0 : value_->number; // Also of -0.
  refuse(is(json_kind::number) ? "a number within the range of a double" : std::string{what});
  return std::nullopt;
}

std::optional<std::int64_t> place::integer(std::int64_t least, std::int64_t most) const {
  // Within 2^53 a double is exact, so what is compared is what was written.
  if (is(json_kind::number) && std::nearbyint(value_->number) == value_->number
      && value_->number >= static_cast<double>(least)
      && value_->number <= static_cast<double>(most))
    return static_cast<std::int64_t>(value_->number);
  refuse("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<std::size_t> place::choice(std::span<const std::string_view> choices) const {
  if (is(json_kind::text)) {
    const auto found = std::find(choices.begin(), choices.end(), value_->text);
    if (found != choices.end())
      return static_cast<std::size_t>(found - choices.begin());
  }
  refuse(
    listed(choices, is(json_kind::text) ? std::string_view{value_->text} : std::string_view{}));
  return std::nullopt;
}

std::optional<std::vector<std::string>> place::texts(std::string_view what) const {
  if (!is(json_kind::array)) {
    refuse("an array of text: " + std::string{what});
    return std::nullopt;
  }
  std::vector<std::string> texts;
  texts.reserve(items());
  for (std::size_t i = 0; i < items(); ++i)
    if (auto text = item(i).text(what))
      texts.push_back(std::move(*text));
  if (texts.size() != items())
    return std::nullopt;
  return texts;
}

} // namespace segments
