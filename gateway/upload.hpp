#pragma once

#include "gateway/compression.hpp"
#include "gateway/errors.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

// Inside the folder only.
namespace gateway {

/// A long body on its way from the connection, which reads it, to the handler, which asks for it
/// piece by piece.
class upload {
public:
  /// `ask` tells the connection that a piece is wanted; false = it is gone.
  upload(coding packed_as, std::function<bool()> ask);

  /// The handler's side: waits for the next piece and appends it, unpacked; false = that was the
  /// last. Throws a refusal.
  bool next(std::string& out);

  /// The connection's side.
  void give(std::string piece, bool is_last);
  void fail(error_entry why);

private:
  /// Waits until there are packed bytes, or the end.
  void await_piece();

  std::function<bool()> ask_;
  std::optional<inflater> unpacking_;
  std::string packed_;          // Not unpacked yet; the handler's.
  std::size_t packed_used_ = 0; // Of these.
  bool is_last_ = false;        // Of what the handler has.

  std::mutex guard_;
  std::condition_variable changed_;
  bool is_there_ = false;
  std::string piece_;
  bool piece_is_last_ = false;
  std::optional<error_entry> failed_;
};

} // namespace gateway
