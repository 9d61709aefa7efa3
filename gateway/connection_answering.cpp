#include "gateway/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t gzip_bytes_min = 1024;
constexpr std::size_t joined_bytes_max = std::size_t{8} << 10; // Written together with the head.
/// An answer that has nothing to say is asked again after this, should it not wait by itself.
constexpr std::chrono::milliseconds piece_interval_min{20};
constexpr std::chrono::seconds news_wait_max{1};

bool has_header(const answer& a, std::string_view name) {
  return std::ranges::any_of(a.headers, [&](const auto& h) {
    return std::ranges::equal(h.first, name, [](char x, char y) {
      return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == y;
    });
  });
}

/// Whether the client's side is asked about packing; caches have to know.
bool may_be_packed(const answer& a) {
  return (a.more || a.body.size() >= gzip_bytes_min) && !is_without_body(a.status)
      && is_compressible(a.content_type) && !has_header(a, "content-encoding");
}

} // namespace

/// Ends the connection with an error.
void connection::refuse(const error_entry& why) {
  if (id_.empty())
    id_ = new_request_id(lane_->chance());
  if (why.status < statuses)
    ++core_->refusals.at(why.status);
  spdlog::info("gateway: refused: status={} request={} peer={}: {}", why.status, id_, peer_,
               why.detail);
  keeps_alive_ = false;
  release_body_bytes();
  auto a = to_answer({why}, id_);
  if (why.status == 503)
    a.headers.emplace_back("Retry-After", "1");
  answer_here(std::move(a));
}

void connection::answer_here(answer a) {
  stage_ = stage::handed_in;
  begin_answer(std::move(a));
}

void connection::take(answer a) {
  if (a.more || !may_be_packed(a) || !how_.accepts_gzip || how_.is_head) {
    lane_->post([self = shared_from_this(), a = std::move(a)]() mutable {
      self->begin_answer(std::move(a));
    });
    return;
  }
  // Packing takes its time, which the threads of the engine have not.
  if (!core_->workers.runs_here()) {
    core_->workers.post(
      [self = shared_from_this(), a = std::move(a)]() mutable { self->take(std::move(a)); });
    return;
  }
  a.body = gzip(a.body);
  a.headers.emplace_back("Content-Encoding", "gzip");
  a.headers.emplace_back("Vary", "Accept-Encoding");
  lane_->post(
    [self = shared_from_this(), a = std::move(a)]() mutable { self->begin_answer(std::move(a)); });
}

