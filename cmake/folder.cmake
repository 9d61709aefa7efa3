# rollcall_folder(<name> [UNITED] [USES <folder>…] [LIBRARIES <target>…]
#                 [PRECOMPILE <header>…])
#
# Makes the library target <name>, also called rollcall::<name>, from the *.cpp files of the current
# folder. Code that links it includes its headers as "<name>/file.hpp". USES names our own folders
# that it stands on, LIBRARIES foreign targets, PRECOMPILE the headers worth compiling once.
# UNITED: its sources may be compiled together: no two of one first letter share a private name.
#
# A folder that has only headers becomes an interface library, until its first source arrives.
# Sources with a main() are left out: rollcall_split_programs() finds them.
function(rollcall_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "UNITED" "" "USES;LIBRARIES;PRECOMPILE")
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  rollcall_split_programs(sources programs)
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(${name} PRIVATE ${rollcall_warnings})
    if(arg_UNITED)
      rollcall_unite(${name})
    endif()
    if(ROLLCALL_PRECOMPILE AND arg_PRECOMPILE)
      target_precompile_headers(${name} PRIVATE ${arg_PRECOMPILE})
    endif()
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(rollcall::${name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME rollcall_${name})
  target_compile_features(${name} ${scope} cxx_std_20)
  target_include_directories(
    ${name} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/rollcall>")
  target_link_libraries(${name} ${scope} ${arg_USES} ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY rollcall_folders ${name})
endfunction()

# Moves the sources that have a main() from the list named `sources_name` to the list named
# `programs_name`.
function(rollcall_split_programs sources_name programs_name)
  set(with_main "")
  set(without_main "")
  foreach(file IN LISTS ${sources_name})
    file(STRINGS "${file}" main REGEX "^(int|auto) main\\(" LIMIT_COUNT 1)
    if(main)
      list(APPEND with_main "${file}")
    else()
      list(APPEND without_main "${file}")
    endif()
  endforeach()
  set(${sources_name} ${without_main} PARENT_SCOPE)
  set(${programs_name} ${with_main} PARENT_SCOPE)
endfunction()

# Standard headers that nearly every source of ours reads.
set(rollcall_std_headers
    <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <tuple> <unordered_map> <utility> <variant> <vector>)
