#include "tests/messages/sample_batch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace messages_test {

namespace {

using model::change_kind;
using model::property_action;
using model::value_kind;

std::string sample_items() {
  std::string items;
  model::append_list_item(items, {value_kind::text, 0, "a"});
  model::append_list_item(items, {value_kind::number, 2.5, {}});
  model::append_list_item(items, {value_kind::boolean, 1, {}});
  return items;
}

} // namespace

model::change_batch sample_batch() {
  model::change_batch b;
  const auto text = [&](std::string_view t) { return b.add_text(t); };
  for (const auto* name : {"Placed Order", "VIP", "color", "email", "properties['tags']"})
    b.names.push_back(text(name));
  const auto add = [&](change_kind kind, std::uint32_t name, std::uint32_t line) {
    model::change_record r;
    r.kind = kind;
    r.name = name;
    r.line = line;
    r.first_property = static_cast<std::uint32_t>(b.properties.size());
    b.records.push_back(r);
    return b.records.size() - 1;
  };
  const auto property = [&](std::size_t record, const model::property_entry& p) {
    b.properties.push_back(p);
    ++b.records[record].property_count;
  };

  const auto event = add(change_kind::event, 0, 1);
  auto& e = b.records[event];
  e.who = {text("id-1"), text("a@b.c"), text("+15005550006")};
  e.unique_id = text("order-1");
  e.has_time = true;
  e.time = 1'600'000'000'500;
  e.has_value = true;
  e.value = -12.75;
  e.profile = 70'000;
  property(event, {2, value_kind::text, property_action::set, 0, text("rosé")});
  property(event, {2, value_kind::number, property_action::set, 1e300, {}});
  property(event, {2, value_kind::boolean, property_action::set, 1, {}});
  property(event, {2, value_kind::boolean, property_action::set, 0, {}});
  property(event, {2, value_kind::list, property_action::set, 0, text(sample_items())});
  property(event, {2, value_kind::nested, property_action::set, 0, text(R"({"k":[1]})")});
  property(event, {2, value_kind::text, property_action::set, 0, {}});

  const auto profile = add(change_kind::profile, 0, 1); // The same line and person.
  b.records[profile].who = b.records[event].who;
  property(profile, {3, value_kind::unset, property_action::unset, 0, {}});
  property(profile, {4, value_kind::text, property_action::append, 0, text("new")});
  property(profile, {4, value_kind::list, property_action::remove, 0, text(sample_items())});
  property(profile, {4, value_kind::number, property_action::fill, 3, {}});

  const auto joined = add(change_kind::list_add, 1, 9);
  b.records[joined].who.email = text("x@y.z");
  b.records[joined].has_time = true;
  b.records[joined].time = -86'400'000;
  const auto left = add(change_kind::list_remove, 1, 2);
  b.records[left].who.phone_number = text("+44");
  const auto merge = add(change_kind::merge, 0, 3);
  b.records[merge].who.external_id = text("from");
  b.records[merge].into = {text("into"), text("i@n.to"), text("+1")};
  const auto erase = add(change_kind::erase, 0, 0);
  b.records[erase].who.external_id = text("gone");
  b.records[erase].profile = 0;

  const auto described = add(change_kind::describe, 5, 4);
  b.names.push_back(text("campaign"));
  b.records[described].unique_id = text("C1");
  property(described, {5, value_kind::nested, property_action::set, 0, text(R"({"id":"C1"})")});
  return b;
}

model::change_batch random_batch(std::mt19937& random) {
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  model::change_batch b;
  const auto some_text = [&] {
    const auto size = below(4) == 0 ? below(400) : below(12);
    std::string t;
    for (std::uint32_t i = 0; i < size; ++i)
      t += static_cast<char>('a' + below(26));
    return b.add_text(t);
  };
  const auto some_number = [&] {
    return below(2) == 0 ? double(below(1000)) / 4 : (double(random()) - 2e9) * 1e-3;
  };
  const auto names = 1 + below(below(10) == 0 ? 300 : 10);
  for (std::uint32_t i = 0; i < names; ++i)
    b.names.push_back(b.add_text("name" + std::to_string(i)));
  const auto some_property = [&] {
    model::property_entry p;
    p.name = below(names);
    p.action = static_cast<property_action>(below(5));
    p.kind = static_cast<value_kind>(below(6));
    if (p.kind == value_kind::number)
      p.number = some_number();
    else if (p.kind == value_kind::boolean)
      p.number = below(2);
    else if (p.kind == value_kind::list)
      p.text = b.add_text(sample_items());
    else if (p.kind != value_kind::unset)
      p.text = some_text();
    return p;
  };
  const auto count = below(60);
  for (std::uint32_t i = 0; i < count; ++i) {
    model::change_record r;
    r.kind = static_cast<change_kind>(1 + below(7));
    if (r.kind == change_kind::event || r.kind == change_kind::list_add
        || r.kind == change_kind::list_remove || r.kind == change_kind::describe)
      r.name = below(names);
    r.line = below(5) == 0 ? below(UINT32_MAX) : i + 1;
    if (below(3) == 0 && !b.records.empty())
      r.who = b.records.back().who;
    else
      r.who = {some_text(), below(2) == 0 ? some_text() : model::text_ref{},
               below(3) == 0 ? some_text() : model::text_ref{}};
    if (below(4) == 0)
      r.into = {some_text(), some_text(), some_text()};
    if (below(2) == 0)
      r.unique_id = some_text();
    if (below(2) == 0) {
      r.has_value = true;
      r.value = some_number();
    }
    if (below(2) == 0) {
      r.has_time = true;
      r.time = below(20) == 0 ? (below(2) == 0 ? INT64_MIN / 4 : INT64_MAX / 4)
                              : 1'500'000'000'000 + std::int64_t{below(UINT32_MAX)} * 50;
    }
    if (below(3) == 0)
      r.profile = below(2) == 0 ? below(100) : UINT32_MAX - 1;
    r.first_property = static_cast<std::uint32_t>(b.properties.size());
    r.property_count = below(3) == 0 ? 0 : below(6);
    for (std::uint32_t p = 0; p < r.property_count; ++p)
      b.properties.push_back(some_property());
    b.records.push_back(r);
  }
  return b;
}

} // namespace messages_test
