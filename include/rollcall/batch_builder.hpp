#pragma once

#include "model/change.hpp"
#include "model/objects.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rollcall {

/// Whom a record is about: any of the three identifies; empty = not named.
struct person {
  std::string_view external_id{};
  std::string_view email{};
  std::string_view phone_number{};
};

/// Writes a batch record by record. `set`, `unset` and `append` speak of the record made last:
/// properties of an event, attributes of a profile (spelled as in model/change.hpp: "first_name",
/// "location['city']", "properties['points']").
class batch_builder {
public:
  /// Without a time, the event happened when the engine takes it; without a unique id, the time in
  /// whole seconds tells events apart.
  batch_builder& event(const person& who, std::string_view metric,
                       std::optional<model::instant> time = {}, std::optional<double> value = {},
                       std::string_view unique_id = {}) {
    auto& r = add(model::change_kind::event, who, metric, time);
    r.has_value = value.has_value();
    r.value = value.value_or(0);
    r.unique_id = batch_.add_text(unique_id);
    return *this;
  }
  batch_builder& profile(const person& who) {
    add(model::change_kind::profile, who);
    return *this;
  }
  batch_builder& join(const person& who, std::string_view list,
                      std::optional<model::instant> time = {}) {
    add(model::change_kind::list_add, who, list, time);
    return *this;
  }
  batch_builder& leave(const person& who, std::string_view list,
                       std::optional<model::instant> time = {}) {
    add(model::change_kind::list_remove, who, list, time);
    return *this;
  }
  batch_builder& merge(const person& from, const person& into) {
    add(model::change_kind::merge, from);
    batch_.records.back().into = refs(into);
    return *this;
  }
  batch_builder& erase(const person& who) {
    add(model::change_kind::erase, who);
    return *this;
  }

  /// Describes a campaign, flow or tag: `json` is the object that a line of input has, with its id.
  batch_builder& describe(model::object_kind kind, std::string_view id, std::string_view json) {
    add(model::change_kind::describe, {}, model::name_of(kind)).unique_id = batch_.add_text(id);
    property(model::name_of(kind), model::value_kind::nested, model::property_action::set)
      .text = batch_.add_text(json);
    return *this;
  }

  batch_builder& set(std::string_view name, std::string_view text) {
    property(name, model::value_kind::text, model::property_action::set).text = batch_.add_text(
      text);
    return *this;
  }
  batch_builder& set(std::string_view name, const char* text) {
    return set(name, std::string_view{text});
  }
  batch_builder& set(std::string_view name, double number) {
    property(name, model::value_kind::number, model::property_action::set).number = number;
    return *this;
  }
  batch_builder& set(std::string_view name, bool truth) {
    property(name, model::value_kind::boolean, model::property_action::set).number = truth ? 1 : 0;
    return *this;
  }
  batch_builder& unset(std::string_view name) {
    property(name, model::value_kind::unset, model::property_action::unset);
    return *this;
  }
  /// Adds a text to a list attribute.
  batch_builder& append(std::string_view name, std::string_view text) {
    property(name, model::value_kind::text, model::property_action::append).text = batch_.add_text(
      text);
    return *this;
  }
  /// Takes every equal text out of a list attribute.
  batch_builder& remove(std::string_view name, std::string_view text) {
    property(name, model::value_kind::text, model::property_action::remove).text = batch_.add_text(
      text);
    return *this;
  }

  [[nodiscard]] std::size_t records() const {
    return batch_.records.size();
  }
  /// The batch; the builder starts afresh.
  model::change_batch take() {
    names_.clear();
    return std::exchange(batch_, {});
  }

private:
  model::identifier_refs refs(const person& who) {
    return {batch_.add_text(who.external_id), batch_.add_text(who.email),
            batch_.add_text(who.phone_number)};
  }
  model::change_record& add(model::change_kind kind, const person& who, std::string_view named = {},
                            std::optional<model::instant> time = {}) {
    model::change_record r;
    r.kind = kind;
    r.who = refs(who);
    r.line = static_cast<std::uint32_t>(batch_.records.size() + 1);
    r.name = named.empty() ? 0 : name_number(named);
    r.has_time = time.has_value();
    r.time = time ? model::to_ms(*time) : 0;
    r.first_property = static_cast<std::uint32_t>(batch_.properties.size());
    batch_.records.push_back(r);
    return batch_.records.back();
  }
  model::property_entry& property(std::string_view name, model::value_kind kind,
                                  model::property_action action) {
    model::property_entry p;
    p.name = name_number(name);
    p.kind = kind;
    p.action = action;
    batch_.properties.push_back(p);
    ++batch_.records.back().property_count;
    return batch_.properties.back();
  }
  std::uint32_t name_number(std::string_view text) {
    const auto known = names_.find(text);
    if (known != names_.end())
      return known->second;
    const auto number = static_cast<std::uint32_t>(batch_.names.size());
    batch_.names.push_back(batch_.add_text(text));
    names_.emplace(text, number);
    return number;
  }

  model::change_batch batch_;
  std::map<std::string, std::uint32_t, std::less<>> names_;
};

} // namespace rollcall
