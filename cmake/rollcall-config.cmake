# Read by find_package(rollcall). Defines rollcall::rollcall.
include("${CMAKE_CURRENT_LIST_DIR}/rollcall-libraries.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/rollcall-targets.cmake")
