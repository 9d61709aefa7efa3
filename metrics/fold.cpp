#include "metrics/fold.hpp"

#include "metrics/cells.hpp"
#include "metrics/event_reader.hpp"
#include "model/limits.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

namespace metrics {

namespace {

constexpr std::int64_t no_time = INT64_MIN;

/// The rows of a block that live and are to be read, told one by one.
template <class Visit>
void each_row(const model::block_view& block, std::uint32_t rows, const Visit& visit) {
  const auto alive = block.alive();
  const auto dirty = block.dirty();
  for (std::uint32_t word = 0; word * 64 < rows; ++word) {
    const auto left = rows - word * 64;
    auto bits = alive[word] & (left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1);
    const auto unclean = word < dirty.size() ? dirty[word] : 0;
    for (; bits != 0; bits &= bits - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
      visit(word * 64 + bit, (unclean >> bit & 1) != 0);
    }
  }
}

/// Profiles that were read before their block was.
class early_profiles {
public:
  /// False: it was there already.
  bool add(std::uint32_t profile) {
    if (profile / 64 >= bits_.size())
      bits_.resize(profile / 64 + 1);
    const auto mask = std::uint64_t{1} << (profile % 64);
    const bool is_new = (bits_[profile / 64] & mask) == 0;
    bits_[profile / 64] |= mask;
    return is_new;
  }
  [[nodiscard]] bool has(std::uint32_t profile) const {
    return profile / 64 < bits_.size() && (bits_[profile / 64] >> (profile % 64) & 1) != 0;
  }

private:
  std::vector<std::uint64_t> bits_;
};

// --- the survey ----------------------------------------------------------------------------------

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

// --- the fold ------------------------------------------------------------------------------------

class fold_state final : public fold {
public:
  fold_state(const fold_order& order, std::vector<fold_object> objects, model::name_binder& names,
             const membership_history* memberships)
    : order_(order), objects_(std::move(objects)), memberships_(memberships),
      zone_(segments::find_zone(order.zone) ? *segments::find_zone(order.zone) : segments::utc()),
      messages_(message_reader::tuple_width), identities_(3), cells_(order_, values_, rows_) {
    for (std::size_t i = 0; i < objects_.size(); ++i)
      object_places_[{objects_[i].owner, objects_[i].id}] = i;
    result_.tallies.resize(order_.measures.size());
    prepare_streams(names);
    prepare_measures(names);
    prepare_groupings(names);
  }

  void read(const model::block_view& block, std::uint32_t first, std::uint32_t profiles) override {
    for (auto& s : streams_)
      s.events.turn_to_block(block);
    for (auto& a : attributes_)
      a.turn_to_block(block);
    each_row(block, std::min(profiles, block.profiles()), [&](std::uint32_t row, bool is_dirty) {
      if (early_.has(first + row))
        return;
      if (is_dirty) {
        read_profile(block.profile(row), first + row);
        return;
      }
      for (auto& s : streams_)
        s.events.turn_to_row(row);
      for (auto& a : attributes_)
        a.turn_to_row(row);
      count_profile(first + row);
    });
  }

  void read_early(const model::profile_view& profile, std::uint32_t number) override {
    if (early_.add(number))
      read_profile(profile, number);
  }

  fold_result result() const override {
    auto made = result_;
    made.rollups = cells_.rows();
    made.makers = cells_.makers();
    return made;
  }

private:
  struct stream_state {
    stream_state(const fold_stream& s, model::name_binder& names, value_table& values)
      : order(&s), events(s.metric, names, values) {
    }
    const fold_stream* order;
    event_reader events;
    std::optional<message_reader> messages{};
    std::vector<std::uint32_t> measures{}; // That count its events.
    std::size_t bot_slot = 0;              // Of clicks.
    std::size_t apple_slot = 0;            // Of opens.
    std::optional<event_tests> conversion_tests{};
    std::vector<std::size_t> grouping_slots{}; // By a cell's groupings; of properties only.
  };
  struct measure_stream {
    event_tests tests;
    std::size_t property_slot = 0; // Of a number that is not the value.
  };
  /// An attribute of the profile that is being read.
  struct attribute_state {
    std::uint32_t attribute = 0;
    value_table* values = nullptr;
    model::coded_column column{};
    std::vector<std::uint32_t> numbers{}; // By code.
    std::uint32_t row = 0;
    const model::profile_view* view = nullptr;

