#include "messages/ndjson.hpp"

#include "messages/line_reader.hpp"
#include "model/limits.hpp"

#include <algorithm>

namespace messages {

struct ndjson_reader::parts {
  line_reader lines;
};

ndjson_reader::ndjson_reader() : parts_(std::make_unique<parts>()) {
}

ndjson_reader::~ndjson_reader() = default;
ndjson_reader::ndjson_reader(ndjson_reader&&) noexcept = default;
ndjson_reader& ndjson_reader::operator=(ndjson_reader&&) noexcept = default;

std::uint64_t ndjson_reader::read(line_block& block, model::change_batch& batch,
                                  std::vector<line_error>& errors, std::size_t records_max) {
  auto& lines = parts_->lines;
  lines.enter(batch);
  records_max = std::min(records_max, model::batch_records_full);
  const auto first = block.line();
  while (!block.is_empty() && batch.records.size() < records_max
         && batch.bytes.size() < model::batch_bytes_full
         && batch.properties.size() < model::batch_properties_full) {
    const auto number = block.line();
    const auto line = block.take_line();
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    if (lines.read(line, number))
      continue;
    errors.push_back(std::move(lines.error()));
    errors.back().text = line.substr(0, rejected_bytes_max);
  }
  return block.line() - first;
}

} // namespace messages
