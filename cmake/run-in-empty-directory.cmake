# cmake -DPROGRAM=… -DDIRECTORY=… -P: runs PROGRAM (a list: program, arguments) in DIRECTORY, which
# is emptied before, and fails when that fails.
file(REMOVE_RECURSE "${DIRECTORY}")
file(MAKE_DIRECTORY "${DIRECTORY}")
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY "${DIRECTORY}" COMMAND_ERROR_IS_FATAL ANY)
