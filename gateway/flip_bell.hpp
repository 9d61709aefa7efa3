#pragma once

#include "gateway/account.hpp"
#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// Rings whenever somebody joins or leaves one segment, for everybody who follows its feed: one
/// subscription, and no thread for each of them. Any thread.
class flip_bell {
public:
  flip_bell(std::shared_ptr<account> whose, std::string segment_id);
  flip_bell(const flip_bell&) = delete;
  flip_bell& operator=(const flip_bell&) = delete;

  /// Begins to listen, unless it does already. What happens after it returned is heard.
  model::status begin();
  /// How many flips it has heard.
  [[nodiscard]] std::uint64_t rung() const;
  /// Calls `wake` once, as soon as it has rung more than `heard` times; at once when it has. Each
  /// `who` has one call at most, the latest.
  void call(const void* who, std::uint64_t heard, std::function<void()> wake);
  void forget(const void* who);

private:
  /// What the engine's thread needs, which may call once more while the bell goes away.
  struct shared {
    std::mutex guard;
    std::uint64_t rung = 0;
    std::map<const void*, std::function<void()>> waiting;
  };
  static void ring(shared& all);

  std::shared_ptr<account> whose_;
  std::string segment_id_;
  std::shared_ptr<shared> shared_ = std::make_shared<shared>();
  std::mutex beginning_;
  bool has_begun_ = false;
  rollcall::subscription subscription_;
};

/// The bells that somebody listens to. Any thread.
class flip_bells {
public:
  /// The bell of a segment (its id), listening.
  model::outcome<std::shared_ptr<flip_bell>> of(const std::shared_ptr<account>& whose,
                                                std::string_view segment_id);

private:
  std::mutex guard_;
  std::map<std::pair<const account*, std::string>, std::weak_ptr<flip_bell>> bells_;
};

} // namespace gateway
