#pragma once

#include "storage/keyspaces.hpp"

#include <boost/test/unit_test.hpp>
#include <lmdb.h>

#include <filesystem>

namespace tests {

/// Makes the environment in `directory`, which nobody has open, one of a release that did not know
/// the keyspace yet.
inline void forget_keyspace(const std::filesystem::path& directory, storage::keyspace which) {
  MDB_env* env = nullptr;
  BOOST_REQUIRE_EQUAL(mdb_env_create(&env), 0);
  BOOST_REQUIRE_EQUAL(mdb_env_set_maxdbs(env, storage::keyspaces.size()), 0);
  BOOST_REQUIRE_EQUAL(mdb_env_open(env, directory.c_str(), 0, 0644), 0);
  MDB_txn* txn = nullptr;
  MDB_dbi space = 0;
  BOOST_REQUIRE_EQUAL(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  BOOST_REQUIRE_EQUAL(mdb_dbi_open(txn, storage::describe(which).name.data(), 0, &space), 0);
  BOOST_REQUIRE_EQUAL(mdb_drop(txn, space, 1), 0);
  BOOST_REQUIRE_EQUAL(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

} // namespace tests
