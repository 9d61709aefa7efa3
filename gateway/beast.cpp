// The parts of Beast that are no templates, compiled once for everybody.
#include <boost/beast/src.hpp>
