#include "bench/rows_as_text.hpp"

#include <charconv>
#include <cstdlib>

namespace bench {

namespace {

template <class Integer>
void append_number(std::string& out, Integer number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

/// `units` of which `per_one` (a power of ten) make one, as a decimal number without needless
/// zeros.
void append_decimal(std::string& out, std::int64_t units, std::int64_t per_one) {
  if (units < 0)
    out += '-';
  units = std::abs(units);
  append_number(out, units / per_one);
  auto rest = units % per_one;
  if (rest == 0)
    return;
  out += '.';
  while (rest != 0) {
    per_one /= 10;
    out += static_cast<char>('0' + rest / per_one);
    rest %= per_one;
  }
}

/// Writes the members of one JSON object: commas where they belong, nothing for what is not set.
class object {
public:
  object(std::string& out, std::string_view key_with_colon) : out_(out) {
    out_ += key_with_colon;
    out_ += '{';
  }
  object(const object&) = delete;
  object& operator=(const object&) = delete;
  ~object() {
    out_ += '}';
  }

  std::string& key(std::string_view name) {
    if (!first_)
      out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (value.empty())
      return;
    auto& out = key(name);
    out += '"';
    out += value;
    out += '"';
  }
  void number(std::string_view name, std::uint64_t value) {
    append_number(key(name), value);
  }
  void decimal(std::string_view name, std::int64_t units, std::int64_t per_one) {
    append_decimal(key(name), units, per_one);
  }
  void boolean(std::string_view name, bool value) {
    key(name) += value ? "true" : "false";
  }
  void time(std::string_view name, std::int64_t seconds) {
    if (seconds == 0)
      return;
    auto& out = key(name);
    out += '"';
    append_instant(out, seconds);
    out += '"';
  }
  template <class Texts>
  void texts(std::string_view name, const Texts& values, std::uint32_t count) {
    if (count == 0)
      return;
    auto& out = key(name);
    for (std::uint32_t i = 0; i < count; ++i) {
      out += i == 0 ? "[\"" : ",\"";
      out += values[i];
      out += '"';
    }
    out += ']';
  }

private:
  std::string& out_;
  bool first_ = true;
};

void append_location(object& record, std::string& out, const profile_row& p) {
  if (p.city.empty())
    return;
  record.key("location");
  object location{out, ""};
  location.text("city", p.city);
  location.text("region", p.region);
  location.text("country", p.country);
  location.text("zip", p.zip);
  location.text("timezone", p.time_zone);
  if (p.has_point) {
    location.decimal("latitude", p.latitude, 1'000'000);
    location.decimal("longitude", p.longitude, 1'000'000);
  }
}

void append_properties(object& record, std::string& out, const profile_row& p) {
  record.key("properties");
  object properties{out, ""};
  if (p.loyalty_points)
    properties.number("loyalty_points", *p.loyalty_points);
  if (p.is_wholesale)
    properties.boolean("is_wholesale", *p.is_wholesale);
  properties.text("birthday", p.birthday);
  properties.texts("sizes", p.sizes, p.size_count);
  properties.text("favorite_brand", p.favorite_brand);
  properties.text("referrer", p.referrer);
}

void append_channel(object& channels, std::string& out, std::string_view name,
                    const channel_consent& c, const std::optional<suppression>& suppressed) {
  if (c.state.empty() && !suppressed)
    return;
  channels.key(name);
  object channel{out, ""};
  channel.key("marketing");
  object marketing{out, ""};
  marketing.text("consent", c.state);
  marketing.time("consent_timestamp", c.time);
  marketing.text("method", c.method);
  marketing.text("method_detail", c.method_detail);
  if (c.double_optin)
    marketing.boolean("double_optin", true);
  if (suppressed) {
    marketing.key("suppression") += '[';
    {
      object entry{out, ""};
      entry.text("reason", suppressed->reason);
      entry.time("timestamp", suppressed->time);
    }
    out += ']';
  }
}

void append_subscriptions(object& record, std::string& out, const profile_row& p) {
  if (p.email_consent.state.empty() && p.sms_consent.state.empty() && !p.suppressed)
    return;
  record.key("subscriptions");
  object channels{out, ""};
  append_channel(channels, out, "email", p.email_consent, p.suppressed);
  append_channel(channels, out, "sms", p.sms_consent, std::nullopt);
}

void append_predictions(object& record, std::string& out, const profile_row& row) {
  if (!row.predicted)
    return;
  const auto& p = *row.predicted;
  record.key("predictive_analytics");
  object fields{out, ""};
  fields.decimal("historic_clv", p.historic_clv_cents, 100);
  fields.decimal("predicted_clv", p.predicted_clv_cents, 100);
  fields.decimal("total_clv", p.historic_clv_cents + p.predicted_clv_cents, 100);
  fields.number("historic_number_of_orders", p.orders);
  fields.decimal("predicted_number_of_orders", p.predicted_order_tenths, 10);
  if (p.days_between_orders_tenths != 0)
    fields.decimal("average_days_between_orders", p.days_between_orders_tenths, 10);
  fields.decimal("average_order_value", p.average_order_cents, 100);
  fields.decimal("churn_probability", p.churn_thousandths, 1000);
  fields.time("expected_date_of_next_order", p.next_order);
  fields.text("predicted_gender", p.gender);
  fields.texts("ranked_channel_affinity", p.channels,
               static_cast<std::uint32_t>(p.channels.size()));
}

void append_joined(std::string& out, const auto& texts, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i != 0)
      out += '|';
    out += texts[i];
  }
}

/// The fields of one CSV line. Our texts need no quotes.
class line {
public:
  explicit line(std::string& out) : out_(out) {
  }
  line(const line&) = delete;
  line& operator=(const line&) = delete;
  ~line() {
    out_ += '\n';
  }