    void turn_to_block(const model::block_view& block) {
      column = block.attribute(attribute);
      if (column.dictionary == nullptr)
        return;
      numbers.assign(std::size_t{column.dictionary->size()} + 1, UINT32_MAX);
      numbers[0] = 0;
    }
    void turn_to_row(std::uint32_t to) {
      view = nullptr;
      row = to;
    }
    std::uint32_t number() {
      if (view)
        return values->number_of(view->attribute(attribute));
      if (column.dictionary == nullptr)
        return 0;
      auto& n = numbers[column.code(row)];
      if (n == UINT32_MAX)
        n = values->number_of(column.dictionary->entry(column.code(row)));
      return n;
    }
  };
  /// An event of the profile that is being read, or a conversion with the message it is credited to.
  struct seen {
    std::int64_t time = 0;
    std::uint32_t stream = 0;
    std::uint32_t place = 0; // Among the stream's events.
    std::uint32_t message = message_reader::none;
    bool is_bot = false;
    bool is_apple = false;
  };
  struct touch {
    std::int64_t time = 0;
    std::int64_t end = 0;
    std::uint32_t message = 0;
    std::uint8_t rank = 0;
  };
  struct flow_send {
    std::int64_t time = 0;
    std::uint32_t identity = 0;
  };
  struct message_state {
    std::int64_t moment = no_time; // Of a campaign.
    channel by = channel::any;
  };

  // --- making ready

  void prepare_streams(model::name_binder& names) {
    streams_.reserve(order_.streams.size());
    for (const auto& s : order_.streams) {
      auto& made = streams_.emplace_back(s, names, values_);
      if (s.is_message)
        made.messages.emplace(made.events, s.by, names, values_);
      if (s.is_click)
        made.bot_slot = made.events.slot_of("Bot Click", names);
      if (s.is_open)
        made.apple_slot = made.events.slot_of("Apple Privacy Open", names);
      if (s.is_conversion && !order_.conversion_where.empty())
        made.conversion_tests.emplace(order_.conversion_where, made.events, names, zone_,
                                      order_.now);
    }
    truth_ = values_.number_of({model::value_kind::boolean, 1, {}});
  }

  void prepare_measures(model::name_binder& names) {
    measure_streams_.resize(order_.measures.size());
    for (std::uint32_t m = 0; m < order_.measures.size(); ++m) {
      const auto& measure = order_.measures[m];
      for (const auto s : measure.streams) {
        auto& stream = streams_[s];
        (measure.is_credited ? credited_ : stream.measures).push_back(m);
        measure_stream made{{measure.where, stream.events, names, zone_, order_.now}, 0};
        if (measure.is_number() && !measure.property.empty())
          made.property_slot = stream.events.slot_of(measure.property, names);
        measure_streams_[m].emplace(s, std::move(made));
      }
      if (measure.counts == counting::profiles)
        profile_measures_.push_back(m);
    }
  }

  void prepare_groupings(model::name_binder& names) {
    const auto groupings = cells_.groupings();
    cell_values_.resize(groupings.size());
    for (const auto g : groupings) {
      const auto& grouping = order_.groupings[g];
      attribute_of_.push_back(attributes_.size());
      if (grouping.source == group_source::profile_attribute)
        attributes_.push_back({names.attribute(grouping.key), &values_});
      for (auto& s : streams_)
        s.grouping_slots.push_back(grouping.source == group_source::event_property
                                     ? s.events.slot_of(grouping.key, names)
                                     : 0);
    }
    member_ = values_.number_of_text("member");
    not_member_ = values_.number_of_text("not a member");
  }

