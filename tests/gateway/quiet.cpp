// What the server logs about clients that misbehave would drown what the tests say.
#include <boost/test/unit_test.hpp>
#include <spdlog/spdlog.h>

namespace {

struct quiet {
  quiet() {
    spdlog::set_level(spdlog::level::off);
  }
};

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(quiet);