  std::string& field() {
    if (!first_)
      out_ += ',';
    first_ = false;
    return out_;
  }
  line& text(std::string_view value) {
    field() += value;
    return *this;
  }
  line& number(std::int64_t value) {
    append_number(field(), value);
    return *this;
  }
  /// Nothing for 0.
  line& set_number(std::int64_t value) {
    field();
    if (value != 0)
      append_number(out_, value);
    return *this;
  }
  line& decimal(bool is_set, std::int64_t units, std::int64_t per_one) {
    field();
    if (is_set)
      append_decimal(out_, units, per_one);
    return *this;
  }

private:
  std::string& out_;
  bool first_ = true;
};

} // namespace

void append_event_ndjson(std::string& out, std::uint64_t number, const event_row& event) {
  const auto details = details_of(event);
  {
    object record{out, ""};
    append_event_id(record.key("unique_id") += '"', number);
    out += '"';
    record.text("metric", name_of(event.kind));
    out += ",\"profile\":{\"external_id\":\"";
    append_external_id(out, event.profile);
    out += "\"}";
    record.time("time", event.time);
    if (event.value_cents != no_value_cents) {
      record.decimal("value", event.value_cents, 100);
      record.text("value_currency", "USD");
    }
    record.key("properties");
    object properties{out, ""};
    properties.text("campaign_id", details.campaign);
    properties.text(event.kind == metric::active_on_site ? "browser" : "Client", details.client);
    properties.text("Brand", details.brand);
    properties.text("Category", details.category);
    properties.texts("Categories", details.categories, details.category_count);
    if (details.item_count != 0)
      properties.number("Item Count", details.item_count);
    if (details.quantity != 0)
      properties.number("Quantity", details.quantity);
    if (details.stars != 0)
      properties.number("Rating", details.stars);
  }
  out += '\n';
}

void append_profile_ndjson(std::string& out, const profile_row& p) {
  {
    object record{out, ""};
    record.text("external_id", p.external_id);
    record.text("email", p.email);
    record.text("phone_number", p.phone_number);
    record.text("first_name", p.first_name);
    record.text("last_name", p.last_name);
    record.time("created", p.created);
    append_location(record, out, p);
    append_properties(record, out, p);
    append_subscriptions(record, out, p);
    append_predictions(record, out, p);
    if (p.list_count != 0) {
      record.key("lists") += '[';
      for (std::uint32_t i = 0; i < p.list_count; ++i) {
        if (i != 0)
          out += ',';
        object joined{out, ""};
        joined.text("id", p.lists[i].list);
        joined.time("joined_at", p.lists[i].time);
      }
      out += ']';
    }
  }
  out += '\n';
}

