#include "segments/attribute_rule.hpp"
#include "segments/predicate.hpp"

#include <algorithm>

/// Criteria over one attribute: any filter, membership of lists, channel affinity.
namespace segments {

namespace {

class plain_attribute final : public attribute_rule {
public:
  plain_attribute(const attribute_criterion& c, const compile_context& context)
    : test_(c.test, context.account_zone), account_zone_(context.account_zone) {
    look_at(c.attribute, context.names);
    if (test_.uses_profile_zone())
      look_at(std::string{timezone_path}, context.names);
    set_moves(test_.moves());
  }

protected:
  [[nodiscard]] verdict judge(const values& v, moment& at) const override {
    if (!test_.is_date())
      return {test_.matches(v[0]), never};
    const auto t = v.instant(0);
    if (!t)
      return {};
    const zone& in = looked_at() > 1 ? zone_of(v[1], account_zone_) : account_zone_;
    const auto s = at.of(test_.window(), in).stands(*t);
    return {s.inside, s.next};
  }

  bool judge_all(const model::value_dictionary& dictionary, std::int64_t now,
                 const code_verdicts& to) const override {
    if (!test_.is_date()) {
      for (std::size_t i = 0; i < to.holds.size(); ++i)
        to.holds[i] = test_.matches(dictionary.entry(static_cast<std::uint32_t>(i) + 1)) ? 1 : 0;
      return true;
    }
    const auto* instants = dictionary.instants();
    if (instants == nullptr || looked_at() > 1)
      return false;
    thread_local std::vector<std::int64_t> times;
    times.resize(to.holds.size());
    for (std::size_t i = 0; i < times.size(); ++i)
      times[i] = instants->at(i);
    test_.window().at(now, account_zone_).stand(times, to.holds, to.next_flips);
    return true;
  }

  [[nodiscard]] std::optional<window_question> as_window(const model::value_dictionary& dictionary,
                                                         std::int64_t now) const override {
    if (!test_.is_date() || !test_.window().is_interval())
      return std::nullopt;
    const auto instants = code_instants::of_texts(dictionary);
    if (!instants)
      return std::nullopt;
    return window_question{test_.window().at(now, account_zone_), *instants};
  }

private:
  predicate test_;
  const zone& account_zone_;
};

/// `last_event_date` and `first_event_date`: instants out of the events, of whatever metric.
class event_date final : public rule {
public:
  event_date(const attribute_criterion& c, const compile_context& context)
    : name_(c.attribute), is_last_(c.attribute == "last_event_date"),
      test_(c.test, context.account_zone), account_zone_(context.account_zone) {
    any_event_ = true;
    depends_on_time_ = test_.moves();
    if (test_.uses_profile_zone())
      attributes_.push_back(context.names.attribute(timezone_path));
  }

  [[nodiscard]] verdict evaluate(const model::profile_view& profile,
                                 std::int64_t now) const override {
    const auto times = profile.event_times();
    const zone& in = attributes_.empty()
                     ? account_zone_
                     : zone_of(profile.attribute(attributes_[0]), account_zone_);
    return judge(times.first, times.last, in, now);
  }

  void scan(const model::block_view& block, std::int64_t now, std::int64_t until,
            std::span<std::uint64_t> holds, std::vector<due_row>& due) const override {
    const block_rows rows{block};
    const scan_result result{holds, due, until};
    thread_local std::vector<std::int64_t> firsts;
    thread_local std::vector<std::int64_t> lasts;
    firsts.assign(rows.rows(), never);
    lasts.assign(rows.rows(), always);
    for (const std::uint32_t metric : block.metrics()) {
      const model::event_columns* events = block.events(metric);
      if (events == nullptr)
        continue;
      for (std::uint32_t row = 0; row < rows.rows(); ++row) {
        const std::uint32_t begin = events->first[row];
        const std::uint32_t end = events->first[row + 1];
        if (begin == end)
          continue;
        firsts[row] = std::min(firsts[row], events->times.at(begin));
        lasts[row] = std::max(lasts[row], events->times.at(end - 1));
      }
    }
    model::coded_column timezone;
    if (!attributes_.empty())
      timezone = block.attribute(attributes_[0]);
    rows.each_clean([&](std::uint32_t row) {
      const std::uint32_t code = timezone.dictionary == nullptr ? 0 : timezone.code(row);
      const zone& in = code == 0 ? account_zone_
                                 : zone_of(timezone.dictionary->entry(code), account_zone_);
      result.put(row, judge(firsts[row], lasts[row], in, now));
    });
    rows.each_unclean(
      [&](std::uint32_t row) { result.put(row, evaluate(block.profile(row), now)); });
  }

  [[nodiscard]] bool concerns(const model::profile_view&, std::uint32_t,
                              const model::event_view&) const override {
    return true;
  }