  // --- one profile

  void read_profile(const model::profile_view& profile, std::uint32_t number) {
    for (auto& s : streams_)
      s.events.turn_to_profile(profile);
    for (auto& a : attributes_)
      a.view = &profile;
    count_profile(number);
  }

  void count_profile(std::uint32_t number) {
    profile_ = number;
    ++result_.profiles;
    if (!profile_measures_.empty())
      count_living();
    if (order_.kind == datasource_kind::messages)
      count_messages();
    else
      count_events();
  }

  void count_living() {
    fill_values(nullptr, no_time, no_time);
    const auto cell = cells_.cell(cells::no_message, 0, cell_values_);
    for (const auto m : profile_measures_) {
      if (cell == cells::filtered_out) {
        exclude(m, exclusion::filtered_out);
        continue;
      }
      ++result_.tallies[m].counted;
      cells_.add_event(cell, m, model::no_value, profile_);
    }
  }

  void count_events() {
    for (std::uint32_t s = 0; s < streams_.size(); ++s) {
      const auto size = streams_[s].events.size();
      result_.events += size;
      for (std::uint32_t i = 0; i < size; ++i)
        count({streams_[s].events.time(i), s, i}, streams_[s].measures);
    }
  }

  void count_messages() {
    gather();
    if (seen_.empty() && !has_conversions_)
      return;
    for (const auto& e : seen_)
      count(e, streams_[e.stream].measures);
    if (!credited_.empty())
      give_credit();
  }

  /// Everything that the profile was sent and did with it.
  void gather() {
    seen_.clear();
    sends_.clear();
    has_conversions_ = false;
    for (std::uint32_t s = 0; s < streams_.size(); ++s) {
      auto& stream = streams_[s];
      const auto size = stream.events.size();
      result_.events += size;
      has_conversions_ = has_conversions_ || (stream.order->is_conversion && size != 0);
      if (!stream.messages)
        continue;
      for (std::uint32_t i = 0; i < size; ++i) {
        seen e{stream.events.time(i), s, i, message_of(stream, i)};
        if (stream.order->is_click)
          e.is_bot = stream.events.property(i, stream.bot_slot) == truth_;
        if (stream.order->is_open)
          e.is_apple = stream.events.property(i, stream.apple_slot) == truth_;
        if (stream.order->is_send && e.message != message_reader::none
            && rows_[e.message].owner == message_owner::flow)
          sends_.push_back({e.time, rows_[e.message].identity});
        seen_.push_back(e);
      }
    }
    std::ranges::stable_sort(sends_, {}, &flow_send::time);
  }

  std::uint32_t message_of(stream_state& stream, std::uint32_t i) {
    const auto message = stream.messages->message(i, messages_);
    while (rows_.size() < messages_.size())
      describe_message(static_cast<std::uint32_t>(rows_.size()));
    return message;
  }

  void describe_message(std::uint32_t message) {
    const auto facts = message_reader::facts_of(messages_.tuple(message));
    message_row row;
    row.owner = facts.owner;
    const std::uint32_t identity[3] = {static_cast<std::uint32_t>(facts.owner), facts.object,
                                       facts.message};
    bool is_new = false;
    row.identity = identities_.number_of(identity, is_new);
    row.object_id = facts.object;
    row.message_id = facts.message;
    row.variation = facts.variation;
    row.variation_name = facts.variation; // Where nobody has described it.
    row.channel_name = text_number(name_of(facts.by));
    message_state state;
    state.by = facts.by;
    const auto object = object_places_.find({facts.owner, values_.text(facts.object)});
    if (object != object_places_.end()) {
      const auto& o = objects_[object->second];
      state.moment = o.moment.value_or(no_time);
      row.object_name = text_number(o.name);
      row.send_strategy = text_number(o.send_strategy);
      for (const auto& t : o.tags)
        row.tags.emplace_back(text_number(t.id), text_number(t.name));
      describe_names(o, row);
    }
    rows_.push_back(std::move(row));
    states_.push_back(state);
  }

