#include "actors/effects.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace actors {

namespace {

using storage::word;
using storage::words_view;

/// Writes words and, as words, texts.
class word_writer {
public:
  void put(std::uint64_t w) {
    out.push_back(w);
  }
  void put(std::string_view text) {
    const auto at = out.size();
    out.resize(at + 1 + storage::words_for(text.size()));
    out[at] = text.size();
    if (!text.empty())
      std::memcpy(&out[at + 1], text.data(), text.size());
  }
  std::vector<word> out;
};

/// Reads them back; `good` turns false at the first word that is missing.
class word_reader {
public:
  explicit word_reader(words_view words) : rest_(words) {
  }
  std::uint64_t take() {
    if (rest_.empty()) {
      good = false;
      return 0;
    }
    const auto w = rest_.front();
    rest_ = rest_.subspan(1);
    return w;
  }
  std::string_view take_text() {
    const auto size = rest_.empty() ? 0 : storage::words_for(rest_.front()) + 1;
    if (rest_.empty() || size > rest_.size() || size == 0) {
      good = false;
      return {};
    }
    const auto text = storage::unpack_bytes(rest_.first(size));
    rest_ = rest_.subspan(size);
    good = good && text.has_value();
    return text.value_or(std::string_view{});
  }
  /// A count of things that take at least a word each.
  std::uint64_t take_count() {
    const auto count = take();
    if (count > rest_.size())
      good = false;
    return good ? count : 0;
  }
  bool good = true;

private:
  words_view rest_;
};

// Of format 2 and earlier: profile, flags and cause in one word; instant in one word; detail only
// where there is one. Flips that one change made stand side by side, and those after the first have
// the first word only.
constexpr std::uint64_t joined_bit = std::uint64_t{1} << 32;
constexpr std::uint64_t detail_bit = std::uint64_t{1} << 33;
constexpr std::uint64_t same_bit = std::uint64_t{1} << 34; // Instant and detail of the one before.
constexpr unsigned cause_shift = 40;

model::flip take_flip(word_reader& from, const model::flip* before) {
  model::flip f;
  const auto head = from.take();
  f.profile = static_cast<std::uint32_t>(head);
  f.joined = (head & joined_bit) != 0;
  f.cause = static_cast<model::flip_cause>(head >> cause_shift);
  if ((head & same_bit) != 0) {
    from.good = from.good && before != nullptr;
    if (before) {
      f.at = before->at;
      f.detail = before->detail;
    }
    return f;
  }
  f.at = model::from_ms(static_cast<std::int64_t>(from.take()));
  if ((head & detail_bit) != 0)
    f.detail = from.take_text();
  return f;
}

std::vector<model::flip> take_flips(word_reader& from, bool with_segments) {
  std::vector<model::flip> flips(from.take_count());
  const model::flip* before = nullptr;
  for (auto& f : flips) {
    const auto segment = with_segments ? from.take() : 0;
    f = take_flip(from, before);
    f.segment = segment;
    before = &f;
  }
  return flips;
}

constexpr std::uint64_t list_run = 1; // Of format 2 and earlier.
constexpr std::uint64_t crowd_run = 2;

/// Numbers of seven bits a byte: what thousands of changes a second leave behind is written twice
/// (LMDB copies pages), so its size matters.
class byte_writer {
public:
  void put(std::uint64_t n) {
    for (; n >= 0x80; n >>= 7)
      out += static_cast<char>(n | 0x80);
    out += static_cast<char>(n);
  }
  void put(std::string_view text) {
    put(text.size());
    out += text;
  }
  std::string out;
};

/// Reads them back; `good` turns false at the first one that is missing.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {
  }
  std::uint64_t take() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      n |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80)
        return n;
    }
    good = false;
    return 0;
  }
  std::uint32_t take_small() {
    const auto n = take();
    good = good && n <= std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(n);
  }
  std::string_view take_text() {
    const auto size = take_count();
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  /// A count of things that take at least a byte each.
  std::uint64_t take_count() {
    const auto count = take();
    good = good && count <= rest_.size();
    return good ? count : 0;
  }
  [[nodiscard]] bool is_spent() const {
    return good && rest_.empty();
  }
  bool good = true;

private:
  std::string_view rest_;
};

/// Bits that changed for one profile side by side: the profile once, a number for each.
void put_bits(byte_writer& to, std::span<const segments::membership::bit_change> bits) {
  to.put(bits.size());
  while (!bits.empty()) {
    const auto profile = bits.front().profile;
    const auto end = std::ranges::find_if(bits,
                                          [&](const auto& b) { return b.profile != profile; });
    const auto group = bits.first(static_cast<std::size_t>(end - bits.begin()));
    to.put(profile);
    to.put(group.size());
    for (const auto& b : group)
      to.put(std::uint64_t{b.criterion} << 1 | (b.holds ? 1U : 0U));
    bits = bits.subspan(group.size());
  }
}

