#pragma once

#include "messages/line_block.hpp"
#include "messages/name_table.hpp"
#include "model/change.hpp"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// INTERNAL to messages/: the work behind ndjson_reader. line_values.cpp reads JSON values with
/// their limits, profile_fields.cpp what a profile may say, line_reader.cpp whole lines.
namespace messages {

enum class record_kind : std::uint8_t { event, profile, list_change, merge, erase, describe };

/// Every field that a line may have at its top, or a profile inside an event. Bit numbers of
/// field_set.
enum class field : std::uint8_t {
  metric,
  list,
  action,
  merge,
  erase,
  campaign,
  flow,
  tag,
  profile,
  time,
  value,
  value_currency,
  unique_id,
  properties,
  external_id,
  email,
  phone_number,
  first_name,
  last_name,
  organization,
  title,
  locale,
  image,
  created,
  location,
  subscriptions,
  predictive_analytics,
  lists,
  patch_properties,
  meta,
  count, // Also: no field of ours.
};

using field_set = std::uint32_t;

constexpr field_set bit(field f) {
  return field_set{1} << static_cast<unsigned>(f);
}

field field_named(std::string_view key);
std::string_view name_of(field f);

/// A membership that a profile record names.
struct list_join {
  std::uint32_t name = 0;
  bool has_time = false;
  std::int64_t time = 0;
};

class line_reader {
public:
  using json_value = simdjson::ondemand::value;
  using json_object = simdjson::ondemand::object;
  using json_array = simdjson::ondemand::array;

  /// From now on records go into `batch`.
  void enter(model::change_batch& batch);

  /// Appends the records of one line, which has line_padding readable bytes behind it. False:
  /// nothing was appended, and error() says why.
  bool read(std::string_view line, std::uint64_t number);

  [[nodiscard]] line_error& error() {
    return error_;
  }

private:
  // --- whole lines ---
  enum class verdict : std::uint8_t { taken, refused, other_kind };
  verdict try_as(std::string_view line, record_kind kind, bool is_certain);
  record_kind kind_of(std::string_view line);
  bool read_top_field(field f, std::string_view key, json_value& v);
  bool turn_into(record_kind kind);
  bool finish();
  bool read_metric(json_value& v);
  bool read_description(field f, json_value& v);
  bool read_merge(json_value& v);
  bool read_identifiers(json_value& v, model::identifier_refs& who);
  void append_records();
  void roll_back();

  // --- profiles ---
  bool read_profile(json_value& v);
  bool read_profile_field(field f, json_value& v);
  bool read_identifier(json_value& v, std::string_view path, model::text_ref& into, bool may_unset);
  bool read_properties(json_value& v, name_space space, std::vector<model::property_entry>& into,
                       std::size_t count_max);
  bool read_location(json_value& v);
  bool read_coordinate(json_value& v, std::uint32_t name, int degrees_max);
  bool read_subscriptions(json_value& v);
  bool read_consent(json_value& v, std::string_view channel);
  bool read_suppression(json_value& v, std::uint32_t name);
  bool read_predictive(json_value& v);
  bool read_affinity(json_value& v, std::uint32_t name);
  bool read_lists(json_value& v);
  bool read_meta(json_value& v);
  bool read_patch(json_value& v);
  bool read_patch_items(json_value& v, model::property_action action);
  bool read_patch_unset(json_value& v);
  bool add_attribute(std::uint32_t name, const model::property_entry& value);
  bool read_text_attribute(json_value& v, std::uint32_t name);
  bool read_number_attribute(json_value& v, std::uint32_t name);
  bool read_boolean_attribute(json_value& v, std::uint32_t name);
  bool read_date_attribute(json_value& v, std::uint32_t name);

