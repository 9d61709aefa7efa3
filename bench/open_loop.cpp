#include "bench/open_loop.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr auto patience = std::chrono::seconds{10};

[[noreturn]] void give_up(const char* what) {
  fmt::print(stderr, "{}: {}\n", what, std::strerror(errno));
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    give_up("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

struct answer {
  int status = 0;
  std::string body;
  std::size_t length = 0; // Of the whole answer in the buffer.
};

std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end != text.data() ? std::optional{value} : std::nullopt;
}

std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const auto begin = at + 2;
    at = head.find("\r\n", begin);
    const auto line = head.substr(begin, at - begin);
    if (line.size() > name.size() && line[name.size()] == ':'
        && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      auto value = line.substr(name.size() + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      return value;
    }
  }
  return {};
}

/// The pieces of a chunked body, or nothing while it is not whole. `length` counts them.
std::optional<std::string> unchunk(std::string_view bytes, std::size_t& length) {
  std::string body;
  for (std::size_t at = 0;;) {
    const auto end = bytes.find("\r\n", at);
    if (end == std::string_view::npos)
      return std::nullopt;
    const auto size = number(bytes.substr(at, end - at), 16);
    if (!size || bytes.size() < end + 4 + *size)
      return std::nullopt;
    body += bytes.substr(end + 2, *size);
    at = end + 4 + *size;
    if (*size == 0) {
      length += at;
      return body;
    }
  }
}

/// An answer at the beginning of `bytes`, or nothing while it is not whole.
std::optional<answer> read_answer(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto head = bytes.substr(0, end);
  answer a;
  a.length = end + 4;
  a.status = static_cast<int>(number(head.substr(9, 3), 10).value_or(0));
  if (header(head, "transfer-encoding") == "chunked") {
    auto body = unchunk(bytes.substr(end + 4), a.length);
    if (!body)
      return std::nullopt;
    a.body = std::move(*body);
    return a;
  }
  const auto size = number(header(head, "content-length"), 10).value_or(0);
  if (bytes.size() < a.length + size)
    return std::nullopt;
  a.body = bytes.substr(a.length, size);
  a.length += size;
  return a;
}

struct connection {
  int fd = -1;
  std::string out, in;
  std::size_t sent = 0;
  steady::time_point due;
  bool is_busy = false;
};

class load {
public:
  load(const load_plan& plan, request_source& requests) : plan_(plan), requests_(requests) {
    poll_ = ::epoll_create1(0);
    connections_.resize(plan.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      auto& c = connections_[i];
      c.fd = connect_to(plan.port);
      epoll_event watch{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = i}};
      if (::epoll_ctl(poll_, EPOLL_CTL_ADD, c.fd, &watch) != 0)
        give_up("epoll_ctl");
      free_.push_back(connections_.size() - 1 - i);
    }
  }
  load(const load&) = delete;
  load& operator=(const load&) = delete;
  ~load() {
    for (const auto& c : connections_)
      if (c.fd >= 0)
        ::close(c.fd);
    ::close(poll_);
  }

  load_result run() {
    begin_ = steady::now();
    const auto end = begin_ + std::chrono::duration_cast<steady::duration>(seconds{plan_.seconds});
    auto last = begin_;
    while (true) {
      auto now = steady::now();
      while (now < end && !free_.empty() && due() <= now) {
        start(free_.back(), plan_.rate > 0 ? due() : now);
        now = steady::now();
      }
      if (now >= end && (busy_ == 0 || now > end + patience))
        break;
      const auto seen = result_.answers + result_.refused;
      wait(now < end ? std::min(end, free_.empty() ? end : due()) : end + patience);
      if (result_.answers + result_.refused != seen)
        last = steady::now();
    }
    result_.unanswered += busy_;
    result_.seconds = seconds{last - begin_}.count();
    std::ranges::sort(result_.milliseconds);
    return std::move(result_);
  }

private:
  [[nodiscard]] steady::time_point due() const {
    if (plan_.rate <= 0)
      return begin_;
    return begin_
         + std::chrono::duration_cast<steady::duration>(
             seconds{static_cast<double>(started_) / plan_.rate});
  }

  void start(std::size_t number, steady::time_point due) {
    free_.pop_back();
    ++started_;
    ++busy_;
    auto& c = connections_[number];
    c.is_busy = true;
    c.due = due;
    c.out = requests_.next(number);
    c.sent = 0;
    send(c);
  }

  void send(connection& c) {
    while (c.is_busy && c.sent < c.out.size()) {
      const auto n = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN)
        return; // epoll tells when there is room.
      if (n <= 0)
        return lose(c);
      c.sent += static_cast<std::size_t>(n);
    }
  }

  void lose(connection& c) {
    if (c.fd < 0)
      return;
    ::close(c.fd);
    c.fd = -1;
    std::erase(free_, static_cast<std::size_t>(&c - connections_.data()));
    if (c.is_busy) {
      --busy_;
      ++result_.unanswered;
      c.is_busy = false;
    }
  }

  void receive(std::size_t number) {
    auto& c = connections_[number];
    std::array<char, 65536> piece;
    while (c.fd >= 0) {
      const auto n = ::recv(c.fd, piece.data(), piece.size(), MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN)
        break;
      if (n <= 0)
        return lose(c);
      c.in.append(piece.data(), static_cast<std::size_t>(n));
    }
    if (!c.is_busy)
      return;
    if (auto a = read_answer(c.in)) {
      c.in.erase(0, a->length);
      finish(number, *a);
    }
  }

  void finish(std::size_t number, const answer& a) {
    auto& c = connections_[number];
    c.is_busy = false;
    --busy_;
    free_.push_back(number);
    if (a.status / 100 == 2) {
      ++result_.answers;
      result_.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(steady::now() - c.due).count());
      requests_.answered(number, a.body);
      return;
    }
    if (result_.refused++ == 0)
      result_.first_refusal = fmt::format("{} {}", a.status, a.body);
  }

  void wait(steady::time_point until) {
    std::array<epoll_event, 256> events{};
    const auto left = std::max(until - steady::now(), steady::duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{whole.count(), std::chrono::nanoseconds{left - whole}.count()};
    const int n = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout,
                                 nullptr);
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if ((event.events & EPOLLOUT) != 0)
        send(connections_[event.data.u64]);
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        receive(event.data.u64);
    }
  }

  load_plan plan_;
  request_source& requests_;
  int poll_ = -1;
  std::vector<connection> connections_;
  std::vector<std::size_t> free_;
  std::size_t busy_ = 0;
  std::uint64_t started_ = 0;
  steady::time_point begin_;
  load_result result_;
};

bool is_served(int fd) {
  constexpr std::string_view ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::send(fd, ask.data(), ask.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ask.size()))
    return false;
  std::string in;
  std::array<char, 4096> piece;
  while (true) {
    const auto n = ::recv(fd, piece.data(), piece.size(), 0);
    if (n <= 0)
      return false;
    in.append(piece.data(), static_cast<std::size_t>(n));
    if (const auto a = read_answer(in))
      return a->status == 200;
  }
}

} // namespace

load_result run_load(const load_plan& plan, request_source& requests) {
  return load{plan, requests}.run();
}

idle_connections::idle_connections(std::uint16_t port, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    sockets_.push_back(connect_to(port));
    if (!is_served(sockets_.back()))
      give_up("idle connection");
  }
}

idle_connections::~idle_connections() {
  for (const int fd : sockets_)
    ::close(fd);
}

std::size_t idle_connections::still_served() {
  return static_cast<std::size_t>(std::ranges::count_if(sockets_, is_served));
}

} // namespace bench
