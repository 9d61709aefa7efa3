#include "messages/consent_channels.hpp"
#include "messages/line_reader.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

namespace messages {

namespace {

using model::property_action;
using model::property_entry;
using model::value_kind;
using simdjson::ondemand::json_type;

// --- what a profile may say ---

enum class shape : std::uint8_t {
  text,
  latitude,
  longitude,
  number,
  boolean,
  date,
  consent,
  suppression,
  gender,
  affinity,
  nested,
  derived
};

struct known_field {
  std::string_view key;
  std::string_view path; // Of the attribute; for consent only the key counts.
  shape form;
};

constexpr known_field location_fields[] = {
  {"address1", "location['address1']", shape::text},
  {"address2", "location['address2']", shape::text},
  {"city", "location['city']", shape::text},
  {"country", "location['country']", shape::text},
  {"region", "location['region']", shape::text},
  {"zip", "location['zip']", shape::text},
  {"timezone", "location['timezone']", shape::text},
  {"ip", "location['ip']", shape::text},
  {"latitude", "location['latitude']", shape::latitude},
  {"longitude", "location['longitude']", shape::longitude},
};

// Segments call the date otherwise than profiles do; both names are understood.
constexpr known_field predictive_fields[] = {
  {"historic_clv", "predictive['historic_clv']", shape::number},
  {"predicted_clv", "predictive['predicted_clv']", shape::number},
  {"total_clv", "predictive['total_clv']", shape::number},
  {"historic_number_of_orders", "predictive['historic_number_of_orders']", shape::number},
  {"predicted_number_of_orders", "predictive['predicted_number_of_orders']", shape::number},
  {"average_days_between_orders", "predictive['average_days_between_orders']", shape::number},
  {"average_order_value", "predictive['average_order_value']", shape::number},
  {"churn_probability", "predictive['churn_probability']", shape::number},
  {"expected_date_of_next_order", "predictive['expected_date_of_next_order']", shape::date},
  {"expected_date_of_next_purchase", "predictive['expected_date_of_next_order']", shape::date},
  {"predicted_gender", "predictive['predicted_gender']", shape::gender},
  {"ranked_channel_affinity", "predictive['ranked_channel_affinity']", shape::affinity},
};

// `derived`: the engine works it out itself, or it says only when the source was written.
constexpr known_field consent_fields[] = {
  {"consent", {}, shape::consent},
  {"consent_timestamp", {}, shape::date},
  {"last_updated", {}, shape::derived},
  {"method", {}, shape::text},
  {"method_detail", {}, shape::text},
  {"custom_method_detail", {}, shape::text},
  {"double_optin", {}, shape::boolean},
  {"is_rcs_capable", {}, shape::boolean},
  {"suppression", {}, shape::suppression},
  {"list_suppressions", {}, shape::nested},
  {"created_timestamp", {}, shape::date},
  {"valid_until", {}, shape::date},
  {"phone_number", {}, shape::text},
  {"metadata", {}, shape::nested},
  {"can_receive", {}, shape::derived},
  {"can_receive_email_marketing", {}, shape::derived},
  {"can_receive_sms_marketing", {}, shape::derived},
  {"can_receive_sms_transactional", {}, shape::derived},
  {"can_receive_push_marketing", {}, shape::derived},
};

constexpr std::string_view consents[] = {"SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"};
constexpr std::string_view suppression_reasons[] = {
  "HARD_BOUNCE", "INVALID_EMAIL", "SPAM_COMPLAINT", "UNSUBSCRIBE", "USER_SUPPRESSED"};
constexpr std::string_view genders[] = {"likely_female", "likely_male", "uncertain"};
constexpr std::string_view affinities[] = {"email", "push", "sms", "whatsapp"};

template <std::size_t N>
const known_field* find(const known_field (&fields)[N], std::string_view key) {
  const auto* found = std::find_if(std::begin(fields), std::end(fields),
                                   [key](const known_field& f) { return f.key == key; });
  return found == std::end(fields) ? nullptr : found;
}

template <std::size_t N>
bool is_among(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <std::size_t N>
std::string listed(const std::string_view (&words)[N]) {
  return fmt::format("{}", fmt::join(words, ", "));
}

template <std::size_t N>
std::string unknown_field(std::string_view of, const known_field (&fields)[N]) {
  std::string out = fmt::format("not a field of {}; allowed: ", of);
  for (const auto& f : fields) {
    if (f.form == shape::derived)
      continue;
    out += f.key;
    out += ", ";
  }
  out.resize(out.size() - 2);
  return out;
}

constexpr std::string_view given_twice = "given twice";

/// Fields of an object with few known ones, each at most once.
class once {
public:
  template <std::size_t N>
  bool operator()(const known_field (&fields)[N], const known_field* field) {
    const auto mask = std::uint32_t{1} << (field - std::begin(fields));
    const bool is_first = (seen_ & mask) == 0;
    seen_ |= mask;
    return is_first;
  }

private:
  std::uint32_t seen_ = 0;
};

} // namespace

// --- one attribute ---

bool line_reader::add_attribute(std::uint32_t name, const property_entry& value) {
  attributes_.push_back(value);
  attributes_.back().name = name;
  if (value.kind == value_kind::unset)
    attributes_.back().action = property_action::unset;
  return true;
}

bool line_reader::read_text_attribute(json_value& v, std::uint32_t name) {
  std::string_view text;
  return read_text(v, text)
      && add_attribute(name,
                       {0, value_kind::text, property_action::set, 0, batch_->add_text(text)});
}

bool line_reader::read_number_attribute(json_value& v, std::uint32_t name) {
  double number = 0;
  return read_number(v, number)
      && add_attribute(name, {0, value_kind::number, property_action::set, number, {}});
}

bool line_reader::read_boolean_attribute(json_value& v, std::uint32_t name) {
  bool flag = false;
  return read_boolean(v, flag)
      && add_attribute(name, {0, value_kind::boolean, property_action::set, flag ? 1.0 : 0.0, {}});
}

bool line_reader::read_date_attribute(json_value& v, std::uint32_t name) {
  std::string_view text;
  return read_date_text(v, text)
      && add_attribute(name,
                       {0, value_kind::text, property_action::set, 0, batch_->add_text(text)});
}

// --- the parts of a profile ---

bool line_reader::read_identifier(json_value& v, std::string_view path, model::text_ref& into,
                                  bool may_unset) {
  bool is_null = false;
  if (!read_null(v, is_null))
    return false;
  if (is_null)
    return !may_unset || add_attribute(names_.number(name_space::plain, path), {});
  std::string_view text;
  if (!read_text(v, text))
    return false;
  if (text.size() > model::identifier_bytes_max)
    return fail(fmt::format("an identifier of {} bytes; at most {} are allowed", text.size(),
                            model::identifier_bytes_max));
  if (!text.empty())
    into = batch_->add_text(text);
  return true;
}

bool line_reader::read_properties(json_value& v, name_space space,
                                  std::vector<property_entry>& into, std::size_t count_max) {
  bool is_null = false;
  if (!read_null(v, is_null))
    return false;
  if (is_null)
    return true;
  const bool is_event = space == name_space::plain;
  const auto stamp = is_event ? event_stamp_ : ++stamp_;
  std::size_t count = 0;
  return each_field(v, [&](std::string_view key, json_value& property) {
    if (key.empty())
      return fail("a property's name may not be empty");
    if (key.size() > model::property_name_bytes_max)
      return fail(fmt::format("a property's name of {} bytes; at most {} are allowed", key.size(),
                              model::property_name_bytes_max));
    if (++count > count_max)
      return fail(fmt::format("more than {} properties", count_max));
    property_entry entry;
    const auto name = names_.number_once(space, key, stamp);
    if (name.is_repeated)
      return fail(std::string{given_twice});
    if (!read_any(property, entry))
      return false;
    entry.name = name.number;
    if (entry.kind != value_kind::unset) {
      into.push_back(entry);
    } else if (!is_event) { // An event's property that is not set need not be kept (S5).
      entry.action = property_action::unset;
      into.push_back(entry);
    }
    return true;
  });
}

/// Coordinates come as numbers, or as text that says one (S24).
bool line_reader::read_coordinate(json_value& v, std::uint32_t name, int degrees_max) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  double number = NAN;
  if (type == json_type::number) {
    if (!read_number(v, number))
      return false;
  } else if (type == json_type::string) {
    std::string_view text;
    if (!read_text(v, text))
      return false;
    double said = 0;
    const auto* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, said, std::chars_format::fixed);
    if (result.ec == std::errc{} && result.ptr == end)
      number = said + 0.0; // -0 becomes 0.
  }
  if (!(std::abs(number) <= degrees_max))
    return expected(fmt::format("a number from -{0} to {0}, or text that is one", degrees_max), v);
  return add_attribute(name, {0, value_kind::number, property_action::set, number, {}});
}

