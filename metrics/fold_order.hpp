#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/request.hpp"
#include "metrics/timeframe.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What a partition is asked to add up: the plan of a request with everything looked up that the
/// dictionary says. Plain data.
namespace metrics {

inline constexpr std::size_t channels = 5; // Values of `channel`.

/// The events of one metric, read once however many measures and touches need them.
struct fold_stream {
  std::string metric;
  channel by = channel::any;
  bool is_message = false; // Names a campaign or flow.
  bool is_send = false;
  bool is_delivery = false; // The first set of sends.
  bool is_conversion = false;
  std::string conversion_where{}; // Of conversions: which of them count.
  std::string conversion_value{}; // The property that says what one is worth; empty = its value.
  /// Credit that an event earns, by its channel; 0 = none.
  std::array<std::int64_t, channels> window_ms{};
  std::uint8_t touch_rank = 2; // At equal instants the lower one gets the credit.
  bool is_click = false;       // The bot policy concerns it.
  bool is_open = false;        // The Apple policy does.
};

/// One base measure.
struct fold_measure {
  std::string name;
  counting counts = counting::events;
  std::vector<std::uint32_t> streams;
  std::string property{}; // Empty = the event's value.
  std::string where{};
  bool leaves_bots_out = false;
  bool leaves_apple_out = false;
  bool by_event_time = false;
  bool is_credited = false; // Counts conversions.

  [[nodiscard]] bool is_distinct() const {
    return counts == counting::people || counts == counting::message_people;
  }
  [[nodiscard]] bool is_number() const {
    return counts == counting::sum || counts == counting::minimum || counts == counting::maximum;
  }
};

struct fold_order {
  datasource_kind kind = datasource_kind::events;
  message_owner owner = message_owner::campaign;
  time_range time{};
  bool is_timeless = false;            // No measure knows a time.
  std::vector<std::int64_t> intervals; // Starts; empty = no series.
  std::string zone = "UTC";
  weekday week_start = 0;
  std::vector<fold_stream> streams;
  std::vector<fold_measure> measures;
  std::vector<grouping> groupings;                 // Of all rollups and the filter, each once.
  std::vector<std::vector<std::uint32_t>> rollups; // Indices into `groupings`.
  row_filter filter;                               // Its leaves index `groupings`.
  send_moment moment = send_moment::send;
  bool apple_earns_credit = true;
  bool with_bots = false;
  std::int64_t now = 0;
  /// Of the kind `segments`: which ones there are.
  struct segment {
    std::uint64_t number = 0;
    std::string id;
    std::string name;
  };
  std::vector<segment> segments{};
  /// The people of every row are told besides, so that it can be said what some rows make together.
  bool keeps_people = false;
  /// Who makes one number: a rollup's row and a measure, to be told profile by profile.
  struct cell {
    std::uint32_t rollup = 0;
    std::vector<std::string> values; // By the rollup's groupings.
    std::optional<std::uint32_t> interval{};
    std::uint32_t measure = 0;
  };
  std::optional<cell> collected{};
};

/// Campaigns and flows as far as a fold needs them: from the account's catalogue and the survey of
/// sends.
struct fold_object {
  message_owner owner = message_owner::campaign;
  std::string id;
  std::string name{};
  std::string send_strategy{};
  std::optional<std::int64_t> moment{}; // Of a campaign, as the order's `moment` says; nothing =
                                        // it belongs nowhere.
  struct tag {
    std::string id;
    std::string name;
  };
  std::vector<tag> tags{};
  struct message {
    std::string id;
    std::string name{};
    struct variation {
      std::string id;
      std::string name{};
    };
    std::vector<variation> variations{};
  };
  std::vector<message> messages{};
};

/// Whether a row passes; `values_of` gives the values of a grouping by its index, as rows show
/// them.
bool holds(const row_filter& f,
           const std::function<std::vector<std::string>(std::size_t)>& values_of);

/// Everything is looked up: `asked` was read with the same dictionary. `now`: the instant that the
/// report is as of.
fold_order plan(const request& asked, const dictionary& words, std::int64_t now);

/// What was sent in the request's timeframe and passes its filter, all together, whatever the
/// request counts: whether there is anything to make a total of (S34). For datasources of messages.
fold_order sends_of(const request& asked, const dictionary& words, std::int64_t now);

/// The same order for the timeframe that the request compares with.
fold_order earlier(const request& asked, const fold_order& order);

/// Whether no two rows of a rollup share what a measure counts: then several of them make their sum
/// together.
bool adds_up(const fold_order& order, std::size_t measure, std::size_t rollup);
/// Of groupings: tags, of which a message may have several.
bool is_by_tag(const grouping& g);

/// A text that is equal for orders that ask for the same: what is in flight already need not be
/// added up twice.
std::string key_of(const fold_order& order);
/// The same for what a survey looks at.
std::string survey_key_of(const fold_order& order);

} // namespace metrics
