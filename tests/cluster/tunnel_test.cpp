#include "cluster/tunnel.hpp"
#include "tests/cluster/tunnel_world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace {

using namespace cluster;
using namespace cluster_tests;
using namespace std::chrono_literals;
using ending = plain_socket::ending;
using std::string;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

string some_bytes(std::size_t size, unsigned seed) {
  std::mt19937 chance{seed};
  string made(size, '\0');
  std::ranges::generate(made, [&] { return static_cast<char>(chance()); });
  return made;
}

const authority& ours() {
  static const authority made;
  return made;
}

const authority& others() {
  static const authority made;
  return made;
}

std::uint64_t refused(const tunnel_figures& f, tunnel_refusal why) {
  const auto at = f.refusals.find(why);
  return at != f.refusals.end() ? at->second : 0;
}

/// Where nothing else is said, a slow machine is no reason to refuse anybody.
tunnel_limits limits_with(std::chrono::milliseconds handshake_deadline = patience,
                          std::size_t handshakes_max = 256) {
  tunnel_limits limits;
  limits.handshake_deadline = handshake_deadline;
  limits.handshakes_max = handshakes_max;
  return limits;
}

/// The nodes a and b: a serves, b may come.
class two_nodes {
public:
  explicit two_nodes(plain_service::conversation talk = echo,
                     const tunnel_limits& limits = limits_with())
    : service{std::move(talk)} {
    tunnel_listener_options options;
    options.address = "127.0.0.1";
    options.node = "a";
    options.files = ours().node("a");
    options.may_come = [this](std::string_view node) {
      const std::lock_guard lock{guard_};
      return welcome_.contains(string{node});
    };
    options.services = {{"talk", {.port = service.port()}}, {"down", {.port = unused_port()}}};
    options.limits = limits;
    auto made = tunnel_listener::start(threads, std::move(options));
    BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    listener = std::move(*made);
  }
  two_nodes(const two_nodes&) = delete;
  two_nodes& operator=(const two_nodes&) = delete;

  [[nodiscard]] tunnel_outlet_options to_a(const string& called = "talk") const {
    return {.host = "127.0.0.1",
            .port = listener->port(),
            .peer = "a",
            .service = called,
            .node = "b",
            .files = ours().node("b"),
            .limits = limits_with()};
  }
  std::unique_ptr<tunnel_outlet> outlet(tunnel_outlet_options options) const {
    auto made = tunnel_outlet::start(threads, std::move(options));
    BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    return std::move(*made);
  }
  [[nodiscard]] std::unique_ptr<tunnel_outlet> outlet() const {
    return outlet(to_a());
  }
  void welcome(std::set<string> nodes) {
    const std::lock_guard lock{guard_};
    welcome_ = std::move(nodes);
  }
  [[nodiscard]] std::uint64_t counted(tunnel_refusal why) const {
    return refused(listener->figures(), why);
  }
  [[nodiscard]] bool is_quiet() const {
    const auto f = listener->figures();
    return f.connections == 0 && f.handshakes == 0;
  }

  /// A port where nobody listens.
  static std::uint16_t unused_port() {
    return plain_service{echo}.port();
  }

  tunnel_threads threads{2};
  plain_service service;
  std::unique_ptr<tunnel_listener> listener;

private:
  std::mutex guard_;
  std::set<string> welcome_{"b"};
};

/// That a good peer gets through now.
bool gets_through(const tunnel_outlet& by) {
  plain_socket c{by.port()};
  return c.exchange_all("hello") == "hello" && c.ended() == ending::regular;
}

/// That whoever connects is closed at once, and why.
string refusal_at(const tunnel_outlet& by) {
  plain_socket c{by.port()};
  BOOST_TEST(c.receive_all().empty());
  BOOST_TEST((c.ended() != ending::none));
  BOOST_TEST(eventually([&] { return by.last_error().has_value(); }));
  return by.last_error().value_or("");
}

bool says(const string& text, std::string_view part) {
  const bool is_there = text.find(part) != string::npos;
  if (!is_there)
    BOOST_TEST_MESSAGE("in \"" << text << "\" there is no \"" << part << "\"");
  return is_there;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tunnel_test)

// --- what it carries

