#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct z_stream_s;

namespace messages {

/// INTERNAL to messages/: bytes of a file, decompressed where its first bytes say gzip.
class byte_source {
public:
  byte_source(int descriptor, bool owns);
  ~byte_source();
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;

  /// Waits for some bytes and returns how many came; 0 = the end, or failed() says why not.
  std::size_t read(char* into, std::size_t room);

  /// A sentence when the input could not be read to its end; empty otherwise.
  [[nodiscard]] const std::string& failed() const {
    return failed_;
  }
  [[nodiscard]] std::uint64_t bytes_taken() const {
    return taken_;
  }
  [[nodiscard]] std::uint64_t bytes_total() const {
    return total_;
  }
  [[nodiscard]] bool is_compressed() const {
    return inflater_ != nullptr;
  }
  /// Several reads are needed to fill a buffer, and waiting for it would hold up what has come.
  [[nodiscard]] bool is_live() const {
    return total_ == 0;
  }

private:
  std::size_t read_raw(char* into, std::size_t room);
  bool refill();
  void look_at_start();
  std::size_t inflate_some(char* into, std::size_t room);

  int descriptor_;
  bool owns_;
  bool is_started_ = false;
  bool is_at_end_ = false; // Of the file.
  bool is_between_members_ = true;
  std::uint64_t taken_ = 0;
  std::uint64_t total_ = 0;
  std::string failed_;
  std::unique_ptr<char[]> input_; // Compressed bytes, or the first plain ones.
  std::size_t input_at_ = 0;
  std::size_t input_end_ = 0;
  std::unique_ptr<z_stream_s> inflater_;
};

} // namespace messages
