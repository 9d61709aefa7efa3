#include "node/cluster_accounts.hpp"
#include "tests/cluster/memory_log.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(cluster_accounts_test)

// Whoever asks has done nothing wrong, and may ask again: no conflict of his making.
BOOST_AUTO_TEST_CASE(a_change_where_nobody_leads_is_unavailable) {
  const tests::temporary_directory directory;
  const auto accounts = node::cluster_accounts::open(
    {.partition = 3, .directory = directory.path() / "accounts", .lead = {}, .came = {}});
  BOOST_REQUIRE(accounts);
  BOOST_REQUIRE((*accounts)->apply(1, node::new_account_operation("default"), {}));
  const auto replica = cluster::replica::start(
    {.partition = 3, .node = "n1", .state_file = directory.path() / "position"},
    std::make_unique<cluster_tests::memory_log>(std::make_shared<cluster_tests::memory_records>()),
    *accounts);
  BOOST_REQUIRE(replica);
  (*accounts)->door()->open(replica->get());
  const auto engine = (*accounts)->all().front().engine;
  const auto refused = engine->put_document("notes", "one", "{}");
  (*accounts)->door()->close();
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == model::failure_code::unavailable), refused.error().message);
}

BOOST_AUTO_TEST_SUITE_END()
