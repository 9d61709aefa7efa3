#include "gateway/connection.hpp"

#include <boost/beast/http/error.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace gateway {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t body_bytes_first = std::size_t{4} << 10;
constexpr std::size_t quick_body_bytes_max = std::size_t{16} << 10;

/// Hands in the answer once; an answer that never comes is a mistake of ours, and told.
class pending_answer {
public:
  explicit pending_answer(std::shared_ptr<connection> asks, std::string id)
    : asks_(std::move(asks)), id_(std::move(id)) {
  }
  ~pending_answer() {
    if (is_given_.exchange(true))
      return;
    spdlog::error("gateway: a handler gave no answer: request {}", id_);
    asks_->take(to_answer({{500, "internal", "Internal error.",
                            "Something went wrong here; the id of the request helps to find it."}},
                          id_));
  }
  pending_answer(const pending_answer&) = delete;
  pending_answer& operator=(const pending_answer&) = delete;

  [[nodiscard]] const std::string& id() const {
    return id_;
  }
  void give(answer a) {
    if (is_given_.exchange(true))
      spdlog::error("gateway: a handler answered twice; the first counts: request {}", id_);
    else
      asks_->take(std::move(a));
  }

private:
  std::shared_ptr<connection> asks_;
  std::string id_;
  std::atomic<bool> is_given_ = false;
};

error_entry too_long(std::string_view what, std::size_t bytes_max) {
  error_entry e{413, "body_too_long", "Body too long."};
  e.detail = fmt::format("{} has more than {} bytes", what, bytes_max);
  return e;
}

} // namespace

/// Goes on with what is there until a handler has it or more is needed.
void connection::proceed() {
  bool goes_on = true;
  while (goes_on) {
    switch (stage_) {
    case stage::idle:
      goes_on = read_first_byte();
      break;
    case stage::head:
      goes_on = read_head_bytes();
      break;
    case stage::body:
      goes_on = read_body_bytes();
      break;
    case stage::handed_in:
      goes_on = upload_ && is_piece_wanted_ && give_piece();
      break;
    default:
      goes_on = false;
    }
  }
}

bool connection::read_first_byte() {
  const auto* bytes = static_cast<const char*>(input_.data().data());
  std::size_t skipped = 0;
  // Empty lines before a request are allowed.
  while (skipped < input_.size() && (bytes[skipped] == '\r' || bytes[skipped] == '\n'))
    ++skipped;
  input_.consume(skipped);
  if (input_.size() == 0) {
    read();
    return false;
  }
  asked_ = {};
  how_ = {};
  id_.clear();
  is_open_to_browsers_ = false;
  stage_ = stage::head;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->options.header_bytes_max));
  parser_->body_limit(boost::none);
  deadline_ = time::max();
  return true;
}

bool connection::read_head_bytes() {
  const auto first = *static_cast<const char*>(input_.data().data());
  if (!parser_->got_some() && (first < 'A' || first > 'z')) {
    refuse(to_error(http::error::bad_method));
    return false;
  }
  error_code failed;
  input_.consume(parser_->put(input_.data(), failed));
  if (failed == http::error::need_more) {
    if (deadline_ == time::max())
      set_deadline(core_->options.header_timeout);
    read();
    return false;
  }
  if (failed) {
    refuse(to_error(failed));
    return false;
  }
  if (parser_->is_header_done())
    on_head();
  return true;
}

void connection::on_head() {
  core_
    ->begin_request(); // Before it is asked whether the server stops: one of both sees the other.
  is_counted_ = true;
  deadline_ = time::max();
  asked_.arrived = std::chrono::steady_clock::now();
  asked_.peer = peer_;
  auto wrong = read_head(*parser_, asked_, how_);
  if (asked_.id.empty())
    asked_.id = new_request_id(lane_->chance());
  id_ = asked_.id;
  is_open_to_browsers_ = gateway::is_open_to_browsers(asked_.path);
  keeps_alive_ = how_.keeps_alive;
  if (!core_->options.public_origin.empty())
    asked_.origin = core_->options.public_origin;
  else
    asked_.origin = (tls_ ? "https://" : "http://")
                  + (asked_.origin.empty() ? own_address_ : asked_.origin);
  if (core_->is_stopping)
    wrong = error_entry{503, "unavailable", "The server is stopping.",
                        "The server is stopping; try another one, or again later."};
  if (!wrong)
    wrong = admit_body();
  if (wrong)
    return refuse(*wrong);
  if (is_for_us())
    on_directed();
}