bool line_reader::read_location(json_value& v) {
  once seen;
  return each_field(v, [&](std::string_view key, json_value& part) {
    const auto* known = find(location_fields, key);
    if (!known)
      return fail(unknown_field("location", location_fields));
    if (!seen(location_fields, known))
      return fail(std::string{given_twice});
    const auto name = names_.number(name_space::plain, known->path);
    bool is_null = false;
    if (!read_null(part, is_null))
      return false;
    if (is_null)
      return add_attribute(name, {});
    if (known->form == shape::text)
      return read_text_attribute(part, name);
    return read_coordinate(part, name, known->form == shape::latitude ? 90 : 180);
  });
}

bool line_reader::read_subscriptions(json_value& v) {
  std::uint32_t seen = 0;
  return each_field(v, [&](std::string_view channel, json_value& of_channel) {
    const auto is_channel = [channel](const consent_channel& p) { return p.channel == channel; };
    if (std::ranges::none_of(consent_channels, is_channel))
      return fail("not a channel; allowed: email, sms, mobile_push, whatsapp");
    bool is_null = false;
    if (!read_null(of_channel, is_null))
      return false;
    if (is_null)
      return true;
    return each_field(of_channel, [&](std::string_view purpose, json_value& consent) {
      const auto* found = std::ranges::find_if(
        consent_channels, [&](const auto& p) { return is_channel(p) && p.purpose == purpose; });
      if (found == consent_channels.end()) {
        std::string allowed;
        for (const auto& p : consent_channels)
          if (is_channel(p))
            allowed += (allowed.empty() ? "" : ", ") + std::string{p.purpose};
        return fail(fmt::format("not a purpose of {}; allowed: {}", channel, allowed));
      }
      const auto mask = std::uint32_t{1} << (found - consent_channels.begin());
      if ((seen & mask) != 0)
        return fail(std::string{given_twice});
      seen |= mask;
      return read_consent(consent, found->name);
    });
  });
}

