# How we compile. Everything here can be set with -D; CMakePresets.json holds the usual sets.

set(ROLLCALL_SANITIZE "" CACHE STRING "Empty, address;undefined or thread")
option(ROLLCALL_TESTS "Build the tests and the examples" ON)
option(ROLLCALL_FUZZ "Build tests/fuzz; needs clang" OFF)
option(ROLLCALL_WARNINGS_AS_ERRORS "Refuse our own code when it causes a warning" ON)
option(ROLLCALL_PRECOMPILE "Use precompiled headers" ON)
option(ROLLCALL_UNITY "Compile sources together: less time from nothing, more after an edit" OFF)

# The oldest processor that the program has to run on, as the compiler's -march. x86-64-v3 means
# AVX2 (2013 and later); empty means the compiler's baseline. The default looks at the machine that
# builds.
set(default_arch "")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo cpu_flags REGEX "^flags" LIMIT_COUNT 1)
  set(default_arch "x86-64-v3")
  foreach(flag IN ITEMS avx2 bmi1 bmi2 fma movbe f16c)
    if(NOT cpu_flags MATCHES " ${flag}( |$)")
      set(default_arch "")
    endif()
  endforeach()
endif()
set(ROLLCALL_ARCH "${default_arch}" CACHE STRING "Value of -march; empty = the compiler's baseline")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
endif()
# What cannot happen is asserted in every build, so none defines NDEBUG.
set(CMAKE_CXX_FLAGS_RELEASE "-O3")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Verdicts must be equal to the bit on every machine and in every code path: no fused multiply-add
# behind our back.
add_compile_options(-ffp-contract=off)
if(ROLLCALL_ARCH)
  # Some virtual machines hide LZCNT, and where it is missing it computes something else.
  add_compile_options(-march=${ROLLCALL_ARCH} -mno-lzcnt)
endif()
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(ROLLCALL_SANITIZE)
  list(JOIN ROLLCALL_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  if("undefined" IN_LIST ROLLCALL_SANITIZE)
    # CAF binds references to null inside its own headers; everything else stops the program.
    add_compile_options(-fno-sanitize=null -fno-sanitize-recover=undefined)
  endif()
endif()
if(ROLLCALL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_link_options(-Wl,--as-needed)

find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache never hits when there is a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE_PROGRAM}")
endif()

# Our own code is held to these; libraries come in as system headers and are not.
set(rollcall_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # These three misfire inside g++ 12's own std::string once it optimises.
  list(APPEND rollcall_warnings -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
       -Wno-stringop-overread)
endif()
if(ROLLCALL_UNITY)
  # A private name of one file may be a public one of its neighbour; the other presets do look.
  list(APPEND rollcall_warnings -Wno-shadow -Wno-subobject-linkage)
endif()
if(ROLLCALL_WARNINGS_AS_ERRORS)
  list(APPEND rollcall_warnings -Werror)
endif()

# Test programs whose own code is long and soon through are compiled for users' speed in vain: with
# -O3, gateway_test takes longer to compile than gateway. The engine that they test keeps its -O3.
# Where less is inlined, g++ guesses worse what is not set; the other presets do look.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(rollcall_quick_options -O1 -Wno-uninitialized -Wno-maybe-uninitialized)
  # Folders between the engine and whoever talks to it. What they do is seldom and mostly waiting,
  # and -O3 takes half as long again to compile it.
  set(rollcall_between_options -O2)
endif()

# Sources of `target` are compiled together, by the first letter of their names, where that is asked
# for. So a new source meets few others, and no two of one letter may share a private name.
function(rollcall_unite target)
  if(NOT ROLLCALL_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source FILENAME name)
    string(SUBSTRING "${name}" 0 1 letter)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${letter}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