  void gather(const model::profile_view& profile, std::int64_t, evidence& e) const override {
    const auto times = profile.event_times();
    e.found = name_;
    e.found += times.first > times.last
               ? " is not set"
               : " is "
                   + model::format_instant(model::from_ms(is_last_ ? times.last : times.first));
  }

private:
  [[nodiscard]] verdict judge(std::int64_t first, std::int64_t last, const zone& in,
                              std::int64_t now) const {
    if (first > last)
      return {test_.matches({}), never};
    const auto s = test_.test_instant(is_last_ ? last : first, now, in);
    return {s.inside, s.next};
  }

  std::string name_;
  bool is_last_;
  predicate test_;
  const zone& account_zone_;
};

/// Static lists: the attribute `list['<name>']` is the instant of joining in milliseconds.
class list_membership final : public attribute_rule {
public:
  list_membership(const list_criterion& c, const compile_context& context)
    : is_member_(c.is_member), account_zone_(context.account_zone) {
    for (const auto& list : c.lists)
      look_at("list['" + list + "']", context.names);
    lists_ = c.lists.size();
    if (!c.joined)
      return;
    joined_.emplace_back(*c.joined, context.account_zone);
    set_moves(joined_.front().moves());
    if (joined_.front().uses_profile_zone())
      look_at(std::string{timezone_path}, context.names);
  }

protected:
  [[nodiscard]] verdict judge(const values& v, moment& at) const override {
    bool is_in = false;
    std::int64_t next = never;
    for (std::size_t i = 0; i < lists_; ++i) {
      const auto joined = v[i];
      if (joined.kind != model::value_kind::number)
        continue;
      if (joined_.empty()) {
        is_in = true;
        break;
      }
      const zone& in = looked_at() > lists_ ? zone_of(v[lists_], account_zone_) : account_zone_;
      const auto s = at.of(joined_.front(), in).stands(static_cast<std::int64_t>(joined.number));
      is_in = is_in || s.inside;
      next = std::min(next, s.next);
    }
    return {is_in == is_member_, next};
  }
  bool judge_all(const model::value_dictionary& dictionary, std::int64_t now,
                 const code_verdicts& to) const override {
    if (joined_.empty() || looked_at() > 1)
      return false;
    thread_local std::vector<std::int64_t> times;
    times.resize(to.holds.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      const auto joined = dictionary.entry(static_cast<std::uint32_t>(i) + 1);
      if (joined.kind != model::value_kind::number)
        return false;
      times[i] = static_cast<std::int64_t>(joined.number);
    }
    joined_.front().at(now, account_zone_).stand(times, to.holds, to.next_flips);
    for (auto& holds : to.holds)
      holds = (holds != 0) == is_member_ ? 1 : 0;
    return true;
  }

  [[nodiscard]] std::optional<window_question> as_window(const model::value_dictionary& dictionary,
                                                         std::int64_t now) const override {
    if (joined_.empty() || !joined_.front().is_interval())
      return std::nullopt;
    const auto instants = code_instants::of_numbers(dictionary);
    if (!instants)
      return std::nullopt;
    return window_question{joined_.front().at(now, account_zone_), *instants, is_member_};
  }

private:
  bool is_member_;
  std::size_t lists_ = 0;
  std::vector<date_window> joined_; // One at most.
  const zone& account_zone_;
};

class channel_affinity final : public attribute_rule {
public:
  channel_affinity(const affinity_criterion& c, const compile_context& context)
    : channel_(c.predicted_channel), by_rank_(c.by_rank), test_(c.test, context.account_zone) {
    look_at("predictive['ranked_channel_affinity']", context.names);
  }

protected:
  [[nodiscard]] verdict judge(const values& v, moment&) const override {
    if (v[0].kind != model::value_kind::list)
      return {};
    model::list_items items{v[0].text};
    double place = 0;
    for (auto item = items.next(); item.is_set(); item = items.next()) {
      ++place;
      if (item.kind != model::value_kind::text || item.text != channel_)
        continue;
      const char* rank = place == 1 ? "high" : place == 2 ? "medium" : "low";
      return {by_rank_ ? test_.matches({model::value_kind::text, 0, rank})
                       : test_.matches({model::value_kind::number, place, {}}),
              never};
    }
    return {};
  }

private:
  std::string channel_;
  bool by_rank_;
  predicate test_;
};

} // namespace

std::shared_ptr<const rule> make_rule(const attribute_criterion& c,
                                      const compile_context& context) {
  if (c.attribute == "last_event_date" || c.attribute == "first_event_date")
    return std::make_shared<event_date>(c, context);
  return std::make_shared<plain_attribute>(c, context);
}

std::shared_ptr<const rule> make_rule(const list_criterion& c, const compile_context& context) {
  return std::make_shared<list_membership>(c, context);
}

std::shared_ptr<const rule> make_rule(const affinity_criterion& c, const compile_context& context) {
  return std::make_shared<channel_affinity>(c, context);
}

} // namespace segments