std::string_view event_csv_header() {
  return "metric,profile,time,value,unique_id,campaign_id,client,brand,category,categories,item_"
         "count,quantity,rating\n";
}

void append_event_csv(std::string& out, std::uint64_t number, const event_row& event) {
  const auto details = details_of(event);
  line l{out};
  l.text(name_of(event.kind)).number(event.profile).number(event.time);
  l.decimal(event.value_cents != no_value_cents, event.value_cents, 100);
  append_event_id(l.field(), number);
  l.text(details.campaign).text(details.client).text(details.brand).text(details.category);
  append_joined(l.field(), details.categories, details.category_count);
  l.set_number(details.item_count).set_number(details.quantity).set_number(details.stars);
}

std::string_view profile_csv_header() {
  return "profile,external_id,email,phone_number,first_name,last_name,created,city,region,country,"
         "zip,timezone,latitude,longitude,"
         "zip_latitude,zip_longitude,loyalty_points,is_wholesale,birthday,sizes,favorite_brand,"
         "referrer,email_consent,"
         "email_consent_time,email_method,email_method_detail,email_double_optin,suppression_"
         "reason,suppression_time,sms_consent,"
         "sms_consent_time,sms_method,sms_method_detail,historic_clv,predicted_clv,historic_number_"
         "of_orders,"
         "average_order_value,churn_probability,next_order,predicted_gender,best_channel\n";
}

void append_profile_csv(std::string& out, const profile_row& p) {
  line l{out};
  l.number(p.number)
    .text(p.external_id)
    .text(p.email)
    .text(p.phone_number)
    .text(p.first_name)
    .text(p.last_name);
  l.number(p.created).text(p.city).text(p.region).text(p.country).text(p.zip).text(p.time_zone);
  l.decimal(p.has_point, p.latitude, 1'000'000).decimal(p.has_point, p.longitude, 1'000'000);
  l.decimal(p.has_zip_point, p.zip_latitude, 1'000'000)
    .decimal(p.has_zip_point, p.zip_longitude, 1'000'000);
  l.decimal(p.loyalty_points.has_value(), p.loyalty_points.value_or(0), 1);
  l.text(p.is_wholesale ? (*p.is_wholesale ? "true" : "false") : "").text(p.birthday);
  append_joined(l.field(), p.sizes, p.size_count);
  l.text(p.favorite_brand).text(p.referrer);
  l.text(p.email_consent.state).set_number(p.email_consent.time).text(p.email_consent.method);
  l.text(p.email_consent.method_detail).text(p.email_consent.double_optin ? "true" : "");
  const auto suppressed = p.suppressed.value_or(suppression{});
  l.text(suppressed.reason).set_number(suppressed.time);
  l.text(p.sms_consent.state)
    .set_number(p.sms_consent.time)
    .text(p.sms_consent.method)
    .text(p.sms_consent.method_detail);
  const auto known = p.predicted.has_value();
  const auto f = p.predicted.value_or(predictions{});
  l.decimal(known, f.historic_clv_cents, 100)
    .decimal(known, f.predicted_clv_cents, 100)
    .decimal(known, f.orders, 1);
  l.decimal(known, f.average_order_cents, 100)
    .decimal(known, f.churn_thousandths, 1000)
    .set_number(f.next_order);
  l.text(f.gender).text(f.channels[0]);
}

std::string_view lists_csv_header() {
  return "list,profile,joined_at\n";
}

void append_lists_csv(std::string& out, const profile_row& p) {
  for (std::uint32_t i = 0; i < p.list_count; ++i)
    line{out}.text(p.lists[i].list).number(p.number).number(p.lists[i].time);
}

} // namespace bench
