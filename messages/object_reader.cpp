#include "messages/object_reader.hpp"

#include "messages/object_layout.hpp"
#include "messages/shortened.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace messages {

namespace {

using model::object_field;
using model::object_kind;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::array<std::string_view, 5> methods{"static", "immediate", "throttled",
                                                  "smart_send_time", "ab_test_campaign"};
/// Percents of the recipients that may be sent to in an hour.
constexpr std::array<std::uint64_t, 12> throttles{1, 2, 5, 10, 11, 13, 14, 17, 20, 25, 33, 50};

struct channel_spelling {
  std::string_view given;
  std::string_view kept;
};
constexpr std::array<channel_spelling, 6> channels{{{"email", "email"},
                                                    {"sms", "sms"},
                                                    {"push-notification", "push-notification"},
                                                    {"push", "push-notification"},
                                                    {"mobile_push", "push-notification"},
                                                    {"whatsapp", "whatsapp"}}};

std::string a_kind(object_kind kind) {
  return "a " + std::string{model::name_of(kind)};
}

std::string allowed_of(object_kind kind) {
  std::string all = "id";
  for (const auto& f : object_fields)
    if ((f.kinds & bit(kind)) != 0)
      all += ", " + std::string{f.key};
  return all + ", deleted";
}

/// Goes through one document and keeps where it is, for errors.
class object_walk {
public:
  object_walk(object_kind kind, object_reading& into) : kind_(kind), into_(into) {
    update_.given.kind = kind;
  }

  void read(element root) {
    bool has_id = false;
    const bool is_read = each_field(root, [&](std::string_view key, element v) {
      has_id = has_id || key == "id";
      return key == "id"      ? read_id(v, update_.given.id)
           : key == "deleted" ? read_flag(v, update_.is_deleted)
                              : read_field(key, v);
    });
    if (is_read && !has_id)
      fail_at("id", fmt::format("missing; {} needs an id", a_kind(kind_)));
    else if (is_read)
      into_.update = std::move(update_);
  }

private:
  bool read_field(std::string_view key, element v) {
    const auto found = std::find_if(object_fields.begin(), object_fields.end(), [&](auto& f) {
      return f.key == key && (f.kinds & bit(kind_)) != 0;
    });
    if (found == object_fields.end())
      return fail(fmt::format("not a field of {}; allowed: {}", a_kind(kind_), allowed_of(kind_)));
    auto& given = update_.given;
    if (found->field == object_field::messages)
      return read_messages(v);
    update_.name_field(found->field);
    for (const auto& [field, member] : model::object_instants)
      if (field == found->field)
        return read_instant(v, given.*member);
    switch (found->field) {
    case object_field::name:
      return read_text(v, given.name);
    case object_field::channel:
      return read_channel(v, given.channel);
    case object_field::status_name:
      return read_text(v, given.status);
    case object_field::trigger_type:
      return read_text(v, given.trigger_type);
    case object_field::strategy:
      return read_strategy(v, given.strategy);
    case object_field::archived:
      return read_flag(v, given.archived);
    default:
      return read_tags(v, given.tags);
    }
  }

  // --- send strategies

  bool read_strategy(element v, model::send_strategy& into) {
    if (v.is_null())
      return true;
    if (v.is_string())
      return read_method(v, into.method);
    std::vector<std::string_view> given; // Beside the method.
    const bool is_read = each_field(v, [&](std::string_view key, element part) {
      if (key == "method")
        return read_method(part, into.method);
      given.push_back(key);
      if (key == "datetime")
        return read_instant(part, into.datetime);
      if (key == "date")
        return read_date(part, into.date);
      if (key == "throttle_percentage")
        return read_throttle(part, into.throttle_percentage);
      if (key == "options")
        return read_send_options(part, into);
      return fail("not a field of a send strategy; allowed: method, datetime, options, "
                  "throttle_percentage, date");
    });
    if (!is_read)
      return false;
    if (into.method.empty())
      return fail_at("method", fmt::format("missing; a send strategy needs a method: {}",
                                           fmt::join(methods, ", ")));
    for (const auto key : given)
      if (!belongs_to(into.method, key))
        return fail_at(key, fmt::format("not a field of the method {}", into.method));
    return true;
  }

  static bool belongs_to(std::string_view method, std::string_view key) {
    return (method == "static" && (key == "datetime" || key == "options"))
        || (method == "throttled" && (key == "datetime" || key == "throttle_percentage"))
        || (method == "smart_send_time" && key == "date");
  }