bool line_reader::read_consent(json_value& v, std::string_view channel) {
  bool is_null = false;
  if (!read_null(v, is_null))
    return false;
  if (is_null)
    return true;
  once seen;
  return each_field(v, [&](std::string_view key, json_value& part) {
    const auto* known = find(consent_fields, key);
    if (!known)
      return fail(unknown_field("a consent", consent_fields));
    if (!seen(consent_fields, known))
      return fail(std::string{given_twice});
    if (known->form == shape::derived)
      return read_nested(part, 1);
    path_scratch_ = fmt::format("subscriptions['{}']['{}']", channel, key);
    const auto name = names_.number(name_space::plain, path_scratch_);
    if (!read_null(part, is_null))
      return false;
    if (is_null)
      return add_attribute(name, {});
    switch (known->form) {
    case shape::boolean:
      return read_boolean_attribute(part, name);
    case shape::date:
      return read_date_attribute(part, name);
    case shape::suppression:
      return read_suppression(part, name);
    case shape::nested: {
      property_entry entry;
      return read_any(part, entry) && add_attribute(name, entry);
    }
    case shape::consent: {
      std::string_view text;
      if (!read_text(part, text))
        return false;
      if (!is_among(consents, text))
        return expected(listed(consents), part);
      return add_attribute(name,
                           {0, value_kind::text, property_action::set, 0, batch_->add_text(text)});
    }
    default:
      return read_text_attribute(part, name);
    }
  });
}

