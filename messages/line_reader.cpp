#include "messages/line_reader.hpp"

#include "messages/object_reader.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace messages {

namespace {

using simdjson::ondemand::json_type;

constexpr std::array<std::string_view, static_cast<std::size_t>(field::count)> field_names = {
  "metric",
  "list",
  "action",
  "merge",
  "erase",
  "campaign",
  "flow",
  "tag",
  "profile",
  "time",
  "value",
  "value_currency",
  "unique_id",
  "properties",
  "external_id",
  "email",
  "phone_number",
  "first_name",
  "last_name",
  "organization",
  "title",
  "locale",
  "image",
  "created",
  "location",
  "subscriptions",
  "predictive_analytics",
  "lists",
  "patch_properties",
  "meta"};
static_assert(field_names.size() <= 32, "field_set has one bit for each field");

template <class... Fields>
constexpr field_set fields(Fields... f) {
  return (bit(f) | ...);
}

constexpr field_set object_kind_fields = fields(field::campaign, field::flow, field::tag);
constexpr field_set kind_fields = fields(field::metric, field::list, field::merge, field::erase)
                                | object_kind_fields;

constexpr field_set event_fields = fields(field::metric, field::profile, field::time, field::value,
                                          field::value_currency, field::unique_id,
                                          field::properties);
constexpr field_set list_change_fields = fields(field::list, field::action, field::profile,
                                                field::time);
constexpr field_set profile_fields = ((bit(field::meta) << 1) - bit(field::external_id))
                                   | bit(field::properties);

struct kind_rules {
  std::string_view noun;
  field_set allowed;
};

constexpr kind_rules rules_of(record_kind kind) {
  switch (kind) {
  case record_kind::event:
    return {"an event", event_fields};
  case record_kind::list_change:
    return {"a list change", list_change_fields};
  case record_kind::merge:
    return {"a merge", bit(field::merge)};
  case record_kind::erase:
    return {"an erasure", bit(field::erase)};
  case record_kind::describe:
    return {"a description", object_kind_fields};
  case record_kind::profile:
    break;
  }
  return {"a profile", profile_fields};
}

record_kind kind_named_by(field f) {
  switch (f) {
  case field::metric:
    return record_kind::event;
  case field::list:
    return record_kind::list_change;
  case field::merge:
    return record_kind::merge;
  case field::erase:
    return record_kind::erase;
  case field::campaign:
  case field::flow:
  case field::tag:
    return record_kind::describe;
  default:
    return record_kind::profile;
  }
}

std::string listed(field_set set) {
  std::string out;
  for (; set != 0; set &= set - 1) {
    if (!out.empty())
      out += ", ";
    out += field_names[static_cast<std::size_t>(std::countr_zero(set))];
  }
  return out;
}

std::string not_a_field(record_kind kind) {
  const auto rules = rules_of(kind);
  return fmt::format("not a field of {}; allowed: {}", rules.noun, listed(rules.allowed));
}

/// Characters (code points) of valid UTF-8.
std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_empty(const model::identifier_refs& who) {
  return who.external_id.size == 0 && who.email.size == 0 && who.phone_number.size == 0;
}

constexpr std::string_view
  no_identifier = "nobody is named: external_id, email or phone_number is needed";

} // namespace

field field_named(std::string_view key) {
  const auto found = std::find(field_names.begin(), field_names.end(), key);
  return static_cast<field>(found - field_names.begin());
}

std::string_view name_of(field f) {
  return field_names[static_cast<std::size_t>(f)];
}

// --- a line ---

void line_reader::enter(model::change_batch& batch) {
  batch_ = &batch;
  names_.enter(batch);
}

bool line_reader::read(std::string_view line, std::uint64_t number) {
  line_ = line;
  number_ = number;
  bytes_before_ = batch_->bytes.size();
  names_before_ = batch_->names.size();
  if (line.size() > model::line_bytes_max) {
    depth_ = 0;
    return fail(fmt::format("a line of {} bytes; at most {} are allowed", line.size(),
                            model::line_bytes_max));
  }
  // Files hold runs of one kind, so the kind of the line before is most likely this one's: only a
  // line that turns out to be of another kind is read a second time.
  const auto guessed = try_as(line, guess_, false);
  if (guessed == verdict::taken)
    return true;
  if (guessed == verdict::refused && now_.is_certain)
    return false;
  const auto kind = kind_of(line);
  if (guessed == verdict::refused && kind == now_.kind)
    return false;
  return try_as(line, kind, true) == verdict::taken;
}

