#include "node/stop_signals.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace node {

stop_signals::stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  if (signals_ < 0)
    throw std::system_error(errno, std::generic_category(), "signalfd");
}

// The signals stay blocked: whoever has asked for the end gets an orderly one, however often they
// ask.
stop_signals::~stop_signals() {
  ::close(signals_);
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

} // namespace node
