#pragma once

#include <filesystem>
#include <string>

namespace node_tests {

/// A file system in memory whose size changes, so that it is full whenever a test says so. Only
/// root may make one.
class sized_disk {
public:
  /// Mounts at `place`, a directory that is there.
  sized_disk(std::filesystem::path place, std::size_t bytes);
  ~sized_disk();
  sized_disk(const sized_disk&) = delete;
  sized_disk& operator=(const sized_disk&) = delete;

  /// No room is left but for what is there already.
  void fill() const;
  void make_room() const;

private:
  void resize(std::size_t bytes) const;

  std::filesystem::path place_;
  std::size_t bytes_;
};

} // namespace node_tests