/// The request is for us: its body comes next.
void connection::on_directed() {
  if (parser_->is_done())
    return hand_in();
  if (is_streamed())
    return hand_in_upload();
  stage_ = stage::body;
  body_used_ = 0;
  set_deadline(core_->options.body_timeout);
  if (how_.expects_continue && input_.size() == 0)
    write_continue();
}

/// Whether the handler reads the body by itself: one that is long, or may turn out to be.
bool connection::is_streamed() const {
  const auto& options = core_->options;
  return (how_.is_chunked || how_.length > options.body_bytes_max)
      && std::ranges::find(options.streamed_paths, asked_.path) != options.streamed_paths.end();
}

/// What is wrong with the body, as far as the head tells.
std::optional<error_entry> connection::admit_body() const {
  const auto& options = core_->options;
  if (!is_streamed()) {
    if (how_.length > options.body_bytes_max)
      return too_long("the body", options.body_bytes_max);
    return std::nullopt;
  }
  // Each holds a worker as long as it likes; some are for the others.
  if (core_->uploads >= std::max(options.workers / 2, 1U))
    return error_entry{503, "unavailable", "Too many long bodies.",
                       "As many long bodies as are taken at a time are on their way."};
  return std::nullopt;
}

/// Moves bytes of the body from the input to the end of asked_.body, which grows by `room` when it
/// is full. False = more bytes are needed.
bool connection::parse_body(std::size_t room, error_code& failed) {
  auto& body = upload_ ? piece_ : asked_.body;
  while (!parser_->is_done()) {
    if (body_used_ == body.size())
      body.resize(body.size() + room);
    auto& target = parser_->get().body();
    target.data = body.data() + body_used_;
    target.size = body.size() - body_used_;
    target.more = true;
    failed = {};
    input_.consume(parser_->put(input_.data(), failed));
    body_used_ = body.size() - target.size;
    if (failed == http::error::need_buffer) {
      failed = {};
      return true;
    }
    if (failed == http::error::need_more) {
      failed = {};
      return false;
    }
    if (failed || (input_.size() == 0 && !parser_->is_done()))
      return false;
  }
  return true;
}

/// Between the chunks of a body there are heads too, and nobody may fill the memory with them.
bool connection::is_input_too_long() {
  if (input_.size() <= core_->options.header_bytes_max)
    return false;
  const auto why = to_error(error_code{http::error::bad_chunk_extension});
  keeps_alive_ = false;
  if (upload_)
    upload_->fail(why);
  else
    refuse(why);
  return true;
}

bool connection::read_body_bytes() {
  const auto limit = core_->options.body_bytes_max;
  error_code failed;
  // Doubles, but never beyond what was told: nobody gets memory by promising bytes.
  auto room = std::clamp(asked_.body.size(), body_bytes_first, std::size_t{1} << 20);
  if (how_.length)
    room = std::max<std::size_t>(std::min<std::uint64_t>(room, *how_.length - body_used_), 1);
  const auto goes_on = parse_body(room, failed);
  if (failed) {
    refuse(to_error(failed));
    return false;
  }
  if (body_used_ > limit) {
    refuse(too_long("the body", limit));
    return false;
  }
  if (asked_.body.size() > held_bytes_) {
    core_->body_bytes += asked_.body.size() - held_bytes_;
    held_bytes_ = asked_.body.size();
    if (core_->body_bytes > core_->options.bodies_bytes_max) {
      refuse({503, "unavailable", "Too many bodies.",
              "The bodies of all requests together are longer than is allowed; try again later."});
      return false;
    }
  }
  if (parser_->is_done()) {
    asked_.body.resize(body_used_);
    hand_in();
    return false;
  }
  if (goes_on)
    return true;
  if (is_input_too_long())
    return false;
  if (progress_ >= progress_bytes)
    set_deadline(core_->options.body_timeout);
  read();
  return false;
}

