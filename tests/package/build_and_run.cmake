# Builds the projects of strangers in WORK, the way that HOW says, and runs them.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# build_and_run(PROJECT PROGRAM ARGUMENTS…)
function(build_and_run project program)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${WORK}/${project} -G Ninja
      -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${how})
  run(${CMAKE_COMMAND} --build ${WORK}/${project} --parallel 2 --target ${program})
  file(MAKE_DIRECTORY ${WORK}/${program}.files)
  run(${CMAKE_COMMAND} -E chdir ${WORK}/${program}.files ${WORK}/${project}/${program} ${ARGN})
endfunction()

file(REMOVE_RECURSE ${WORK})
if(HOW STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${TRAM_BUILD} --prefix ${WORK}/installed)
  # Moved after the installation: an installed package must not remember where it was built.
  file(RENAME ${WORK}/installed ${WORK}/prefix)
  set(how -D CMAKE_PREFIX_PATH=${WORK}/prefix)
  build_and_run(driver contract_test --gtest_brief=1)
else()
  set(how -D TRAM_SOURCE=${TRAM_SOURCE})
endif()
list(APPEND how -D CONSUMER_TRAM=${HOW})
build_and_run(consumer consumer ${WORK})
build_and_run(consumer consumer_service)