void connection::begin_answer(answer a) {
  if (stage_ != stage::handed_in)
    return;
  if (is_writing_) {
    waiting_ = std::move(a);
    return;
  }
  stage_ = stage::answering;
  release_body_bytes();
  release_upload({500, "internal", "Internal error.", "The request was answered already."});
  if (core_->is_stopping || (parser_ && !parser_->is_done()))
    keeps_alive_ = false;
  if (may_be_packed(a) && !has_header(a, "vary"))
    a.headers.emplace_back("Vary", "Accept-Encoding");
  for (auto& one : std::exchange(directed_headers_, {}))
    a.headers.push_back(std::move(one));
  answer_frame frame;
  frame.is_http10 = how_.is_http10;
  frame.is_open_to_browsers = is_open_to_browsers_;
  frame.date = lane_->date();
  frame.request_id = id_;
  frame.is_chunked = a.more && !how_.is_http10 && !is_without_body(a.status);
  if (a.more && !frame.is_chunked)
    keeps_alive_ = false; // The end of the connection is the end of the answer.
  frame.keeps_alive = keeps_alive_;
  const auto has_body = !how_.is_head && !is_without_body(a.status);
  if (a.more && has_body) {
    stream_ = std::make_shared<streamed>();
    stream_->is_chunked = frame.is_chunked;
    stream_->quiet_since = std::chrono::steady_clock::now();
    ++core_->streams;
    if (how_.accepts_gzip && may_be_packed(a)) {
      stream_->packing.emplace();
      a.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  append_head(out_, a, a.body.size(), frame);
  if (stream_) {
    stream_->more = std::move(a.more);
    stream_->await_news = std::move(a.await_news);
    stream_->owner = std::move(a.owner);
    std::string first;
    if (stream_->packing)
      stream_->packing->pack(a.body, first);
    else
      first = std::move(a.body);
    if (stream_->is_chunked)
      append_chunk(out_, first);
    else
      out_ += first;
  } else if (has_body && a.body.size() <= joined_bytes_max) {
    out_ += a.body;
  } else if (has_body) {
    out_body_ = std::move(a.body);
  }
  set_deadline(core_->options.write_timeout);
  write();
}

void connection::write_continue() {
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  write();
}

void connection::write() {
  is_writing_ = true;
  const auto rest = std::string_view{out_}.substr(std::min(written_, out_.size()));
  const auto rest_of_body = std::string_view{out_body_}.substr(
    written_ > out_.size() ? written_ - out_.size() : 0);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(rest), asio::buffer(rest_of_body)};
  auto done = [self = shared_from_this()](error_code failed, std::size_t size) {
    self->on_written(failed, size);
  };
  if (tls_)
    tls_->async_write_some(buffers, std::move(done));
  else
    socket_.async_write_some(buffers, std::move(done));
}

void connection::on_written(error_code failed, std::size_t size) {
  is_writing_ = false;
  core_->bytes_out.fetch_add(size, std::memory_order_relaxed);
  if (stage_ == stage::closed)
    return;
  if (failed)
    return close();
  written_ += size;
  progress_ += size;
  if (written_ < out_.size() + out_body_.size()) {
    if (stage_ == stage::answering && progress_ >= progress_bytes)
      set_deadline(core_->options.write_timeout);
    return write();
  }
  written_ = 0;
  out_.clear();
  out_body_ = {};
  if (stage_ == stage::answering)
    on_answer_written();
  else if (waiting_)
    begin_answer(*std::exchange(waiting_, {}));
}

void connection::on_answer_written() {
  if (stream_ && !stream_->was_last)
    return want_piece();
  drop_stream();
  if (is_counted_)
    core_->finish_request();
  is_counted_ = false;
  if (keeps_alive_)
    next_request();
  else
    close_gently();
}

void connection::next_request() {
  stage_ = stage::idle;
  set_deadline(core_->options.idle_timeout);
  proceed();
}

/// Has a piece made, now or when other streams of the same account have had their turns.
void connection::want_piece() {
  deadline_ = time::max();
  stream_->is_being_made = true;
  if (take_turn())
    return;
  stream_->is_being_made = false;
  close();
}

/// False = nobody makes it, for the server is at its end.
bool connection::take_turn() {
  const auto* whose = stream_->owner.get();
  if (whose == nullptr)
    return core_->streamers.post([self = shared_from_this()] { self->make_piece(); });
  // Holds the stream, and so the owner, for whom `whose` stands.
  const auto make_and_leave = [self = shared_from_this(), stream = stream_, whose] {
    self->make_piece();
    self->core_->stream_turns.leave(whose);
  };
  const auto place = core_->stream_turns.enter(whose, make_and_leave);
  return place == fair_queue::place::waiting
      || (place == fair_queue::place::at_work && core_->streamers.post(make_and_leave));
}

/// On a stream worker, which has the stream until `on_piece`.
void connection::make_piece() {
  const auto begun = std::chrono::steady_clock::now();
  std::string piece;
  bool is_last = true;
  bool is_broken = false;
  try {
    is_last = !stream_->more(piece);
    if (stream_->packing) {
      std::string packed;
      stream_->packing->pack(piece, packed);
      if (is_last)
        stream_->packing->finish(packed);
      piece = std::move(packed);
    }
  } catch (const std::exception& why) {
    spdlog::error("gateway: a streamed answer failed: request {}: {}", id_, why.what());
    is_broken = true;
  } catch (const refusal& why) {
    spdlog::error("gateway: a streamed answer was broken off: request {}: {}", id_,
                  why.errors().empty() ? "" : why.errors().front().detail);
    is_broken = true;
  }
  const auto took = std::chrono::steady_clock::now() - begun;
  lane_->post([self = shared_from_this(), piece = std::move(piece), is_last, is_broken,
               took]() mutable { self->on_piece(std::move(piece), is_last, is_broken, took); });
}

void connection::on_piece(std::string piece, bool is_last, bool is_broken,
                          std::chrono::nanoseconds took) {
  stream_->is_being_made = false;
  if (stage_ == stage::closed)
    return drop_stream();
  // Closing without the last chunk tells the client that the answer is not whole.
  if (is_broken || (piece.empty() && is_peer_gone()))
    return close();
  // An answer that has caught up and waits for news is as whole now as it will ever be.
  if (piece.empty() && core_->is_stopping && !is_last) {
    is_last = true;
    if (stream_->packing)
      stream_->packing->finish(piece);
  }
  if (piece.empty() && !is_last) {
    if (stream_->await_news)
      return wait_for_news();
    if (took >= piece_interval_min)
      return want_piece();
    pause_.expires_after(piece_interval_min);
    pause_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && self->stage_ != stage::closed)
        self->want_piece();
    });
    return;
  }
  if (stream_->is_chunked)
    append_chunk(out_, piece);
  else
    out_ += piece;
  if (is_last && stream_->is_chunked)
    out_ += last_chunk;
  stream_->was_last = is_last;
  stream_->quiet_since = std::chrono::steady_clock::now();
  if (out_.empty())
    return on_answer_written();
  set_deadline(core_->options.write_timeout);
  write();
}

void connection::wait_for_news() {
  stream_->is_awaiting_news = true;
  pause_.expires_after(news_wait_max);
  pause_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled)
      self->on_news();
  });
  // Whoever has news may keep the call for long, and must not keep the connection.
  stream_->await_news([weak = weak_from_this(), on = lane_] {
    on->post([weak] {
      if (const auto self = weak.lock())
        self->on_news();
    });
  });
}

void connection::on_news() {
  if (stage_ == stage::closed || !stream_ || !std::exchange(stream_->is_awaiting_news, false))
    return;
  pause_.cancel();
  want_piece();
}

/// What the stream holds on to may take its time to let go, so a stream worker does it.
void connection::drop_stream() {
  if (!stream_ || stream_->is_being_made)
    return;
  --core_->streams;
  core_->streamers.post([gone = std::move(stream_)] {});
  stream_.reset();
}

} // namespace gateway
