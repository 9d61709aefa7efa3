#include "metrics/event_reader.hpp"
#include "metrics/fold.hpp"
#include "metrics/profile_rows.hpp"

#include <algorithm>
#include <map>

namespace metrics {

namespace {

class survey_state final : public survey {
public:
  survey_state(const fold_order& order, model::name_binder& names)
    : messages_(message_reader::tuple_width) {
    readers_.reserve(order.streams.size());
    message_readers_.reserve(order.streams.size());
    for (const auto& s : order.streams) {
      if (!s.is_send)
        continue;
      auto& events = readers_.emplace_back(s.metric, names, values_);
      message_readers_.emplace_back(events, s.by, names, values_);
      slots_.push_back({events.slot_of("campaign_name", names), events.slot_of("flow_name", names),
                        events.slot_of("message_name", names)});
      is_delivery_.push_back(s.is_delivery);
    }
  }

  void read(const model::block_view& block, std::uint32_t first, std::uint32_t profiles) override {
    for (auto& r : readers_)
      r.turn_to_block(block);
    for (auto& m : message_readers_)
      m.turn_to_block();
    each_row(block, std::min(profiles, block.profiles()), [&](std::uint32_t row, bool is_dirty) {
      if (early_.has(first + row))
        return;
      for (auto& r : readers_)
        is_dirty ? r.turn_to_profile(block.profile(row)) : r.turn_to_row(row);
      look();
    });
  }

  void read_early(const model::profile_view& profile, std::uint32_t number) override {
    if (!early_.add(number))
      return;
    for (auto& r : readers_)
      r.turn_to_profile(profile);
    look();
  }

  std::vector<surveyed_object> result() const override {
    std::map<std::pair<message_owner, std::string>, surveyed_object> objects;
    for (std::uint32_t m = 0; m < messages_.size(); ++m) {
      const auto facts = message_reader::facts_of(messages_.tuple(m));
      const auto& s = sends_[m];
      surveyed_object one;
      one.owner = facts.owner;
      one.id = values_.text(facts.object);
      one.first_send = s.first;
      one.last_send = s.last;
      one.first_delivery = s.first_delivery;
      one.name = values_.text(s.object_name);
      one.messages.push_back({values_.text(facts.message), s.first, values_.text(s.message_name)});
      const auto [at, is_new] = objects.try_emplace({one.owner, one.id}, one);
      if (!is_new)
        at->second.add(one);
    }
    std::vector<surveyed_object> all;
    for (auto& [key, object] : objects)
      all.push_back(std::move(object));
    return all;
  }

private:
  struct sends {
    std::int64_t first = INT64_MAX;
    std::int64_t last = INT64_MIN;
    std::int64_t first_delivery = INT64_MAX;
    std::uint32_t object_name = 0;
    std::uint32_t message_name = 0;
  };
  struct name_slots {
    std::size_t campaign = 0;
    std::size_t flow = 0;
    std::size_t message = 0;
  };

  void look() {
    for (std::size_t r = 0; r < readers_.size(); ++r)
      for (std::uint32_t i = 0; i < readers_[r].size(); ++i) {
        const auto message = message_readers_[r].message(i, messages_);
        if (message != message_reader::none)
          take(r, i, message);
      }
  }

  void take(std::size_t r, std::uint32_t i, std::uint32_t message) {
    if (message >= sends_.size())
      sends_.resize(message + 1);
    auto& s = sends_[message];
    const auto time = readers_[r].time(i);
    if (is_delivery_[r])
      s.first_delivery = std::min(s.first_delivery, time);
    s.last = std::max(s.last, time);
    if (time > s.first)
      return;
    const bool is_campaign = messages_.tuple(message)[0] == 0;
    const auto object_name = readers_[r].property(i, is_campaign ? slots_[r].campaign
                                                                 : slots_[r].flow);
    const auto message_name = readers_[r].property(i, slots_[r].message);
    if (time < s.first) {
      s.first = time;
      s.object_name = object_name;
      s.message_name = message_name;
      return;
    }
    s.object_name = smaller(s.object_name, object_name);
    s.message_name = smaller(s.message_name, message_name);
  }

  /// A name before none, then by text.
  [[nodiscard]] std::uint32_t smaller(std::uint32_t a, std::uint32_t b) const {
    if (a == b || b == 0)
      return a;
    return a == 0 || values_.text(b) < values_.text(a) ? b : a;
  }

  value_table values_;
  tuple_table messages_;
  std::vector<sends> sends_; // By message.
  std::vector<event_reader> readers_;
  std::vector<bool> is_delivery_;
  std::vector<message_reader> message_readers_;
  std::vector<name_slots> slots_;
  early_profiles early_;
};

} // namespace

void surveyed_object::add(const surveyed_object& other) {
  const auto pick = [](std::int64_t& mine, std::string& my_name, std::int64_t theirs,
                       const std::string& their_name) {
    if (theirs < mine
        || (theirs == mine && !their_name.empty() && (my_name.empty() || their_name < my_name)))
      my_name = their_name;
    mine = std::min(mine, theirs);
  };
  pick(first_send, name, other.first_send, other.name);
  last_send = std::max(last_send, other.last_send);
  first_delivery = std::min(first_delivery, other.first_delivery);
  for (const auto& m : other.messages) {
    const auto mine = std::ranges::find(messages, m.id, &message::id);
    if (mine == messages.end())
      messages.push_back(m);
    else
      pick(mine->first_send, mine->name, m.first_send, m.name);
  }
}

std::unique_ptr<survey> survey::make(const fold_order& order, model::name_binder& names) {
  return std::make_unique<survey_state>(order, names);
}

} // namespace metrics
