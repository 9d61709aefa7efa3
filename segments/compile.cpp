#include "segments/rule.hpp"

#include <stdexcept>
#include <variant>

namespace segments {

namespace {

// Explanations look so far ahead.
constexpr std::int64_t horizon_ms = 10 * 366 * day_ms;

} // namespace

std::shared_ptr<const compiled_criterion> compile(const criterion& c, model::name_binder& names,
                                                  const std::string& account_zone) {
  const zone* in = find_zone(account_zone);
  if (in == nullptr)
    throw std::invalid_argument{"There is no time zone \"" + account_zone
                                + "\" in the system's database."};
  const compile_context context{names, *in};
  return std::visit(
    [&](const auto& kind) -> std::shared_ptr<const compiled_criterion> {
      return make_rule(kind, context);
    },
    c);
}

std::int64_t exact_next_flip(const compiled_criterion& c, const model::profile_view& profile,
                             std::int64_t now) {
  const verdict first = c.evaluate(profile, now);
  std::int64_t at = first.next_flip;
  while (at < never && at - now <= horizon_ms) {
    const verdict later = c.evaluate(profile, at);
    if (later.holds != first.holds)
      return at;
    at = later.next_flip;
  }
  return never;
}

evidence explain(const criterion& c, const compiled_criterion& compiled,
                 const model::profile_view& profile, model::name_binder&, std::int64_t now) {
  evidence e;
  e.rule = describe(c);
  e.holds = compiled.evaluate(profile, now).holds;
  e.next_flip = exact_next_flip(compiled, profile, now);
  if (const auto* own = dynamic_cast<const rule*>(&compiled))
    own->gather(profile, now, e);
  return e;
}

} // namespace segments
