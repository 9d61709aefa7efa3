#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/request.hpp"
#include "model/objects.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Which message an event belongs to, when that was sent, which one gets the credit (S28–S30).
namespace plain {

struct message {
  metrics::message_owner owner = metrics::message_owner::campaign;
  std::string object;
  std::string id;
  std::string variation;
  metrics::channel by = metrics::channel::any;

  /// The message itself, whatever its variation and channel.
  [[nodiscard]] std::string identity() const {
    return (owner == metrics::message_owner::campaign ? "c/" : "f/") + object + "/" + id;
  }
};

/// The property of an event, unset when it is not there.
model::value property(const event& e, const std::string& key);
/// As rows show it.
std::string shown(const model::value& v);

class credit_rules {
public:
  credit_rules(const metrics::request& asked, const metrics::dictionary& words,
               std::span<const profile* const> people,
               std::span<const model::described_object> described, std::int64_t now);

  [[nodiscard]] bool is_in(const std::string& event_set, const event& e) const;
  [[nodiscard]] bool is_bot_click(const event& e) const;
  [[nodiscard]] bool is_apple_open(const event& e) const;

  /// Whether an event passes filters of its properties, given as JSON.
  [[nodiscard]] bool passes(const std::string& where, const event& e) const;

  /// The message that an event names, if it names a campaign or flow.
  [[nodiscard]] std::optional<message> message_of(const event& e) const;
  /// When the message that somebody's event belongs to was sent.
  [[nodiscard]] std::optional<std::int64_t> send_time(const profile& person, const message& of,
                                                      std::int64_t event_time) const;

  /// An event that may earn credit, up to `end` and with it.
  struct touch {
    const event* what = nullptr;
    message of;
    int rank = 2; // Among those of one instant.
    std::int64_t end = 0;
  };
  [[nodiscard]] std::vector<touch> touches(const profile& person) const;
  /// Which of the request's conversions an event may be; null = none.
  [[nodiscard]] const metrics::conversion_events* conversion_rule(const event& e) const;
  /// Whether it is one, by all filters.
  [[nodiscard]] bool is_wanted_conversion(const event& e) const;
  [[nodiscard]] std::vector<const event*> conversions(const profile& person) const;
  /// The message that led to a conversion.
  [[nodiscard]] std::optional<message> credit(const profile& person, const event& conversion) const;

  [[nodiscard]] std::string fact(metrics::message_fact which, const message& of) const;
  [[nodiscard]] std::vector<model::object_tag> tags(const message& of) const;

private:
  [[nodiscard]] bool is_send(const event& e) const;
  /// Whether an event is in the set that some datasource names.
  [[nodiscard]] bool is_in_any(std::string metrics::datasource::*set, const event& e) const;
  /// How long an event earns credit, and its rank among those of one instant.
  [[nodiscard]] std::pair<std::int64_t, int> window(const event& e, metrics::channel by) const;
  [[nodiscard]] std::optional<std::int64_t> campaign_time(const std::string& id) const;
  [[nodiscard]] const model::described_object* described(const message& of) const;
  /// What the first send of an object or message had under `key`.
  [[nodiscard]] std::string name_sent(const message& of, const std::string& key,
                                      bool of_message) const;

  const metrics::request& asked_;
  const metrics::dictionary& words_;
  const metrics::datasource& source_;
  std::span<const profile* const> people_;
  std::span<const model::described_object> described_;
  std::int64_t now_;
  mutable std::map<std::string, std::optional<std::int64_t>> campaign_times_;
  mutable std::map<std::string, std::string> names_sent_;
};

} // namespace plain