line_reader::verdict line_reader::try_as(std::string_view line, record_kind kind, bool is_certain) {
  now_ = {};
  now_.kind = kind;
  depth_ = 0;
  event_properties_.clear();
  attributes_.clear();
  joins_.clear();
  event_stamp_ = ++stamp_;
  const auto read_line = [&] {
    if (parser_.capacity() < line.size()) {
      const auto capacity = std::max(std::bit_ceil(line.size()), std::size_t{1} << 16);
      if (const auto code = parser_.allocate(capacity); code != simdjson::SUCCESS)
        return malformed(code);
    }
    auto code = parser_.iterate(line.data(), line.size(), line.size() + line_padding)
                  .get(document_);
    if (code != simdjson::SUCCESS)
      return malformed(code);
    json_type type{};
    if (code = document_.type().get(type); code != simdjson::SUCCESS)
      return malformed(code);
    if (type != json_type::object)
      return fail("expected an object: { … }");
    json_object object;
    if (code = document_.get_object().get(object); code != simdjson::SUCCESS)
      return malformed(code);
    const auto top_field = [this](std::string_view key, json_value& v) {
      return read_top_field(field_named(key), key, v);
    };
    if (!each_field_of(object, top_field))
      return false;
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return fail("not valid JSON: more than one value stands in the line");
    return finish();
  };
  if (read_line()) {
    append_records();
    guess_ = now_.kind;
    return verdict::taken;
  }
  now_.is_certain |= is_certain;
  roll_back();
  return now_.is_other_kind ? verdict::other_kind : verdict::refused;
}

/// What the first field that names a kind makes of the line, whatever else is wrong with it.
record_kind line_reader::kind_of(std::string_view line) {
  json_object object;
  if (parser_.iterate(line.data(), line.size(), line.size() + line_padding).get(document_)
        != simdjson::SUCCESS
      || document_.get_object().get(object) != simdjson::SUCCESS)
    return now_.kind;
  for (auto item : object) {
    std::string_view key;
    if (std::move(item).unescaped_key().get(key) != simdjson::SUCCESS)
      break;
    const auto f = field_named(key);
    if (f != field::count && (bit(f) & kind_fields) != 0)
      return kind_named_by(f);
  }
  return record_kind::profile;
}

/// A field says what the line is. False when properties were already read as something else.
bool line_reader::turn_into(record_kind kind) {
  if (now_.is_certain)
    return fail(fmt::format("this is {} already; a line has one of {}", rules_of(now_.kind).noun,
                            listed(kind_fields)));
  now_.is_certain = true;
  if (now_.kind == kind)
    return true;
  now_.is_other_kind = (now_.seen & bit(field::properties)) != 0;
  now_.kind = kind;
  return !now_.is_other_kind;
}

