# Builds the projects of strangers in WORK, the way that HOW says, and runs them.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(configure project)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${WORK}/${project} -G Ninja
      -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${how})
endfunction()

# build_and_run(PROJECT PROGRAM ARGUMENTS…)
function(build_and_run project program)
  configure(${project})
  run(${CMAKE_COMMAND} --build ${WORK}/${project} --parallel 2 --target ${program})
  file(MAKE_DIRECTORY ${WORK}/${program}.files)
  run(${CMAKE_COMMAND} -E chdir ${WORK}/${program}.files ${WORK}/${project}/${program} ${ARGN})
endfunction()

# install(FOLDER): into a folder where others have files, too.
function(install folder)
  file(WRITE ${folder}/bin/other "")
  file(WRITE ${folder}/lib/pkgconfig/other.pc "")
  file(MAKE_DIRECTORY ${folder}/share)
  list_all(${folder} before)
  run(${TRAM_SOURCE}/tools/install_tree add ${TRAM_BUILD} ${folder})
  # Again, as an upgrade does: what the first one made is still its own.
  run(${TRAM_SOURCE}/tools/install_tree add ${TRAM_BUILD} ${folder})
  set(before "${before}" PARENT_SCOPE)
endfunction()

function(uninstall folder)
  run(${TRAM_SOURCE}/tools/install_tree remove ${folder})
  list_all(${folder} after)
  if(NOT after STREQUAL before)
    message(FATAL_ERROR "the installation left or took more than its own: before '${before}', after '${after}'")
  endif()
endfunction()

function(list_all folder result)
  file(GLOB_RECURSE names LIST_DIRECTORIES true RELATIVE ${folder} ${folder}/*)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
if(HOW STREQUAL "find_package")
  install(${WORK}/installed)
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
if(HOW STREQUAL "find_package")
  uninstall(${WORK}/prefix)
endif()
