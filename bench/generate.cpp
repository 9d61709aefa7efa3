#include "bench/generated_store.hpp"
#include "bench/rows_as_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t rows_per_piece = 50'000;

/// Writes rows `from` … `to - 1`: pieces are formatted by several threads and written in order.
/// `format` appends rows [a, b) to a text.
template <class Format>
bool write_rows(std::uint64_t from, std::uint64_t to, unsigned threads, std::FILE* out,
                const Format& format) {
  std::vector<std::string> pieces(threads);
  for (auto row = from; row < to;) {
    std::vector<std::thread> running;
    for (auto& piece : pieces) {
      const auto end = std::min(row + rows_per_piece, to);
      piece.clear();
      running.emplace_back([&piece, &format, row, end] { format(piece, row, end); });
      row = end;
    }
    for (auto& thread : running)
      thread.join();
    for (const auto& piece : pieces)
      if (std::fwrite(piece.data(), 1, piece.size(), out) != piece.size())
        return false;
  }
  return true;
}

struct order {
  std::uint64_t seed = 1;
  std::uint32_t profiles = 100'000;
  std::string what = "events";
  std::string format = "ndjson";
  std::uint64_t from = 0;
  std::uint64_t to = UINT64_MAX;
  std::string path = "-";
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
};

bool write_events(const bench::generated_store& store, const order& wanted, std::FILE* out) {
  const auto append = wanted.format == "csv" ? bench::append_event_csv : bench::append_event_ndjson;
  bool written = true;
  store.for_each_chunk(
    wanted.from, wanted.to, [&](std::uint64_t first, const std::vector<bench::event_row>& rows) {
      written = written
             && write_rows(0, rows.size(), wanted.threads, out,
                           [&](std::string& text, std::uint64_t a, std::uint64_t b) {
                             for (auto row = a; row < b; ++row)
                               append(text, first + row, rows[row]);
                           });
    });
  return written;
}

bool write_profiles(const bench::generated_store& store, const order& wanted, std::FILE* out) {
  const auto append = wanted.what == "lists" ? bench::append_lists_csv
                    : wanted.format == "csv" ? bench::append_profile_csv
                                             : bench::append_profile_ndjson;
  return write_rows(wanted.from, std::min<std::uint64_t>(wanted.to, store.profiles()),
                    wanted.threads, out, [&](std::string& text, std::uint64_t a, std::uint64_t b) {
                      bench::profile_row row;
                      for (auto number = a; number < b; ++number) {
                        store.profile(static_cast<std::uint32_t>(number), row);
                        append(text, row);
                      }
                    });
}

bool write(const bench::generated_store& store, const order& wanted, std::FILE* out) {
  if (wanted.format == "csv") {
    const auto header = wanted.what == "events" ? bench::event_csv_header()
                      : wanted.what == "lists"  ? bench::lists_csv_header()
                                                : bench::profile_csv_header();
    std::fwrite(header.data(), 1, header.size(), out);
  }
  return wanted.what == "events" ? write_events(store, wanted, out)
                                 : write_profiles(store, wanted, out);
}

} // namespace

int main(int argc, char** argv) {
  order wanted;
  CLI::App app{"Writes the generated store of the benches: the same bytes for the same seed and "
               "size, on any machine."};
  app.add_option("--seed", wanted.seed, "Seed of the store");
  app.add_option("--profiles", wanted.profiles, "How many profiles; each has about 20 events")
    ->check(CLI::Range(1U, bench::profiles_max));
  app
    .add_option(
      "--what", wanted.what,
      "profiles, events (in time order), lists (CSV only) or count (the number of events)")
    ->check(CLI::IsMember({"profiles", "events", "lists", "count"}));
  app.add_option("--format", wanted.format, "ndjson or csv")
    ->check(CLI::IsMember({"ndjson", "csv"}));
  app.add_option("--from", wanted.from, "First row");
  app.add_option("--to", wanted.to, "Row after the last");
  app.add_option("--out", wanted.path, "File to write; - is standard output");
  app.add_option("--threads", wanted.threads, "Threads that format")->check(CLI::Range(1U, 256U));
  CLI11_PARSE(app, argc, argv);
  if (wanted.what == "lists" && wanted.format != "csv") {
    std::fputs("generate: lists come as CSV only; in NDJSON they are part of the profiles\n",
               stderr);
    return 2;
  }

  const bench::generated_store store{wanted.seed, wanted.profiles};
  if (wanted.what == "count") {
    std::printf("%llu\n", static_cast<unsigned long long>(store.events()));
    return 0;
  }
  const auto standard = wanted.path == "-";
  auto* const out = standard ? stdout : std::fopen(wanted.path.c_str(), "wb");
  if (!out) {
    std::fprintf(stderr, "generate: cannot write %s\n", wanted.path.c_str());
    return 1;
  }
  const auto written = write(store, wanted, out);
  const auto closed = (standard ? std::fflush(out) : std::fclose(out)) == 0;
  if (!written || !closed) {
    std::fprintf(stderr, "generate: writing %s failed, is the disk full?\n", wanted.path.c_str());
    return 1;
  }
  return 0;
}
