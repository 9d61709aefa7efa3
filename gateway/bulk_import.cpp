#include "gateway/bulk_import.hpp"

#include "gateway/applied.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/people.hpp"
#include "gateway/profile_items.hpp"
#include "gateway/profile_shape.hpp"
#include "messages/ndjson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::profile_place;

constexpr std::size_t item_bytes_max = 100 * 1024;
constexpr std::size_t looked_up_at_once = 1'000;

std::string id_of(const json::value& item) {
  const auto* object = item.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("id");
  return id != nullptr && id->is_string() ? std::string{id->get_string()} : std::string{};
}

class import_run {
public:
  import_run(const account& whose, const json::array& items, const std::vector<known_list>& lists)
    : whose_(whose), items_(items), lists_(lists), taken_(items.size()) {
  }

  imported run() {
    know_ids();
    for (std::size_t i = 0; i < items_.size(); ++i)
      read_item(i);
    if (!changes_.records.empty())
      refuse_rejected(take_changes(whose_, std::move(changes_)));
    imported done;
    for (const auto& [index, errors] : errors_) {
      ++done.failed;
      for (const auto& error : errors)
        done.errors.push_back(error);
    }
    done.people = people();
    return done;
  }

private:
  struct taken {
    bool is_in = false;
    profile_identifiers who;
    std::optional<profile_place> place;
  };

  /// Profiles that are called by their ids.
  void know_ids() {
    std::vector<profile_place> places;
    for (const auto& item : items_)
      if (const auto place = profile_place_of(id_of(item)))
        places.push_back(*place);
    for (std::size_t first = 0; first < places.size(); first += looked_up_at_once) {
      const auto count = std::min(looked_up_at_once, places.size() - first);
      for (const auto& one : living_people(whose_, std::span{places}.subspan(first, count)))
        known_.insert_or_assign(one.place, identifiers_of(one.json));
    }
  }

  void read_item(std::size_t index) {
    const auto& item = items_[index];
    const auto bytes = json_text(item).size();
    if (bytes > item_bytes_max)
      return refuse(index, invalid_body(pointer_to_item(index),
                                        fmt::format("A profile has {} bytes; at most {} are "
                                                    "allowed.",
                                                    bytes, item_bytes_max)));
    mistakes found;
    const auto line = read_line(item, index, found);
    for (const auto& mistake : found.all())
      refuse(index, mistake);
    if (found.is_empty())
      take(index, line);
  }

  profile_line read_line(const json::value& item, std::size_t index, mistakes& found) {
    item_reader read{item, index, found};
    auto* attributes = read.attributes();
    if (attributes == nullptr)
      return {};
    const auto id = read.data().text("id", presence::nullable).value_or({});
    const auto* meta = read.data().object("meta", presence::nullable);
    read.data().finish();
    profile_identifiers known;
    if (!id.empty()) {
      const auto place = profile_place_of(id);
      const auto one = place ? known_.find(*place) : known_.end();
      if (one == known_.end()) {
        auto e = not_found("profile", id);
        e.pointer = pointer_to_item(index) + "/id";
        found.add(std::move(e));
        return {};
      }
      known = one->second;
      taken_[index].place = *place;
    }
    auto line = make_profile_line(attributes->content(), meta, known, found,
                                  pointer_to_item(index));
    check_names(id, line, *attributes, found);
    return line;
  }

  static void check_names(const std::string& id, const profile_line& line,
                          const object_reader& attributes, mistakes& found) {
    if (!found.is_empty())
      return;
    if (line.who.is_empty())
      found.add(attributes.pointer(),
                "'email', 'phone_number' or 'external_id' is needed, or the profile's id.");
    else if (!id.empty() && !line.names_known)
      found.add(attributes.pointer(),
                "Every identifier of the profile would change at once, so that nobody could tell "
                "that it is the same; keep one of them and change it later.");
  }

  void take(std::size_t index, const profile_line& line) {
    try {
      read_profile_line(reader_, line, changes_, pointer_to_item(index));
    } catch (const refusal& why) {
      for (const auto& mistake : why.errors())
        refuse(index, mistake);
      return;
    }
    for (const auto& list : lists_)
      join(line.who, list);
    owners_.resize(changes_.records.size(), index);
    taken_[index].is_in = true;
    taken_[index].who = line.who;
    if (const auto& place = taken_[index].place)
      known_[*place] = line.who; // Should the profile come again.
  }

  void join(const profile_identifiers& who, const known_list& list) {
    json::object profile;
    for (const auto& [name, text] :
         {std::pair{"external_id", &who.external_id}, std::pair{"email", &who.email},
          std::pair{"phone_number", &who.phone_number}})
      if (!text->empty())
        profile[name] = *text;
    const auto line = json_text(
      json::object{{"list", list.engine_name}, {"action", "add"}, {"profile", std::move(profile)}});
    messages::line_block block{line};
    std::vector<messages::line_error> errors;
    reader_.read(block, changes_, errors);
    assert(errors.empty()); // The names were good in the profile's own line.
  }

  void refuse(std::size_t index, const error_entry& why) {
    auto& all = errors_[index];
    json::value original;
    const auto* object = items_[index].if_object();
    if (all.empty() && object != nullptr && json_text(items_[index]).size() <= item_bytes_max)
      original = *object;
    all.push_back({why, std::move(original)});
  }

  void refuse_rejected(const rollcall::receipt& receipt) {
    for (const auto& rejected : receipt.rejected) {
      const auto index = owners_[rejected.record];
      if (!std::exchange(taken_[index].is_in, false))
        continue; // Its profile was refused; that its joins were too tells nothing new.
      error_entry e{409, "conflict", "Conflict."};
      e.detail = rejected.reason;
      e.pointer = pointer_to_item(index) + "/attributes";
      refuse(index, e);
    }
  }

  std::vector<profile_place> people() {
    std::vector<profile_place> all;
    std::vector<profile_identifiers> names;
    const auto look_up = [&] {
      for (const auto& one : find_people(whose_, names))
        if (one)
          all.push_back(one->place);
      names.clear();
    };
    for (const auto& one : taken_) {
      if (one.is_in && one.place)
        all.push_back(*one.place);
      else if (one.is_in)
        names.push_back(one.who);
      if (names.size() == looked_up_at_once)
        look_up();
    }
    look_up();
    return all;
  }

  const account& whose_;
  const json::array& items_;
  const std::vector<known_list>& lists_;
  std::map<profile_place, profile_identifiers> known_;
  messages::ndjson_reader reader_;
  model::change_batch changes_;
  std::vector<std::size_t> owners_; // By record: the item that it is of.
  std::vector<taken> taken_;        // By item.
  std::map<std::size_t, std::vector<import_error>> errors_;
};

} // namespace

imported import_profiles(const account& whose, const json::array& items,
                         const std::vector<known_list>& lists) {
  return import_run{whose, items, lists}.run();
}

} // namespace gateway