BOOST_AUTO_TEST_CASE(what_is_sent_arrives_as_it_was) {
  two_nodes nodes;
  const auto outlet = nodes.outlet();
  for (const std::size_t size : {0U, 1U, 5U, 65'535U, 65'536U, 65'537U, 3'000'000U}) {
    const auto sent = some_bytes(size, static_cast<unsigned>(size));
    plain_socket c{outlet->port()};
    BOOST_TEST((c.exchange_all(sent) == sent), size << " bytes");
    BOOST_TEST((c.ended() == ending::regular));
  }
  constexpr std::uint64_t bytes = 0 + 1 + 5 + 65'535 + 65'536 + 65'537 + 3'000'000;
  BOOST_TEST(eventually([&] { return nodes.is_quiet() && outlet->figures().connections == 0; }));
  const auto in = nodes.listener->figures();
  BOOST_TEST(in.bytes_in == bytes);
  BOOST_TEST(in.bytes_out == bytes);
  BOOST_TEST(in.connections_carried == 7U);
  BOOST_TEST(in.refusals.empty());
  BOOST_TEST(outlet->figures().bytes_in == bytes);
  BOOST_TEST(outlet->figures().bytes_out == bytes);
  BOOST_TEST(outlet->figures().refusals.empty());
  BOOST_TEST(!outlet->last_error());
}

BOOST_AUTO_TEST_CASE(sixty_four_connections_at_once_carry_a_mebibyte_each_way) {
  two_nodes nodes;
  const auto outlet = nodes.outlet();
  std::atomic<unsigned> fine = 0;
  std::vector<std::thread> all;
  for (unsigned i = 0; i < 64; ++i)
    all.emplace_back([&, i] {
      const auto sent = some_bytes(mebibyte, i);
      plain_socket c{outlet->port()};
      fine += c.exchange_all(sent) == sent && c.ended() == ending::regular ? 1 : 0;
    });
  for (auto& each : all)
    each.join();
  BOOST_TEST(fine == 64U);
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
}

BOOST_AUTO_TEST_CASE(a_client_that_has_said_all_still_hears_the_answer) {
  const auto answer = some_bytes(2 * mebibyte, 7);
  two_nodes nodes{[&](plain_socket& with) {
    if (with.receive_all() == "question")
      with.send(answer);
  }};
  const auto outlet = nodes.outlet();
  plain_socket c{outlet->port()};
  c.send("question");
  c.end_sending();
  BOOST_TEST((c.receive_all() == answer));
  BOOST_TEST((c.ended() == ending::regular));
}

BOOST_AUTO_TEST_CASE(a_service_that_has_said_all_still_hears_the_client) {
  std::string heard;
  {
    two_nodes nodes{[&](plain_socket& with) {
      with.send("go on");
      with.end_sending();
      heard = with.receive_all();
    }};
    const auto outlet = nodes.outlet();
    plain_socket c{outlet->port()};
    BOOST_TEST(c.receive_all() == "go on");
    const auto sent = some_bytes(2 * mebibyte, 8);
    BOOST_TEST(c.send(sent));
    c.end_sending();
    BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
    BOOST_TEST(nodes.listener->figures().bytes_in == sent.size());
    BOOST_TEST(nodes.listener->figures().refusals.empty());
  }
  BOOST_TEST((heard == some_bytes(2 * mebibyte, 8)));
}

BOOST_AUTO_TEST_CASE(a_break_is_told_apart_from_an_end) {
  std::atomic<bool> was_broken = false;
  two_nodes nodes{[&](plain_socket& with) {
    const auto word = with.receive(5);
    if (word == "break") {
      with.reset();
      return;
    }
    with.receive_all();
    was_broken = with.ended() == ending::broken;
  }};
  const auto outlet = nodes.outlet();
  plain_socket first{outlet->port()};
  first.send("break");
  first.receive_all();
  BOOST_TEST((first.ended() == ending::broken));
  plain_socket second{outlet->port()};
  second.send("other");
  BOOST_TEST(eventually([&] { return outlet->figures().connections == 1; }));
  BOOST_TEST(eventually([&] { return nodes.listener->figures().bytes_in == 10; }));
  second.reset();
  BOOST_TEST(eventually([&] { return was_broken.load(); }));
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
  BOOST_TEST(nodes.counted(tunnel_refusal::cut_off) == 2U);
}

BOOST_AUTO_TEST_CASE(a_break_is_seen_by_one_who_only_waits) {
  two_nodes nodes{[](plain_socket& with) {
    with.receive(1);
    with.end_sending(); // The client's side of it is over, and then the service breaks.
    with.receive(1);
    with.reset();
  }};
  const auto outlet = nodes.outlet();
  plain_socket c{outlet->port()};
  c.send("a");
  BOOST_TEST(c.receive_all().empty());
  BOOST_TEST((c.ended() == ending::regular));
  c.send("b");
  BOOST_TEST(eventually([&] { return outlet->figures().connections == 0; }));
  BOOST_TEST(refused(outlet->figures(), tunnel_refusal::cut_off) == 1U);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_slows_the_writer_and_costs_no_memory) {
  constexpr std::size_t all = 256 * mebibyte;
  std::atomic<std::size_t> most = mebibyte;
  std::atomic<std::size_t> sent = 0;
  two_nodes nodes{[&](plain_socket& with) {
    sent = with.send_until_stuck(most, 400ms);
    with.end_sending();
  }};
  const auto outlet = nodes.outlet();
  BOOST_TEST(plain_socket{outlet->port()}.receive_all().size() == mebibyte); // A warm-up.
  most = all;
  sent = 0;
  const auto before = resident_bytes();
  plain_socket c{outlet->port()};
  BOOST_TEST(eventually([&] { return sent > 0; }));
  BOOST_TEST(sent < all / 4); // What fits into the system's buffers.
  BOOST_TEST(resident_bytes() < before + 4 * mebibyte);
  std::size_t received = 0;
  for (string part; !(part = c.receive(mebibyte)).empty();)
    received += part.size();
  BOOST_TEST(received == sent);
  BOOST_TEST((c.ended() == ending::regular));
}

BOOST_AUTO_TEST_CASE(a_connection_that_carries_nothing_for_too_long_ends) {
  auto limits = limits_with();
  limits.idle_deadline = 800ms;
  two_nodes nodes{echo, limits};
  const auto outlet = nodes.outlet();
  plain_socket c{outlet->port()};
  for (int i = 0; i < 8; ++i) { // Longer than the deadline, but never quiet.
    BOOST_TEST(c.send("x"));
    BOOST_TEST(c.receive(1) == "x");
    std::this_thread::sleep_for(150ms);
  }
  BOOST_TEST(c.receive_all().empty());
  BOOST_TEST((c.ended() == ending::broken));
  BOOST_TEST(nodes.counted(tunnel_refusal::idle) == 1U);
}

// --- who is no peer

BOOST_AUTO_TEST_CASE(five_hundred_silent_connections_go_and_a_good_peer_gets_in_meanwhile) {
  two_nodes nodes{echo, limits_with(2s, 100)};
  const auto outlet = nodes.outlet();
  BOOST_TEST(gets_through(*outlet));
  const auto descriptors = open_descriptors();
  {
    std::vector<plain_socket> silent;
    for (int i = 0; i < 500; ++i) {
      silent.emplace_back(nodes.listener->port());
      if (i % 50 == 0)
        BOOST_TEST(eventually([&] { return gets_through(*outlet); }));
    }
    BOOST_TEST(eventually([&] { return nodes.listener->figures().handshakes <= 100; }));
    BOOST_TEST(eventually([&] { return gets_through(*outlet); }));
    const auto used = processor_time();
    for (auto& each : silent)
      BOOST_TEST(each.receive_all().empty());
    BOOST_TEST((processor_time() - used < 300ms));
    for (auto& each : silent)
      BOOST_TEST((each.ended() != ending::none));
  }
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
  const auto late = nodes.counted(tunnel_refusal::late);
  const auto displaced = nodes.counted(tunnel_refusal::displaced);
  BOOST_TEST(late + displaced >= 500U); // On a slow machine a good peer may be among them.
  BOOST_TEST(displaced >= 400U);
  BOOST_TEST(eventually([&] { return open_descriptors() <= descriptors; }));
  BOOST_TEST(gets_through(*outlet));
}

BOOST_AUTO_TEST_CASE(half_a_handshake_is_given_up_at_the_deadline) {
  two_nodes nodes{echo, limits_with(300ms)};
  plain_socket c{nodes.listener->port()};
  c.send(string{"\x16\x03\x01\x02\x00\x01\x00", 7});
  BOOST_TEST(c.receive_all().empty());
  // And so is a peer that does not say what it wants.
  tls_probe probe{nodes.listener->port(), ours().node("b")};
  BOOST_TEST(probe.receive_all().empty());
  BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::late) == 2; }));
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
}

