#pragma once

#include "actors/failures.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace actors {

/// Calls back once, when so many things are done, with the first error there was. Shared by the
/// answers that it waits for.
class countdown {
public:
  using callback = std::function<void(const std::optional<caf::error>&)>;

  static std::shared_ptr<countdown> from(std::size_t count, callback then) {
    auto made = std::make_shared<countdown>(count, std::move(then));
    if (count == 0)
      made->then_({});
    return made;
  }

  countdown(std::size_t count, callback then) : left_(count), then_(std::move(then)) {
  }
  void one_done() {
    if (--left_ == 0)
      then_(failed_);
  }
  void one_failed(caf::error e) {
    if (!failed_)
      failed_ = std::move(e);
    one_done();
  }

private:
  std::size_t left_;
  callback then_;
  std::optional<caf::error> failed_;
};

/// What answers a promise of nothing but success.
template <class Promise>
countdown::callback answer_with_unit(Promise reply) {
  return [reply](const std::optional<caf::error>& failed) mutable {
    if (failed)
      reply.deliver(*failed);
    else
      reply.deliver(finished{});
  };
}

} // namespace actors
