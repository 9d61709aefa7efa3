// How many single changes a second become durable through gateway/intake: from threads that wait
// for each answer, and from threads that keep some hundred on their way.
//     bench_intake [seconds] [directory]
#include "gateway/intake.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <semaphore>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

using clock = std::chrono::steady_clock;

struct load {
  const char* title;
  unsigned threads;
  std::ptrdiff_t on_their_way; // Of each thread.
};

/// An event as HTTP brings it: one of 100,000 people, three properties.
model::change_batch piece(std::uint64_t number) {
  rollcall::batch_builder builder;
  const auto who = fmt::format("person-{}", number * 2654435761 % 100'000);
  const auto unique = fmt::format("order-{}", number);
  builder.event({who}, "Placed Order", {}, 12.5, unique)
    .set("Brand", "Northwind")
    .set("Category", "Shoes")
    .set("Items", 3.0);
  return builder.take();
}

double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void run(gateway::intake& changes, const load& wanted, std::chrono::seconds length) {
  std::atomic<std::uint64_t> number = static_cast<std::uint64_t>(
    std::chrono::system_clock::now().time_since_epoch().count());
  std::atomic<std::uint64_t> failed = 0;
  std::vector<std::vector<float>> waits(wanted.threads); // Milliseconds, by thread.
  const auto before = changes.counted();
  const auto used = processor_seconds();
  const auto begin = clock::now();
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < wanted.threads; ++t)
    threads.emplace_back([&, t] {
      // Shared, because the last answer may still be letting go of it.
      const auto room = std::make_shared<std::counting_semaphore<1 << 16>>(wanted.on_their_way);
      while (clock::now() - begin < length) {
        room->acquire();
        changes.add(piece(++number), [&, room, added = clock::now()](const auto& answer) {
          failed += answer && answer->applied == 1 ? 0 : 1;
          waits[t].push_back(
            std::chrono::duration<float, std::milli>(clock::now() - added).count());
          room->release();
        });
      }
      for (std::ptrdiff_t i = 0; i < wanted.on_their_way; ++i)
        room->acquire();
    });
  for (auto& one : threads)
    one.join();
  const auto seconds = std::chrono::duration<double>(clock::now() - begin).count();
  const auto processor = processor_seconds() - used;
  const auto after = changes.counted();
  std::vector<float> all;
  for (const auto& some : waits)
    all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  const auto percentile = [&](double p) {
    return all[static_cast<std::size_t>(p * static_cast<double>(all.size() - 1))];
  };
  const auto pieces = static_cast<double>(after.pieces - before.pieces);
  fmt::print("{:<34} {:>8.0f}/s  {:>6.1f} a batch  {:>5.2f} cores  {:>5.1f} us each  "
             "p50 {:.2f} ms  p99 {:.2f} ms  failed {}\n",
             wanted.title, pieces / seconds,
             pieces / static_cast<double>(after.batches - before.batches), processor / seconds,
             processor / pieces * 1e6, percentile(0.5), percentile(0.99), failed.load());
}

} // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds length{argc > 1 ? std::strtol(argv[1], nullptr, 10) : 5};
  const std::filesystem::path place = argc > 2 ? argv[2] : "build/bench-intake";
  std::filesystem::remove_all(place);
  for (const auto in_flight : {1U, 2U, 3U, 4U}) {
    auto opened = rollcall::engine::open({.directory = place});
    if (!opened) {
      fmt::print(stderr, "{}\n", opened.error().message);
      return 1;
    }
    fmt::print("{} batches in flight\n", in_flight);
    gateway::intake changes{**opened, {.batches_in_flight_max = in_flight}};
    for (const auto& one : {load{"64 threads, one at a time each", 64, 1},
                            load{"4 threads, 64 on their way each", 4, 64},
                            load{"4 threads, 256 on their way each", 4, 256},
                            load{"4 threads, 2,048 on their way each", 4, 2'048}})
      run(changes, one, length);
  }
  std::filesystem::remove_all(place);
  return 0;
}