BOOST_AUTO_TEST_CASE(garbage_is_closed_and_counted) {
  two_nodes nodes;
  std::uint64_t sent = 0;
  for (const auto& garbage :
       {some_bytes(1'000, 1), some_bytes(100'000, 2), string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        string(3'000, '\0'), string{"\x16\x03\x01\x02\x00", 5} + some_bytes(600, 3)}) {
    plain_socket c{nodes.listener->port()};
    c.send(garbage);
    BOOST_TEST(c.receive_all().size() <= 7U); // An alert of TLS.
    BOOST_TEST((c.ended() != ending::none));
    ++sent;
    BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::not_tls) == sent; }));
  }
  plain_socket{nodes.listener->port()}.close();
  BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::not_tls) == sent + 1; }));
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
  BOOST_TEST(nodes.service.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(who_shows_no_certificate_of_a_node_that_may_come_is_refused) {
  two_nodes nodes;
  const auto is_refused = [&](const std::optional<certificate_files>& files, tunnel_refusal why,
                              std::string_view alert) {
    const auto before = nodes.counted(why);
    tls_probe probe{nodes.listener->port(), files};
    probe.send("rollcall-tunnel 1 talk\n");
    BOOST_TEST(probe.receive_all().empty());
    BOOST_TEST(says(probe.error(), alert));
    BOOST_TEST(eventually([&] { return nodes.counted(why) == before + 1; }), name_of(why));
  };
  using std::chrono::days;
  is_refused(std::nullopt, tunnel_refusal::no_certificate, "certificate required");
  is_refused(others().node("b"), tunnel_refusal::untrusted, "unknown ca");
  const authority fresh;
  is_refused(fresh.node("b", days{-9}, days{-1}), tunnel_refusal::untrusted, "unknown ca");
  is_refused(ours().node("old", days{-9}, days{-1}), tunnel_refusal::expired, "expired");
  is_refused(ours().node("early", days{1}, days{9}), tunnel_refusal::expired, "");
  is_refused(ours().node("c"), tunnel_refusal::unknown_node, "handshake failure");
  is_refused(ours().named("b", "DNS:b"), tunnel_refusal::unknown_node, "handshake failure");
  is_refused(ours().named("b", "DNS:b,URI:rollcall://node/c,URI:rollcall://node/b"),
             tunnel_refusal::unknown_node, "handshake failure");
  is_refused(ours().named("b", "URI:rollcall://node/b/"), tunnel_refusal::unknown_node, "");
  BOOST_TEST(nodes.service.connections() == 0U);
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
  BOOST_TEST(gets_through(*nodes.outlet()));
}

BOOST_AUTO_TEST_CASE(older_versions_of_tls_are_not_spoken) {
  two_nodes nodes;
  constexpr int tls_1_2 = 0x0303;
  const tls_probe probe{nodes.listener->port(), ours().node("b"), tls_1_2};
  BOOST_TEST(says(probe.error(), "alert protocol version"));
  BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::not_tls) == 1; }));
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_otherwise_is_refused) {
  two_nodes nodes;
  const auto files = ours().node("b");
  std::uint64_t sent = 0;
  for (const auto& greeting :
       {string{"hello\n"}, string{"rollcall-tunnel 2 talk\n"},
        string{"rollcall-tunnel 1 talk\nearly"}, string(128, 'x'), string(5'000, 'x')}) {
    tls_probe probe{nodes.listener->port(), files};
    BOOST_TEST(probe.send(greeting));
    BOOST_TEST(probe.receive(1) == "m");
    ++sent;
    BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::malformed) == sent; }));
  }
  for (const auto& frames : {string{"\xff\xff\xff\xff", 4}, string{"\x00\x10\x00\x01x", 5},
                             string("\x00\x00\x00\x00x", 5)}) {
    tls_probe probe{nodes.listener->port(), files};
    BOOST_TEST(probe.send("rollcall-tunnel 1 talk\n"));
    BOOST_TEST(probe.receive(1) == "+");
    BOOST_TEST(probe.send(frames));
    probe.receive_all();
    ++sent;
    BOOST_TEST(eventually([&] { return nodes.counted(tunnel_refusal::malformed) == sent; }));
  }
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
}

