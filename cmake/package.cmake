# cpack -G DEB makes a Debian package of the program as a service: /usr/bin/rollcall, its unit, its
# settings, its documents. `make package` calls it, tests/package tries it. What belongs to the
# package alone is left out of `cmake --install`.
if(NOT TARGET rollcall)
  return()
endif()
set(packaged COMPONENT service EXCLUDE_FROM_ALL)
install(TARGETS rollcall DESTINATION usr/bin ${packaged})
install(FILES packaging/rollcall.service DESTINATION usr/lib/systemd/system ${packaged})
install(FILES packaging/rollcall.toml DESTINATION etc/rollcall ${packaged})
install(
  FILES README.md CHANGELOG.md docs/operations.md docs/cli.md docs/http.md docs/segments.md
        docs/reports.md docs/klaviyo-compatibility.md docs/glossary.md
  DESTINATION usr/share/doc/rollcall
  ${packaged})
install(FILES LICENSE DESTINATION usr/share/doc/rollcall RENAME copyright ${packaged})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rollcall)
set(CPACK_PACKAGE_VENDOR Rollcall)
set(CPACK_PACKAGE_CONTACT "The authors of Rollcall <rollcall@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "real-time segmentation and reporting engine")
set(CPACK_PACKAGE_DESCRIPTION
    "Rollcall takes a store's profiles and events, keeps any number of segments true while changes
stream in and while mere time passes, and serves them and reports over HTTP.")
set(CPACK_PACKAGING_INSTALL_PREFIX "/")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/package")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL service)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script IN ITEMS postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/packaging/${script}")
endforeach()
include(CPack)
