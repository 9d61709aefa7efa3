#pragma once

#include "bench/generated_store.hpp"
#include "model/change.hpp"
#include "model/instant.hpp"

#include <cstdint>
#include <string_view>

namespace bench {

/// Live events number `first` … `first + count - 1` as a batch, without times: they happen when
/// they are taken. Unique ids `live-<number>`.
model::change_batch live_changes(const generated_store& store, std::uint64_t first,
                                 std::size_t count);

/// Profiles `from` … `to - 1` join a list at `at`.
model::change_batch list_joins(std::string_view list, std::uint32_t from, std::uint32_t to,
                               model::instant at);

} // namespace bench
