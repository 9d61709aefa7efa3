# asio: the parts of Asio that are no templates, compiled once for whoever links it. All who include
# Asio link it, because it is one library only as long as all compile it in the same way.
find_package(OpenSSL REQUIRED)

set(made "${PROJECT_BINARY_DIR}/asio.cpp")
file(
  CONFIGURE OUTPUT "${made}"
  CONTENT "#include <boost/asio/impl/src.hpp>\n#include <boost/asio/ssl/impl/src.hpp>\n" @ONLY)
add_library(asio STATIC "${made}")
set_target_properties(asio PROPERTIES OUTPUT_NAME rollcall_asio)
target_compile_definitions(asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)
target_link_libraries(asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
