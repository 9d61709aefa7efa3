# cmake --install puts the program, the library and its headers into the prefix; another project
# then says find_package(rollcall) and links rollcall::rollcall. tests/install/ is such a project.
include(CMakePackageConfigHelpers)

get_property(folders GLOBAL PROPERTY rollcall_folders)
list(REMOVE_ITEM folders bench cluster gateway node)
install(TARGETS ${folders} EXPORT rollcall-targets)
if(TARGET rollcall)
  install(TARGETS rollcall)
endif()

# <rollcall/rollcall.hpp> speaks in the types of model/, which lands beside it.
install(
  DIRECTORY include/rollcall/ model
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/rollcall
  FILES_MATCHING PATTERN "*.hpp")

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/rollcall)
install(EXPORT rollcall-targets NAMESPACE rollcall:: DESTINATION ${package_directory})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rollcall-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES cmake/rollcall-config.cmake cmake/rollcall-libraries.cmake
              "${PROJECT_BINARY_DIR}/rollcall-config-version.cmake"
        DESTINATION ${package_directory})
