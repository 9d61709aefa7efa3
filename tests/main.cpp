// The entry point of every test program; its cases are in tests/<folder>/.
#define BOOST_TEST_MODULE rollcall
#include <boost/test/unit_test.hpp>
