#include "messages/object_layout.hpp"
#include "messages/object_reader.hpp"
#include "model/value.hpp"

#include <utility>

namespace messages {

namespace {

using model::object_field;

/// An object that grows member by member; what is not set is left out.
class json_writer {
public:
  json_writer& text(std::string_view key, std::string_view value) {
    if (!value.empty())
      model::append_json_string(member(key), value);
    return *this;
  }
  json_writer& time(std::string_view key, std::optional<model::instant> value) {
    return text(key, value ? model::format_instant(*value) : std::string{});
  }
  json_writer& flag(std::string_view key, std::optional<bool> value) {
    if (value)
      member(key) += *value ? "true" : "false";
    return *this;
  }
  json_writer& raw(std::string_view key, std::string_view json) {
    if (!json.empty())
      member(key) += json;
    return *this;
  }
  [[nodiscard]] std::string done() const {
    return out_ + '}';
  }

private:
  std::string& member(std::string_view key) {
    if (out_.size() > 1)
      out_ += ',';
    model::append_json_string(out_, key);
    return out_ += ':';
  }
  std::string out_ = "{";
};

/// A list of objects; empty text for an empty one.
template <class Items, class Write>
std::string list_json(const Items& items, Write&& write) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "[" : ",") + write(item);
  return out.empty() ? out : out + ']';
}

template <class Named>
std::string named_json(const Named& named) {
  return json_writer{}.text("id", named.id).text("name", named.name).done();
}

std::string message_json(const model::object_message& message) {
  return json_writer{}
    .text("id", message.id)
    .text("name", message.name)
    .text("channel", message.channel)
    .raw("variations", list_json(message.variations, named_json<model::message_variation>))
    .done();
}

std::string strategy_json(const model::send_strategy& strategy) {
  if (strategy.method.empty())
    return {};
  json_writer out;
  out.text("method", strategy.method).time("datetime", strategy.datetime);
  if (strategy.is_local || strategy.send_past_recipients_immediately)
    out.raw("options",
            json_writer{}
              .flag("is_local", strategy.is_local)
              .flag("send_past_recipients_immediately", strategy.send_past_recipients_immediately)
              .done());
  if (strategy.throttle_percentage)
    out.raw("throttle_percentage", std::to_string(*strategy.throttle_percentage));
  return out.text("date", strategy.date).done();
}

void write_field(json_writer& out, std::string_view key, object_field which,
                 const model::described_object& object) {
  for (const auto& [field, member] : model::object_instants)
    if (field == which)
      out.time(key, object.*member);
  switch (which) {
  case object_field::name:
    out.text(key, object.name);
    break;
  case object_field::channel:
    out.text(key, object.channel);
    break;
  case object_field::status_name:
    out.text(key, object.status);
    break;
  case object_field::trigger_type:
    out.text(key, object.trigger_type);
    break;
  case object_field::strategy:
    out.raw(key, strategy_json(object.strategy));
    break;
  case object_field::archived:
    if (object.archived)
      out.flag(key, true);
    break;
  case object_field::tags:
    out.raw(key, list_json(object.tags, named_json<model::object_tag>));
    break;
  case object_field::messages:
    out.raw(key, list_json(object.messages, message_json));
    break;
  default:
    break;
  }
}

} // namespace

std::string object_json(const model::described_object& object) {
  json_writer out;
  out.text("id", object.id);
  for (const auto& f : object_fields)
    if ((f.kinds & bit(object.kind)) != 0)
      write_field(out, f.key, f.field, object);
  return out.done();
}

} // namespace messages