  bool read_method(element v, std::string& into) {
    if (v.is_string() && !read_text(v, into))
      return false;
    return std::find(methods.begin(), methods.end(), into) != methods.end()
        || expected(fmt::format("a method: {}", fmt::join(methods, ", ")), v);
  }

  bool read_send_options(element v, model::send_strategy& into) {
    if (v.is_null())
      return true;
    return each_field(v, [&](std::string_view key, element part) {
      bool flag = false;
      if (key != "is_local" && key != "send_past_recipients_immediately")
        return fail("not an option; allowed: is_local, send_past_recipients_immediately");
      if (!read_flag(part, flag))
        return false;
      (key == "is_local" ? into.is_local : into.send_past_recipients_immediately) = flag;
      return true;
    });
  }

  bool read_throttle(element v, std::optional<std::uint32_t>& into) {
    if (v.is_null())
      return true;
    std::uint64_t percent = 0;
    if (v.get_uint64().get(percent) != simdjson::SUCCESS
        || std::find(throttles.begin(), throttles.end(), percent) == throttles.end())
      return expected(fmt::format("one of {}", fmt::join(throttles, ", ")), v);
    into = static_cast<std::uint32_t>(percent);
    return true;
  }

  bool read_date(element v, std::string& into) {
    constexpr std::size_t date_size = 10;
    if (v.is_null())
      return true;
    if (v.is_string() && !read_text(v, into))
      return false;
    return (into.size() == date_size && model::parse_instant(into))
        || expected("a date, YYYY-MM-DD", v);
  }

  // --- tags, messages, variations

  bool read_tags(element v, std::vector<model::object_tag>& into) {
    std::set<std::string> ids;
    return each_item(v, model::object_tags_max, "tags", [&](element item) {
      model::object_tag tag;
      if (item.is_string()) {
        if (!read_id(item, tag.id))
          return false;
        tag.name = tag.id;
      } else if (!read_named(item, "a tag", "text, or an object with an id", tag.id, tag.name)) {
        return false;
      }
      if (!ids.insert(tag.id).second)
        return fail("given twice");
      into.push_back(std::move(tag));
      return true;
    });
  }

  bool read_variations(element v, std::vector<model::message_variation>& into) {
    std::set<std::string> ids;
    return each_item(v, model::message_variations_max, "variations", [&](element item) {
      model::message_variation variation;
      if (!read_named(item, "a variation", "an object", variation.id, variation.name))
        return false;
      if (!ids.insert(variation.id).second)
        return fail("given twice");
      into.push_back(std::move(variation));
      return true;
    });
  }

  /// An object of an id and perhaps a name.
  bool read_named(element v, std::string_view noun, std::string_view what, std::string& id,
                  std::string& name) {
    if (!v.is_object())
      return expected(what, v);
    const bool is_read = each_field(v, [&](std::string_view key, element part) {
      if (key == "id")
        return read_id(part, id);
      return key == "name" ? read_text(part, name)
                           : fail(fmt::format("not a field of {}; allowed: id, name", noun));
    });
    return is_read && (!id.empty() || fail_at("id", fmt::format("missing; {} needs an id", noun)));
  }

  bool read_messages(element v) {
    if (v.is_null())
      update_.name_field(object_field::messages);
    std::set<std::string> ids;
    return each_item(v, model::object_messages_max, "messages", [&](element item) {
      model::message_update message;
      if (!read_message(item, message))
        return false;
      if (!ids.insert(message.given.id).second)
        return fail("given twice");
      update_.messages.push_back(std::move(message));
      return true;
    });
  }

  bool read_message(element v, model::message_update& into) {
    using model::message_field;
    const bool is_read = each_field(v, [&](std::string_view key, element part) {
      if (key == "id")
        return read_id(part, into.given.id);
      if (key == "deleted")
        return read_flag(part, into.is_deleted);
      if (key == "name") {
        into.name_field(message_field::name);
        return read_text(part, into.given.name);
      }
      if (key == "channel") {
        into.name_field(message_field::channel);
        return read_channel(part, into.given.channel);
      }
      if (key == "variations") {
        into.name_field(message_field::variations);
        return read_variations(part, into.given.variations);
      }
      return fail("not a field of a message; allowed: id, name, channel, variations, deleted");
    });
    return is_read && (!into.given.id.empty() || fail_at("id", "missing; a message needs an id"));
  }

