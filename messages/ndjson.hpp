#pragma once

#include "messages/line_block.hpp"
#include "model/change.hpp"
#include "model/limits.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace messages {

/// Reads NDJSON, one record a line, into batches. What a line may say is in messages/README.md;
/// nothing in a line is passed over in silence: an unknown field, a field given twice, a wrong type
/// or a value beyond model/limits.hpp makes the line an error. A bad line leaves nothing in the
/// batch, and the lines after it go on. Blank lines are no records.
///
/// One reader per thread; it keeps its buffers and remembers names from batch to batch.
class ndjson_reader {
public:
  ndjson_reader();
  ~ndjson_reader();
  ndjson_reader(ndjson_reader&&) noexcept;
  ndjson_reader& operator=(ndjson_reader&&) noexcept;

  /// Takes lines off `block` and appends their records to `batch` until the block is empty, or the
  /// batch has `records_max` records (a line's records stay together, so it may have a few more) or
  /// is full by model/limits.hpp. Errors are appended to `errors` in line order. Returns the
  /// lines taken.
  std::uint64_t read(line_block& block, model::change_batch& batch, std::vector<line_error>& errors,
                     std::size_t records_max = model::batch_records_full);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace messages
