#pragma once

#include <chrono>

namespace node {

/// Whether SIGHUP is waited for too.
enum class hangups { left_alone, heard };

/// SIGINT and SIGTERM as something to wait for. Made before the engine, so that its threads leave
/// the signals alone.
class stop_signals {
public:
  explicit stop_signals(hangups also = hangups::left_alone);
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  /// Waits until a signal has come (true) or `patience` is over.
  bool wait(std::chrono::milliseconds patience);

  enum class woken_by { signal, hangup, input, patience };
  /// Waits for a signal, or until `descriptor` can be read or is at its end.
  woken_by wait_for_input(int descriptor, std::chrono::milliseconds patience);

  /// Waits for a signal however long it takes; a hangup is told once.
  woken_by wait_for_signal();

private:
  int signals_ = -1;
  int hangups_ = -1; // Not made unless asked for.
};

} // namespace node