bool line_reader::read_top_field(field f, std::string_view key, json_value& v) {
  if (f == field::count) { // Which fields are allowed is known at the end.
    if (!now_.has_unknown)
      now_.unknown = key;
    now_.has_unknown = true;
    return true;
  }
  if ((now_.seen & bit(f)) != 0)
    return fail("given twice");
  now_.seen |= bit(f);
  if ((bit(f) & kind_fields) != 0 && !turn_into(kind_named_by(f)))
    return false;
  bool is_null = false;
  std::string_view text;
  switch (f) {
  case field::metric:
    return read_metric(v);
  case field::list:
    if (!read_name(v, "a list's name", model::list_name_bytes_max, text))
      return false;
    now_.name = names_.number(name_space::plain, text);
    return true;
  case field::action:
    if (!read_text(v, text))
      return false;
    now_.adds = text == "add";
    return now_.adds || text == "remove" || expected("add or remove", v);
  case field::merge:
    return read_merge(v);
  case field::erase:
    return read_identifiers(v, now_.who);
  case field::campaign:
  case field::flow:
  case field::tag:
    return read_description(f, v);
  case field::profile:
    return read_profile(v);
  case field::properties:
    if (now_.kind == record_kind::event)
      return read_properties(v, name_space::plain, event_properties_, model::event_properties_max);
    return read_profile_field(f, v);
  case field::time:
    if (!read_null(v, is_null))
      return false;
    now_.has_time = !is_null;
    return is_null || read_time(v, now_.time);
  case field::value:
    if (!read_null(v, is_null))
      return false;
    now_.has_value = !is_null;
    return is_null || read_number(v, now_.value);
  case field::unique_id:
    if (!read_null(v, is_null))
      return false;
    if (is_null)
      return true;
    if (!read_text(v, text))
      return false;
    if (text.size() > model::unique_id_bytes_max)
      return fail(fmt::format("an id of {} bytes; at most {} are allowed", text.size(),
                              model::unique_id_bytes_max));
    now_.unique_id = batch_->add_text(text);
    return true;
  case field::value_currency: {
    if (!read_null(v, is_null))
      return false;
    if (is_null)
      return true;
    if (!read_text(v, text))
      return false;
    const auto name = names_.number_once(name_space::plain, "$value_currency", event_stamp_);
    if (name.is_repeated)
      return fail("given twice: properties.$value_currency is the same");
    event_properties_.push_back({name.number, model::value_kind::text, model::property_action::set,
                                 0, batch_->add_text(text)});
    return true;
  }
  default:
    return read_profile_field(f, v);
  }
}

bool line_reader::read_metric(json_value& v) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  const auto read_one = [this](json_value& name) {
    std::string_view text;
    if (!read_name(name, "a metric's name", model::metric_name_characters_max * 4, text))
      return false;
    const auto characters = character_count(text);
    if (characters > model::metric_name_characters_max)
      return fail(fmt::format("a metric's name of {} characters; at most {} are allowed",
                              characters, model::metric_name_characters_max));
    now_.name = names_.number(name_space::plain, text);
    return true;
  };
  if (type == json_type::string)
    return read_one(v);
  if (type != json_type::object)
    return expected("a metric's name, or an object with a name", v);
  bool has_name = false;
  const bool is_read = each_field(v, [&](std::string_view key, json_value& part) {
    if (key != "name")
      return fail("not a field of a metric; allowed: name");
    if (has_name)
      return fail("given twice");
    has_name = true;
    return read_one(part);
  });
  return is_read && (has_name || fail("a metric needs a name"));
}

/// The object is kept as it is given; who applies it reads it in the same way.
bool line_reader::read_description(field f, json_value& v) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (type != json_type::object)
    return expected("an object", v);
  const auto* begin = std::string_view{v.raw_json_token()}.data();
  model::property_entry object;
  if (!read_nested(v, 1) || !keep_json(begin, '}', object))
    return false;
  const auto read = read_object(*model::object_kind_named(name_of(f)), batch_->text(object.text));
  if (!read.update)
    return read.field.empty() ? fail(read.reason) : fail_at(read.field, read.reason);
  now_.name = names_.number(name_space::plain, name_of(f));
  now_.unique_id = batch_->add_text(read.update->given.id);
  object.name = now_.name;
  event_properties_.push_back(object);
  return true;
}

bool line_reader::read_merge(json_value& v) {
  bool has_from = false;
  bool has_into = false;
  const bool is_read = each_field(v, [&](std::string_view key, json_value& part) {
    if (key != "from" && key != "into")
      return fail("not a field of a merge; allowed: from, into");
    auto& seen = key == "from" ? has_from : has_into;
    if (seen)
      return fail("given twice");
    seen = true;
    return read_identifiers(part, key == "from" ? now_.who : now_.into);
  });
  if (!is_read)
    return false;
  return (has_from && has_into) || fail("a merge needs from and into");
}

