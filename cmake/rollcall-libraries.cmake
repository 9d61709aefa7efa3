# The libraries that Rollcall stands on, as imported targets. Used by our own build and, after an
# installation, by find_package(rollcall); packages.txt lists the Debian packages that bring them.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json)
find_package(date CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(roaring CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(zstd CONFIG REQUIRED)

# For a library without a package file of its own: makes `target` from one of its headers and its
# name.
function(rollcall_find target header library)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "${library}" prefix)
  find_path(${prefix}_INCLUDE_DIR ${header} REQUIRED)
  find_library(${prefix}_LIBRARY ${library} REQUIRED)
  mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
  add_library(${target} UNKNOWN IMPORTED)
  set_target_properties(
    ${target} PROPERTIES IMPORTED_LOCATION "${${prefix}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                  "${${prefix}_INCLUDE_DIR}")
endfunction()


# Cap'n Proto's own package file fails in projects without the C language.
rollcall_find(capnp::kj kj/common.h kj)
rollcall_find(capnp::capnp capnp/message.h capnp)
set_property(TARGET capnp::capnp PROPERTY INTERFACE_LINK_LIBRARIES capnp::kj Threads::Threads)
rollcall_find(caf::core caf/actor_system.hpp caf_core)
rollcall_find(lmdb::lmdb lmdb.h lmdb)
rollcall_find(re2::re2 re2/re2.h re2)
rollcall_find(xxhash::xxhash xxhash.h xxhash)

# Used without its compiled part, because our settings of it differ.
if(NOT TARGET tomlplusplus::headers)
  find_path(tomlplusplus_INCLUDE_DIR toml++/toml.h REQUIRED)
  mark_as_advanced(tomlplusplus_INCLUDE_DIR)
  add_library(tomlplusplus::headers INTERFACE IMPORTED)
  set_target_properties(tomlplusplus::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES
                                                         "${tomlplusplus_INCLUDE_DIR}")
endif()
