#include "cluster/cluster_file.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace {

struct written_file {
  explicit written_file(std::string_view text) {
    std::ofstream{directory.path() / "cluster.toml"} << text;
  }
  model::outcome<cluster::cluster_settings> read() const {
    return cluster::read_cluster_file(directory.path() / "cluster.toml");
  }
  /// What is wrong with it.
  std::string faults() const {
    const auto found = read();
    return found ? std::string{} : found.error().message;
  }
  tests::temporary_directory directory;
};

constexpr std::string_view whole = R"(
partitions = 8
certificates = "certificates"
secret = "secret"
[nats]
servers = ["nats://10.0.0.1:4222"]
monitoring = ["http://10.0.0.1:8222"]
[[node]]
name = "n1"
peer = "10.0.0.1:7100"
)";

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_file_test)

BOOST_AUTO_TEST_CASE(a_file_is_read_with_paths_beside_it) {
  const written_file it{whole};
  const auto read = it.read();
  BOOST_REQUIRE_MESSAGE(read, it.faults());
  BOOST_TEST(read->partitions == 8U);
  BOOST_TEST(read->replicas == 3U);
  BOOST_TEST(read->nodes.size() == 1U);
  BOOST_TEST(read->find("n1")->port == 7100);
  BOOST_TEST(read->find("n1")->host == "10.0.0.1");
  BOOST_CHECK(read->find("n2") == nullptr);
  BOOST_CHECK(read->secret_file == it.directory.path() / "secret");
}

BOOST_AUTO_TEST_CASE(what_init_writes_can_be_read) {
  const written_file it{whole};
  auto read = it.read();
  BOOST_REQUIRE(read);
  read->certificates = "certificates";
  read->secret_file = "secret";
  const written_file again{cluster::cluster_file_text(*read)};
  BOOST_TEST(again.faults() == "");
  BOOST_TEST(again.read()->partitions == 8U);
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_with_its_line) {
  const written_file it{R"(partitions = 65
replica = 3
certificates = "c"
[nats]
servers = []
monitoring = [7]
[[node]]
name = "a b"
peer = "10.0.0.1:7100"
[[node]]
name = "n2"
peer = "10.0.0.1"
)"};
  const auto faults = it.faults();
  for (const auto* part :
       {":1: partitions: found 65; a whole number from 1 to 64",
        ":2: replica: the file has no such", "secret is missing", ":5: servers: found []",
        ":6: monitoring: found [7]", "name: found \"a b\"", "peer: found \"10.0.0.1\"; HOST:PORT"})
    BOOST_TEST(mentions(faults, part), part << " is not in\n" << faults);
}

BOOST_AUTO_TEST_CASE(two_nodes_of_one_name_are_refused) {
  const written_file it{std::string{whole} + "[[node]]\nname = \"n1\"\npeer = \"10.0.0.2:7100\"\n"};
  BOOST_TEST(mentions(it.faults(), "there are two nodes n1"), it.faults());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_not_found) {
  const auto read = cluster::read_cluster_file("/nowhere/cluster.toml");
  BOOST_REQUIRE(!read);
  BOOST_CHECK(read.error().code == model::failure_code::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
