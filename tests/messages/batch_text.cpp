#include "tests/messages/batch_text.hpp"

#include "messages/ndjson.hpp"

namespace messages_test {

namespace {

constexpr std::string_view kind_names[] = {"?",           "event", "profile", "add to",
                                           "remove from", "merge", "erase",   "describe"};

std::string named(const model::change_batch& batch, const model::identifier_refs& who) {
  std::string out;
  const auto add = [&](std::string_view key, model::text_ref r) {
    if (r.size != 0)
      out += ' ' + std::string{key} + '=' + std::string{batch.text(r)};
  };
  add("id", who.external_id);
  add("email", who.email);
  add("phone", who.phone_number);
  return out;
}

std::string property(const model::change_batch& batch, const model::property_entry& p) {
  const std::string name{batch.name(p.name)};
  switch (p.action) {
  case model::property_action::unset:
    return "-" + name;
  case model::property_action::set:
    return name + ": " + model::to_json(batch.view(p));
  case model::property_action::append:
    return name + " += " + model::to_json(batch.view(p));
  case model::property_action::remove:
    return name + " -= " + model::to_json(batch.view(p));
  case model::property_action::fill:
    return name + " ?= " + model::to_json(batch.view(p));
  }
  return name + " of unknown action";
}

} // namespace

std::string shown(const model::change_batch& batch) {
  std::string out;
  for (const auto& r : batch.records) {
    out += std::to_string(r.line) + ' ';
    out += kind_names[static_cast<std::size_t>(r.kind)];
    const bool is_named = r.kind == model::change_kind::event
                       || r.kind == model::change_kind::list_add
                       || r.kind == model::change_kind::list_remove
                       || r.kind == model::change_kind::describe;
    if (is_named)
      out += " '" + std::string{batch.name(r.name)} + '\'';
    out += named(batch, r.who);
    if (r.kind == model::change_kind::merge)
      out += " into" + named(batch, r.into);
    if (r.has_time)
      out += " at " + model::format_instant(model::from_ms(r.time));
    if (r.has_value)
      out += " worth " + model::format_number(r.value);
    if (r.unique_id.size != 0)
      out += " unique " + std::string{batch.text(r.unique_id)};
    if (r.profile != model::no_profile)
      out += " profile " + std::to_string(r.profile);
    std::string properties;
    for (std::uint32_t i = 0; i < r.property_count; ++i)
      properties += (i == 0 ? "" : ", ") + property(batch, batch.properties[r.first_property + i]);
    if (!properties.empty())
      out += " {" + properties + '}';
    out += '\n';
  }
  return out;
}

std::string read_and_shown(std::string_view lines) {
  messages::line_block block{lines};
  messages::ndjson_reader reader;
  model::change_batch batch;
  std::vector<messages::line_error> errors;
  reader.read(block, batch, errors);
  auto out = shown(batch);
  for (const auto& error : errors)
    out += "! " + std::to_string(error.line) + ", " + error.field + ": " + error.reason + '\n';
  return out;
}

} // namespace messages_test
