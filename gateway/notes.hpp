#pragma once

#include "gateway/account.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

/// What the API keeps about a resource beside what the engine knows: whether a segment is starred,
/// what a list is called, which tags it bears.
namespace gateway {

/// Documents of one kind as JSON objects.
class notes {
public:
  notes(const account& whose, std::string_view kind) : whose_(whose), kind_(kind) {
  }
  /// Everything, by id.
  [[nodiscard]] std::map<std::string, boost::json::object> all() const;
  /// An empty object when there is none.
  [[nodiscard]] boost::json::object of(std::string_view id) const;
  void put(std::string_view id, const boost::json::object& note) const;
  /// False = there was none.
  bool drop(std::string_view id) const; // NOLINT(modernize-use-nodiscard)

private:
  const account& whose_;
  std::string kind_;
};

/// Held while notes are read and written back, so that no change of another request is lost.
std::unique_lock<std::mutex> lock_notes(const account& whose);

} // namespace gateway
