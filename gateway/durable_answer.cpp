#include "gateway/durable_answer.hpp"

#include "gateway/account.hpp"
#include "gateway/document.hpp"
#include "gateway/errors.hpp"
#include "gateway/intake.hpp"

#include <utility>
#include <vector>

namespace gateway {

namespace {

answer answer_of(const model::outcome<piece_receipt>& taken, const std::string& id) {
  if (!taken)
    return to_answer({to_error(taken.error())}, id);
  if (taken->rejected.empty())
    return empty_answer(202);
  std::vector<error_entry> errors;
  for (const auto& one : taken->rejected)
    errors.push_back(invalid_body({}, one.reason));
  return to_answer(errors, id);
}

} // namespace

void answer_when_durable(const std::shared_ptr<const call>& c, model::change_batch changes,
                         reply done) {
  c->whose->changes->add(std::move(changes),
                         [c, done = std::move(done)](const model::outcome<piece_receipt>& taken) {
                           done(answer_of(taken, c->asked.id));
                         });
}

} // namespace gateway
