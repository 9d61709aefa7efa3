#include "actors/account_store.hpp"

#include "messages/object_reader.hpp"
#include "model/value.hpp"
#include "segments/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

namespace actors {

namespace {

using model::failure;
using model::failure_code;
using model::nothing;
using model::outcome;
using model::status;
using storage::word;
using storage::words_view;

constexpr storage::meta_key partitions_field{storage::meta_field::partition};
constexpr storage::meta_key zone_field{storage::meta_field::account_zone};
constexpr storage::meta_key clock_field{storage::meta_field::account_clock};

/// Stands where a segment was, so that its number is never given again.
constexpr std::string_view dropped_segment = "dropped";

constexpr storage::checkpoints_key order_key{storage::checkpoint_kind::order, 0};

storage::checkpoints_key merge_key(std::uint64_t number) {
  return {storage::checkpoint_kind::person_merge, number};
}

storage::checkpoints_key source_key(std::string_view source) {
  return {storage::checkpoint_kind::source, std::hash<std::string_view>{}(source)};
}

failure broken(const storage::environment& e, std::string_view what) {
  return {
    failure_code::storage_broken,
    fmt::format("the account's data in {} is damaged: {} cannot be read; restore it from a copy",
                e.directory().string(), what)};
}

// Records are small JSON objects, written and read by hand: whole numbers stay exact.

std::string json_string(std::string_view text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
}

segments::json_value parse(std::string_view text) {
  std::vector<segments::definition_error> errors;
  auto document = segments::read_json(text, errors);
  if (!document || !errors.empty())
    throw std::invalid_argument("a record is no JSON");
  return std::move(*document);
}

const segments::json_value& member(const segments::json_value& o, std::string_view key) {
  const auto* found = o.find(key);
  if (!found)
    throw std::invalid_argument("a record lacks a member");
  return *found;
}

const std::string& text_of(const segments::json_value& o, std::string_view key) {
  return member(o, key).text;
}

template <class Integer>
Integer integer_of(const segments::json_value& v) {
  Integer n{};
  const auto* end = v.text.data() + v.text.size();
  const auto [rest, error] = std::from_chars(v.text.data(), end, n);
  if (v.kind != segments::json_kind::number || error != std::errc{} || rest != end)
    throw std::invalid_argument("a record holds no whole number where one belongs");
  return n;
}

model::instant instant_of(const segments::json_value& o, std::string_view key) {
  return model::from_ms(integer_of<std::int64_t>(member(o, key)));
}

std::string encode(const segment_entry& e) {
  std::string references;
  for (const auto& id : e.references)
    references += (references.empty() ? "" : ",") + json_string(id);
  std::string editions;
  for (const auto& edition : e.editions)
    editions += fmt::format(R"({}{{"version":{},"at":{},"reason":{},"json":{}}})",
                            editions.empty() ? "" : ",", edition.version, model::to_ms(edition.at),
                            json_string(edition.reason), json_string(edition.json));
  return fmt::format(
    R"({{"id":{},"name":{},"created":{},"is_cancelled":{},"is_inactive":{},"references":[{}],"editions":[{}]}})",
    json_string(e.id), json_string(e.name), model::to_ms(e.created), e.is_cancelled, !e.is_active,
    references, editions);
}

segment_entry decode_segment(std::uint64_t number, std::string_view text) {
  const auto o = parse(text);
  segment_entry e;
  e.number = number;
  e.id = text_of(o, "id");
  e.name = text_of(o, "name");
  e.created = instant_of(o, "created");
  e.is_cancelled = member(o, "is_cancelled").truth;
  e.is_active = !member(o, "is_inactive").truth;
  for (const auto& id : member(o, "references").items)
    e.references.push_back(id.text);
  for (const auto& edition : member(o, "editions").items)
    e.editions.push_back({integer_of<std::uint32_t>(member(edition, "version")),
                          instant_of(edition, "at"), text_of(edition, "reason"),
                          text_of(edition, "json")});
  if (e.editions.empty())
    throw std::invalid_argument("a segment without a definition");
  return e;
}

object_entry decode_object(const storage::objects_key& key, std::string_view text) {
  const auto kind = std::find_if(
    model::object_kinds.begin(), model::object_kinds.end(),
    [&](model::object_kind k) { return static_cast<word>(k) == key.kind; });
  if (kind == model::object_kinds.end())
    throw std::invalid_argument("a record is of no kind of object that is known");
  const auto read = messages::read_object(*kind, text);
  if (!read.update)
    throw std::invalid_argument(read.reason);
  auto object = model::merged(nullptr, *read.update);
  if (!object)
    throw std::invalid_argument(object.error().message);
  return {key.number, std::move(*object)};
}

std::string encode(const person_merge& m) {
  return fmt::format(R"({{"from":[{},{}],"into":[{},{}],"source":{},"source_sequence":{}}})",
                     m.from.partition, m.from.profile, m.into.partition, m.into.profile,
                     json_string(m.source), m.source_sequence);
}

person_merge decode_merge(std::uint64_t number, std::string_view text) {
  const auto o = parse(text);
  const auto place = [&](std::string_view key) {
    const auto& numbers = member(o, key).items;
    if (numbers.size() != 2)
      throw std::invalid_argument("a place is a partition and a profile");
    return profile_place{integer_of<std::uint32_t>(numbers[0]),
                         integer_of<std::uint32_t>(numbers[1])};
  };
  return {number, place("from"), place("into"), text_of(o, "source"),
          integer_of<std::uint64_t>(member(o, "source_sequence"))};
}

/// Calls back with the key and the text of every record of a range; a record that cannot be read
/// ends it.
template <class Key, class Each>
status each_text(const storage::environment& e, std::string_view what, storage::cursor records,
                 Each&& each) {
  try {
    while (const auto entry = records.next()) {
      const auto text = storage::unpack_bytes(entry->value);
      if (!text)
        return broken(e, what);
      each(entry->template as<Key>(), *text);
    }
  } catch (const std::exception&) {
    return broken(e, what);
  }
  return nothing{};
}

status write_settings(storage::environment& e, const account_settings& s) {
  return e.update([&](storage::write_transaction& t) -> status {
    const std::array<word, 2> partitions{0, s.partitions};
    const std::array<word, 2> clock{s.clock.is_manual ? word{1} : word{0},
                                    static_cast<word>(s.clock.ms)};
    t.put(zone_field, storage::pack_bytes(s.zone));
    t.put(clock_field, clock);
    t.put(partitions_field, partitions);
    return nothing{};
  });
}

outcome<account_settings> read_settings(const storage::environment& e,
                                        const storage::read_transaction& t, words_view partitions) {
  account_settings s;
  const auto zone = t.get(zone_field);
  const auto clock = t.get(clock_field);
  const auto zone_text = zone ? storage::unpack_bytes(*zone) : std::nullopt;
  if (partitions.size() != 2 || partitions[1] == 0 || partitions[1] > UINT32_MAX || !zone_text
      || !clock || clock->size() != 2)
    return broken(e, "what was chosen when it was made");
  s.partitions = static_cast<std::uint32_t>(partitions[1]);
  s.zone = *zone_text;
  s.clock = {(*clock)[0] != 0, static_cast<std::int64_t>((*clock)[1])};
  return s;
}

} // namespace

account_store::account_store(std::unique_ptr<storage::environment> environment,
                             account_settings settings)
  : environment_(std::move(environment)), settings_(std::move(settings)) {
}

outcome<std::unique_ptr<account_store>> account_store::open(const std::filesystem::path& directory,
                                                            const account_settings& created) {
  storage::environment_options options;
  options.map_size = std::uint64_t{16} << 30;
  auto opened = storage::environment::open(directory, options);
  if (!opened)
    return opened.error();
  auto& e = **opened;
  bool is_new = false;
  account_settings settings = created;
  {
    auto t = e.read();
    if (!t)
      return t.error();
    const auto partitions = t->get(partitions_field);
    is_new = !partitions;
    if (partitions) {
      auto read = read_settings(e, *t, *partitions);
      if (!read)
        return read.error();
      settings = std::move(*read);
    }
    if (auto health = t->health(); !health)
      return health.error();
  }
  if (is_new)
    if (auto written = write_settings(e, settings); !written)
      return written.error();
  return std::unique_ptr<account_store>{new account_store{std::move(*opened), std::move(settings)}};
}

outcome<catalogue> account_store::load_catalogue() const {
  auto t = environment_->read();
  if (!t)
    return t.error();
  catalogue all;
  const auto read_names = [&](storage::name_kind kind, std::string_view what,
                              name_register& names) {
    const auto next = static_cast<storage::name_kind>(static_cast<std::uint64_t>(kind) + 1);
    return each_text<storage::names_key>(
      *environment_, what, t->range(storage::names_key{kind, 0}, storage::names_key{next, 0}),
      [&](const auto&, std::string_view name) { names.learn(name); });
  };
  if (auto read = read_names(storage::name_kind::metric, "a metric's name", all.metrics); !read)
    return read.error();
  if (auto read = read_names(storage::name_kind::list, "a list's name", all.lists); !read)
    return read.error();
  auto read = each_text<storage::definitions_key>(
    *environment_, "a segment", t->all(storage::keyspace::definitions),
    [&](const auto& key, std::string_view text) {
      if (text != dropped_segment)
        return all.accept(decode_segment(key.segment, text));
      segment_entry gone;
      gone.number = key.segment;
      all.accept(std::move(gone));
      all.forget(key.segment);
    });
  if (!read)
    return read.error();
  read = each_text<storage::objects_key>(
    *environment_, "a campaign, flow or tag", t->all(storage::keyspace::objects),
    [&](const auto& key, std::string_view text) { all.objects.accept(decode_object(key, text)); });
  if (!read)
    return read.error();
  if (auto health = t->health(); !health)
    return health.error();
  return all;
}

outcome<std::vector<person_merge>> account_store::load_merges() const {
  auto t = environment_->read();
  if (!t)
    return t.error();
  std::vector<person_merge> merges;
  auto read = each_text<storage::checkpoints_key>(
    *environment_, "a merge of two profiles", t->range(merge_key(1), merge_key(UINT64_MAX)),
    [&](const auto& key, std::string_view text) {
      merges.push_back(decode_merge(key.number, text));
    });
  if (!read)
    return read.error();
  if (auto health = t->health(); !health)
    return health.error();
  return merges;
}

status account_store::update(const std::function<status(storage::write_transaction&)>& work) {
  return environment_->update([&](storage::write_transaction& t) -> status {
    if (const auto position = order_position_.load(); position != 0)
      t.put(order_key, std::array<word, 1>{position});
    return work(t);
  });
}

status account_store::save_order(std::uint64_t position) {
  note_order(position);
  return update([](storage::write_transaction&) -> status { return nothing{}; });
}

outcome<std::uint64_t> account_store::order_position() const {
  auto t = environment_->read();
  if (!t)
    return t.error();
  const auto record = t->get(order_key);
  const auto position = record && record->size() == 1 ? (*record)[0] : 0;
  if (auto health = t->health(); !health)
    return health.error();
  return position;
}

status account_store::save_clock(account_clock::setting clock) {
  auto changed = settings_;
  changed.clock = clock;
  if (auto written = write_settings(*environment_, changed); !written)
    return written;
  settings_.clock = clock;
  return nothing{};
}

status account_store::save_segments(const std::vector<catalogue::redefinition>& changed) {
  return update([&](storage::write_transaction& t) -> status {
    for (const auto& one : changed)
      t.put(storage::definitions_key{one.entry.number}, storage::pack_bytes(encode(one.entry)));
    return nothing{};
  });
}

status account_store::save_segment(const segment_entry& changed) {
  return save_segments(std::vector{changed});
}

status account_store::save_segments(const std::vector<segment_entry>& changed) {
  return update([&](storage::write_transaction& t) -> status {
    for (const auto& entry : changed)
      t.put(storage::definitions_key{entry.number}, storage::pack_bytes(encode(entry)));
    return nothing{};
  });
}

status account_store::erase_segment(std::uint64_t number) {
  return update([&](storage::write_transaction& t) -> status {
    t.put(storage::definitions_key{number}, storage::pack_bytes(dropped_segment));
    return nothing{};
  });
}

status account_store::save_names(const std::vector<new_name>& names) {
  return update([&](storage::write_transaction& t) -> status {
    for (const auto& n : names)
      t.put(storage::names_key{n.kind == name_kind::metric ? storage::name_kind::metric
                                                           : storage::name_kind::list,
                               n.number},
            storage::pack_bytes(n.name));
    return nothing{};
  });
}

status account_store::save_objects(const object_draft& described, std::string_view source,
                                   std::uint64_t count) {
  return update([&](storage::write_transaction& t) -> status {
    for (const auto& [which, change] : described.changes()) {
      const storage::objects_key key{static_cast<word>(which.first), change.number};
      if (change.becomes)
        t.put(key, storage::pack_bytes(messages::object_json(*change.becomes)));
      else
        t.erase(key);
    }
    if (source.empty())
      return nothing{};
    // The name stands in the record, so that two names with one hash cannot pass for each other.
    std::vector<word> record{count};
    const auto name = storage::pack_bytes(source);
    record.insert(record.end(), name.begin(), name.end());
    t.put(source_key(source), record);
    return nothing{};
  });
}

outcome<std::uint64_t> account_store::described_up_to(std::string_view source) const {
  auto t = environment_->read();
  if (!t)
    return t.error();
  std::uint64_t count = 0;
  if (const auto record = t->get(source_key(source)); record && !record->empty()) {
    const auto name = storage::unpack_bytes(record->subspan(1));
    if (!name)
      return broken(*environment_, "how far a source has come");
    if (*name == source)
      count = (*record)[0];
  }
  if (auto health = t->health(); !health)
    return health.error();
  return count;
}

outcome<person_merge> account_store::begin_merge(person_merge merge) {
  auto written = update([&](storage::write_transaction& t) -> status {
    const auto last = t.get(merge_key(0));
    merge.number = (last && last->size() == 1 ? (*last)[0] : 0) + 1;
    const std::array<word, 1> number{merge.number};
    t.put(merge_key(0), number);
    t.put(merge_key(merge.number), storage::pack_bytes(encode(merge)));
    return nothing{};
  });
  if (!written)
    return written.error();
  return merge;
}

status account_store::end_merge(std::uint64_t number) {
  return update([&](storage::write_transaction& t) -> status {
    t.erase(merge_key(number));
    return nothing{};
  });
}

} // namespace actors
