#include "gateway/body_lines.hpp"
#include "gateway/errors.hpp"
#include "model/limits.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(body_lines_test)

namespace {

/// A body that comes in these pieces, the first with the head.
std::vector<std::string> texts_of(std::vector<std::string> pieces, gateway::line_cut cut) {
  gateway::request asked;
  asked.body = pieces.front();
  std::size_t next = 1;
  if (pieces.size() > 1)
    asked.more = [&](std::string& out) {
      out += pieces.at(next++);
      return next < pieces.size();
    };
  gateway::body_lines lines{asked, cut};
  std::vector<std::string> texts;
  for (std::string text; lines.next(text);)
    texts.push_back(text);
  return texts;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_body_is_cut_behind_so_many_lines_or_bytes) {
  using texts = std::vector<std::string>;
  BOOST_TEST(texts_of({"1\n2\n3\n4\n5"}, {2, 100}) == (texts{"1\n2\n", "3\n4\n", "5"}));
  BOOST_TEST(texts_of({"1\n\n\n4\n"}, {2, 100}) == (texts{"1\n\n", "\n4\n"}));
  BOOST_TEST(texts_of({"12345\n6\n7\n8\n"}, {100, 4}) == (texts{"12345\n", "6\n7\n", "8\n"}));
  BOOST_TEST(texts_of({""}, {2, 100}).empty());
  BOOST_TEST(texts_of({"", ""}, {2, 100}).empty());
}

BOOST_AUTO_TEST_CASE(the_cuts_do_not_depend_on_the_pieces) {
  std::string whole;
  for (int i = 0; i < 300; ++i)
    whole += std::string(static_cast<std::size_t>(i * 7 % 40), 'x') + '\n';
  const auto expected = texts_of({whole}, {17, 200});
  std::mt19937 chance{20'260'101};
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < whole.size();) {
      const auto size = std::uniform_int_distribution<std::size_t>{0, 90}(chance);
      pieces.push_back(whole.substr(at, size));
      at += size;
    }
    BOOST_TEST(texts_of(pieces, {17, 200}) == expected);
  }
}

BOOST_AUTO_TEST_CASE(of_a_line_without_an_end_no_more_is_kept_than_refuses_it) {
  const std::string piece(1'000'000, 'x');
  auto pieces = std::vector<std::string>(12, piece);
  pieces.back() += "\nnext\n";
  const auto texts = texts_of(pieces, {1, std::size_t{1} << 30});
  BOOST_REQUIRE(texts.size() == 2U);
  BOOST_TEST(texts[0].size() == model::line_bytes_max + 2);
  BOOST_TEST(texts[1] == "next\n");
}

BOOST_AUTO_TEST_CASE(what_breaks_off_a_body_goes_through) {
  gateway::request asked;
  asked.body = "1\n2";
  asked.more = [](std::string&) -> bool {
    throw gateway::refusal{gateway::invalid_body("", "cut off")};
  };
  gateway::body_lines lines{asked, {1, 100}};
  std::string text;
  BOOST_TEST(lines.next(text));
  BOOST_TEST(text == "1\n");
  BOOST_CHECK_THROW(lines.next(text), gateway::refusal);
}

BOOST_AUTO_TEST_SUITE_END()
