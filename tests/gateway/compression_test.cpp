#include "gateway/compression.hpp"

#include <boost/test/unit_test.hpp>
#include <zlib.h>

#include <random>

namespace {

using namespace gateway;

/// Packs with zlib's own words: 31 = gzip, 15 = zlib, -15 = bare.
std::string packed(std::string_view text, int frame) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, frame, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string some_text(std::size_t size) {
  std::mt19937 chance{7};
  std::string out(size, '\0');
  for (char& c : out)
    c = static_cast<char>('a' + chance() % 7);
  return out;
}

constexpr std::size_t plenty = 100'000'000;

} // namespace

BOOST_AUTO_TEST_SUITE(compression_test)

BOOST_AUTO_TEST_CASE(names_of_codings_are_known_and_others_refused) {
  BOOST_TEST((coding_of("") == coding::identity));
  BOOST_TEST((coding_of("GZIP") == coding::gzip));
  BOOST_TEST((coding_of("x-gzip") == coding::gzip));
  BOOST_TEST((coding_of("deflate") == coding::deflate));
  BOOST_TEST((coding_of("identity, gzip") == coding::gzip));
  for (const auto* name : {"br", "compress", "gzip, gzip", "gzip, br"})
    BOOST_TEST(!coding_of(name), name);
}

BOOST_AUTO_TEST_CASE(gzip_is_used_when_the_client_takes_it) {
  for (const auto* list : {"gzip", "gzip, compress, deflate, br", "br;q=1.0, GZIP;q=0.5", "*",
                           "deflate, *;q=0.1", "identity;q=0, gzip"})
    BOOST_TEST(accepts_gzip(list), list);
  for (const auto* list : {"", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "deflate, identity"})
    BOOST_TEST(!accepts_gzip(list), list);
}

BOOST_AUTO_TEST_CASE(texts_are_worth_packing) {
  for (const auto* type : {"application/vnd.api+json", "text/csv; charset=utf-8",
                           "application/x-ndjson", "image/svg+xml", "text/javascript"})
    BOOST_TEST(is_compressible(type), type);
  for (const auto* type : {"image/png", "application/zip", "application/octet-stream", ""})
    BOOST_TEST(!is_compressible(type), type);
}

BOOST_AUTO_TEST_CASE(what_was_packed_is_unpacked_in_every_frame) {
  for (const std::size_t size : {0U, 1U, 1000U, 1'000'000U}) {
    const auto text = some_text(size);
    BOOST_TEST((unpack(coding::gzip, packed(text, 31), plenty).body == text));
    BOOST_TEST((unpack(coding::deflate, packed(text, 15), plenty).body == text));
    BOOST_TEST((unpack(coding::deflate, packed(text, -15), plenty).body == text));
    BOOST_TEST((unpack(coding::gzip, gzip(text), plenty).body == text));
  }
}

BOOST_AUTO_TEST_CASE(gzip_may_have_several_members) {
  const auto both = unpack(coding::gzip, packed("one ", 31) + packed("two", 31), plenty);
  BOOST_TEST(!both.error);
  BOOST_TEST(both.body == "one two");
}

BOOST_AUTO_TEST_CASE(a_bomb_stops_at_the_limit) {
  const auto bomb = packed(std::string(50'000'000, '\0'), 31);
  BOOST_TEST(bomb.size() < 100'000U);
  const auto made = unpack(coding::gzip, bomb, 10'000);
  BOOST_TEST((made.error == unpack_error::too_long));
  BOOST_TEST(made.body.size() == 10'001U);
  const auto text = some_text(10'000);
  BOOST_TEST(!unpack(coding::gzip, packed(text, 31), 10'000).error);
  BOOST_TEST((unpack(coding::gzip, packed(text, 31), 9'999).error == unpack_error::too_long));
}

BOOST_AUTO_TEST_CASE(broken_and_cut_bytes_are_told) {
  const auto good = packed(some_text(10'000), 31);
  const auto is_broken = [](coding from, const std::string& bytes) {
    return unpack(from, bytes, plenty).error == unpack_error::broken;
  };
  BOOST_TEST(is_broken(coding::gzip, "this is no gzip"));
  BOOST_TEST(is_broken(coding::gzip, good.substr(0, good.size() / 2)));
  BOOST_TEST(is_broken(coding::gzip, good.substr(0, good.size() - 1)));
  BOOST_TEST(is_broken(coding::gzip, good + "more"));
  BOOST_TEST(is_broken(coding::gzip, ""));
  auto flipped = good;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x55);
  BOOST_TEST(is_broken(coding::gzip, flipped));
  BOOST_TEST(is_broken(coding::deflate, "x"));
  BOOST_TEST(is_broken(coding::deflate, packed("abc", 15) + "more"));
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_text) {
  const auto text = some_text(200'000);
  for (const int frame : {31, 15, -15}) {
    const auto bytes = packed(text, frame);
    for (const std::size_t step : {1U, 7U, 65'536U}) {
      inflater work{frame == 31 ? coding::gzip : coding::deflate};
      std::string out;
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        auto piece = std::string_view{bytes}.substr(at, step);
        BOOST_REQUIRE(work.unpack(piece, out, plenty).has_value());
        BOOST_REQUIRE(piece.empty());
      }
      BOOST_TEST(work.is_whole());
      BOOST_TEST((out == text));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_left_over_at_a_limit_comes_with_the_next_call) {
  const auto text = some_text(1'000'000);
  const auto bytes = packed(text, 31);
  inflater work{coding::gzip};
  std::string_view in{bytes};
  std::string out;
  for (int turns = 0; out.size() < text.size() && turns < 200; ++turns)
    BOOST_REQUIRE(work.unpack(in, out, 10'000).has_value());
  BOOST_TEST((out == text));
}

BOOST_AUTO_TEST_CASE(every_packed_piece_can_be_read_at_once) {
  deflater packing;
  inflater work{coding::gzip};
  std::string all;
  for (const std::string piece : {"one ", "two ", "three"}) {
    std::string bytes;
    packing.pack(piece, bytes);
    std::string_view in{bytes};
    std::string out;
    BOOST_REQUIRE(work.unpack(in, out, plenty).has_value());
    BOOST_TEST(out == piece);
    all += bytes;
  }
  BOOST_TEST(!work.is_whole());
  packing.finish(all);
  BOOST_TEST(unpack(coding::gzip, all, plenty).body == "one two three");
}

BOOST_AUTO_TEST_CASE(zeros_behind_and_between_gzip_members_are_passed_over) {
  const auto packed = gateway::gzip("abc");
  const std::string zeros(5, '\0');
  const auto made = gateway::unpack(gateway::coding::gzip, packed + zeros + packed + zeros, 100);
  BOOST_TEST(!made.error.has_value());
  BOOST_TEST(made.body == "abcabc");
  for (const auto* behind : {"x", "abcdefghijklmnopqrstuvwxyz"})
    BOOST_TEST(
      gateway::unpack(gateway::coding::gzip, packed + zeros + behind, 100).error.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