  void describe_names(const fold_object& o, message_row& row) {
    const auto id = values_.text(row.message_id);
    const auto message = std::ranges::find(o.messages, id, &fold_object::message::id);
    if (message == o.messages.end())
      return;
    row.message_name = text_number(message->name);
    const auto variation = std::ranges::find(message->variations, values_.text(row.variation),
                                             &fold_object::message::variation::id);
    if (variation != message->variations.end() && !variation->name.empty())
      row.variation_name = text_number(variation->name);
  }

  std::uint32_t text_number(std::string_view text) {
    return text.empty() ? 0 : values_.number_of_text(text);
  }

  /// The instant of the send that an event of this message belongs to.
  [[nodiscard]] std::int64_t send_time(std::uint32_t message, std::int64_t time) const {
    const auto& row = rows_[message];
    if (row.owner == message_owner::campaign)
      return states_[message].moment;
    for (auto s = sends_.rbegin(); s != sends_.rend(); ++s)
      if (s->identity == row.identity && s->time <= time)
        return s->time;
    return no_time;
  }

  // --- credit (S30)

  void give_credit() {
    gather_touches();
    for (std::uint32_t s = 0; s < streams_.size(); ++s) {
      auto& stream = streams_[s];
      if (!stream.order->is_conversion)
        continue;
      for (std::uint32_t i = 0; i < stream.events.size(); ++i) {
        if (stream.conversion_tests && !stream.conversion_tests->pass(i, stream.events, values_)) {
          for (const auto m : credited_)
            exclude(m, exclusion::other_property);
          continue;
        }
        seen e{stream.events.time(i), s, i};
        const auto* led = touch_before(e.time);
        if (led == nullptr) {
          for (const auto m : credited_)
            exclude(m, exclusion::not_credited);
          continue;
        }
        e.message = led->message;
        count(e, credited_);
      }
    }
  }

  void gather_touches() {
    touches_.clear();
    for (const auto& e : seen_) {
      if (e.message == message_reader::none)
        continue;
      const auto& s = *streams_[e.stream].order;
      const auto window = s.window_ms[static_cast<std::size_t>(states_[e.message].by)];
      if (window == 0 || (e.is_bot && !order_.with_bots)
          || (e.is_apple && !order_.apple_earns_credit))
        continue;
      touches_.push_back({e.time, e.time + window, e.message, s.touch_rank});
      if (rows_[e.message].owner != order_.owner
          || !order_.time.holds(send_time(e.message, e.time)))
        continue;
      ++result_.touches;
      if (e.time + window > order_.now)
        ++result_.open_touches;
    }
    std::ranges::sort(touches_, [&](const touch& a, const touch& b) { return goes_after(b, a); });
  }

  /// The touch that stands later in the order of credit.
  [[nodiscard]] bool goes_after(const touch& a, const touch& b) const {
    if (a.time != b.time)
      return a.time > b.time;
    if (a.rank != b.rank)
      return a.rank < b.rank;
    if (a.message == b.message)
      return false;
    const auto key = [&](std::uint32_t message) {
      const auto& r = rows_[message];
      return std::tuple{r.owner, values_.text(r.object_id), values_.text(r.message_id),
                        values_.text(r.variation), states_[message].by};
    };
    return key(a.message) < key(b.message);
  }

  [[nodiscard]] const touch* touch_before(std::int64_t time) const {
    for (auto t = touches_.rbegin(); t != touches_.rend(); ++t)
      if (t->time <= time && time <= t->end)
        return &*t;
    return nullptr;
  }

  // --- counting

  void count(const seen& e, std::span<const std::uint32_t> measures) {
    std::int64_t sent = no_time;
    if (order_.kind == datasource_kind::messages) {
      if (e.message == message_reader::none || rows_[e.message].owner != order_.owner) {
        for (const auto m : measures)
          exclude(m, e.message == message_reader::none ? exclusion::no_message
                                                       : exclusion::other_owner);
        return;
      }
      sent = send_time(e.message, e.time);
    }
    for (const auto m : measures)
      count_one(e, m, sent);
  }