BOOST_AUTO_TEST_CASE(frames_may_come_in_any_pieces) {
  two_nodes nodes;
  tls_probe probe{nodes.listener->port(), ours().node("b")};
  BOOST_TEST(probe.send("rollcall-tunnel 1 talk\n"));
  BOOST_TEST(probe.receive(1) == "+");
  for (const char byte : string{"\0\0\0\2ab\0\0\0\1c\0\0\0\0", 15})
    BOOST_TEST(probe.send({&byte, 1}));
  const auto heard = probe.receive_all();
  string bytes;
  for (std::size_t i = 0; i + 4 <= heard.size();) {
    const auto size = static_cast<std::size_t>(heard.at(i + 3));
    bytes += heard.substr(i + 4, size);
    i += 4 + size;
  }
  BOOST_TEST(bytes == "abc");
  BOOST_TEST(heard.ends_with(string(4, '\0')));
}

BOOST_AUTO_TEST_CASE(who_may_come_can_change) {
  two_nodes nodes;
  nodes.welcome({});
  const auto outlet = nodes.outlet();
  BOOST_TEST(says(refusal_at(*outlet), "it does not want us"));
  BOOST_TEST(nodes.counted(tunnel_refusal::unknown_node) == 1U);
  nodes.welcome({"b"});
  BOOST_TEST(gets_through(*outlet));
  BOOST_TEST(!outlet->last_error());
  // Who is no member any more is thrown out.
  plain_socket c{outlet->port()};
  c.send("x");
  BOOST_TEST(c.receive(1) == "x");
  nodes.welcome({});
  nodes.listener->drop("c");
  c.send("y");
  BOOST_TEST(c.receive(1) == "y");
  BOOST_TEST(nodes.listener->figures().peers.at("b") == 1U);
  nodes.listener->drop("b");
  BOOST_TEST(c.receive_all().empty());
  BOOST_TEST((c.ended() == ending::broken));
  BOOST_TEST(!gets_through(*outlet));
}

