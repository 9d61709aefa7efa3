# rollcall_folder(<name> [USES <folder>…] [LIBRARIES <target>…] [PRECOMPILE <header>…])
#
# Makes the library target <name>, also called rollcall::<name>, from the *.cpp files of the current folder. Code that links it
# includes its headers as "<name>/file.hpp". USES names our own folders that it stands on, LIBRARIES foreign targets.
# A folder that has only headers becomes an interface library, until its first source arrives.
function(rollcall_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LIBRARIES;PRECOMPILE")
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(name STREQUAL "node")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  endif()
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(${name} PRIVATE ${rollcall_warnings})
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
  target_include_directories(${name} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                                              "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/rollcall>")
  target_link_libraries(${name} ${scope} ${arg_USES} ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY rollcall_folders ${name})
endfunction()

# Standard headers that nearly every source of ours reads.
set(rollcall_std_headers
    <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <tuple> <unordered_map> <utility> <variant> <vector>)
