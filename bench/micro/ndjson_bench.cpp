// How fast lines become batches, and batches messages and back, on one core:
//   ndjson_bench              lines made up from a fixed seed
//   ndjson_bench FILE…        lines of these files, plain or gzip
// Each figure is the best of several rounds, in processor time.

#include "messages/batch_codec.hpp"
#include "messages/line_source.hpp"
#include "messages/ndjson.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int rounds = 5;
constexpr std::size_t batch_records = 16'384;

/// Processor time of this thread, so that neighbours on the machine disturb less.
double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template <class F>
double best_seconds(F&& work) {
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const auto start = processor_seconds();
    work();
    best = std::min(best, processor_seconds() - start);
  }
  return best;
}

std::string made_up_lines(std::size_t count) {
  std::mt19937_64 random{20261125};
  constexpr std::string_view metrics[] = {"Placed Order", "Viewed Product", "Opened Email"};
  constexpr std::string_view brands[] = {"aqua", "shiseido", "apple", "samsung"};
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto day = std::chrono::sys_days{std::chrono::January / 1 / 2024}
                   + std::chrono::seconds{random() % (86'400 * 365)};
    out += fmt::format(
      R"({{"unique_id":"evt-{:010}","metric":"{}","profile":{{"external_id":"p{:07}"}},"time":"{}",)"
      R"("value":{}.{:02},"value_currency":"USD","properties":{{"brand":"{}","Quantity":{}}}}})"
      "\n",
      i, metrics[random() % std::size(metrics)], random() % 1'000'000,
      model::format_instant(model::instant{day}), random() % 200, random() % 100,
      brands[random() % std::size(brands)], 1 + random() % 5);
  }
  return out;
}

/// The whole text of a file, and how long it took to read (and to decompress) it.
std::string text_of(const std::string& file) {
  auto source = messages::line_source::open(file);
  if (!source) {
    fmt::print(stderr, "{}\n", source.error().message);
    std::exit(2);
  }
  std::string text;
  messages::line_block block;
  std::vector<messages::line_error> errors;
  const auto start = processor_seconds();
  while (source->next(block, errors))
    text += block.rest();
  fmt::print("{}: {} bytes of the file in {:.3f} s\n", file, source->bytes_taken(),
             processor_seconds() - start);
  return text;
}

void measure(const std::string& name, const std::string& text) {
  messages::ndjson_reader reader;
  std::vector<messages::line_error> errors;
  model::change_batch batch;
  std::uint64_t lines = 0;
  std::uint64_t records = 0;
  double parse_seconds = 1e9;
  for (int round = 0; round < rounds; ++round) {
    messages::line_block block{text};
    errors.clear();
    lines = records = 0;
    const auto start = processor_seconds();
    while (!block.is_empty()) {
      batch.clear();
      lines += reader.read(block, batch, errors, batch_records);
      records += batch.records.size();
    }
    parse_seconds = std::min(parse_seconds, processor_seconds() - start);
  }
  if (lines == 0) {
    fmt::print("{}: no lines\n", name);
    return;
  }

  messages::line_block block{text};
  batch.clear();
  reader.read(block, batch, errors, batch_records);
  constexpr int repeats = 20;
  messages::frozen_message message;
  model::change_batch back;
  const auto encode_seconds = best_seconds([&] {
    for (int i = 0; i < repeats; ++i)
      message = messages::encode(batch, {});
  });
  const auto decode_seconds = best_seconds([&] {
    for (int i = 0; i < repeats; ++i)
      if (!messages::decode(message, back))
        std::exit(1);
  });
  const auto coded = static_cast<double>(batch.records.size());
  const auto per_second = coded * repeats / 1e6;
  fmt::print("{}: {} lines of {:.0f} bytes, {} records, {} errors\n", name, lines,
             static_cast<double>(text.size()) / static_cast<double>(lines), records, errors.size());
  fmt::print("  parse   {:8.2f} M lines/s  {:8.0f} MB/s\n",
             static_cast<double>(lines) / parse_seconds / 1e6,
             static_cast<double>(text.size()) / parse_seconds / 1e6);
  fmt::print("  encode  {:8.2f} M records/s\n  decode  {:8.2f} M records/s\n",
             per_second / encode_seconds, per_second / decode_seconds);
  fmt::print("  message {:8.1f} bytes a record, {:.1f} beyond its texts\n",
             static_cast<double>(message.bytes().size()) / coded,
             static_cast<double>(message.bytes().size() - back.bytes.size()) / coded);
}

} // namespace

int main(int count, char** arguments) {
  if (count == 1)
    measure("made up", made_up_lines(500'000));
  for (int i = 1; i < count; ++i)
    measure(arguments[i], text_of(arguments[i]));
}
