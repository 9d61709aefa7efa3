#include "gateway/answer_text.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace gateway;

std::string head_of(const answer& a, const answer_frame& frame) {
  std::string out;
  append_head(out, a, a.body.size(), frame);
  return out;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_text_test)

BOOST_AUTO_TEST_CASE(a_head_says_what_comes_behind_it) {
  answer a;
  a.body = "{}";
  a.headers = {{"Retry-After", "3"}};
  answer_frame frame;
  frame.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  frame.request_id = "r1";
  BOOST_TEST(head_of(a, frame)
             == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Content-Type: application/vnd.api+json\r\nContent-Length: 2\r\n"
                "X-Request-Id: r1\r\nRetry-After: 3\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(only_chunked_answers_have_no_length) {
  answer a;
  a.more = [](std::string&) { return false; };
  answer_frame frame;
  frame.is_chunked = true;
  BOOST_TEST(holds(head_of(a, frame), "Transfer-Encoding: chunked\r\n"));
  BOOST_TEST(!holds(head_of(a, frame), "Content-Length"));
  frame.is_chunked = false; // Its end is the connection's.
  BOOST_TEST(!holds(head_of(a, frame), "Content-Length"));
}

BOOST_AUTO_TEST_CASE(statuses_without_a_body_promise_none) {
  answer a;
  a.status = 204;
  BOOST_TEST(!holds(head_of(a, {}), "Content-"));
  a.status = 202;
  BOOST_TEST(holds(head_of(a, {}), "Content-Length: 0\r\n"));
  BOOST_TEST(!holds(head_of(a, {}), "Content-Type"));
}

BOOST_AUTO_TEST_CASE(the_connection_header_tells_what_is_unusual) {
  answer_frame frame;
  BOOST_TEST(!holds(head_of({}, frame), "Connection"));
  frame.is_http10 = true;
  BOOST_TEST(holds(head_of({}, frame), "Connection: keep-alive\r\n"));
  frame.keeps_alive = false;
  BOOST_TEST(holds(head_of({}, frame), "Connection: close\r\n"));
}

BOOST_AUTO_TEST_CASE(chunks_are_framed_and_an_empty_piece_is_none) {
  std::string out;
  append_chunk(out, "0123456789abcdef");
  append_chunk(out, "");
  append_chunk(out, "x");
  BOOST_TEST(out == "10\r\n0123456789abcdef\r\n1\r\nx\r\n");
}

BOOST_AUTO_TEST_CASE(only_paths_for_browsers_are_open_to_them) {
  BOOST_TEST(is_open_to_browsers("/client/events"));
  BOOST_TEST(!is_open_to_browsers("/api/events"));
  BOOST_TEST(!is_open_to_browsers("/clients"));
}

BOOST_AUTO_TEST_SUITE_END()