// --- where an outlet does not get to

BOOST_AUTO_TEST_CASE(an_outlet_goes_to_its_own_peer_only) {
  two_nodes nodes;
  auto options = nodes.to_a();
  options.peer = "d";
  const auto wrong = nodes.outlet(options);
  const auto why = refusal_at(*wrong);
  BOOST_TEST(says(why, "it is the node a"));
  BOOST_TEST(says(why, "cannot reach talk of d at 127.0.0.1, port"));
  BOOST_TEST(refused(wrong->figures(), tunnel_refusal::wrong_node) == 1U);
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
  BOOST_TEST(nodes.service.connections() == 0U);

  options = nodes.to_a();
  options.files = others().node("b");
  const auto stranger = nodes.outlet(options);
  refusal_at(*stranger);
  BOOST_TEST(refused(stranger->figures(), tunnel_refusal::untrusted) == 1U);
}

BOOST_AUTO_TEST_CASE(an_outlet_says_why_it_does_not_get_through) {
  two_nodes nodes;
  const auto unknown = nodes.outlet(nodes.to_a("nothing"));
  BOOST_TEST(says(refusal_at(*unknown), "it has no such service"));
  BOOST_TEST(nodes.counted(tunnel_refusal::unknown_service) == 1U);
  const auto down = nodes.outlet(nodes.to_a("down"));
  BOOST_TEST(says(refusal_at(*down), "takes no connections"));
  BOOST_TEST(nodes.counted(tunnel_refusal::service_down) == 1U);

  auto options = nodes.to_a();
  options.port = two_nodes::unused_port();
  const auto absent = nodes.outlet(options);
  BOOST_TEST(says(refusal_at(*absent), "Connection refused (unreachable)"));
  absent->change_peer("localhost", nodes.listener->port());
  BOOST_TEST(gets_through(*absent));
  absent->change_peer("no-such-host.invalid", 1);
  BOOST_TEST(says(refusal_at(*absent), "(unreachable)"));

  options.port = nodes.service.port(); // It gives back what is said.
  BOOST_TEST(says(refusal_at(*nodes.outlet(options)), "(not_tls)"));
}

BOOST_AUTO_TEST_CASE(an_outlet_gives_up_on_a_peer_that_says_nothing) {
  two_nodes nodes;
  const plain_service mute{[](plain_socket& with) { with.receive_all(); }};
  auto options = nodes.to_a();
  options.port = mute.port();
  options.limits.handshake_deadline = 200ms;
  BOOST_TEST(
    says(refusal_at(*nodes.outlet(options)), "the handshake of TLS takes too long (late)"));
}

