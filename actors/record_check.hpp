#pragma once

#include "model/change.hpp"

#include <string>

namespace actors {

/// What is wrong with a record by itself, whoever it is about; empty = nothing. Keeps what is out
/// of bounds out of the partitions, wherever the batch came from. The batch must hold together.
std::string fault_of(const model::change_batch& batch, const model::change_record& record);

} // namespace actors
