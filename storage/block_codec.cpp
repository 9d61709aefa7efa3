#include "storage/block_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace storage {

namespace {

template <class T>
const T* column_of(capnp::Data::Reader data) {
  return reinterpret_cast<const T*>(data.begin());
}

template <class T>
std::uint64_t greatest(const std::byte* raws, std::uint64_t count) {
  const auto* const from = reinterpret_cast<const T*>(raws);
  T most = 0;
  for (std::uint64_t i = 0; i < count; ++i)
    most = std::max(most, from[i]);
  return most;
}

} // namespace

kj::ArrayPtr<capnp::word> block_builder::allocateSegment(unsigned minimum) {
  KJ_REQUIRE(!given_ && minimum < memory_.size(), "a block is larger than was computed");
  given_ = true;
  // The last word is kept for the checksum.
  return kj::arrayPtr(reinterpret_cast<capnp::word*>(memory_.data()), memory_.size() - 1);
}

std::vector<word> block_builder::finish() {
  const auto segments = getSegmentsForOutput();
  const auto used = segments[0].size();
  memory_.resize(used + 1);
  memory_[used] = block_checksum(words_view{memory_}.first(used));
  return std::move(memory_);
}

bool checksum_holds(words_view block) {
  return !block.empty() && block_checksum(block.first(block.size() - 1)) == block.back();
}

model::failure broken_block(std::string_view kind, std::string_view what) {
  return {
    model::failure_code::storage_broken,
    fmt::format("a block of {} is damaged: {}; restore the directory from a copy", kind, what)};
}

const char* read_integers(messages::IntegerColumn::Reader from, std::uint64_t count,
                          model::integer_column& to) {
  to.base = from.getBase();
  to.scale = from.getScale();
  to.width = from.getWidth();
  const auto raws = from.getRaws();
  if (to.scale < 1)
    return "a column of integers has no scale";
  if (to.width > 8
      || !std::has_single_bit(static_cast<unsigned>(to.width) | (to.width == 0 ? 1U : 0U)))
    return "a column of integers has an unknown width";
  if (raws.size() != to.width * count)
    return "a column of integers has the wrong length";
  to.raws = column_of<std::byte>(raws);
  return nullptr;
}

const char* read_numbers(messages::NumberColumn::Reader from, std::uint64_t count,
                         model::number_column& to) {
  to = {};
  switch (from.getForm()) {
  case messages::NumberColumn::Form::ALL_NONE:
    return nullptr;
  case messages::NumberColumn::Form::INTEGERS:
    to.all_none = false;
    to.divisor = from.getDivisor();
    to.has_none = from.getHasNone();
    if (!(to.divisor >= 1))
      return "a column of numbers has no divisor";
    return read_integers(from.getIntegers(), count, to.integers);
  case messages::NumberColumn::Form::DOUBLES: {
    to.all_none = false;
    const auto doubles = from.getDoubles();
    if (doubles.size() != sizeof(double) * count)
      return "a column of numbers has the wrong length";
    to.doubles = column_of<double>(doubles);
    // An empty list may have no place of its own, but null means another form.
    return to.doubles ? nullptr : "a column of numbers is missing";
  }
  }
  return "a column of numbers has an unknown form";
}

const char* read_dictionary(messages::Dictionary::Reader from, dictionary_reader& to) {
  dictionary_reader::places at;
  at.size = from.getSize();
  at.kind = static_cast<model::value_kind>(from.getKind());
  const auto kinds = from.getKinds();
  if (at.kind == model::value_kind::unset && at.size != 0) {
    if (kinds.size() != at.size)
      return "a dictionary has the wrong number of kinds";
    at.kinds = column_of<std::uint8_t>(kinds);
  }
  if (const auto numbers = from.getNumbers(); numbers.size() != 0) {
    if (numbers.size() != sizeof(double) * std::uint64_t{at.size})
      return "a dictionary has the wrong number of numbers";
    at.numbers = column_of<double>(numbers);
  }
  if (const auto offsets = from.getOffsets(); offsets.size() != 0) {
    if (offsets.size() != sizeof(std::uint32_t) * (std::uint64_t{at.size} + 1))
      return "a dictionary has the wrong number of texts";
    at.offsets = column_of<std::uint32_t>(offsets);
    const auto bytes = from.getBytes();
    at.bytes = column_of<char>(bytes);
    at.byte_count = bytes.size();
  }
  if (from.hasInstants() && at.size != 0) {
    at.has_instants = true;
    if (const char* wrong = read_integers(from.getInstants(), at.size, at.instants))
      return wrong;
  }
  to = dictionary_reader{at};
  return nullptr;
}

