#include "segments/attribute_rule.hpp"
#include "segments/predicate.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

/// Criteria about consent: marketing (semantics S22, S23) and WhatsApp permissions.
namespace segments {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Records say `PREFERENCE_PAGE`, filters say `preference_page`.
bool is_by(model::value_view method, std::string_view wanted) {
  return method.kind == model::value_kind::text
      && std::equal(method.text.begin(), method.text.end(), wanted.begin(), wanted.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool has_items(model::value_view v) {
  return v.kind == model::value_kind::list && !v.text.empty();
}

enum class consent_state : std::uint8_t { none, subscribed, unsubscribed, other };

consent_state state_of(model::value_view consent) {
  if (consent.kind != model::value_kind::text || consent.text == "NEVER_SUBSCRIBED")
    return consent_state::none;
  if (consent.text == "SUBSCRIBED")
    return consent_state::subscribed;
  return consent.text == "UNSUBSCRIBED" ? consent_state::unsubscribed : consent_state::other;
}

/// The reason that a suppression date filter speaks of; empty = the field is no suppression date.
std::string_view reason_of(std::string_view field) {
  if (field == "bounce_date")
    return "HARD_BOUNCE";
  if (field == "manual_suppression_date")
    return "USER_SUPPRESSED";
  return field == "invalid_email_date" ? "INVALID_EMAIL" : "";
}

/// The attribute of a consent record that a filter's `test` looks at.
std::string_view attribute_of(std::string_view field) {
  if (field == "status_date" || field == "effective_date")
    return "consent_timestamp";
  if (field == "recorded_date")
    return "created_timestamp";
  if (field == "custom_source")
    return "custom_method_detail";
  if (field == "is_double_opt_in")
    return "double_optin";
  if (field == "is_rcs_capable")
    return "is_rcs_capable";
  if (field == "method" || field == "subscribe_method")
    return "method_detail";
  return reason_of(field).empty() ? field : "suppression";
}

/// One filter on a consent record.
struct record_filter {
  std::string method;      // Lower or upper case; empty = any.
  std::string_view reason; // Of suppressions that the test is about.
  std::optional<predicate> test;
  std::size_t method_at = 0;
  std::size_t value_at = 0;
};

class consent_record : public attribute_rule {
protected:
  /// `is_mail`: suppressions matter.
  consent_record(std::string channel, bool is_mail, const std::vector<consent_filter>& filters,
                 const compile_context& context)
    : account_zone_(context.account_zone), channel_(std::move(channel)) {
    consent_at_ = look("consent", context);
    if (is_mail)
      suppression_at_ = look("suppression", context);
    bool moves = false;
    for (const auto& given : filters) {
      record_filter made;
      made.method = given.method;
      made.reason = reason_of(given.field);
      if (!made.method.empty())
        made.method_at = look("method", context);
      if (given.test) {
        made.test.emplace(*given.test, context.account_zone);
        made.value_at = look(attribute_of(given.field), context);
        moves = moves || made.test->moves();
        if (made.test->uses_profile_zone())
          zone_at_ = look_once(std::string{timezone_path}, context);
      }
      filters_.push_back(std::move(made));
    }
    set_moves(moves);
    // The other filters turn most people away, without their dates being read.
    const auto moving = std::stable_partition(filters_.begin(), filters_.end(), [](const auto& f) {
      return !f.test || (f.reason.empty() && !f.test->is_date());
    });
    moving_from_ = static_cast<std::size_t>(moving - filters_.begin());
  }

  std::size_t look(std::string_view field, const compile_context& context) {
    return look_once("subscriptions['" + channel_ + "']['" + std::string{field} + "']", context);
  }

  /// Whether somebody may be meant who has this consent, suppressed or not.
  [[nodiscard]] virtual bool may_be_meant(consent_state consent, bool is_suppressed) const = 0;

  [[nodiscard]] verdict judge(const values& v, moment& at) const override {
    if (!may_be_meant(state_of(v[consent_at_]), suppression_at_ && has_items(v[*suppression_at_])))
      return {};
    return filters_hold(v, at, 0);
  }

  /// All but dates are questions about one column each, answered once a value.
  void scan_clean(const model::block_view& block, std::int64_t now,
                  const scan_result& result) const override {
    const block_rows rows{block};
    row_bits candidates(rows.words());
    row_bits others(rows.words());
    const auto meant = [&](bool is_suppressed, row_bits& to) {
      return rows_with(
        block, consent_at_,
        [&](model::value_view v) { return may_be_meant(state_of(v), is_suppressed); }, to);
    };
    bool is_told = meant(false, candidates);
    if (suppression_at_) {
      row_bits suppressed(rows.words());
      is_told = is_told && meant(true, others)
             && rows_with(block, *suppression_at_, has_items, suppressed);
      for (std::size_t w = 0; w < rows.words(); ++w)
        candidates[w] ^= (candidates[w] ^ others[w]) & suppressed[w];
    }
    bool is_judged = false;
    const auto keep = [&](std::size_t place, const auto& accepts) {
      is_told = is_told && rows_with(block, place, accepts, others);
      for (std::size_t w = 0; w < rows.words(); ++w)
        candidates[w] &= others[w];
    };
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      const auto& f = filters_[i];
      if (!f.method.empty())
        keep(f.method_at, [&](model::value_view v) { return is_by(v, f.method); });
      if (!f.test)
        continue;
      if (i < moving_from_)
        keep(f.value_at, [&](model::value_view v) { return f.test->matches(v); });
      else
        is_judged = true;
    }
    if (!is_told)
      return attribute_rule::scan_clean(block, now, result);
    for (std::size_t w = 0; w < rows.words(); ++w) {
      candidates[w] &= rows.clean(w);
      if (!is_judged)
        result.holds[w] |= candidates[w];
    }
    if (is_judged)
      judge_rows(block, now, candidates, result,
                 [&](const values& v, moment& at) { return filters_hold(v, at, moving_from_); });
  }

  /// Whether all filters from this one on hold, and until when.
  [[nodiscard]] verdict filters_hold(const values& v, moment& at, std::size_t from) const {
    verdict all{true, never};
    for (const auto& f : std::span{filters_}.subspan(from)) {
      if (!f.method.empty())
        if (!is_by(v[f.method_at], f.method))
          return {};
      if (!f.test)
        continue;
      const auto s = stands(f, v, at);
      if (s.is_never_inside())
        return {};
      all.holds = all.holds && s.inside;
      all.next_flip = std::min(all.next_flip, s.next);
    }
    return all;
  }

private:
  [[nodiscard]] standing stands(const record_filter& f, const values& v, moment& at) const {
    const zone& in = zone_at_ ? zone_of(v[*zone_at_], account_zone_) : account_zone_;
    if (!f.reason.empty())
      return suppressed(f, v[f.value_at], at.now(), in);
    if (!f.test->is_date())
      return f.test->test(v[f.value_at], at.now(), in);
    const auto t = v.instant(f.value_at);
    return t ? at.of(f.test->window(), in).stands(*t) : standing{};
  }

  /// Any entry `REASON|timestamp` with the reason may pass the test.
  static standing suppressed(const record_filter& f, model::value_view suppressions,
                             std::int64_t now, const zone& in) {
    standing any;
    bool is_there = false;
    if (suppressions.kind == model::value_kind::list) {
      model::list_items items{suppressions.text};
      for (auto item = items.next(); item.is_set(); item = items.next()) {
        const auto bar = item.text.find('|');
        if (item.kind != model::value_kind::text || item.text.substr(0, bar) != f.reason)
          continue;
        is_there = true;
        const auto when = bar == std::string_view::npos ? "" : item.text.substr(bar + 1);
        const auto s = f.test->test({model::value_kind::text, 0, when}, now, in);
        any.inside = any.inside || s.inside;
        any.next = std::min(any.next, s.next);
      }
    }
    return is_there ? any : f.test->test({}, now, in);
  }

  std::size_t look_once(std::string path, const compile_context& context) {
    const auto known = std::find(looked_at_.begin(), looked_at_.end(), path);
    if (known != looked_at_.end())
      return static_cast<std::size_t>(known - looked_at_.begin());
    looked_at_.push_back(path);
    return look_at(std::move(path), context.names);
  }

  const zone& account_zone_;
  std::string channel_;
  std::vector<std::string> looked_at_;
  std::vector<record_filter> filters_;
  std::size_t moving_from_ = 0; // From here on filters look at instants.
  std::size_t consent_at_ = 0;
  std::optional<std::size_t> suppression_at_; // E-mail only.
  std::optional<std::size_t> zone_at_;
};

std::string name_of(channel c) {
  switch (c) {
  case channel::email:
    return "email";
  case channel::sms:
    return "sms";
  case channel::push:
    return "mobile_push";
  case channel::whatsapp:
    return "whatsapp";
  }
  return {};
}

class marketing_consent final : public consent_record {
public:
  marketing_consent(const consent_criterion& c, const compile_context& context)
    : consent_record(name_of(c.on), c.on == channel::email, c.filters, context),
      is_mail_(c.on == channel::email), can_receive_(c.can_receive), wanted_(c.state) {
  }

protected:
  [[nodiscard]] bool may_be_meant(consent_state consent, bool is_suppressed) const override {
    const bool can_receive = is_mail_ ? !is_suppressed && consent != consent_state::unsubscribed
                                      : consent == consent_state::subscribed;
    return is_wanted(consent) && can_receive == can_receive_;
  }

private:
  [[nodiscard]] bool is_wanted(consent_state consent) const {
    switch (wanted_) {
    case subscription::any:
      return true;
    case subscription::subscribed:
      return consent == consent_state::subscribed;
    case subscription::unsubscribed:
      return consent == consent_state::unsubscribed;
    case subscription::never_subscribed:
      return consent == consent_state::none;
    }
    return false;
  }

  bool is_mail_;
  bool can_receive_;
  subscription wanted_;
};

class whatsapp_permission final : public consent_record {
public:
  whatsapp_permission(const permission_criterion& c, const compile_context& context)
    : consent_record(c.transactional ? "whatsapp_transactional" : "whatsapp", false, c.filters,
                     context),
      status_(c.status) {
  }

protected:
  [[nodiscard]] bool may_be_meant(consent_state consent, bool) const override {
    switch (status_) {
    case reachability::explicitly_reachable:
    case reachability::implicitly_or_explicitly_reachable:
      return consent == consent_state::subscribed;
    case reachability::implicitly_reachable:
      return false;
    case reachability::explicitly_unreachable:
      return consent == consent_state::unsubscribed;
    case reachability::implicitly_unreachable:
      return consent == consent_state::none || consent == consent_state::other;
    case reachability::implicitly_or_explicitly_unreachable:
      return consent != consent_state::subscribed;
    }
    return false;
  }

private:
  reachability status_;
};

} // namespace

std::shared_ptr<const rule> make_rule(const consent_criterion& c, const compile_context& context) {
  return std::make_shared<marketing_consent>(c, context);
}

std::shared_ptr<const rule> make_rule(const permission_criterion& c,
                                      const compile_context& context) {
  return std::make_shared<whatsapp_permission>(c, context);
}

} // namespace segments
