# cmake -DBUILD=<our build> -DWORK=<directory> -DFLAGS=<compiler flags> -P run.cmake
#
# Installs BUILD into WORK/prefix, then configures, builds and runs the project of this folder
# against that prefix.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/run")

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}/run" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_FLAGS=${FLAGS}")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/neighbour")
