// Loaded before a program (LD_PRELOAD), lets its wall clock go wrong: what it is told of the time
// of day is off by the nanoseconds that stand in the file that ROLLCALL_CLOCK_FILE names, eight
// bytes as the machine has them, whenever they are changed. Clocks that nobody sets stay as they
// are.
#include <dlfcn.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t second = 1'000'000'000;

const std::atomic<std::int64_t>* map_file() {
  const char* name = std::getenv("ROLLCALL_CLOCK_FILE");
  const int file = name ? ::open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0)
    return nullptr;
  void* at = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return at == MAP_FAILED ? nullptr : static_cast<const std::atomic<std::int64_t>*>(at);
}

std::int64_t off_by() {
  static const auto* at = map_file();
  return at ? at->load(std::memory_order_relaxed) : 0;
}

int true_clock(clockid_t which, timespec* now) {
  using function = int (*)(clockid_t, timespec*);
  static const auto next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  return next(which, now);
}

std::int64_t shifted_now() {
  timespec now{};
  true_clock(CLOCK_REALTIME, &now);
  return now.tv_sec * second + now.tv_nsec + off_by();
}

} // namespace

extern "C" {

int clock_gettime(clockid_t which, timespec* now) noexcept {
  const auto failed = true_clock(which, now);
  if (failed != 0 || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
    return failed;
  const auto all = now->tv_sec * second + now->tv_nsec + off_by();
  *now = {all / second, all % second};
  return 0;
}

int gettimeofday(timeval* now, void*) noexcept {
  const auto all = shifted_now();
  *now = {all / second, all % second / 1'000};
  return 0;
}

time_t time(time_t* also) noexcept {
  const auto now = shifted_now() / second;
  if (also)
    *also = now;
  return now;
}

} // extern "C"
