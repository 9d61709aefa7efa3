#include "storage/attribute_block.hpp"

#include "storage/block_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace storage {

namespace {

constexpr std::string_view block_kind = "attributes";

} // namespace

model::outcome<attribute_block> attribute_block::open(words_view words) {
  attribute_block b;
  b.words_ = words;
  b.dictionary_ = std::make_unique<dictionary_reader>();
  const auto read = [&](messages::AttributeBlock::Reader from) -> const char* {
    b.applied_sequence_ = from.getAppliedSequence();
    b.rows_ = from.getRows();
    if (b.rows_ > block_rows_max)
      return "it has too many profiles";
    const auto column = from.getColumn();
    if (const char* wrong = read_dictionary(column.getDictionary(), *b.dictionary_))
      return wrong;
    if (const char* wrong = read_codes(column.getWidth(), column.getConstant(), column.getCodes(),
                                       b.rows_, b.column_))
      return wrong;
    b.column_.dictionary = b.dictionary_.get();
    return nullptr;
  };
  if (auto opened = read_block<messages::AttributeBlock>(words, block_kind, read); !opened)
    return opened.error();
  if (checks_on_open && !checksum_holds(words))
    return broken_block(block_kind, "its checksum does not hold");
  return b;
}

model::status attribute_block::validate() const {
  if (!checksum_holds(words_))
    return broken_block(block_kind, "its checksum does not hold");
  if (const char* wrong = dictionary_->fault())
    return broken_block(block_kind, wrong);
  if (!codes_within(column_, rows_, dictionary_->size()))
    return broken_block(block_kind, "a profile has a value that the dictionary does not have");
  return model::nothing{};
}

model::outcome<std::vector<word>> merge_attributes(const attribute_block* old, std::uint32_t rows,
                                                   std::span<const new_value> written,
                                                   std::uint64_t applied_sequence) {
  const auto refuse = [](std::string what) {
    return model::failure{model::failure_code::invalid_input,
                          "cannot merge attributes into a block: " + what};
  };
  if (rows > block_rows_max || (old && rows < old->rows()))
    return refuse(fmt::format("{} profiles are too many, or fewer than before", rows));
  // Old codes, and above them the collector's numbers.
  const auto old_size = old ? old->column().dictionary->size() : 0;
  std::vector<std::uint32_t> codes(rows);
  if (old)
    for (std::uint32_t row = 0; row < old->rows(); ++row)
      codes[row] = old->column().code(row);
  // Latest first, so that values which were overwritten at once never reach the dictionary.
  std::vector<std::uint8_t> decided(rows);
  value_collector values;
  for (auto w = written.rbegin(); w != written.rend(); ++w) {
    if (w->row >= rows)
      return refuse(fmt::format("profile {} is not in the block", w->row));
    if (decided[w->row])
      continue;
    decided[w->row] = 1;
    codes[w->row] = w->value.is_set() ? old_size + values.add(normalized(w->value)) : 0;
  }
  std::vector<std::uint8_t> used(std::size_t{old_size} + 1);
  for (const auto code : codes)
    if (code <= old_size)
      used[code] = 1;
  const dictionary_reader* old_dictionary = old ? &old->dictionary() : nullptr;
  const dictionary_merge dictionary{old_dictionary, values, used};
  const auto old_codes = dictionary.old_codes();
  for (auto& code : codes)
    if (code > old_size)
      code = dictionary.added_codes()[code - old_size];
    else if (!old_codes.empty())
      code = old_codes[code];

  const auto words = 64 + words_for(sizeof(std::uint32_t) * std::size_t{rows})
                   + dictionary_words(dictionary);
  if (dictionary.text_bytes() > column_bytes_max)
    return refuse(fmt::format("{} bytes are more than one block holds", words * sizeof(word)));
  block_builder message{words};
  auto root = message.initRoot<messages::AttributeBlock>();
  root.setAppliedSequence(applied_sequence);
  root.setRows(rows);
  auto column = root.initColumn();
  const bool same = std::all_of(codes.begin(), codes.end(),
                                [&](std::uint32_t code) { return code == codes.front(); });
  if (same) {
    column.setConstant(codes.empty() ? 0 : codes.front());
  } else {
    const auto width = code_width(dictionary.size());
    column.setWidth(width);
    auto data = column.initCodes(width * rows);
    auto* out = data.begin();
    for (const auto code : codes) {
      std::memcpy(out, &code, width); // Little-endian: the low bytes come first.
      out += width;
    }
  }
  write_dictionary(dictionary, column.initDictionary());
  return message.finish();
}

} // namespace storage