BOOST_AUTO_TEST_CASE(services_come_and_go) {
  two_nodes nodes;
  const auto outlet = nodes.outlet(nodes.to_a("more"));
  BOOST_TEST(!gets_through(*outlet));
  nodes.listener->offer("more", {.port = nodes.service.port()});
  BOOST_TEST(gets_through(*outlet));
  nodes.listener->withdraw("more");
  BOOST_TEST(!gets_through(*outlet));
}

BOOST_AUTO_TEST_CASE(connections_beyond_the_limits_are_refused) {
  auto limits = limits_with();
  limits.connections_per_peer_max = 2;
  limits.connections_max = 3;
  two_nodes nodes{echo, limits};
  nodes.welcome({"b", "c"});
  const auto of_b = nodes.outlet();
  auto options = nodes.to_a();
  options.node = "c";
  options.files = ours().node("c");
  options.limits.connections_max = 2;
  const auto of_c = nodes.outlet(options);
  std::list<plain_socket> open;
  const auto opens = [&](const tunnel_outlet& by) {
    plain_socket c{by.port()};
    c.send("x");
    const auto is_open = c.receive(1) == "x";
    if (is_open)
      open.push_back(std::move(c));
    return is_open;
  };
  BOOST_TEST(opens(*of_b));
  BOOST_TEST(opens(*of_b));
  BOOST_TEST(!opens(*of_b)); // Of one peer.
  BOOST_TEST(says(of_b->last_error().value_or(""), "it has too many connections"));
  BOOST_TEST(opens(*of_c));
  BOOST_TEST(!opens(*of_c)); // In all.
  BOOST_TEST(nodes.counted(tunnel_refusal::too_many) == 2U);
  open.pop_front();
  open.pop_front();
  BOOST_TEST(eventually([&] { return nodes.listener->figures().connections == 1; }));
  BOOST_TEST(opens(*of_c));
  BOOST_TEST(!opens(*of_c)); // Of the outlet's own.
  BOOST_TEST(says(of_c->last_error().value_or(""), "too many connections here"));
}

// --- certificates

