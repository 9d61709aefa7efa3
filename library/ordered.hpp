#pragma once

#include "library/engine_parts.hpp"
#include "messages/operation.hpp"

#include <utility>

namespace rollcall {

/// True on the thread that performs an operation of the order which this engine follows.
bool is_performing(const engine::parts& p);

/// Has the order perform an operation and waits for what it came to.
model::outcome<performed_operation> put_in_order(engine::parts& p, const messages::operation& what);

/// A batch on its way through the order, as `engine::submit` says it.
model::status order_batch(engine::parts& p, const model::change_batch& batch,
                          std::string_view source, std::uint64_t sequence, bool is_submitted,
                          std::function<void(const model::outcome<receipt>&)> done);

/// The batch itself, see `engine::submit`.
model::status offer_batch(engine::parts& p, model::change_batch batch, std::string_view source,
                          std::uint64_t sequence, bool is_submitted,
                          std::function<void(const model::outcome<receipt>&)> done);

/// Does `work`, which gives an `Answer`: at once, or, when the engine follows an order, at the
/// place of `what` there.
template <class Answer, class Work>
Answer in_order(engine::parts& p, const messages::operation& what, Work&& work) {
  return guarded([&]() -> Answer {
    if (!p.order || is_performing(p))
      return work();
    auto performed = put_in_order(p, what);
    if (!performed)
      return performed.error();
    if (auto* answer = std::any_cast<Answer>(&performed->answer))
      return std::move(*answer);
    return model::failure{model::failure_code::unavailable,
                          "the order answered another question than was asked"};
  });
}

} // namespace rollcall