  void count_one(const seen& e, std::uint32_t m, std::int64_t sent) {
    const auto& measure = order_.measures[m];
    auto& stream = streams_[e.stream];
    auto& own = measure_streams_[m].find(e.stream)->second;
    const auto time = measure.by_event_time || order_.kind != datasource_kind::messages ? e.time
                                                                                        : sent;
    if (time == no_time)
      return exclude(m, exclusion::without_send);
    if (!order_.is_timeless && !order_.time.holds(time))
      return exclude(m, exclusion::outside);
    if (e.is_bot && measure.leaves_bots_out)
      return exclude(m, exclusion::bot);
    if (e.is_apple && measure.leaves_apple_out)
      return exclude(m, exclusion::apple_privacy);
    if (!own.tests.is_empty() && !own.tests.pass(e.place, stream.events, values_))
      return exclude(m, exclusion::other_property);
    fill_values(&e, time, sent);
    const auto cell = cells_.cell(order_.kind == datasource_kind::messages ? e.message
                                                                           : cells::no_message,
                                  interval_of(time), cell_values_);
    if (cell == cells::filtered_out)
      return exclude(m, exclusion::filtered_out);
    ++result_.tallies[m].counted;
    if (measure.is_distinct())
      cells_.add_distinct(cell, m, profile_);
    else
      cells_.add_event(cell, m, measure.is_number() ? number_of(measure, own, stream, e)
                                                    : model::no_value,
                       profile_);
  }

  double number_of(const fold_measure& measure, const measure_stream& own, stream_state& stream,
                   const seen& e) {
    if (measure.property.empty())
      return stream.events.value(e.place);
    const auto v = values_.value(stream.events.property(e.place, own.property_slot));
    return v.kind == model::value_kind::number ? v.number : model::no_value;
  }

  void exclude(std::uint32_t measure, exclusion why) {
    ++result_.tallies[measure].excluded[static_cast<std::size_t>(why)];
  }

  std::uint32_t interval_of(std::int64_t time) {
    const auto& all = order_.intervals;
    if (all.empty())
      return 0;
    if (last_interval_ < all.size() && all[last_interval_] <= time
        && (last_interval_ + 1 == all.size() || time < all[last_interval_ + 1]))
      return last_interval_;
    const auto after = std::ranges::upper_bound(all, time);
    last_interval_ = static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(after - all.begin(), 1)
                                                - 1);
    return last_interval_;
  }

  // --- groupings

  /// `e` is null for the profile itself.
  void fill_values(const seen* e, std::int64_t time, std::int64_t sent) {
    const auto groupings = cells_.groupings();
    for (std::size_t k = 0; k < groupings.size(); ++k) {
      const auto& g = order_.groupings[groupings[k]];
      auto& to = cell_values_[k];
      switch (g.source) {
      case group_source::time:
        to = time_number(g.part, time);
        break;
      case group_source::event_property:
        to = e == nullptr ? 0
                          : values_.shown(streams_[e->stream].events.property(
                            e->place, streams_[e->stream].grouping_slots[k]));
        break;
      case group_source::profile_attribute:
        to = values_.shown(attributes_[attribute_of_[k]].number());
        break;
      case group_source::membership:
        to = is_member(g, e == nullptr ? no_time : e->time, sent) ? member_ : not_member_;
        break;
      default:
        break;
      }
    }
  }

  [[nodiscard]] bool is_member(const grouping& g, std::int64_t time, std::int64_t sent) const {
    if (memberships_ == nullptr)
      return false;
    if (g.moment == membership_moment::now || time == no_time)
      return memberships_->is_member(g.key, profile_);
    const bool at_send = g.moment == membership_moment::send && sent != no_time;
    return memberships_->was_member(g.key, profile_, at_send ? sent : time);
  }

