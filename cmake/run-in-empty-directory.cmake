# cmake -DPROGRAM=… -DDIRECTORY=… -P: runs PROGRAM in DIRECTORY, emptied before, and passes on
# whether it failed.
file(REMOVE_RECURSE "${DIRECTORY}")
file(MAKE_DIRECTORY "${DIRECTORY}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${DIRECTORY}" COMMAND_ERROR_IS_FATAL ANY)
