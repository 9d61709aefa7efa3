#include "gateway/http_client.hpp"
#include "tests/gateway/certificate.hpp"
#include "tests/gateway/receiver.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <string>

BOOST_AUTO_TEST_SUITE(http_client_test)

namespace {

using namespace gateway;
using namespace gateway_tests;
using namespace std::chrono_literals;
using tcp = boost::asio::ip::tcp;

http_address address(std::string_view url) {
  auto read = read_http_address(url);
  if (!read)
    BOOST_FAIL(read.error().message);
  return *read;
}

std::string fault(std::string_view url) {
  const auto read = read_http_address(url);
  return read ? std::string{} : read.error().message;
}

/// Takes connections and says nothing.
struct silent_server {
  boost::asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};

  [[nodiscard]] http_post message() const {
    http_post post;
    post.to = address(fmt::format("http://127.0.0.1:{}/", acceptor.local_endpoint().port()));
    post.body = "hello";
    return post;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(addresses_are_taken_apart) {
  const auto plain = address("https://example.com/a/b?c=d");
  BOOST_TEST(plain.is_secure);
  BOOST_TEST(plain.host == "example.com");
  BOOST_TEST(plain.port == "443");
  BOOST_TEST(plain.target == "/a/b?c=d");
  BOOST_TEST(plain.origin() == "https://example.com");
  BOOST_TEST(!plain.is_loopback());
  const auto bare = address("http://localhost:8080");
  BOOST_TEST(bare.target == "/");
  BOOST_TEST(bare.origin() == "http://localhost:8080");
  BOOST_TEST(bare.is_loopback());
  const auto sixth = address("http://[::1]:81?x");
  BOOST_TEST(sixth.host == "::1");
  BOOST_TEST(sixth.target == "/?x");
  BOOST_TEST(sixth.origin() == "http://[::1]:81");
  BOOST_TEST(sixth.is_loopback());
  BOOST_TEST(address("http://127.9.9.9/").is_loopback());
  BOOST_TEST(!address("http://127.0.0.1.example.com/").is_loopback());
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
  for (const auto* url :
       {"ftp://example.com/", "example.com", "https://", "https:///x", "https://a:0/",
        "https://a:65536/", "https://a:b/", "https://a:/", "https://u:p@example.com/",
        "https://example.com/#x", "https://exam ple.com/", "https://example.com/\r\nX: y",
        "https://[::1/", "https://[x]/", "https://a\\b/", "https://\xC3\xA4.de/"})
    BOOST_TEST(!fault(url).empty(), url);
}

BOOST_AUTO_TEST_CASE(a_post_brings_its_body_and_headers) {
  receiver there;
  there.will_say({204, 503});
  http_client client;
  http_post post{address(there.url()), {{"X-Sign", "abc"}}, "the body"};
  BOOST_TEST(*client.post(post) == 204u);
  BOOST_TEST(*client.post(post) == 503u);
  const auto got = there.await(2);
  BOOST_TEST(got[0].method == "POST");
  BOOST_TEST(got[0].path == "/hook");
  BOOST_TEST(*got[0].parameter("token") == "secret");
  BOOST_TEST(*got[0].header("x-sign") == "abc");
  BOOST_TEST(got[0].body == "the body");
}

BOOST_AUTO_TEST_CASE(nobody_waits_longer_than_the_deadline) {
  const silent_server there;
  auto post = there.message();
  post.deadline = 50ms;
  http_client client;
  const auto failed = client.post(post);
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message.find("gave no answer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_post_can_be_cancelled_from_elsewhere) {
  silent_server there;
  auto post = there.message();
  post.deadline = 10min;
  http_client client;
  auto failed = std::async(std::launch::async, [&] { return client.post(post); });
  const auto connected = there.acceptor.accept(); // It waits for the answer, or soon will.
  client.cancel();
  BOOST_TEST((failed.get().error().code == model::failure_code::cancelled));
  BOOST_TEST((client.post(post).error().code == model::failure_code::cancelled));
}

BOOST_AUTO_TEST_CASE(a_closed_port_cannot_be_reached) {
  http_post post;
  {
    const silent_server gone;
    post = gone.message();
  }
  http_client client;
  const auto failed = client.post(post);
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message.find("cannot be reached") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_certificate_that_is_vouched_for_is_trusted) {
  const tests::temporary_directory directory;
  const auto certificate = directory.path() / "certificate.pem";
  const auto key = directory.path() / "key.pem";
  write_certificate("localhost", certificate, key);
  const running_server there{echo, {.certificate = certificate, .private_key = key}};
  const auto port = there.it->port();
  const http_post post{address(fmt::format("https://localhost:{}/", port)), {}, "x"};
  http_client knowing{certificate};
  const auto status = knowing.post(post);
  BOOST_REQUIRE_MESSAGE(status.has_value(), "no answer from the server");
  BOOST_TEST(*status == 200U);
  const auto other_name = knowing.post({address(fmt::format("https://127.0.0.1:{}/", port))});
  BOOST_REQUIRE(!other_name);
  BOOST_TEST(other_name.error().message.find("is not trusted") != std::string::npos);
  http_client ignorant;
  BOOST_TEST(!ignorant.post(post));
}

BOOST_AUTO_TEST_SUITE_END()
