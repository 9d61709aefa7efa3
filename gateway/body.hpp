#pragma once

#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"
#include "model/instant.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reading request bodies.
namespace gateway {

/// The body as JSON, at most json_nesting_max deep. Refuses with 415 what is said to be neither
/// application/json nor application/vnd.api+json, with 400 what is no JSON, saying where.
boost::json::value read_body(const request& asked);

/// Everything that is wrong with a body so far.
class mistakes {
public:
  void add(std::string pointer, std::string detail);
  void add(error_entry one);
  [[nodiscard]] bool is_empty() const {
    return all_.empty();
  }
  [[nodiscard]] const std::vector<error_entry>& all() const {
    return all_;
  }
  /// Throws them all in one refusal, if there are any.
  void refuse_if_any() const;

private:
  static constexpr std::size_t count_max = 100; // More help nobody.
  std::vector<error_entry> all_;
};

enum class presence : std::uint8_t {
  required, // Must be there, not null.
  optional, // May be left out, not null.
  nullable, // May be left out or null.
};

/// A field that may have been left out or null.
template <class T>
struct given {
  bool is_there = false; // Null is there too.
  std::optional<T> value{};

  [[nodiscard]] bool is_null() const {
    return is_there && !value;
  }
  explicit operator bool() const {
    return value.has_value();
  }
  const T& operator*() const {
    return *value;
  }
  const T* operator->() const {
    return &*value;
  }
  T value_or(T otherwise) const {
    return value ? *value : std::move(otherwise);
  }
};

struct text_rule {
  std::size_t bytes_max = 1'000;
  bool may_be_empty = true;
  std::vector<std::string_view> choices{}; // The only texts allowed; empty = every text.
};

struct integer_range {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// Reads the fields of one object. What is wrong goes into `found`, and the field counts as left
/// out; refuse_if_any() ends it. Refers to the object and the mistakes, which must outlive it.
class object_reader {
public:
  /// `resource` is what errors call it: "not a valid field for the resource 'profile'".
  object_reader(const boost::json::object& from, std::string pointer, std::string resource,
                mistakes& found);

  given<std::string> text(std::string_view key, presence p, const text_rule& rule = {});
  given<double> number(std::string_view key, presence p);
  given<std::int64_t> integer(std::string_view key, presence p, integer_range range = {});
  given<bool> boolean(std::string_view key, presence p);
  given<model::instant> instant(std::string_view key, presence p);
  /// A list of texts.
  given<std::vector<std::string>> texts(std::string_view key, presence p, std::size_t items_max,
                                        const text_rule& rule = {});
  /// Null = left out, null or wrong.
  const boost::json::object* object(std::string_view key, presence p);
  const boost::json::array* array(std::string_view key, presence p);
  const boost::json::value* any(std::string_view key, presence p);
  /// A reader of an object below; nothing = left out, null or wrong.
  std::optional<object_reader> nested(std::string_view key, presence p);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const boost::json::object& content() const {
    return *from_;
  }
  [[nodiscard]] const std::string& pointer() const {
    return pointer_;
  }
  [[nodiscard]] std::string pointer_to(std::string_view key) const;
  [[nodiscard]] const std::string& resource() const {
    return resource_;
  }
  mistakes& found() {
    return *found_;
  }
  /// A mistake in a field, found by the caller.
  void refuse(std::string_view key, std::string detail);
  /// Every field that nobody has asked for is a mistake.
  void finish();

private:
  const boost::json::value* look(std::string_view key, presence p);

  const boost::json::object* from_;
  std::string pointer_;
  std::string resource_;
  mistakes* found_;
  std::vector<const boost::json::value*> known_; // Fields that somebody has asked for.
};

struct data_rule {
  std::string type; // What data.type must be.
  /// With a path id, data.id must be given and equal it.
  std::optional<std::string> path_id{};
  bool may_have_id = false; // Without one: whether data.id may be there.
  bool needs_attributes = true;
};

/// Reads `{"data": {type, id, attributes, relationships, meta}}`, the body itself or a piece of one
/// that is built the same way (`attributes.profile` of an event).
class data_reader {
public:
  /// `pointer` leads to the object that has `data`.
  data_reader(const boost::json::value& from, const data_rule& rule, mistakes& found,
              const std::string& pointer = {});
  data_reader(boost::json::value&&, const data_rule&, mistakes&, std::string = {}) = delete;
  data_reader(const data_reader&) = delete;
  data_reader& operator=(const data_reader&) = delete;

  /// The reader of the attributes; one of an empty object when there are none.
  object_reader& attributes() {
    return *attributes_;
  }
  /// Of `data` itself, for `meta`.
  object_reader& data() {
    return *data_;
  }
  /// Empty = not given.
  [[nodiscard]] const std::string& id() const {
    return id_;
  }
  /// The id in `relationships.<name>.data`; empty = left out, null or wrong.
  std::string related_one(std::string_view name, std::string_view type, presence p);
  /// The ids in `relationships.<name>.data`; nothing = left out or wrong.
  std::optional<std::vector<std::string>> related_many(std::string_view name, std::string_view type,
                                                       presence p, std::size_t items_max);
  /// Unknown fields of data, attributes and relationships become mistakes.
  void finish();

private:
  void read_id(const data_rule& rule);
  std::optional<object_reader> relationship(std::string_view name, presence p);

  boost::json::object nothing_{};
  std::optional<object_reader> data_;
  std::optional<object_reader> attributes_;
  std::optional<object_reader> relationships_;
  std::string id_;
};

/// The ids of `{"data": [{"type", "id"}, …]}`, at least one and at most `items_max`. Throws every
/// mistake.
std::vector<std::string> read_identifiers(const request& asked, std::string_view type,
                                          std::size_t items_max = 1'000);

} // namespace gateway