bool line_reader::read_suppression(json_value& v, std::uint32_t name) {
  std::string items;
  std::size_t count = 0;
  const bool is_good = each_item(v, [&](json_value& item) {
    if (++count > model::list_items_max)
      return fail(fmt::format("a list of more than {} items", model::list_items_max));
    std::string reason;
    std::string timestamp;
    const bool is_read = each_field(item, [&](std::string_view key, json_value& part) {
      if (key != "reason" && key != "timestamp")
        return fail("not a field of a suppression; allowed: reason, timestamp");
      auto& into = key == "reason" ? reason : timestamp;
      if (!into.empty())
        return fail(std::string{given_twice});
      std::string_view text;
      if (!(key == "reason" ? read_text(part, text) : read_date_text(part, text)))
        return false;
      if (key == "reason" && !is_among(suppression_reasons, text))
        return expected(listed(suppression_reasons), part);
      into = text;
      return true;
    });
    if (!is_read)
      return false;
    if (reason.empty() || timestamp.empty())
      return fail("a suppression needs reason and timestamp");
    model::append_list_item(items, {value_kind::text, 0, reason + '|' + timestamp});
    return true;
  });
  return is_good
      && add_attribute(name,
                       {0, value_kind::list, property_action::set, 0, batch_->add_text(items)});
}

bool line_reader::read_predictive(json_value& v) {
  once seen;
  return each_field(v, [&](std::string_view key, json_value& part) {
    const auto* known = find(predictive_fields, key);
    if (!known)
      return fail(unknown_field("predictive_analytics", predictive_fields));
    if (!seen(predictive_fields, known))
      return fail(std::string{given_twice});
    const auto name = names_.number(name_space::plain, known->path);
    bool is_null = false;
    if (!read_null(part, is_null))
      return false;
    if (is_null)
      return add_attribute(name, {});
    switch (known->form) {
    case shape::date:
      return read_date_attribute(part, name);
    case shape::gender: {
      std::string_view text;
      if (!read_text(part, text))
        return false;
      if (!is_among(genders, text))
        return expected(listed(genders), part);
      return add_attribute(name,
                           {0, value_kind::text, property_action::set, 0, batch_->add_text(text)});
    }
    case shape::affinity:
      return read_affinity(part, name);
    default:
      return read_number_attribute(part, name);
    }
  });
}

bool line_reader::read_affinity(json_value& v, std::uint32_t name) {
  std::string items;
  std::uint32_t seen = 0;
  const bool is_good = each_item(v, [&](json_value& item) {
    std::string_view text;
    if (!read_text(item, text))
      return false;
    const auto* found = std::find(std::begin(affinities), std::end(affinities), text);
    if (found == std::end(affinities))
      return expected(listed(affinities), item);
    const auto mask = std::uint32_t{1} << (found - std::begin(affinities));
    if ((seen & mask) != 0)
      return fail("a channel that stands in the list already");
    seen |= mask;
    model::append_list_item(items, {value_kind::text, 0, text});
    return true;
  });
  return is_good
      && add_attribute(name,
                       {0, value_kind::list, property_action::set, 0, batch_->add_text(items)});
}

bool line_reader::read_lists(json_value& v) {
  std::size_t count = 0;
  return each_item(v, [&](json_value& item) {
    if (++count > model::list_items_max)
      return fail(fmt::format("a list of more than {} items", model::list_items_max));
    json_type type{};
    if (const auto code = item.type().get(type); code != simdjson::SUCCESS)
      return malformed(code);
    list_join join;
    std::string_view name;
    if (type == json_type::string) {
      if (!read_name(item, "a list's name", model::list_name_bytes_max, name))
        return false;
      join.name = names_.number(name_space::plain, name);
    } else if (type == json_type::object) {
      bool has_name = false;
      const bool is_read = each_field(item, [&](std::string_view key, json_value& part) {
        if (key == "joined_at") {
          if (join.has_time)
            return fail(std::string{given_twice});
          bool is_null = false;
          if (!read_null(part, is_null))
            return false;
          join.has_time = !is_null;
          return is_null || read_time(part, join.time);
        }
        if (key != "id" && key != "name")
          return fail("not a field of a membership; allowed: id or name, joined_at");
        if (has_name)
          return fail("a list is named twice");
        has_name = true;
        if (!read_name(part, "a list's name", model::list_name_bytes_max, name))
          return false;
        join.name = names_.number(name_space::plain, name);
        return true;
      });
      if (!is_read)
        return false;
      if (!has_name)
        return fail("a membership needs the list's id or name");
    } else {
      return expected("a list's name, or an object with id and joined_at", item);
    }
    joins_.push_back(join);
    return true;
  });
}

