#include "metrics/fold.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace metrics {

namespace {

/// The instant that a campaign belongs to.
std::optional<std::int64_t> moment_of(const model::described_object* described,
                                      const surveyed_object* surveyed, send_moment moment) {
  const auto told = [&](model::object_instant which) -> std::optional<std::int64_t> {
    if (described == nullptr || !(described->*which))
      return std::nullopt;
    return model::to_ms(*(described->*which));
  };
  const auto seen_at = [&](std::int64_t surveyed_object::*which) -> std::optional<std::int64_t> {
    if (surveyed == nullptr || surveyed->*which == INT64_MAX || surveyed->*which == INT64_MIN)
      return std::nullopt;
    return surveyed->*which;
  };
  const auto either = [](std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    return a ? a : b;
  };
  switch (moment) {
  case send_moment::created:
    return told(&model::described_object::created);
  case send_moment::scheduled:
    return told(&model::described_object::scheduled);
  case send_moment::first_batch_due:
    return told(&model::described_object::first_batch_due);
  case send_moment::first_batch_started:
    return either(told(&model::described_object::first_batch_started),
                  seen_at(&surveyed_object::first_send));
  case send_moment::first_delivery:
    return either(told(&model::described_object::first_delivery),
                  seen_at(&surveyed_object::first_delivery));
  case send_moment::send_completed:
    return either(told(&model::described_object::send_completed),
                  seen_at(&surveyed_object::last_send));
  case send_moment::send:
  case send_moment::event:
    break;
  }
  return either(told(&model::described_object::send_time), seen_at(&surveyed_object::first_send));
}

} // namespace

std::vector<fold_object> joined(std::span<const model::described_object> described,
                                const std::vector<surveyed_object>& surveyed,
                                const fold_order& order) {
  std::map<std::pair<message_owner, std::string>,
           std::pair<const model::described_object*, const surveyed_object*>>
    all;
  std::map<std::string_view, std::string_view> tag_names;
  for (const auto& d : described) {
    if (d.kind == model::object_kind::tag)
      tag_names[d.id] = d.name;
    else
      all[{d.kind == model::object_kind::campaign ? message_owner::campaign : message_owner::flow,
           d.id}]
        .first = &d;
  }
  for (const auto& s : surveyed)
    all[{s.owner, s.id}].second = &s;

  std::vector<fold_object> objects;
  for (const auto& [key, known] : all) {
    const auto& [told, found] = known;
    fold_object o;
    o.owner = key.first;
    o.id = key.second;
    if (o.owner == message_owner::campaign)
      o.moment = moment_of(told, found, order.moment);
    if (told != nullptr) {
      o.name = told->name;
      o.send_strategy = told->strategy.method;
      for (const auto& t : told->tags) {
        const auto name = tag_names.find(t.id);
        o.tags.push_back({t.id, name != tag_names.end() ? std::string{name->second}
                                : t.name.empty()        ? t.id
                                                        : t.name});
      }
      for (const auto& m : told->messages) {
        auto& to = o.messages.emplace_back();
        to.id = m.id;
        to.name = m.name;
        for (const auto& v : m.variations)
          to.variations.push_back({v.id, v.name});
      }
    }
    if (found != nullptr) {
      if (o.name.empty())
        o.name = found->name;
      for (const auto& m : found->messages) {
        const auto mine = std::ranges::find(o.messages, m.id, &fold_object::message::id);
        if (mine == o.messages.end())
          o.messages.push_back({m.id, m.name, {}});
        else if (mine->name.empty())
          mine->name = m.name;
      }
    }
    objects.push_back(std::move(o));
  }
  return objects;
}

} // namespace metrics
