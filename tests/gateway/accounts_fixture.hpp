#pragma once

#include "gateway/accounts.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

/// What the tests of accounts, their door and their keys share.
namespace gateway_tests {

/// Ends the test with the failure's sentence.
template <class T>
T must(model::outcome<T> o) {
  if (!o)
    BOOST_FAIL(o.error().message);
  return std::move(*o);
}

inline const auto noon = *model::parse_instant("2026-07-15T12:00:00Z");

/// The accounts of a data directory; one partition each, because they are many.
struct open_accounts {
  tests::temporary_directory directory;
  std::filesystem::path data = directory.path() / "data";
  std::unique_ptr<gateway::accounts> all;

  open_accounts() {
    open();
  }
  [[nodiscard]] gateway::accounts_options options() const {
    gateway::accounts_options o;
    o.data = data;
    o.engine.partitions = 1;
    return o;
  }
  void open() {
    all.reset();
    all = must(gateway::accounts::open(options()));
  }
  [[nodiscard]] std::shared_ptr<gateway::account> first() const {
    return all->by_name(gateway::default_account);
  }
  gateway::made_key key_for(const std::shared_ptr<gateway::account>& whose,
                            const gateway::new_key& wanted = {}) const {
    return must(all->create_key(whose, wanted, noon));
  }
};

} // namespace gateway_tests
