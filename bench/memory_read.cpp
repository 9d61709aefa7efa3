#include "bench/memory_read.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

bool forget_touched_pages() {
  std::ofstream clear{"/proc/self/clear_refs"};
  clear << "1" << std::flush;
  return clear.good();
}

std::uint64_t touched_bytes(const std::filesystem::path& folder) {
  const auto path = std::filesystem::canonical(folder).string() + '/';
  std::ifstream maps{"/proc/self/smaps"};
  std::uint64_t kib = 0;
  bool below = false;
  for (std::string line; std::getline(maps, line);) {
    constexpr std::string_view referenced = "Referenced:";
    if (line.starts_with(referenced)) {
      if (below)
        kib += std::stoull(line.substr(referenced.size()));
    } else if (const auto first_word = line.find(' ');
               first_word != std::string::npos && first_word > 0 && line[first_word - 1] != ':') {
      below = line.find(path) != std::string::npos; // The head of the next mapping.
    }
  }
  return kib * 1024;
}

double memory_bandwidth() {
  constexpr std::size_t words = std::size_t{64} << 20; // 512 MiB: no cache holds it.
  constexpr int tries = 5;
  constexpr std::size_t readers = 2;
  std::vector<std::uint64_t> data(words);
  std::iota(data.begin(), data.end(), std::uint64_t{0});
  std::atomic<std::uint64_t> sum{0}; // Keeps the reading from being left out.
  double best = 0;
  for (int i = 0; i < tries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> all;
      for (std::size_t r = 0; r < readers; ++r)
        all.emplace_back([&, r] {
          const auto from = data.begin() + static_cast<std::ptrdiff_t>(words / readers * r);
          sum += std::accumulate(from, from + words / readers, std::uint64_t{0});
        });
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(words * sizeof(std::uint64_t)) / took.count());
  }
  return best;
}

} // namespace bench
