#pragma once

#include "gateway/account.hpp"
#include "model/instant.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Webhooks as documents.
namespace gateway {

inline constexpr std::string_view joined_topic = "rollcall.segment.joined";
inline constexpr std::string_view left_topic = "rollcall.segment.left";
/// What a webhook can hear of.
inline constexpr std::array<std::string_view, 2> webhook_topics{joined_topic, left_topic};

struct known_webhook {
  std::string id; // A ULID.
  std::string name;
  std::optional<std::string> description{};
  std::string endpoint_url;
  std::string secret_key; // Shown to nobody.
  bool is_enabled = true;
  std::vector<std::string> topics;
  model::instant created{};
  model::instant updated{};

  [[nodiscard]] bool hears(std::string_view topic) const;
};

/// In the order in which they were made.
std::vector<known_webhook> all_webhooks(const account& whose);
/// Refuses with 404.
known_webhook find_webhook(const account& whose, std::string_view id);
void keep_webhook(const account& whose, const known_webhook& hook);
/// Where it has come to is forgotten by delivery_cursors.
void drop_webhook(const account& whose, const std::string& id);

/// How far a webhook has heard the feeds: cursors by segment id. A segment that is not among them
/// came later, and is heard from its first flip on.
class delivery_cursors {
public:
  delivery_cursors(const account& whose, std::string_view webhook);

  /// From now on: at the present ends of all feeds.
  void begin() const;
  [[nodiscard]] std::map<std::string, std::string> read() const;
  /// Durable when it returns.
  void put(const std::string& segment, const std::string& cursor) const;
  /// The segment is gone.
  void drop(const std::string& segment) const;
  void forget() const;

private:
  const account& whose_;
  std::string kind_;
};

} // namespace gateway
