#include "node/stop_signals.hpp"

#include <array>
#include <cerrno>
#include <initializer_list>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace node {

namespace {

int descriptor_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const auto each : signals)
    sigaddset(&set, each);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const auto made = signalfd(-1, &set, SFD_CLOEXEC);
  if (made < 0)
    throw std::system_error(errno, std::generic_category(), "signalfd");
  return made;
}

} // namespace

stop_signals::stop_signals(hangups also) : signals_(descriptor_of({SIGINT, SIGTERM})) {
  if (also == hangups::heard)
    hangups_ = descriptor_of({SIGHUP});
}

// The signals stay blocked: whoever has asked for the end gets an orderly one, however often they
// ask.
stop_signals::~stop_signals() {
  ::close(signals_);
  if (hangups_ >= 0)
    ::close(hangups_);
}

bool stop_signals::wait(std::chrono::milliseconds patience) {
  return wait_for_input(-1, patience) == woken_by::signal;
}

stop_signals::woken_by stop_signals::wait_for_input(int descriptor,
                                                    std::chrono::milliseconds patience) {
  std::array<pollfd, 2> waiting{{{signals_, POLLIN, 0}, {descriptor, POLLIN, 0}}};
  if (poll(waiting.data(), waiting.size(), static_cast<int>(patience.count())) <= 0)
    return woken_by::patience;
  return waiting[0].revents != 0 ? woken_by::signal : woken_by::input;
}

stop_signals::woken_by stop_signals::wait_for_signal() {
  for (;;) {
    std::array<pollfd, 2> waiting{{{signals_, POLLIN, 0}, {hangups_, POLLIN, 0}}};
    if (poll(waiting.data(), waiting.size(), -1) <= 0)
      continue;
    if (waiting[0].revents != 0)
      return woken_by::signal;
    signalfd_siginfo taken{};
    if (::read(hangups_, &taken, sizeof taken) == sizeof taken)
      return woken_by::hangup;
  }
}

} // namespace node