  std::uint32_t time_number(time_part part, std::int64_t time) {
    if (time == no_time)
      return 0;
    const bool in_day = part == time_part::hour_of_day || part == time_part::hour;
    const auto unit = in_day ? period::hour
                      : part == time_part::day_of_week ? period::day
                                                       : static_cast<period>(part);
    const auto number = metrics::number_of(unit, time, zone_, order_.week_start);
    auto& known = time_numbers_[{part, number}];
    if (known == 0)
      known = values_.number_of_text(time_text(part, unit, number));
    return known;
  }

  [[nodiscard]] std::string time_text(time_part part, period unit, std::int64_t number) const {
    if (part == time_part::day_of_week) {
      const auto day = ((number + 3) % 7 + 7) % 7; // 1970-01-01 was a Thursday.
      return std::string{weekday_names()[static_cast<std::size_t>(day)]};
    }
    auto text = metrics::text_of(unit, number, zone_, order_.week_start);
    return part == time_part::hour_of_day ? text.substr(11, 2) : text;
  }

  fold_order order_;
  std::vector<fold_object> objects_;
  std::map<std::pair<message_owner, std::string>, std::size_t> object_places_;
  const membership_history* memberships_;
  const segments::zone& zone_;
  value_table values_;
  tuple_table messages_;
  tuple_table identities_;
  std::vector<message_row> rows_;     // By message.
  std::vector<message_state> states_; // By message.
  cells cells_;
  std::vector<stream_state> streams_;
  std::vector<std::map<std::uint32_t, measure_stream>> measure_streams_; // By measure, stream.
  std::vector<std::uint32_t> credited_; // Measures of conversions.
  std::vector<std::uint32_t> profile_measures_;
  std::vector<attribute_state> attributes_;
  std::vector<std::size_t> attribute_of_; // By a cell's groupings.
  std::vector<std::uint32_t> cell_values_;
  std::map<std::pair<time_part, std::int64_t>, std::uint32_t> time_numbers_;
  std::uint32_t truth_ = 0;
  std::uint32_t member_ = 0;
  std::uint32_t not_member_ = 0;
  std::uint32_t last_interval_ = 0;
  early_profiles early_;
  fold_result result_;
  // Of the profile that is being read.
  std::uint32_t profile_ = 0;
  std::vector<seen> seen_;
  std::vector<flow_send> sends_;
  std::vector<touch> touches_;
  bool has_conversions_ = false;
};

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

std::string_view describe(exclusion why) {
  switch (why) {
  case exclusion::no_message:
    return "names no campaign or flow";
  case exclusion::other_owner:
    return "belongs to the other kind of message";
  case exclusion::without_send:
    return "nothing was sent that it could belong to";
  case exclusion::outside:
    return "outside the timeframe";
  case exclusion::filtered_out:
    return "filtered out by the request";
  case exclusion::bot:
    return "a bot's click";
  case exclusion::apple_privacy:
    return "an Apple privacy open";
  case exclusion::other_property:
    return "fails the measure's own filter";
  case exclusion::not_credited:
    return "no touch led to it";
  }
  return {};
}

void partial::add(const partial& other) {
  count += other.count;
  sum.add(other.sum);
  least = std::fmin(least, other.least);
  most = std::fmax(most, other.most);
}

void measure_tally::add(const measure_tally& other) {
  counted += other.counted;
  for (std::size_t i = 0; i < exclusions; ++i)
    excluded[i] += other.excluded[i];
}

void surveyed_object::add(const surveyed_object& other) {
  const auto pick = [](std::int64_t& mine, std::string& my_name, std::int64_t theirs,
                       const std::string& their_name) {
    if (theirs < mine || (theirs == mine && !their_name.empty()
                          && (my_name.empty() || their_name < my_name)))
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

std::unique_ptr<fold> fold::make(const fold_order& order, std::vector<fold_object> objects,
                                 model::name_binder& names,
                                 const membership_history* memberships) {
  return std::make_unique<fold_state>(order, std::move(objects), names, memberships);
}

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