  // --- values; null leaves what is not set

  bool read_id(element v, std::string& into) {
    if (v.is_null())
      return expected("text", v);
    return read_text(v, into) && (!into.empty() || fail("an id may not be empty"));
  }

  bool read_text(element v, std::string& into) {
    if (v.is_null())
      return true;
    std::string_view text;
    if (v.get_string().get(text) != simdjson::SUCCESS)
      return expected("text", v);
    if (text.size() > model::object_text_bytes_max)
      return fail(fmt::format("a text of {} bytes; at most {} are allowed", text.size(),
                              model::object_text_bytes_max));
    into = text;
    return true;
  }

  bool read_channel(element v, std::string& into) {
    if (v.is_null())
      return true;
    std::string_view text;
    if (v.get_string().get(text) == simdjson::SUCCESS)
      for (const auto& [given, kept] : channels)
        if (text == given) {
          into = kept;
          return true;
        }
    return expected("email, sms, push-notification or whatsapp", v);
  }

  bool read_flag(element v, bool& into) {
    return v.is_null() || v.get_bool().get(into) == simdjson::SUCCESS
        || expected("true or false", v);
  }

  bool read_instant(element v, std::optional<model::instant>& into) {
    if (v.is_null())
      return true;
    std::string_view text;
    std::int64_t seconds = 0;
    if (v.get_string().get(text) == simdjson::SUCCESS)
      into = model::parse_instant(text);
    else if (v.get_int64().get(seconds) == simdjson::SUCCESS)
      into = model::from_ms(
        std::clamp(seconds, model::time_ms_min / 1000 - 1, model::time_ms_end / 1000) * 1000);
    if (!into)
      return expected("an ISO 8601 time or whole seconds since 1970", v);
    const auto ms = model::to_ms(*into);
    return (ms >= model::time_ms_min && ms < model::time_ms_end)
        || fail("lies outside the years 1900 to 2199");
  }

  // --- structure

  template <class F>
  bool each_field(element v, F&& on_field) {
    simdjson::dom::object object;
    if (v.get_object().get(object) != simdjson::SUCCESS)
      return expected("an object", v);
    std::set<std::string_view> seen;
    for (const auto [key, value] : object) {
      path_.emplace_back(key);
      if (!seen.insert(key).second)
        return fail("given twice");
      if (!on_field(key, value))
        return false;
      path_.pop_back();
    }
    return true;
  }

  template <class F>
  bool each_item(element v, std::size_t count_max, std::string_view what, F&& on_item) {
    if (v.is_null())
      return true;
    simdjson::dom::array array;
    if (v.get_array().get(array) != simdjson::SUCCESS)
      return expected("a list", v);
    std::size_t count = 0;
    for (const element item : array) {
      if (count == count_max)
        return fail(fmt::format("more than {} {}", count_max, what));
      path_.push_back(std::to_string(count++));
      if (!on_item(item))
        return false;
      path_.pop_back();
    }
    return true;
  }

  bool fail(std::string reason) {
    into_.field = fmt::format("{}", fmt::join(path_, "."));
    into_.reason = std::move(reason);
    return false;
  }
  bool fail_at(std::string_view last, std::string reason) {
    path_.emplace_back(last);
    return fail(std::move(reason));
  }
  bool expected(std::string_view what, element v) {
    switch (v.type()) {
    case element_type::OBJECT:
      return fail(fmt::format("expected {}, found an object", what));
    case element_type::ARRAY:
      return fail(fmt::format("expected {}, found a list", what));
    case element_type::STRING:
      return fail(fmt::format("expected {}, found the text \"{}\"", what,
                              shortened(v.get_string().value_unsafe())));
    default:
      return fail(fmt::format("expected {}, found {}", what, simdjson::minify(v)));
    }
  }

  object_kind kind_;
  object_reading& into_;
  model::object_update update_;
  std::vector<std::string> path_;
};

} // namespace

object_reading read_object(model::object_kind kind, std::string_view json) {
  thread_local simdjson::dom::parser parser;
  object_reading reading;
  element root;
  if (const auto code = parser.parse(json.data(), json.size()).get(root);
      code != simdjson::SUCCESS) {
    reading.reason = fmt::format("not valid JSON: {}", simdjson::error_message(code));
    return reading;
  }
  object_walk{kind, reading}.read(root);
  return reading;
}

} // namespace messages