  // --- values ---
  /// Calls `on_field(key, value)` for each field and keeps path_ true. False as soon as one is.
  template <class F>
  bool each_field(json_value& v, F&& on_field);
  template <class F>
  bool each_field_of(json_object object, F&& on_field);
  template <class F>
  bool each_item(json_value& v, F&& on_item);
  bool read_key(simdjson::ondemand::raw_json_string raw, std::string_view& key);
  bool read_null(json_value& v, bool& is_null);
  bool read_text(json_value& v, std::string_view& text);
  bool read_number(json_value& v, double& number);
  bool read_boolean(json_value& v, bool& flag);
  bool read_time(json_value& v, std::int64_t& ms);
  bool read_date_text(json_value& v, std::string_view& text);
  bool read_name(json_value& v, std::string_view what, std::size_t bytes_max,
                 std::string_view& name);
  bool read_any(json_value& v, model::property_entry& entry);
  bool read_list(json_value& v, model::property_entry& entry);
  bool read_nested(json_value& v, std::size_t depth);
  bool keep_json(const char* begin, char closing, model::property_entry& entry);

  /// Unescapes a string into `scratch`; `raw` begins behind its opening quote.
  bool unescape(const char* raw, std::string& scratch, std::string_view& text);

  bool fail(std::string reason);
  bool fail_at(std::string_view last, std::string reason); // One step below path_.
  bool expected(std::string_view what, json_value& v);
  bool malformed(simdjson::error_code code);
  std::string path() const;

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  name_table names_;
  model::change_batch* batch_ = nullptr;
  std::string_view line_;
  std::uint64_t number_ = 0;
  line_error error_;
  record_kind guess_ = record_kind::event; // The line before.

  // Where we are: keys, or numbers of list items where the key is null.
  struct step {
    std::string_view key;
    std::size_t item = 0;
  };
  static constexpr std::size_t depth_max = 32;
  std::array<step, depth_max> path_;
  std::size_t depth_ = 0;
  std::array<std::string, depth_max> key_scratch_; // Unescaped keys, by depth.
  std::string text_scratch_;
  std::string path_scratch_;

  // The line so far.
  struct contents {
    record_kind kind = record_kind::profile;
    bool is_certain = false;    // A field named the kind.
    bool is_other_kind = false; // `properties` were read as those of another kind.
    field_set seen = 0;         // Of the line.
    field_set seen_of_profile = 0;
    std::string unknown; // First unknown field.
    bool has_unknown = false;
    bool adds = false; // Of a list change.
    bool has_value = false;
    bool has_time = false;
    bool has_currency = false;
    std::uint32_t name = 0;
    std::int64_t time = 0;
    double value = 0;
    model::identifier_refs who{};
    model::identifier_refs into{};
    model::text_ref unique_id{};
  };
  contents now_;
  std::vector<model::property_entry> event_properties_;
  std::vector<model::property_entry> attributes_;
  std::vector<list_join> joins_;
  std::uint64_t stamp_ = 0;       // One for each object of free names.
  std::uint64_t event_stamp_ = 0; // Of the event's properties.
  std::size_t bytes_before_ = 0;
  std::size_t names_before_ = 0;
};

template <class F>
bool line_reader::each_field_of(json_object object, F&& on_field) {
  for (auto item : object) {
    simdjson::ondemand::field found;
    if (const auto code = std::move(item).get(found); code != simdjson::SUCCESS)
      return malformed(code);
    std::string_view key;
    if (!read_key(found.key(), key))
      return false;
    path_[depth_++] = {key, 0};
    if (!on_field(key, found.value()))
      return false;
    --depth_;
  }
  return true;
}

template <class F>
bool line_reader::each_field(json_value& v, F&& on_field) {
  json_object object;
  if (const auto code = v.get_object().get(object); code != simdjson::SUCCESS)
    return code == simdjson::INCORRECT_TYPE ? expected("an object", v) : malformed(code);
  return each_field_of(object, std::forward<F>(on_field));
}

template <class F>
bool line_reader::each_item(json_value& v, F&& on_item) {
  json_array array;
  if (const auto code = v.get_array().get(array); code != simdjson::SUCCESS)
    return code == simdjson::INCORRECT_TYPE ? expected("a list", v) : malformed(code);
  std::size_t count = 0;
  for (auto item : array) {
    json_value found;
    if (const auto code = std::move(item).get(found); code != simdjson::SUCCESS)
      return malformed(code);
    path_[depth_++] = {{}, count++};
    if (!on_item(found))
      return false;
    --depth_;
  }
  return true;
}

} // namespace messages