const char* read_codes(std::uint8_t width, std::uint32_t constant, capnp::Data::Reader codes,
                       std::uint64_t count, model::coded_column& to) {
  if (width != 0 && width != 1 && width != 2 && width != 4)
    return "a column of codes has an unknown width";
  if (codes.size() != width * count)
    return "a column of codes has the wrong length";
  to.width = width;
  to.constant = constant;
  to.codes = column_of<std::byte>(codes);
  return nullptr;
}

bool codes_within(const model::coded_column& column, std::uint64_t count, std::uint32_t most) {
  switch (column.width) {
  case 1:
    return greatest<std::uint8_t>(column.codes, count) <= most;
  case 2:
    return greatest<std::uint16_t>(column.codes, count) <= most;
  case 4:
    return greatest<std::uint32_t>(column.codes, count) <= most;
  default:
    return column.constant <= most;
  }
}

std::uint64_t greatest_raw(const model::integer_column& column, std::uint64_t count) {
  switch (column.width) {
  case 1:
    return greatest<std::uint8_t>(column.raws, count);
  case 2:
    return greatest<std::uint16_t>(column.raws, count);
  case 4:
    return greatest<std::uint32_t>(column.raws, count);
  case 8:
    return greatest<std::uint64_t>(column.raws, count);
  default:
    return 0;
  }
}

bool integers_hold(const model::integer_column& column, std::uint64_t most) {
  std::int64_t step = 0;
  std::int64_t last = 0;
  return most <= INT64_MAX
      && !__builtin_mul_overflow(column.scale, static_cast<std::int64_t>(most), &step)
      && !__builtin_add_overflow(column.base, step, &last);
}

namespace {

/// What a column of integers takes beside its raws, words.
constexpr std::uint64_t integer_column_words = 8;

void write_instants(std::span<const std::int64_t> instants, messages::Dictionary::Builder to) {
  if (instants.empty())
    return;
  const auto [least, most] = std::ranges::minmax(instants);
  std::uint64_t scale = 0;
  for (const auto t : instants)
    if (scale = std::gcd(scale, static_cast<std::uint64_t>(t - least)); scale == 1)
      break;
  scale = std::max<std::uint64_t>(scale, 1);
  const auto width = raw_width(static_cast<std::uint64_t>(most - least) / scale);
  auto column = to.initInstants();
  column.setBase(least);
  column.setScale(static_cast<std::int64_t>(scale));
  column.setWidth(width);
  if (width == 0)
    return;
  auto raws = column.initRaws(static_cast<unsigned>(width * instants.size()));
  auto* out = raws.begin();
  for (const auto t : instants) {
    const auto raw = static_cast<std::uint64_t>(t - least) / scale;
    std::memcpy(out, &raw, width); // Little-endian: the low bytes come first.
    out += width;
  }
}

} // namespace

std::uint64_t dictionary_words(const dictionary_merge& d) {
  return 16 + words_for(d.size()) + (d.has_numbers() ? d.size() : 0)
       + (d.has_text() ? words_for(sizeof(std::uint32_t) * (std::size_t{d.size()} + 1)) : 0)
       + words_for(d.text_bytes())
       + (d.kind() == model::value_kind::text ? integer_column_words + d.size() : 0);
}

void write_dictionary(const dictionary_merge& from, messages::Dictionary::Builder to) {
  const auto size = from.size();
  to.setSize(size);
  to.setKind(static_cast<std::uint8_t>(from.kind()));
  if (size == 0)
    return;
  std::uint32_t at = 0;
  if (from.kind() == model::value_kind::unset) {
    auto kinds = to.initKinds(size);
    from.each([&](model::value_view v) { kinds[at++] = static_cast<std::uint8_t>(v.kind); });
  }
  if (from.has_numbers()) {
    auto numbers = to.initNumbers(static_cast<unsigned>(sizeof(double) * size));
    auto* out = reinterpret_cast<double*>(numbers.begin());
    from.each([&](model::value_view v) { *out++ = v.number; });
  }
  if (from.has_text()) {
    auto offsets = to.initOffsets(static_cast<unsigned>(sizeof(std::uint32_t) * (size + 1)));
    auto bytes = to.initBytes(static_cast<unsigned>(from.text_bytes()));
    auto* offset = reinterpret_cast<std::uint32_t*>(offsets.begin());
    std::uint32_t used = 0;
    *offset++ = 0;
    from.each([&](model::value_view v) {
      if (!v.text.empty())
        std::memcpy(bytes.begin() + used, v.text.data(), v.text.size());
      used += static_cast<std::uint32_t>(v.text.size());
      *offset++ = used;
    });
  }
  write_instants(from.instants(), to);
}

} // namespace storage
