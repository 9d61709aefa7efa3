#pragma once

#include "model/change.hpp"

#include <random>

namespace messages_test {

/// Records of every kind with every field, and properties of every kind and action. The golden
/// files hold this batch: it never changes; what a later format adds goes into a batch of its own.
model::change_batch sample_batch();

/// Anything that a batch may hold.
model::change_batch random_batch(std::mt19937& random);

} // namespace messages_test