void connection::hand_in() {
  stage_ = stage::handed_in;
  deadline_ = time::max();
  ++requests_;
  core_->requests.fetch_add(1, std::memory_order_relaxed);
  if (asked_.method == "OPTIONS" && is_open_to_browsers_)
    return answer_here(to_preflight(asked_));
  if (!asked_.more)
    asked_.arrived = std::chrono::steady_clock::now();
  if (is_quick())
    return run_handler(std::move(asked_)); // Its answer comes by way of the lane all the same.
  auto work = [self = shared_from_this(), asked = std::move(asked_)]() mutable {
    self->run_handler(std::move(asked));
  };
  if (!core_->workers.post(std::move(work)))
    close();
}

bool connection::is_quick() const {
  return core_->options.is_quick && how_.packed_as == coding::identity && !asked_.more
      && asked_.body.size() <= quick_body_bytes_max && core_->options.is_quick(asked_);
}

void connection::hand_in_upload() {
  ++core_->uploads;
  upload_ = std::make_shared<upload>(how_.packed_as, [weak = weak_from_this(), on = lane_] {
    return on->post([weak] {
      if (const auto self = weak.lock())
        self->piece_wanted();
    });
  });
  body_used_ = 0;
  asked_.more = [body = upload_](std::string& out) { return body->next(out); };
  hand_in();
}

void connection::piece_wanted() {
  if (!upload_ || stage_ != stage::handed_in)
    return;
  is_piece_wanted_ = true;
  if (std::exchange(how_.expects_continue, false) && input_.size() == 0)
    write_continue();
  set_deadline(core_->options.idle_timeout);
  proceed();
}

/// Gives the handler what is there of the body, at most a piece. False = nothing more to do now.
bool connection::give_piece() {
  if (is_reading_)
    return false;
  error_code failed;
  piece_.resize(piece_bytes);
  body_used_ = 0;
  parse_body(piece_bytes, failed);
  if (failed) {
    keeps_alive_ = false;
    deadline_ = time::max();
    upload_->fail(to_error(failed));
    return false;
  }
  if (body_used_ == 0 && !parser_->is_done()) {
    if (!is_input_too_long())
      read();
    return false;
  }
  piece_.resize(body_used_);
  is_piece_wanted_ = false;
  deadline_ = time::max();
  upload_->give(std::move(piece_), parser_->is_done());
  piece_ = {};
  return false;
}

/// On a worker, or on the lane when it is quick.
void connection::run_handler(request asked) {
  if (how_.packed_as != coding::identity && !asked.more && !asked.body.empty()) {
    const auto limit = core_->options.body_bytes_max;
    auto found = unpack(how_.packed_as, asked.body, limit);
    if (found.error) {
      const auto why = *found.error == unpack_error::too_long
                       ? too_long("the body, once unpacked,", limit)
                       : invalid_body("", "The packed body is broken, or ends before its end.");
      ++core_->refusals.at(why.status);
      return take(to_answer({why}, asked.id));
    }
    asked.body = std::move(found.body);
  }
  // From its answer on, the connection may be at its next request already.
  const auto pending = std::make_shared<pending_answer>(shared_from_this(), asked.id);
  try {
    core_->handle(std::move(asked), [pending](answer a) { pending->give(std::move(a)); });
  } catch (const refusal& why) {
    pending->give(to_answer(why.errors(), pending->id()));
  } catch (const std::exception& why) {
    // What is left of `pending` answers with 500.
    spdlog::error("gateway: a handler failed: request {}: {}", pending->id(), why.what());
  }
}

} // namespace gateway
