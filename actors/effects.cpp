#include "actors/effects.hpp"

#include <cstring>
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

// Profile, flags and cause: one word. Instant: one word. Detail: only where there is one. Flips
// that one change made stand side by side, and those after the first have the first word only.
constexpr std::uint64_t joined_bit = std::uint64_t{1} << 32;
constexpr std::uint64_t detail_bit = std::uint64_t{1} << 33;
constexpr std::uint64_t same_bit = std::uint64_t{1} << 34; // Instant and detail of the one before.
constexpr unsigned cause_shift = 40;

void put_flip(word_writer& to, const model::flip& f, const model::flip* before) {
  const bool is_same = before && before->at == f.at && before->detail == f.detail;
  const bool has_detail = !is_same && !f.detail.empty();
  to.put(f.profile | (f.joined ? joined_bit : 0) | (has_detail ? detail_bit : 0)
         | (is_same ? same_bit : 0) | static_cast<std::uint64_t>(f.cause) << cause_shift);
  if (is_same)
    return;
  to.put(static_cast<std::uint64_t>(model::to_ms(f.at)));
  if (has_detail)
    to.put(f.detail);
}

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

void put_flips(word_writer& to, std::span<const model::flip> flips, bool with_segments) {
  to.put(flips.size());
  const model::flip* before = nullptr;
  for (const auto& f : flips) {
    if (with_segments)
      to.put(f.segment);
    put_flip(to, f, before);
    before = &f;
  }
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

constexpr std::uint64_t list_run = 1;
constexpr std::uint64_t crowd_run = 2;

} // namespace

std::vector<word> encode_effects(std::span<const segments::membership::bit_change> bits,
                                 std::span<const model::flip> flips) {
  word_writer to;
  to.out.reserve(bits.size() + 2 * flips.size() + 16);
  to.put(bits.size());
  for (const auto& b : bits)
    to.put(std::uint64_t{b.criterion} << 33 | std::uint64_t{b.profile} << 1 | (b.holds ? 1U : 0U));
  put_flips(to, flips, true);
  return std::move(to.out);
}

std::optional<effects> decode_effects(words_view words) {
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

std::vector<word> encode(const flip_run& run) {
  word_writer to;
  if (!run.everybody) {
    to.put(list_run);
    put_flips(to, run.list, false);
    return std::move(to.out);
  }
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
  word_reader from{words};
  if (from.take() != list_run)
    return false;
  model::instant at{};
  for (auto left = from.take_count(); left > 0; --left) {
    const auto head = from.take();
    if ((head & same_bit) == 0) {
      at = model::from_ms(static_cast<std::int64_t>(from.take()));
      if ((head & detail_bit) != 0)
        from.take_text();
    }
    if (!from.good)
      return false;
    if ((head & joined_bit) != 0)
      each(static_cast<std::uint32_t>(head), at);
  }
  return true;
}

std::optional<flip_run> decode_flip_run(words_view words) {
  word_reader from{words};
  flip_run run;
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
