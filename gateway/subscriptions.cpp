#include "gateway/subscriptions.hpp"

#include "gateway/applied.hpp"
#include "gateway/body.hpp"
#include "gateway/document.hpp"
#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/notes.hpp"
#include "gateway/people.hpp"
#include "gateway/profile_items.hpp"
#include "gateway/query.hpp"
#include "gateway/subscription_body.hpp"
#include "gateway/suppression.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace gateway {

namespace {

constexpr std::string_view email_consent = "email";
/// What somebody who agrees to e-mail is no longer suppressed for.
constexpr std::string_view overruled_reasons[] = {"UNSUBSCRIBE", "SPAM_COMPLAINT", user_suppressed};

/// A job on its way into the engine.
class consent_batch {
public:
  consent_batch(const account& whose, const subscription_job& job, subscribing what)
    : whose_(whose), job_(job), what_(what) {
    if (!job.list.empty())
      list_ = find_list(whose, job.list);
  }

  void apply() {
    const auto writing = lock_notes(whose_);
    const auto known = know_people();
    for (std::size_t i = 0; i < job_.people.size(); ++i)
      add(i, known[i]);
    found_.refuse_if_any();
    refuse_rejected(take_changes(whose_, batch_.take()));
  }

private:
  std::vector<std::optional<found_person>> know_people() {
    std::vector<profile_identifiers> names;
    for (const auto& one : job_.people)
      names.push_back(one.id.empty() ? one.who : profile_identifiers{});
    auto known = find_people(whose_, names);
    for (std::size_t i = 0; i < job_.people.size(); ++i)
      if (const auto& id = job_.people[i].id; !id.empty())
        known[i] = know_by_id(id, i);
    return known;
  }

  std::optional<found_person> know_by_id(const std::string& id, std::size_t index) {
    if (const auto place = profile_place_of(id))
      if (auto living = living_people(whose_, {{*place}}); !living.empty())
        return std::move(living.front());
    auto e = not_found("profile", id);
    e.pointer = pointer_to_item(index) + "/id";
    found_.add(std::move(e));
    return std::nullopt;
  }

  void add(std::size_t index, const std::optional<found_person>& known) {
    const auto& one = job_.people[index];
    const auto who = named(index, known);
    const rollcall::person person{who.external_id, who.email, who.phone_number};
    const bool leaves_list_only = what_ == subscribing::end && list_ && known
                               && joined_list_at(known->json, list_->engine_name);
    if (leaves_list_only) {
      batch_.leave(person, list_->engine_name);
    } else {
      batch_.profile(person);
      for (const auto& consent : one.consents)
        add_consent(consent, known);
      if (what_ == subscribing::begin && list_)
        batch_.join(person, list_->engine_name);
    }
    owners_.resize(batch_.records(), index);
  }

  /// Whom the records name. A profile that is called by its id gets addresses that are new.
  profile_identifiers named(std::size_t index, const std::optional<found_person>& known) {
    const auto& one = job_.people[index];
    if (one.id.empty() || !known)
      return one.who;
    auto who = identifiers_of(known->json);
    const auto old = who;
    if (!one.who.email.empty())
      who.email = one.who.email;
    if (!one.who.phone_number.empty())
      who.phone_number = one.who.phone_number;
    if (who.external_id.empty() && (old.email.empty() || who.email != old.email)
        && (old.phone_number.empty() || who.phone_number != old.phone_number))
      found_.add(pointer_to_item(index) + "/attributes",
                 "The profile would change every identifier at once; change it first, then "
                 "subscribe it.");
    return who;
  }

  void add_consent(const consent_change& consent, const std::optional<found_person>& known) {
    const auto path = [&](std::string_view field) {
      return fmt::format("subscriptions['{}']['{}']", consent.kept_as, field);
    };
    const bool begins = what_ == subscribing::begin;
    batch_.set(path("consent"), begins ? "SUBSCRIBED" : "UNSUBSCRIBED");
    batch_.set(path("consent_timestamp"), model::format_instant(consent.at));
    batch_.set(path("method"), "API");
    batch_.unset(path("method_detail")); // Of the consent before.
    if (job_.custom_source.empty())
      batch_.unset(path("custom_method_detail"));
    else
      batch_.set(path("custom_method_detail"), job_.custom_source);
    if (!begins || consent.kept_as != email_consent)
      return;
    batch_.set(path("double_optin"), false);
    if (known)
      for (const auto& item : suppressions_for(known->json, overruled_reasons))
        batch_.remove(suppression_path, item);
  }

  /// Everything else of the job is in by now, and may come again.
  void refuse_rejected(const rollcall::receipt& receipt) const {
    std::vector<error_entry> errors;
    std::size_t last = job_.people.size();
    for (const auto& rejected : receipt.rejected) {
      const auto index = owners_[rejected.record];
      if (std::exchange(last, index) == index)
        continue;
      auto e = invalid_body(pointer_to_item(index), rejected.reason + "; everybody else was taken");
      e.status = 409;
      e.code = "conflict";
      e.title = "Conflict.";
      errors.push_back(std::move(e));
    }
    if (!errors.empty())
      throw refusal{std::move(errors)};
  }

  const account& whose_;
  const subscription_job& job_;
  subscribing what_;
  std::optional<known_list> list_;
  mistakes found_;
  rollcall::batch_builder batch_;
  std::vector<std::size_t> owners_; // By record: whom of the job it is about.
};

answer act(const call& c, subscribing what) {
  parse_query(c.asked, {});
  const auto job = read_subscription_job(c.asked, what, c.whose->engine->now());
  consent_batch{*c.whose, job, what}.apply();
  return empty_answer(202);
}

} // namespace

void add_subscription_routes(route_table& routes) {
  const std::vector<std::string> scopes{"lists:write", "profiles:write", "subscriptions:write"};
  routes.add("POST", "/api/profile-subscription-bulk-create-jobs", scopes,
             [](const call& c) { return act(c, subscribing::begin); });
  routes.add("POST", "/api/profile-subscription-bulk-delete-jobs", scopes,
             [](const call& c) { return act(c, subscribing::end); });
}

} // namespace gateway
