#pragma once

#include <cstdint>
#include <filesystem>

namespace bench {

/// From now on no page of the process counts as touched. False where the kernel does not offer it.
bool forget_touched_pages();

/// Bytes of mapped files below `folder` that this process touched since then, in whole pages: no
/// less than what it read of them. Only what was in the page table before is told exactly, so what
/// is to be measured should have run once.
std::uint64_t touched_bytes(const std::filesystem::path& folder);

/// Bytes a second that two threads read from memory, one after the other, at best.
double memory_bandwidth();

} // namespace bench
