#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A shop that never was: profiles and events from a seed, skewed like a real store's. The same
/// (seed, profiles) gives the same data on every machine and in every slice. Nothing is kept: a
/// profile's history is made again when it is asked for.
namespace bench {

/// The instant that questions call "now", 2026-06-15T09:30:00Z, in seconds since 1970. No event is
/// later.
inline constexpr std::int64_t store_now = 1'781'515'800;
/// The store opened on 2023-06-01T00:00:00Z. Nothing is earlier.
inline constexpr std::int64_t store_opening = 1'685'577'600;

inline constexpr std::uint32_t profiles_max = 8'000'000; // Limit of the packed sort key.

enum class metric : std::uint8_t {
  received_email,
  opened_email,
  clicked_email,
  active_on_site,
  viewed_product,
  added_to_cart,
  started_checkout,
  placed_order,
  ordered_product,
  fulfilled_order,
  refunded_order,
  received_sms,
  clicked_sms,
  submitted_review,
  count_of_metrics
};

std::string_view name_of(metric m);

inline constexpr std::uint32_t no_value_cents = (1U << 25) - 1;

/// One event. `topic` is a campaign for messages and a product for the rest; texts come from
/// `event_details`.
struct event_row {
  std::int64_t time = 0; // Whole seconds since 1970.
  std::uint32_t profile = 0;
  metric kind{};
  std::uint16_t topic = 0;                    // 0 … 4095.
  std::uint8_t detail = 0;                    // Client, browser, item count or stars; 0 … 63.
  std::uint32_t value_cents = no_value_cents; // no_value_cents = the event has no value.
};

/// An event's properties in words. Empty text, empty list or 0 = the event has no such property.
struct event_details {
  std::string_view campaign;                    // campaign_id
  std::string_view client;                      // Client of an open or click, browser of a visit.
  std::string_view brand;                       // Brand
  std::string_view category;                    // Category
  std::array<std::string_view, 4> categories{}; // Categories of a checkout or order, each once.
  std::uint32_t category_count = 0;
  std::uint32_t item_count = 0; // Item Count
  std::uint32_t quantity = 0;   // Quantity
  std::uint32_t stars = 0;      // Rating
};
event_details details_of(const event_row& event);

struct suppression {
  std::string_view reason;
  std::int64_t time = 0;
};

struct channel_consent {
  std::string_view state; // SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED; empty = no record.
  std::int64_t time = 0;  // 0 = none.
  std::string_view method{};
  std::string_view method_detail{};
  bool double_optin = false;
};

struct list_join {
  std::string_view list;
  std::int64_t time = 0;
};

struct predictions {
  std::uint32_t churn_thousandths = 0;
  std::uint32_t historic_clv_cents = 0;
  std::uint32_t predicted_clv_cents = 0;
  std::uint32_t average_order_cents = 0;
  std::uint32_t orders = 0;
  std::uint32_t predicted_order_tenths = 0;
  std::uint32_t days_between_orders_tenths = 0;
  std::int64_t next_order = 0; // Whole seconds; a midnight.
  std::string_view gender{};
  std::array<std::string_view, 3> channels{}; // Best first.
};

/// One profile. Empty text = not set.
struct profile_row {
  std::uint32_t number = 0;
  std::string external_id, email, phone_number;
  std::string_view first_name, last_name;
  std::int64_t created = 0;
  std::string_view city, region, country, zip, time_zone;
  bool has_point = false;    // The profile has a latitude and longitude of its own.
  std::int32_t latitude = 0; // Millionths of a degree.
  std::int32_t longitude = 0;
  bool has_zip_point = false; // The ZIP's point, for rivals that know no ZIP table.
  std::int32_t zip_latitude = 0;
  std::int32_t zip_longitude = 0;
  std::optional<std::uint32_t> loyalty_points;
  std::optional<bool> is_wholesale;
  std::string birthday; // YYYY-MM-DD
  std::array<std::string_view, 3> sizes{};
  std::uint32_t size_count = 0; // 0 = the property is not set.
  std::string_view favorite_brand, referrer;
  channel_consent email_consent, sms_consent;
  std::optional<suppression> suppressed;
  std::optional<predictions> predicted;
  std::array<list_join, 5> lists{};
  std::uint32_t list_count = 0;
};

/// `2026-06-15T09:30:00Z`, appended.
void append_instant(std::string& out, std::int64_t seconds);

class generated_store {
public:
  /// `profiles` from 1 to profiles_max.
  generated_store(std::uint64_t seed, std::uint32_t profiles);

  [[nodiscard]] std::uint32_t profiles() const {
    return profiles_;
  }
  /// Number of events of the whole store. The first call walks all histories; it must not run
  /// beside other calls.
  [[nodiscard]] std::uint64_t events() const;

  /// Fills `row` with profile `number`; its texts may be used until the row is filled again.
  void profile(std::uint32_t number, profile_row& row) const;

  /// Appends the events of one profile, in no particular order.
  void history(std::uint32_t number, std::vector<event_row>& out) const;

  /// Events number `from` … `to - 1` of the whole store in time order (equal times by profile), in
  /// pieces of about `chunk` events that take 40 bytes each; one walk over all histories per piece.
  /// An event's number makes its unique_id.
  void for_each_chunk(
    std::uint64_t from, std::uint64_t to,
    const std::function<void(std::uint64_t first_number, const std::vector<event_row>&)>& take,
    std::uint64_t chunk = 16'000'000) const;

  /// Event number `n` of the time after store_now: traffic for live trials, `per_second` events a
  /// second, from people as unevenly active as before.
  [[nodiscard]] event_row live_event(std::uint64_t n, std::uint32_t per_second) const;

private:
  const std::vector<std::uint64_t>& events_before_hour() const;

  std::uint64_t seed_;
  std::uint32_t profiles_;
  std::vector<std::uint8_t> season_; // How busy each day since the opening is, in sixteenths.
  /// Events earlier than each hour since the opening; empty until somebody asks.
  mutable std::vector<std::uint64_t> before_hour_;
};

/// `evt-0012345678`, appended.
void append_event_id(std::string& out, std::uint64_t number);
/// `cust-00001234`, appended.
void append_external_id(std::string& out, std::uint32_t profile);

} // namespace bench
