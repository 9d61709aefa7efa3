#include "messages/line_source.hpp"
#include "model/limits.hpp"

#include <boost/test/unit_test.hpp>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(line_source_test)

namespace {

/// A file of its own for each case, gone afterwards.
class scratch_file {
public:
  explicit scratch_file(std::string_view content) {
    auto name = (std::filesystem::temp_directory_path() / "rollcall_lines_XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    BOOST_REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path_ = name;
    std::ofstream{path_, std::ios::binary} << content;
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;
  ~scratch_file() {
    std::filesystem::remove(path_);
  }
  [[nodiscard]] const std::string& path() const {
    return path_;
  }

private:
  std::string path_;
};

std::string gzipped(std::string_view text) {
  z_stream z{};
  BOOST_REQUIRE(::deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(::deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  BOOST_REQUIRE(::deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

struct numbered {
  std::uint64_t line;
  std::string text;
  bool operator==(const numbered&) const = default;
};

std::ostream& operator<<(std::ostream& out, const numbered& n) {
  return out << n.line << ": " << n.text.substr(0, 80);
}

struct taken {
  std::vector<numbered> lines;
  std::vector<messages::line_error> errors;
  std::size_t blocks = 0;
};

taken take_all(messages::line_source& source) {
  taken all;
  messages::line_block block;
  while (source.next(block, all.errors)) {
    ++all.blocks;
    BOOST_TEST(!block.is_empty());
    while (!block.is_empty()) {
      const auto number = block.line();
      all.lines.push_back({number, std::string{block.take_line()}});
    }
  }
  std::vector<messages::line_error> none;
  BOOST_TEST(!source.next(block, none));
  BOOST_TEST(none.empty());
  return all;
}

taken take_all(std::string_view content) {
  const scratch_file file{content};
  auto source = messages::line_source::open(file.path());
  BOOST_REQUIRE(source.has_value());
  auto all = take_all(*source);
  BOOST_TEST(source->bytes_total() == content.size());
  if (all.errors.empty())
    BOOST_TEST(source->bytes_taken() == content.size());
  return all;
}

const std::vector<numbered> two_lines{{1, "one"}, {2, "two"}};

/// Lines of changing length, several blocks of them.
std::string many_lines(std::size_t count) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i)
    out += std::to_string(i) + std::string(i % 977, 'x') + '\n';
  return out;
}

void check_many(const taken& all, std::size_t count) {
  BOOST_TEST(all.errors.empty());
  BOOST_REQUIRE(all.lines.size() == count);
  for (std::size_t i = 1; i <= count; ++i) {
    const numbered expected{i, std::to_string(i) + std::string(i % 977, 'x')};
    if (all.lines[i - 1] != expected) {
      BOOST_TEST(all.lines[i - 1] == expected);
      return;
    }
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(plain_lines_are_numbered_from_one) {
  for (const std::string_view content :
       {"one\ntwo\n", "one\ntwo", "one\r\ntwo\r\n", "\xef\xbb\xbfone\ntwo", "one\ntwo\r"})
    BOOST_TEST_CONTEXT(content) {
      const auto all = take_all(content);
      BOOST_TEST(all.lines == two_lines, boost::test_tools::per_element());
      BOOST_TEST(all.errors.empty());
    }
}

BOOST_AUTO_TEST_CASE(empty_input_has_no_lines) {
  for (const std::string_view content : {"", "\xef\xbb\xbf"})
    BOOST_TEST(take_all(content).lines.empty());
  BOOST_TEST(take_all(gzipped("")).lines.empty());
}

BOOST_AUTO_TEST_CASE(blank_lines_count) {
  const std::vector<numbered> expected{{1, ""}, {2, ""}, {3, "x"}, {4, ""}};
  BOOST_TEST(take_all("\n\r\nx\n\n").lines == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_skipped_at_the_beginning_only) {
  const std::vector<numbered> expected{{1, "one"}, {2, "\xef\xbb\xbftwo"}};
  BOOST_TEST(take_all("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n").lines == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gzip_is_told_by_its_first_bytes_and_may_have_several_members) {
  BOOST_TEST(take_all(gzipped("one\ntwo\n")).lines == two_lines, boost::test_tools::per_element());
  BOOST_TEST(take_all(gzipped("one\nt") + gzipped("") + gzipped("wo")).lines == two_lines,
             boost::test_tools::per_element());
  const auto padded = take_all(gzipped("one\ntwo\n") + std::string(700, '\0'));
  BOOST_TEST(padded.lines == two_lines, boost::test_tools::per_element());
  BOOST_TEST(padded.errors.empty());
}

BOOST_AUTO_TEST_CASE(large_input_comes_in_blocks_without_a_gap) {
  constexpr std::size_t count = 20'000;
  const auto text = many_lines(count);
  const auto plain = take_all(text);
  BOOST_TEST(plain.blocks > 5u);
  check_many(plain, count);
  check_many(take_all(gzipped(text)), count);
  check_many(take_all(text.substr(0, text.size() - 1)), count);
}

BOOST_AUTO_TEST_CASE(a_truncated_gzip_file_gives_its_intact_lines_and_then_an_error) {
  const auto whole = gzipped(many_lines(20'000));
  const auto all = take_all(std::string_view{whole}.substr(0, whole.size() / 2));
  BOOST_REQUIRE(all.errors.size() == 1);
  BOOST_TEST(all.errors[0].reason.find("ends too early") != std::string::npos);
  BOOST_TEST(all.lines.size() > 5'000u);
  BOOST_TEST(all.errors[0].line == all.lines.back().line + 1);
  for (const auto& line : all.lines)
    BOOST_REQUIRE(line.text == std::to_string(line.line) + std::string(line.line % 977, 'x'));
}

BOOST_AUTO_TEST_CASE(a_gzip_file_without_its_checksum_is_not_whole) {
  auto content = gzipped("one\ntwo\n");
  content.resize(content.size() - 4);
  const auto all = take_all(content);
  BOOST_TEST(all.lines == two_lines, boost::test_tools::per_element());
  BOOST_REQUIRE(all.errors.size() == 1);
  BOOST_TEST(all.errors[0].line == 3u);
}

BOOST_AUTO_TEST_CASE(a_damaged_gzip_file_is_an_error_where_it_breaks) {
  auto content = gzipped("one\ntwo\n");
  content[content.size() - 6] ^= 1; // In the checksum.
  const auto wrong_sum = take_all(content);
  BOOST_REQUIRE(wrong_sum.errors.size() == 1);
  BOOST_TEST(wrong_sum.errors[0].reason.find("damaged") != std::string::npos);

  const auto trailing = take_all(gzipped("one\ntwo\n") + "no gzip");
  BOOST_TEST(trailing.lines == two_lines, boost::test_tools::per_element());
  BOOST_REQUIRE(trailing.errors.size() == 1);
  BOOST_TEST(trailing.errors[0].line == 3u);
}

BOOST_AUTO_TEST_CASE(a_line_beyond_the_limit_is_an_error_and_the_next_one_is_read) {
  const std::string longest(model::line_bytes_max, 'a');
  const auto fits = take_all("one\n" + longest + "\nthree");
  BOOST_TEST(fits.errors.empty());
  BOOST_REQUIRE(fits.lines.size() == 3);
  BOOST_TEST(fits.lines[1].text.size() == model::line_bytes_max);

  const std::string huge(4 * model::line_bytes_max, 'b');
  for (const std::string_view end : {"\nthree\nfour", "\n", ""})
    BOOST_TEST_CONTEXT("end " << end) {
      const auto all = take_all("one\n" + huge + std::string{end});
      BOOST_REQUIRE(all.errors.size() == 1);
      BOOST_TEST(all.errors[0].line == 2u);
      BOOST_TEST(all.errors[0].reason
                 == "a line of " + std::to_string(huge.size())
                      + " bytes; at most 5242880 are allowed");
      BOOST_TEST(all.errors[0].text.starts_with("bbb"));
      std::vector<numbered> expected{{1, "one"}};
      if (end.size() > 1) {
        expected.push_back({3, "three"});
        expected.push_back({4, "four"});
      }
      BOOST_TEST(all.lines == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(several_long_lines_in_a_row_are_each_an_error) {
  const std::string huge(model::line_bytes_max + 1'500'000, 'b');
  const auto all = take_all(gzipped(huge + "\n" + huge + "\n\n" + huge + "\nfive\n"));
  BOOST_REQUIRE(all.errors.size() == 3);
  BOOST_TEST(all.errors[0].line == 1u);
  BOOST_TEST(all.errors[1].line == 2u);
  BOOST_TEST(all.errors[2].line == 4u);
  const std::vector<numbered> expected{{3, ""}, {5, "five"}};
  BOOST_TEST(all.lines == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pipe_gives_its_lines_as_they_come) {
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto source = messages::line_source::from_descriptor(ends[0], true);
  const auto write = [&](std::string_view text) {
    BOOST_REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  messages::line_block block;
  std::vector<messages::line_error> errors;
  write("one\ntw");
  BOOST_REQUIRE(source.next(block, errors)); // Would hang if it waited for a full block.
  BOOST_TEST(block.rest() == "one\n");
  write("o\n");
  BOOST_REQUIRE(source.next(block, errors));
  BOOST_TEST(block.line() == 2u);
  BOOST_TEST(block.rest() == "two\n");
  write("last");
  ::close(ends[1]);
  BOOST_REQUIRE(source.next(block, errors));
  BOOST_TEST(block.rest() == "last");
  BOOST_TEST(!source.next(block, errors));
  BOOST_TEST(errors.empty());
  BOOST_TEST(source.bytes_total() == 0u);
}

BOOST_AUTO_TEST_CASE(gzip_comes_through_a_pipe_byte_by_byte) {
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto source = messages::line_source::from_descriptor(ends[0], true);
  std::thread writer{[content = gzipped(many_lines(300)), end = ends[1]] {
    for (const char c : content)
      if (::write(end, &c, 1) != 1)
        break;
    ::close(end);
  }};
  const auto all = take_all(source);
  writer.join();
  BOOST_TEST(source.is_compressed());
  check_many(all, 300);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_says_why) {
  const auto missing = messages::line_source::open("no/such/file.ndjson");
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == model::failure_code::not_found));
  BOOST_TEST(missing.error().message.find("no/such/file.ndjson") != std::string::npos);
  const auto folder = messages::line_source::open(".");
  BOOST_REQUIRE(!folder);
  BOOST_TEST(folder.error().message.find("directory") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
