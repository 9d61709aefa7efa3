#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace node {

/// Lines to a descriptor, written whole and in order by a thread of its own: whoever has something
/// to say goes on at once, and lines that come together leave together.
class line_writer {
public:
  explicit line_writer(int descriptor);
  /// Writes what is left.
  ~line_writer();
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;

  /// `line` without its line feed. Waits while a reader that is too slow has tens of MiB before it.
  void write(std::string_view line);
  /// False once the descriptor's other end is gone.
  [[nodiscard]] bool is_open() const;

private:
  void work();

  int descriptor_;
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::string waiting_;
  bool is_open_ = true;
  bool is_ending_ = false;
  std::thread thread_;
};

/// Writes all of `text`; false when it cannot be, as when nobody reads any more.
bool write_all(int descriptor, std::string_view text);

} // namespace node
