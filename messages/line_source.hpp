#pragma once

#include "messages/line_block.hpp"
#include "model/outcome.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace messages {

/// Reads lines from a plain file, a gzip file (told by its first bytes, whatever its name; several
/// members are one text) or standard input. A byte order mark at the very beginning is skipped; the
/// last line needs no line feed. Not for use by two threads at once.
class line_source {
public:
  /// `path` "-" is standard input. Fails with not_found or invalid_input when there is nothing to
  /// read.
  static model::outcome<line_source> open(const std::string& path);
  /// Reads what a descriptor gives; the source closes it when `owns` is set.
  static line_source from_descriptor(int descriptor, bool owns);

  line_source(line_source&&) noexcept;
  line_source& operator=(line_source&&) noexcept;
  ~line_source();

  /// Fills `block`, whose memory is reused, with the next whole lines; at least one, and from a
  /// pipe or a terminal no more than have come. False at the end of input. Lines beyond
  /// model::line_bytes_max, and input that cannot be read on (a truncated or damaged gzip file, a
  /// failing disk), become errors; what follows such a place in a gzip file is lost, what precedes
  /// it is not.
  bool next(line_block& block, std::vector<line_error>& errors);

  /// Bytes of the file taken so far, compressed ones for gzip.
  [[nodiscard]] std::uint64_t bytes_taken() const;
  /// Size of the file; 0 = unknown, as for a pipe.
  [[nodiscard]] std::uint64_t bytes_total() const;
  [[nodiscard]] bool is_compressed() const;

private:
  struct parts;
  explicit line_source(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

} // namespace messages
