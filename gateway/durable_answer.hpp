#pragma once

#include "gateway/router.hpp"
#include "model/change.hpp"

#include <memory>

namespace gateway {

/// Adds changes and answers 202 without a body once they are durable, or says why they are not.
void answer_when_durable(const std::shared_ptr<const call>& c, model::change_batch changes,
                         reply done);

} // namespace gateway
