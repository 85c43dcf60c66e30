# Builds the consumer project in WORK, the way that HOW says, and runs it.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
set(how -D CONSUMER_TRAM=${HOW})
if(HOW STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${TRAM_BUILD} --prefix ${WORK}/installed)
  # Moved after the installation: an installed package must not remember where it was built.
  file(RENAME ${WORK}/installed ${WORK}/prefix)
  list(APPEND how -D CMAKE_PREFIX_PATH=${WORK}/prefix)
else()
  list(APPEND how -D TRAM_SOURCE=${TRAM_SOURCE})
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WORK}/build -G Ninja
    -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${how})
run(${CMAKE_COMMAND} --build ${WORK}/build --parallel 2 --target consumer)
run(${WORK}/build/consumer ${WORK})