BOOST_AUTO_TEST_CASE(certificates_are_renewed_under_traffic) {
  using std::chrono::days;
  two_nodes nodes;
  const auto outlet = nodes.outlet();
  std::atomic<bool> is_over = false;
  std::atomic<unsigned> rounds = 0;
  std::thread traffic{[&] { // On one connection, which no reload may disturb.
    plain_socket c{outlet->port()};
    const auto sent = some_bytes(20'000, 5);
    while (!is_over && c.send(sent) && c.receive(sent.size()) == sent)
      ++rounds;
    is_over = true;
  }};
  BOOST_TEST(eventually([&] { return rounds > 0; }));
  const auto expires = nodes.listener->figures().certificate_expires;
  const auto files = ours().node("a", days{-1}, days{60});
  BOOST_TEST(nodes.listener->reload().has_value());
  BOOST_TEST((nodes.listener->figures().certificate_expires > expires + days{29}));
  BOOST_TEST(outlet->reload().has_value());
  BOOST_TEST(gets_through(*outlet));

  // What cannot be used changes nothing.
  const auto is_refused = [&](std::string_view part) {
    const auto tried = nodes.listener->reload();
    BOOST_TEST_REQUIRE(!tried);
    BOOST_TEST(says(tried.error().message, part));
    BOOST_TEST(says(tried.error().message, ours().directory().string()));
    BOOST_TEST(gets_through(*outlet));
  };
  std::ofstream{files.certificate} << "no certificate";
  is_refused("the certificate");
  std::filesystem::remove(files.certificate);
  is_refused("the certificate");
  std::filesystem::copy_file(ours().node("b").certificate, files.certificate);
  is_refused("does not belong to the certificate");
  static_cast<void>(ours().node("a", days{-9}, days{-1}));
  is_refused("expired");
  using copy = std::filesystem::copy_options;
  const auto strange = others().node("a");
  std::filesystem::copy_file(strange.certificate, files.certificate, copy::overwrite_existing);
  std::filesystem::copy_file(strange.private_key, files.private_key, copy::overwrite_existing);
  is_refused("the authority");
  const auto of_b = ours().node("b");
  std::filesystem::copy_file(of_b.certificate, files.certificate, copy::overwrite_existing);
  std::filesystem::copy_file(of_b.private_key, files.private_key, copy::overwrite_existing);
  is_refused("it is for the node b, and this is the node a");
  BOOST_TEST((nodes.listener->figures().certificate_expires > expires + days{29}));

  const auto before = rounds.load();
  BOOST_TEST(eventually([&] { return rounds > before + 1; }));
  BOOST_TEST(!is_over);
  is_over = true;
  traffic.join();
}

BOOST_AUTO_TEST_CASE(nothing_starts_without_certificates) {
  const tunnel_threads threads;
  tunnel_listener_options options;
  options.address = "127.0.0.1";
  options.node = "a";
  BOOST_TEST(!tunnel_listener::start(threads, options));
  options.files = ours().node("b");
  BOOST_TEST(!tunnel_listener::start(threads, options));
  BOOST_TEST(!tunnel_outlet::start(
    threads,
    {.host = "127.0.0.1", .port = 1, .peer = "a", .service = "talk", .node = "b", .files = {}}));
}

// --- the end

BOOST_AUTO_TEST_CASE(a_stop_under_traffic_ends_everything) {
  two_nodes nodes;
  auto outlet = nodes.outlet();
  std::atomic<unsigned> ended = 0;
  std::vector<std::thread> all;
  for (unsigned i = 0; i < 16; ++i)
    all.emplace_back([&] {
      plain_socket c{outlet->port()};
      const string sent(10'000, 'x');
      while (c.send(sent) && c.receive(sent.size()).size() == sent.size())
        continue;
      ended += c.ended() == ending::broken ? 1 : 0;
    });
  BOOST_TEST(eventually([&] { return nodes.listener->figures().bytes_in > 2 * mebibyte; }));
  BOOST_TEST(eventually([&] { return nodes.listener->figures().connections == 16; }));
  nodes.listener->stop();
  BOOST_TEST(nodes.is_quiet());
  BOOST_TEST(nodes.counted(tunnel_refusal::stopping) == 16U);
  for (auto& each : all)
    each.join();
  BOOST_TEST(ended == 16U);
  BOOST_TEST(!gets_through(*outlet));
  outlet->stop();
  BOOST_TEST(outlet->figures().connections == 0U);
  BOOST_CHECK_THROW(plain_socket{outlet->port()}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(an_outlet_stops_under_traffic_and_in_the_midst_of_handshakes) {
  two_nodes nodes;
  const plain_service mute{[](plain_socket& with) { with.receive_all(); }};
  auto options = nodes.to_a();
  options.port = mute.port();
  for (int i = 0; i < 20; ++i) {
    const auto good = nodes.outlet();
    const auto stuck = nodes.outlet(options);
    plain_socket a{good->port()};
    plain_socket b{stuck->port()};
    a.send("x");
    if (i % 2 == 0)
      BOOST_TEST(a.receive(1) == "x");
    good->stop();
    stuck->stop();
    BOOST_TEST(a.receive_all().empty());
    BOOST_TEST((a.ended() != ending::none));
    BOOST_TEST(b.receive_all().empty());
    BOOST_TEST(!stuck->last_error());
  }
  BOOST_TEST(eventually([&] { return nodes.is_quiet(); }));
}

BOOST_AUTO_TEST_CASE(a_stop_with_grace_lets_connections_end_by_themselves) {
  two_nodes nodes;
  const auto outlet = nodes.outlet();
  plain_socket c{outlet->port()};
  c.send("x");
  BOOST_TEST(c.receive(1) == "x");
  std::thread stopping{[&] { nodes.listener->stop(patience); }};
  BOOST_TEST(eventually([&] { return !gets_through(*outlet); }));
  BOOST_TEST(c.exchange_all("still") == "still");
  BOOST_TEST((c.ended() == ending::regular));
  stopping.join();
  BOOST_TEST(nodes.counted(tunnel_refusal::stopping) == 0U);
}

BOOST_AUTO_TEST_CASE(threads_live_as_long_as_tunnels_need_them) {
  auto threads = std::make_unique<tunnel_threads>(1);
  auto made = tunnel_outlet::start(*threads, {.host = "127.0.0.1",
                                              .port = two_nodes::unused_port(),
                                              .peer = "a",
                                              .service = "talk",
                                              .node = "b",
                                              .files = ours().node("b")});
  BOOST_REQUIRE(made);
  threads.reset();
  BOOST_TEST(says(refusal_at(**made), "(unreachable)"));
}

BOOST_AUTO_TEST_SUITE_END()
