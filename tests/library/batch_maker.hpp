#pragma once

#include "model/instant.hpp"

#include <rollcall/batch_builder.hpp>

#include <optional>
#include <string_view>

/// A batch builder for tests: times are texts, every step gives the maker back.
class batch_maker : public rollcall::batch_builder {
public:
  batch_maker& event(const rollcall::person& who, std::string_view metric, std::string_view time,
                     std::optional<double> value = {}, std::string_view unique_id = {}) {
    batch_builder::event(who, metric, model::parse_instant(time), value, unique_id);
    return *this;
  }
  batch_maker& profile(const rollcall::person& who) {
    batch_builder::profile(who);
    return *this;
  }
  batch_maker& with(std::string_view attribute, std::string_view text) {
    set(attribute, text);
    return *this;
  }
  batch_maker& without(std::string_view attribute) {
    unset(attribute);
    return *this;
  }
  batch_maker& merge(const rollcall::person& from, const rollcall::person& into) {
    batch_builder::merge(from, into);
    return *this;
  }
  batch_maker& erase(const rollcall::person& who) {
    batch_builder::erase(who);
    return *this;
  }
  batch_maker& describe(model::object_kind kind, std::string_view id, std::string_view json) {
    batch_builder::describe(kind, id, json);
    return *this;
  }
};
