#include "actors/log_record.hpp"

#include "messages/batch_codec.hpp"

#include <cstring>

namespace actors {

namespace {

// A record is words: kind, instant, evaluations, segment, version, number of batches; then for each
// batch its cause, the bytes of its message, and the message, which starts at a word.

void put(std::string& out, std::uint64_t word) {
  out.append(reinterpret_cast<const char*>(&word), sizeof word);
}

class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {
  }
  std::uint64_t take() {
    std::uint64_t word = 0;
    const auto bytes = take_bytes(sizeof word);
    if (good)
      std::memcpy(&word, bytes.data(), sizeof word);
    return word;
  }
  std::string_view take_bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      good = false;
      return {};
    }
    const auto bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  bool good = true;

private:
  std::string_view rest_;
};

model::failure broken(const char* what) {
  return {model::failure_code::storage_broken, std::string{"a record of the change log "} + what};
}

} // namespace

void begin_record(std::string& out, const log_record& r, std::uint64_t batches) {
  put(out, static_cast<std::uint64_t>(r.what));
  put(out, static_cast<std::uint64_t>(model::to_ms(r.now)));
  put(out, r.evaluations_max);
  put(out, r.segment);
  put(out, r.version);
  put(out, batches);
}

void append_batch(std::string& out, const model::change_batch& changes, model::flip_cause cause,
                  model::instant now, std::string_view source, std::uint64_t source_sequence) {
  const auto message = messages::encode(changes, {now, std::string{source}, source_sequence});
  const auto bytes = message.bytes();
  put(out, static_cast<std::uint64_t>(cause));
  put(out, bytes.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

model::outcome<log_record> decode_log_record(std::string_view bytes) {
  byte_reader from{bytes};
  log_record r;
  r.what = static_cast<log_record::kind>(from.take());
  r.now = model::from_ms(static_cast<std::int64_t>(from.take()));
  r.evaluations_max = from.take();
  r.segment = from.take();
  r.version = static_cast<std::uint32_t>(from.take());
  const auto batches = from.take();
  if (!from.good || batches > bytes.size() / (2 * sizeof(std::uint64_t)))
    return broken("is too short");
  if (r.what < log_record::kind::changes || r.what > log_record::kind::drop)
    return broken("is of an unknown kind");
  for (std::uint64_t i = 0; i < batches; ++i) {
    auto& b = r.batches.emplace_back();
    b.cause = static_cast<model::flip_cause>(from.take());
    const auto message = from.take_bytes(from.take());
    if (!from.good)
      return broken("ends inside a batch");
    auto header = messages::decode(std::as_bytes(std::span{message}), b.changes);
    if (!header)
      return header.error();
    b.source = std::move(header->source);
    b.source_sequence = header->sequence;
  }
  return r;
}

} // namespace actors
