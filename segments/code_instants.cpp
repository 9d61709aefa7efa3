#include "segments/code_instants.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace segments {

namespace {

/// Loops without branches, which compilers turn into several comparisons at once.
template <class Raw>
void mark(const std::byte* raws, std::size_t count, std::uint64_t least, std::uint64_t most,
          std::uint8_t* to) {
  constexpr std::uint64_t widest = std::numeric_limits<Raw>::max();
  if (least > widest || least > most) {
    std::fill_n(to, count, std::uint8_t{0});
    return;
  }
  const auto* all = reinterpret_cast<const Raw*>(raws);
  const auto first = static_cast<Raw>(least);
  const auto span = static_cast<Raw>(std::min(most, widest) - least);
  for (std::size_t i = 0; i < count; ++i)
    to[i] = static_cast<Raw>(all[i] - first) <= span ? 1 : 0;
}

void mark(const model::integer_column& times, std::size_t count, std::int64_t earliest,
          std::int64_t latest, std::uint8_t* to) {
  if (latest < times.base || earliest > latest) {
    std::fill_n(to, count, std::uint8_t{0});
    return;
  }
  // Where the raw numbers of the window begin and end; differences of ordered instants fit.
  const auto scale = static_cast<std::uint64_t>(times.scale);
  const auto distance = [&](std::int64_t t) {
    return static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(times.base);
  };
  const auto least = earliest <= times.base ? 0 : (distance(earliest) + scale - 1) / scale;
  const auto most = distance(latest) / scale;
  switch (times.width) {
  case 1:
    return mark<std::uint8_t>(times.raws, count, least, most, to);
  case 2:
    return mark<std::uint16_t>(times.raws, count, least, most, to);
  case 4:
    return mark<std::uint32_t>(times.raws, count, least, most, to);
  case 8:
    return mark<std::uint64_t>(times.raws, count, least, most, to);
  default:
    std::fill_n(to, count, least == 0 ? std::uint8_t{1} : std::uint8_t{0});
  }
}

} // namespace

std::optional<code_instants> code_instants::of_texts(const model::value_dictionary& dictionary) {
  code_instants made;
  made.texts_ = dictionary.instants();
  return made.texts_ == nullptr ? std::nullopt : std::optional{made};
}

std::optional<code_instants> code_instants::of_numbers(const model::value_dictionary& dictionary) {
  code_instants made;
  made.numbers_ = dictionary.numbers();
  return made.numbers_ == nullptr ? std::nullopt : std::optional{made};
}

void code_instants::within(std::int64_t earliest, std::int64_t latest,
                           std::span<std::uint8_t> to) const {
  const auto count = to.size() - 1;
  to[0] = 0;
  if (numbers_ == nullptr)
    return mark(*texts_, count, earliest, latest, to.data() + 1);
  const auto first = static_cast<double>(earliest);
  const auto last = static_cast<double>(latest);
  for (std::size_t i = 0; i < count; ++i)
    to[i + 1] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(numbers_[i] >= first)
                                          & static_cast<std::uint8_t>(numbers_[i] <= last));
}

} // namespace segments
