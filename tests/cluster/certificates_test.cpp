#include "cluster/certificates.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace cluster;
using std::string;
using std::vector;
using std::chrono::days;
namespace fs = std::filesystem;

string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

constexpr auto owner_only = fs::perms::owner_read | fs::perms::owner_write;

struct new_cluster {
  tests::temporary_directory made;
  fs::path directory = made.path() / "certificates";
  new_cluster() {
    BOOST_TEST_REQUIRE(make_authority(directory).has_value());
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(certificates_test)

BOOST_AUTO_TEST_CASE(keys_are_for_their_owner_only) {
  const new_cluster c;
  BOOST_TEST(
    make_node_certificate(c.directory, "a", vector<string>{"localhost", "::1"}).has_value());
  const auto files = files_of(c.directory, "a");
  for (const auto& key : {files.private_key, c.directory / "authority.key"}) {
    BOOST_TEST((fs::status(key).permissions() == owner_only), key);
    BOOST_TEST(contents(key).starts_with("-----BEGIN PRIVATE KEY-----"));
  }
  BOOST_TEST(contents(files.certificate).starts_with("-----BEGIN CERTIFICATE-----"));
  BOOST_TEST(files.authority == c.directory / "authority.pem");
}

BOOST_AUTO_TEST_CASE(a_certificate_says_its_node_and_how_long_it_is_valid) {
  const new_cluster c;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const certificate_validity valid{now - days{3}, now + days{40}};
  BOOST_TEST(make_node_certificate(c.directory, "node-1.east",
                                   vector<string>{"10.1.2.3", "db.example.com"}, valid)
               .has_value());
  const auto facts = read_certificate(files_of(c.directory, "node-1.east").certificate);
  BOOST_REQUIRE(facts);
  BOOST_TEST(facts->node.value_or("") == "node-1.east");
  BOOST_TEST((facts->valid.from == valid.from));
  BOOST_TEST((facts->valid.until == valid.until));
  const auto of_authority = read_certificate(c.directory / "authority.pem");
  BOOST_REQUIRE(of_authority);
  BOOST_TEST(!of_authority->node);
}

BOOST_AUTO_TEST_CASE(an_authority_is_never_replaced) {
  const new_cluster c;
  const auto before = contents(c.directory / "authority.key");
  const auto again = make_authority(c.directory);
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().code == model::failure_code::conflict));
  fs::remove(c.directory / "authority.pem"); // The key alone is worth keeping, too.
  BOOST_TEST(!make_authority(c.directory));
  BOOST_TEST(contents(c.directory / "authority.key") == before);
}

BOOST_AUTO_TEST_CASE(a_node_gets_a_new_key_with_each_certificate) {
  const new_cluster c;
  const auto files = files_of(c.directory, "a");
  BOOST_TEST(make_node_certificate(c.directory, "a", {}).has_value());
  const auto first = contents(files.private_key);
  fs::permissions(files.private_key, fs::perms::others_read, fs::perm_options::add);
  BOOST_TEST(make_node_certificate(c.directory, "a", {}).has_value());
  BOOST_TEST(contents(files.private_key) != first);
  BOOST_TEST((fs::status(files.private_key).permissions() == owner_only));
  BOOST_TEST(std::distance(fs::directory_iterator{c.directory}, {}) == 4);
}

BOOST_AUTO_TEST_CASE(names_that_would_mean_something_else_are_refused) {
  const new_cluster c;
  for (const auto* node : {"", "a b", "../a", "a/b", "authority", "a,URI:x"})
    BOOST_TEST(!make_node_certificate(c.directory, node, {}), node);
  for (const auto* host : {"", "a b", "*.example.com", "a,DNS:b", "rollcall://node/x", "-a"})
    BOOST_TEST(!make_node_certificate(c.directory, "a", vector<string>{host}), host);
  BOOST_TEST(!fs::exists(files_of(c.directory, "a").certificate));
}

BOOST_AUTO_TEST_CASE(without_the_authority_there_are_no_certificates) {
  const new_cluster c;
  const new_cluster other;
  const auto fails = [&] {
    const auto made = make_node_certificate(c.directory, "a", {});
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().message.find((c.directory / "authority.").string()) != string::npos);
  };
  fs::copy_file(other.directory / "authority.key", c.directory / "authority.key",
                fs::copy_options::overwrite_existing);
  fails();
  fs::remove(c.directory / "authority.key");
  fails();
  fs::remove(c.directory / "authority.pem");
  fails();
  BOOST_TEST(!read_certificate(c.directory / "authority.pem"));
}

BOOST_AUTO_TEST_SUITE_END()