std::vector<segments::membership::bit_change> take_bits(byte_reader& from) {
  std::vector<segments::membership::bit_change> bits(from.take_count());
  for (std::size_t i = 0; i < bits.size() && from.good;) {
    const auto profile = from.take_small();
    const auto count = from.take_count();
    from.good = from.good && count != 0 && count <= bits.size() - i;
    for (std::uint64_t n = 0; n < count && from.good; ++n) {
      const auto one = from.take();
      from.good = from.good && one >> 33 == 0;
      bits[i++] = {static_cast<std::uint32_t>(one >> 1), profile, (one & 1) != 0};
    }
  }
  return bits;
}

constexpr std::uint64_t cause_bits = 4; // Of a group's head; above them whether a detail follows.
constexpr std::uint64_t cause_mask = (1 << cause_bits) - 1;

/// Why and when of a flip.
void put_reason(byte_writer& to, const model::flip& f) {
  to.put(static_cast<std::uint64_t>(f.cause)
         | (f.detail.empty() ? 0 : std::uint64_t{1} << cause_bits));
  to.put(static_cast<std::uint64_t>(model::to_ms(f.at)));
  if (!f.detail.empty())
    to.put(std::string_view{f.detail});
}

/// `detail` looks into what is read.
struct taken_reason {
  model::flip_cause cause{};
  model::instant at{};
  std::string_view detail;
};

taken_reason take_reason(byte_reader& from) {
  taken_reason r;
  const auto head = from.take();
  r.cause = static_cast<model::flip_cause>(head & cause_mask);
  r.at = model::from_ms(static_cast<std::int64_t>(from.take()));
  if (head >> cause_bits != 0)
    r.detail = from.take_text();
  return r;
}

bool is_same_reason(const model::flip& a, const model::flip& b) {
  return a.cause == b.cause && a.at == b.at && a.detail == b.detail;
}

/// Flips that one change made side by side: profile, why and when once, a number for each.
void put_flip_groups(byte_writer& to, std::span<const model::flip> flips) {
  to.put(flips.size());
  while (!flips.empty()) {
    const auto& first = flips.front();
    const auto end = std::ranges::find_if(flips, [&](const model::flip& f) {
      return f.profile != first.profile || !is_same_reason(f, first);
    });
    const auto group = flips.first(static_cast<std::size_t>(end - flips.begin()));
    to.put(first.profile);
    to.put(group.size());
    put_reason(to, first);
    for (const auto& f : group)
      to.put(f.segment << 1 | (f.joined ? 1U : 0U));
    flips = flips.subspan(group.size());
  }
}

std::vector<model::flip> take_flip_groups(byte_reader& from) {
  std::vector<model::flip> flips(from.take_count());
  for (std::size_t i = 0; i < flips.size() && from.good;) {
    const auto profile = from.take_small();
    const auto count = from.take_count();
    const auto reason = take_reason(from);
    from.good = from.good && count != 0 && count <= flips.size() - i;
    for (std::uint64_t n = 0; n < count && from.good; ++n) {
      const auto one = from.take();
      flips[i++] = {
        one >> 1, 0, profile, (one & 1) != 0, reason.cause, reason.at, std::string{reason.detail}};
    }
  }
  return flips;
}

/// One segment's flips: profile and direction of each; the reason where it is not that of the one
/// before.
void put_run(byte_writer& to, std::span<const model::flip> flips) {
  to.put(flips.size());
  const model::flip* before = nullptr;
  for (const auto& f : flips) {
    const bool is_same = before != nullptr && is_same_reason(f, *before);
    to.put(std::uint64_t{f.profile} << 2 | (f.joined ? 2U : 0U) | (is_same ? 1U : 0U));
    if (!is_same)
      put_reason(to, f);
    before = &f;
  }
}

/// Calls back with profile, direction and reason of each. False for bytes that are no run.
template <class Each>
bool take_run(std::string_view bytes, const Each& each) {
  byte_reader from{bytes};
  taken_reason reason;
  const auto count = from.take_count();
  for (std::uint64_t i = 0; i < count && from.good; ++i) {
    const auto head = from.take();
    if ((head & 1) == 0)
      reason = take_reason(from);
    from.good = from.good && head >> 34 == 0 && ((head & 1) == 0 || i != 0);
    if (from.good)
      each(static_cast<std::uint32_t>(head >> 2), (head & 2) != 0, reason);
  }
  return from.is_spent();
}

