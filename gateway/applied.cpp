#include "gateway/applied.hpp"

#include "gateway/errors.hpp"
#include "gateway/intake.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace gateway {

rollcall::receipt take_changes(const account& whose, model::change_batch changes) {
  const auto promise = std::make_shared<std::promise<model::outcome<piece_receipt>>>();
  auto taken = promise->get_future();
  whose.changes->add(std::move(changes), [promise](model::outcome<piece_receipt> receipt) {
    promise->set_value(std::move(receipt));
  });
  return value_of(taken.get());
}

rollcall::receipt apply_changes(const account& whose, model::change_batch changes,
                                std::string_view pointer) {
  auto receipt = take_changes(whose, std::move(changes));
  if (!receipt.rejected.empty())
    throw refusal{invalid_body(std::string{pointer}, receipt.rejected.front().reason)};
  return receipt;
}

} // namespace gateway