bool line_reader::read_identifiers(json_value& v, model::identifier_refs& who) {
  field_set seen = 0;
  const bool is_read = each_field(v, [&](std::string_view key, json_value& part) {
    const auto f = field_named(key);
    constexpr auto allowed = fields(field::external_id, field::email, field::phone_number);
    if (f == field::count || (bit(f) & allowed) == 0)
      return fail(fmt::format("not an identifier; allowed: {}", listed(allowed)));
    if ((seen & bit(f)) != 0)
      return fail("given twice");
    seen |= bit(f);
    auto& into = f == field::external_id ? who.external_id
               : f == field::email       ? who.email
                                         : who.phone_number;
    return read_identifier(part, key, into, false);
  });
  if (!is_read)
    return false;
  return !is_empty(who) || fail(std::string{no_identifier});
}

bool line_reader::read_profile(json_value& v) {
  return each_field(v, [this](std::string_view key, json_value& part) {
    const auto f = field_named(key);
    if (f == field::count || (bit(f) & profile_fields) == 0)
      return fail(not_a_field(record_kind::profile));
    if ((now_.seen_of_profile & bit(f)) != 0)
      return fail("given twice");
    now_.seen_of_profile |= bit(f);
    return read_profile_field(f, part);
  });
}

/// The line is read: was it all allowed, and is it enough?
bool line_reader::finish() {
  if (!now_.is_certain && now_.kind != record_kind::profile) {
    // Nothing named a kind, so it is a profile.
    now_.is_other_kind = (now_.seen & bit(field::properties)) != 0;
    if (now_.is_other_kind)
      return false;
    now_.kind = record_kind::profile;
  }
  now_.is_certain = true;
  const auto rules = rules_of(now_.kind);
  if (now_.has_unknown)
    return fail_at(now_.unknown, not_a_field(now_.kind));
  if (const auto extra = now_.seen & ~rules.allowed; extra != 0)
    return fail_at(field_names[static_cast<std::size_t>(std::countr_zero(extra))],
                   not_a_field(now_.kind));
  const auto needed = now_.kind == record_kind::event       ? bit(field::profile)
                    : now_.kind == record_kind::list_change ? fields(field::action, field::profile)
                                                            : field_set{0};
  if (const auto missing = needed & ~now_.seen; missing != 0)
    return fail_at(field_names[static_cast<std::size_t>(std::countr_zero(missing))],
                   fmt::format("missing; {} needs {}", rules.noun, listed(needed)));
  if (now_.kind != record_kind::describe && is_empty(now_.who)) {
    if (now_.kind == record_kind::profile)
      return fail(std::string{no_identifier});
    return fail_at("profile", std::string{no_identifier});
  }
  return true;
}

void line_reader::append_records() {
  auto& batch = *batch_;
  model::change_record record;
  record.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_, UINT32_MAX));
  record.who = now_.who;
  const auto append = [&](model::change_kind kind,
                          const std::vector<model::property_entry>& properties) {
    record.kind = kind;
    record.first_property = static_cast<std::uint32_t>(batch.properties.size());
    record.property_count = static_cast<std::uint32_t>(properties.size());
    batch.properties.insert(batch.properties.end(), properties.begin(), properties.end());
    batch.records.push_back(record);
  };
  if (now_.kind != record_kind::profile) {
    record.name = now_.name;
    record.has_time = now_.has_time;
    record.time = now_.time;
    record.has_value = now_.has_value;
    record.value = now_.value;
    record.into = now_.into;
    record.unique_id = now_.unique_id;
    const auto kind = now_.kind == record_kind::event    ? model::change_kind::event
                    : now_.kind == record_kind::merge    ? model::change_kind::merge
                    : now_.kind == record_kind::erase    ? model::change_kind::erase
                    : now_.kind == record_kind::describe ? model::change_kind::describe
                    : now_.adds                          ? model::change_kind::list_add
                                                         : model::change_kind::list_remove;
    append(kind, event_properties_);
    record = {};
    record.line = batch.records.back().line;
    record.who = now_.who;
  }
  if (now_.kind == record_kind::profile || !attributes_.empty())
    append(model::change_kind::profile, attributes_);
  for (const auto& join : joins_) {
    record.name = join.name;
    record.has_time = join.has_time;
    record.time = join.time;
    append(model::change_kind::list_add, {});
  }
}

void line_reader::roll_back() {
  names_.roll_back(names_before_);
  batch_->names.resize(names_before_);
  batch_->bytes.resize(bytes_before_);
}

} // namespace messages
