#pragma once

#include "bench/generated_store.hpp"
#include "bench/open_loop.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Requests to Rollcall's HTTP face, about the people of a generated store.
namespace bench {

/// POST /api/events: live events from `first` on, each with its own unique id.
class single_events : public request_source {
public:
  single_events(const generated_store& store, std::string key, std::uint64_t first);
  std::string_view next(std::size_t connection) override;

private:
  const generated_store& store_;
  std::string key_;
  std::uint64_t next_;
  std::string body_, request_;
};

/// Bodies of `per_request` events each, written before the measurement: their making is not what is
/// measured. Each is sent once with unique ids of its own, which are put in when it is sent.
class bulk_events : public request_source {
public:
  enum class form : std::uint8_t {
    jobs, // POST /api/event-bulk-create-jobs
    lines // POST /api/rollcall/changes
  };
  bulk_events(const generated_store& store, const std::string& key, form f, std::uint64_t first,
              std::size_t per_request);
  std::string_view next(std::size_t connection) override;

private:
  struct prepared {
    std::string bytes;
    std::vector<std::size_t> ids; // Where unique ids stand.
  };
  std::vector<prepared> bodies_;
  std::size_t turn_ = 0;
  std::uint64_t next_;
};

/// GET, page after page: each connection follows `links.next` and begins anew behind the last page.
class pages : public request_source {
public:
  pages(std::string key, std::string first_path, std::size_t connections);
  std::string_view next(std::size_t connection) override;
  void answered(std::size_t connection, std::string_view body) override;

private:
  std::string key_, first_path_, request_;
  std::vector<std::string> paths_;
};

/// POST of one of `bodies` after the other.
class posts : public request_source {
public:
  posts(const std::string& key, const std::string& path, const std::vector<std::string>& bodies);
  std::string_view next(std::size_t connection) override;

private:
  std::vector<std::string> requests_;
  std::size_t turn_ = 0;
};

} // namespace bench