/// Bytes as words, behind a word that says what they are: a mark in the upper half, the count of
/// bytes below.
std::vector<word> words_of(std::uint64_t mark, std::string_view bytes) {
  std::vector<word> words(1 + storage::words_for(bytes.size()));
  words[0] = mark | bytes.size();
  std::memcpy(&words[1], bytes.data(), bytes.size());
  return words;
}

/// Nothing when the first word has another mark or the rest is too short.
std::optional<std::string_view> bytes_of(std::uint64_t mark, words_view words) {
  constexpr std::uint64_t upper = ~std::uint64_t{0xffffffff};
  if (words.empty() || (words[0] & upper) != mark)
    return std::nullopt;
  const auto size = words[0] & ~upper;
  if (size > (words.size() - 1) * sizeof(word))
    return std::nullopt;
  return std::string_view{reinterpret_cast<const char*>(words.data() + 1), size};
}

// Records of format 2 and earlier begin with a count of bits, or with the kind of a run.
constexpr std::uint64_t effects_mark = std::uint64_t{0xe3} << 32;
constexpr std::uint64_t run_mark = std::uint64_t{0xf3} << 32;

/// Effects as format 2 and earlier wrote them: words.
std::optional<effects> decode_effects_of_words(words_view words) {
  word_reader from{words};
  effects e;
  e.bits.resize(from.take_count());
  for (auto& b : e.bits) {
    const auto w = from.take();
    b = {static_cast<std::uint32_t>(w >> 33), static_cast<std::uint32_t>(w >> 1), (w & 1) != 0};
  }
  e.flips = take_flips(from, true);
  if (!from.good)
    return std::nullopt;
  return e;
}

} // namespace

std::vector<word> encode_effects(std::span<const segments::membership::bit_change> bits,
                                 std::span<const model::flip> flips) {
  byte_writer to;
  to.out.reserve(4 * bits.size() + 4 * flips.size() + 64);
  put_bits(to, bits);
  put_flip_groups(to, flips);
  return words_of(effects_mark, to.out);
}

std::optional<effects> decode_effects(words_view words) {
  const auto bytes = bytes_of(effects_mark, words);
  if (!bytes)
    return decode_effects_of_words(words);
  byte_reader from{*bytes};
  effects e;
  e.bits = take_bits(from);
  e.flips = take_flip_groups(from);
  if (!from.is_spent())
    return std::nullopt;
  return e;
}

std::vector<word> encode(const flip_run& run) {
  if (!run.everybody) {
    byte_writer list;
    list.out.reserve(16 * run.list.size() + 16);
    put_run(list, run.list);
    return words_of(run_mark, list.out);
  }
  word_writer to;
  const auto& crowd = *run.everybody;
  to.put(crowd_run);
  to.put(static_cast<std::uint64_t>(crowd.cause));
  to.put(static_cast<std::uint64_t>(model::to_ms(crowd.at)));
  to.put(crowd.detail);
  to.put(segments::encode(crowd.joined));
  to.put(segments::encode(crowd.left));
  return std::move(to.out);
}

bool each_joining(words_view words,
                  const std::function<void(std::uint32_t, model::instant)>& each) {
  if (const auto bytes = bytes_of(run_mark, words))
    return take_run(*bytes, [&](std::uint32_t profile, bool joined, const taken_reason& reason) {
      if (joined)
        each(profile, reason.at);
    });
  word_reader from{words};
  if (from.take() != list_run)
    return false;
  for (const auto& f : take_flips(from, false))
    if (f.joined && from.good)
      each(f.profile, f.at);
  return from.good;
}

std::optional<flip_run> decode_flip_run(words_view words) {
  flip_run run;
  if (const auto bytes = bytes_of(run_mark, words)) {
    const bool is_whole = take_run(
      *bytes, [&](std::uint32_t profile, bool joined, const taken_reason& reason) {
        run.list.push_back(
          {0, 0, profile, joined, reason.cause, reason.at, std::string{reason.detail}});
      });
    return is_whole ? std::optional{std::move(run)} : std::nullopt;
  }
  word_reader from{words};
  const auto kind = from.take();
  if (kind == list_run) {
    run.list = take_flips(from, false);
    return from.good ? std::optional{std::move(run)} : std::nullopt;
  }
  if (kind != crowd_run)
    return std::nullopt;
  auto& crowd = run.everybody.emplace();
  crowd.cause = static_cast<model::flip_cause>(from.take());
  crowd.at = model::from_ms(static_cast<std::int64_t>(from.take()));
  crowd.detail = from.take_text();
  auto joined = segments::decode(from.take_text());
  auto left = segments::decode(from.take_text());
  if (!from.good || !joined || !left)
    return std::nullopt;
  crowd.joined = std::move(*joined);
  crowd.left = std::move(*left);
  return run;
}

} // namespace actors