// --- patches ---

bool line_reader::read_meta(json_value& v) {
  bool is_seen = false;
  return each_field(v, [&](std::string_view key, json_value& patch) {
    if (key != "patch_properties")
      return fail("not a field of meta; allowed: patch_properties");
    if (is_seen)
      return fail(std::string{given_twice});
    is_seen = true;
    bool is_null = false;
    if (!read_null(patch, is_null))
      return false;
    return is_null || read_patch(patch);
  });
}

bool line_reader::read_patch(json_value& v) {
  std::uint32_t seen = 0;
  return each_field(v, [&](std::string_view key, json_value& part) {
    constexpr std::string_view orders[] = {"append", "unappend", "unset"};
    const auto* found = std::find(std::begin(orders), std::end(orders), key);
    if (found == std::end(orders))
      return fail("not an order of patch_properties; allowed: append, unappend, unset");
    const auto mask = std::uint32_t{1} << (found - std::begin(orders));
    if ((seen & mask) != 0)
      return fail(std::string{given_twice});
    seen |= mask;
    bool is_null = false;
    if (!read_null(part, is_null))
      return false;
    if (is_null)
      return true;
    if (key == "unset")
      return read_patch_unset(part);
    return read_patch_items(part,
                            key == "append" ? property_action::append : property_action::remove);
  });
}

bool line_reader::read_patch_items(json_value& v, property_action action) {
  const auto first = attributes_.size();
  if (!read_properties(v, name_space::property, attributes_, model::list_items_max))
    return false;
  for (auto i = first; i < attributes_.size(); ++i) {
    auto& entry = attributes_[i];
    if (entry.kind == value_kind::unset || entry.kind == value_kind::nested) {
      auto key = batch_->name(entry.name);
      key.remove_prefix(std::string_view{"properties['"}.size());
      key.remove_suffix(std::string_view{"']"}.size());
      return fail_at(key, "expected text, a number, true or false, or a list of them");
    }
    entry.action = action;
  }
  return true;
}

bool line_reader::read_patch_unset(json_value& v) {
  const auto unset_one = [this](json_value& item) {
    std::string_view key;
    if (!read_name(item, "a property's name", model::property_name_bytes_max, key))
      return false;
    return add_attribute(names_.number(name_space::property, key), {});
  };
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (type == json_type::string)
    return unset_one(v);
  if (type != json_type::array)
    return expected("a property's name or a list of names", v);
  return each_item(v, unset_one);
}

// --- a profile's fields ---

bool line_reader::read_profile_field(field f, json_value& v) {
  switch (f) {
  case field::external_id:
    return read_identifier(v, "external_id", now_.who.external_id, true);
  case field::email:
    return read_identifier(v, "email", now_.who.email, true);
  case field::phone_number:
    return read_identifier(v, "phone_number", now_.who.phone_number, true);
  default:
    break;
  }
  bool is_null = false;
  if (!read_null(v, is_null))
    return false;
  switch (f) {
  case field::location:
    return is_null || read_location(v);
  case field::properties:
    return is_null
        || read_properties(v, name_space::property, attributes_,
                           std::numeric_limits<std::size_t>::max());
  case field::subscriptions:
    return is_null || read_subscriptions(v);
  case field::predictive_analytics:
    return is_null || read_predictive(v);
  case field::lists:
    return is_null || read_lists(v);
  case field::patch_properties:
    return is_null || read_patch(v);
  case field::meta:
    return is_null || read_meta(v);
  default:
    break;
  }
  const auto name = names_.number(name_space::plain, name_of(f));
  if (is_null)
    return add_attribute(name, {});
  return f == field::created ? read_date_attribute(v, name) : read_text_attribute(v, name);
}

} // namespace messages
