// Many changes in one request: what is acknowledged, what is refused, what a second sending does.
#include "gateway/changes.hpp"
#include "gateway/compression.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(changes_test)

namespace {

using namespace gateway_tests;

constexpr const char* path = "/api/rollcall/changes";

struct change_account : served_account {
  explicit change_account(gateway::change_bounds bounds = {})
    : served_account(
      {[bounds](gateway::route_table& routes) { gateway::add_change_routes(routes, bounds); }}) {
  }
  /// Sends a body in chunks, so that the server does not know its length and hands it on in pieces.
  [[nodiscard]] received stream(std::string_view target, std::string_view body,
                                std::size_t piece_size,
                                const std::vector<std::string>& headers = {}) const {
    auto c = connect();
    std::string head = fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
                                   target);
    for (const auto& header : headers)
      head += header + "\r\n";
    c.send(head + "\r\n");
    while (!body.empty()) {
      const auto piece = body.substr(0, piece_size);
      c.send(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
      body.remove_prefix(piece.size());
    }
    return c.ask("0\r\n\r\n");
  }
  [[nodiscard]] std::uint64_t events(std::string_view metric) const {
    auto all = engine().metrics();
    need(all);
    for (const auto& m : *all)
      if (m.name == metric)
        return m.events;
    return 0;
  }
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

boost::json::value summary_of(const received& answer) {
  const auto lines = lines_of(answer.body);
  BOOST_REQUIRE(!lines.empty());
  return gateway::own_json(lines.back()).at("summary");
}

std::string bought(int person, std::string_view more = {}) {
  return fmt::format(R"({{"metric":"Placed Order","profile":{{"external_id":"u{}"}}{}}})"
                     "\n",
                     person, more);
}

std::string many_lines(int count) {
  std::string body;
  for (int i = 0; i < count; ++i)
    body += bought(i, fmt::format(R"(,"unique_id":"{}","time":"2025-12-20T00:00:00Z")", i));
  return body;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_line_is_acknowledged_or_refused_with_field_and_reason) {
  change_account account{{.batch_lines = 3}};
  const auto answer = account.post(
    path, bought(1) + "{\"metric\":7,\"profile\":{\"external_id\":\"u2\"}}\n" + bought(3) + "\n"
            + "no json\n" + bought(4, R"(,"colour":"red")") + bought(5));
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.raw.header("content-type") == "application/x-ndjson");
  const auto told = lines_of(answer.raw.body);
  BOOST_REQUIRE(told.size() == 7U);
  BOOST_TEST(told[0].starts_with(R"({"refused":2,"field":"metric","reason":")"));
  BOOST_TEST(told[1] == R"({"acknowledged":[1,3],"applied":2,"duplicates":0,"refused":1})");
  BOOST_TEST(told[2].starts_with(R"({"refused":5,"field":"","reason":")"));
  BOOST_TEST(told[3].starts_with(R"({"refused":6,"field":"colour","reason":")"));
  BOOST_TEST(told[4] == R"({"acknowledged":[4,6],"applied":0,"duplicates":0,"refused":2})");
  BOOST_TEST(told[5] == R"({"acknowledged":[7,7],"applied":1,"duplicates":0,"refused":0})");
  BOOST_TEST(told[6].starts_with(
    R"({"summary":{"lines":7,"acknowledged":7,"applied":3,"duplicates":0,"refused":3,)"
    R"("complete":true},"as_of":"2026-01-01T00:00:00Z","log_positions":[)"));
  BOOST_TEST(account.events("Placed Order") == 3U);
}

BOOST_AUTO_TEST_CASE(lines_that_the_engine_refuses_are_told_with_their_number) {
  change_account account;
  // Both are fine to read, but nobody can be merged with himself.
  const auto answer = account.post(
    path, bought(1)
            + R"({"merge":{"from":{"external_id":"u1"},"into":{"external_id":"u1"}}})"
              "\n");
  const auto told = lines_of(answer.raw.body);
  BOOST_REQUIRE(told.size() == 3U);
  BOOST_TEST(told[0].starts_with(R"({"refused":2,"field":"","reason":")"));
  BOOST_TEST(told[1] == R"({"acknowledged":[1,2],"applied":1,"duplicates":0,"refused":1})");
}

BOOST_AUTO_TEST_CASE(a_body_in_pieces_or_packed_is_the_same_body) {
  const auto body = many_lines(1'000);
  const auto packed = gateway::gzip(body);
  for (const std::size_t piece_size : {std::size_t{7}, std::size_t{4'096}, body.size()}) {
    change_account account{{.batch_lines = 300}};
    const auto plain = account.stream(path, body, piece_size);
    BOOST_TEST(plain.status == 200U);
    BOOST_TEST(lines_of(plain.body).size() == 5U);
    BOOST_TEST(summary_of(plain).at("applied").to_number<int>() == 1'000);
    const auto again = account.stream(path, packed, piece_size, {"Content-Encoding: gzip"});
    BOOST_TEST(summary_of(again).at("duplicates").to_number<int>() == 1'000);
    BOOST_TEST(account.events("Placed Order") == 1'000U);
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_sent_again_counts_nothing_twice) {
  change_account account{{.batch_lines = 3}};
  // Without unique ids and times, only the source's count tells that these are known.
  std::string body;
  for (int i = 0; i < 8; ++i)
    body += bought(i % 2);
  const auto target = std::string{path} + "?source=shop&sequence=0";
  const auto first = account.post(target, body);
  BOOST_TEST(summary_of(first.raw).at("applied").to_number<int>() == 2);
  account.advance("2026-01-02");
  const auto second = account.post(target, body);
  BOOST_TEST(summary_of(second.raw).at("applied").to_number<int>() == 0);
  BOOST_TEST(summary_of(second.raw).at("duplicates").to_number<int>() == 8);
  BOOST_TEST(summary_of(second.raw).at("next_sequence").to_number<int>() == 8);
  BOOST_TEST(account.events("Placed Order") == 2U);
  const auto source = account.get(std::string{path} + "?source=shop");
  BOOST_TEST(source.text("/sequence") == "8");
  BOOST_TEST(source.text("/source") == "shop");
  // What comes next counts.
  const auto next = account.post(std::string{path} + "?source=shop&sequence=8", bought(0));
  BOOST_TEST(summary_of(next.raw).at("applied").to_number<int>() == 1);
  BOOST_TEST(account.get(std::string{path} + "?source=other").text("/sequence") == "0");
}

BOOST_AUTO_TEST_CASE(lines_that_were_left_out_are_not_taken_for_known) {
  change_account account;
  const auto at = [](int sequence) {
    return fmt::format("{}?source=late&sequence={}", path, sequence);
  };
  const auto gap = account.post(at(5), bought(6));
  BOOST_TEST(gap.status == 409U);
  BOOST_TEST(gap.text("/errors/0/code") == "conflict");
  BOOST_TEST(gap.text("/errors/0/source/parameter") == "sequence");
  BOOST_TEST(gap.text("/errors/0/detail").find("has the sequence 0.") != std::string::npos);
  std::string body;
  for (int i = 1; i <= 5; ++i)
    body += bought(i);
  const auto first = account.post(at(0), body);
  BOOST_TEST(summary_of(first.raw).at("applied").to_number<int>() == 5);
  BOOST_TEST(account.post(at(6), bought(7)).status == 409U);
  const auto next = account.post(at(5), bought(6));
  BOOST_TEST(summary_of(next.raw).at("applied").to_number<int>() == 1);
  BOOST_TEST(account.events("Placed Order") == 6U);
}

BOOST_AUTO_TEST_CASE(lines_that_were_refused_leave_no_gap) {
  change_account account{{.batch_lines = 2}};
  const auto refused = account.post(std::string{path} + "?source=shop&sequence=0",
                                    bought(1) + bought(2) + "no json\n" + "no json\n"
                                      + "no json\n");
  BOOST_TEST(summary_of(refused.raw).at("next_sequence").to_number<int>() == 5);
  BOOST_TEST(account.get(std::string{path} + "?source=shop").text("/sequence") == "5");
  const auto next = account.post(std::string{path} + "?source=shop&sequence=5", bought(3));
  BOOST_TEST(next.status == 200U);
  BOOST_TEST(account.events("Placed Order") == 3U);
}

BOOST_AUTO_TEST_CASE(a_body_that_breaks_off_says_how_far_it_came) {
  change_account account{{.batch_lines = 100}};
  auto packed = gateway::gzip(many_lines(1'000));
  packed.resize(packed.size() / 2);
  const auto answer = account.stream(std::string{path} + "?source=shop&sequence=0", packed, 500,
                                     {"Content-Encoding: gzip"});
  BOOST_TEST(answer.status == 400U);
  const auto summary = summary_of(answer);
  BOOST_TEST(!summary.at("complete").as_bool());
  const auto acknowledged = summary.at("acknowledged").to_number<std::uint64_t>();
  BOOST_TEST(acknowledged % 100 == 0U);
  BOOST_TEST(summary.at("next_sequence").to_number<std::uint64_t>() == acknowledged);
  BOOST_TEST(account.events("Placed Order") == acknowledged);
  BOOST_TEST(account.get(std::string{path} + "?source=shop").text("/sequence")
             == std::to_string(acknowledged));
  // Sent again from there on, everything is there once.
  const auto body = many_lines(1'000);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < acknowledged; ++i)
    at = body.find('\n', at) + 1;
  const auto rest = account.post(fmt::format("{}?source=shop&sequence={}", path, acknowledged),
                                 body.substr(at));
  BOOST_TEST(summary_of(rest.raw).at("applied").to_number<std::uint64_t>() == 1'000 - acknowledged);
  BOOST_TEST(account.events("Placed Order") == 1'000U);
}

BOOST_AUTO_TEST_CASE(a_body_of_nothing_but_mistakes_is_not_read_to_its_end) {
  change_account account{{.batch_lines = 10, .refused_lines_max = 25}};
  std::string body;
  for (int i = 0; i < 1'000; ++i)
    body += "no json\n";
  const auto answer = account.post(path, body);
  BOOST_TEST(answer.status == 400U);
  const auto summary = summary_of(answer.raw);
  BOOST_TEST(summary.at("refused").to_number<int>() == 30);
  BOOST_TEST(summary.at("error").at("detail").as_string()
             == "More than 25 lines were refused; the rest was not looked at.");
}

BOOST_AUTO_TEST_CASE(source_and_sequence_come_together) {
  change_account account;
  const auto without = account.post(std::string{path} + "?source=shop", bought(1));
  BOOST_TEST(without.status == 400U);
  BOOST_TEST(without.error().find("sequence") != std::string::npos);
  BOOST_TEST(account.post(std::string{path} + "?sequence=4", bought(1)).status == 400U);
  BOOST_TEST(account.post(std::string{path} + "?source=shop&sequence=-1", bought(1)).status
             == 400U);
  BOOST_TEST(account.post(std::string{path} + "?source=&sequence=1", bought(1)).status == 400U);
  BOOST_TEST(account.get(path).status == 400U);
  BOOST_TEST(account.events("Placed Order") == 0U);
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_nothing_to_acknowledge) {
  change_account account;
  const auto answer = account.post(path, "");
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(lines_of(answer.raw.body).size() == 1U);
  BOOST_TEST(summary_of(answer.raw).at("lines").to_number<int>() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
