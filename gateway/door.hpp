#pragma once

#include "gateway/accounts.hpp"
#include "gateway/dispatch.hpp"
#include "gateway/exchange.hpp"
#include "gateway/rate_limit.hpp"
#include "gateway/router.hpp"

#include <chrono>
#include <optional>

namespace gateway {

/// Now, by the calendar (keys end, writes are noted) and by a clock that nobody sets (limits).
struct moment {
  model::instant calendar{};
  rate_limits::instant steady{};

  static moment now();
};

/// Who may come in: key, account, scopes, revision, rate limits. Any thread; waits for nothing.
class doorkeeper {
public:
  doorkeeper(accounts& all, limit_setting limits) : accounts_(all), limits_(limits) {
  }

  /// Fills in `entering.whose` and `entering.key_id` as soon as it knows them.
  admission admit(const route& to, call& entering, moment now = moment::now());
  /// Once a request is answered: writes by a key, and attempts that it lacked the scope for, go
  /// into the account's audit log.
  static void note(const route& to, const call& answered, unsigned status,
                   moment now = moment::now());

private:
  std::optional<answer> identify(const route& to, call& entering, model::instant now,
                                 std::shared_ptr<const key_record>& key) const;

  accounts& accounts_;
  rate_limits limits_;
};

/// Refuses what concerns the whole server to keys of other accounts than the default one.
void only_for_default_account(const call& asks);

/// Changes to people and events, which are many and which the disk limits already; see
/// limit_setting::limits_changes.
bool is_change(const route& to);

} // namespace gateway
