#include "gateway/upload.hpp"

#include <utility>

namespace gateway {

namespace {

constexpr std::size_t unpacked_bytes_max = std::size_t{1} << 20; // Of one piece.

} // namespace

upload::upload(coding packed_as, std::function<bool()> ask) : ask_(std::move(ask)) {
  if (packed_as != coding::identity)
    unpacking_.emplace(packed_as);
}

void upload::await_piece() {
  {
    const std::lock_guard lock{guard_};
    if (failed_)
      throw refusal{*failed_};
  }
  if (!ask_())
    fail({503, "unavailable", "The server is stopping.", "The connection is gone."});
  std::unique_lock lock{guard_};
  changed_.wait(lock, [&] { return is_there_ || failed_; });
  if (failed_)
    throw refusal{*failed_};
  packed_ = std::exchange(piece_, {});
  packed_used_ = 0;
  is_last_ = piece_is_last_;
  is_there_ = false;
}

bool upload::next(std::string& out) {
  if (packed_used_ == packed_.size() && !is_last_)
    await_piece();
  auto packed = std::string_view{packed_}.substr(packed_used_);
  if (!unpacking_) {
    out.append(packed);
    packed_used_ = packed_.size();
    return !is_last_;
  }
  const auto before = out.size();
  const auto done = unpacking_->unpack(packed, out, unpacked_bytes_max);
  packed_used_ = packed_.size() - packed.size();
  const auto may_hold_more = out.size() - before == unpacked_bytes_max || !packed.empty();
  if (!done || (is_last_ && !may_hold_more && !unpacking_->is_whole()))
    throw refusal{invalid_body("", "The packed body is broken, or ends before its end.")};
  return may_hold_more || !is_last_;
}

void upload::give(std::string piece, bool is_last) {
  {
    const std::lock_guard lock{guard_};
    piece_ = std::move(piece);
    piece_is_last_ = is_last;
    is_there_ = true;
  }
  changed_.notify_all();
}

void upload::fail(error_entry why) {
  {
    const std::lock_guard lock{guard_};
    if (failed_)
      return;
    failed_ = std::move(why);
  }
  changed_.notify_all();
}

} // namespace gateway
