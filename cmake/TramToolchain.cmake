# How everything is compiled, when Tram is the project being built: a compiler cache where there is one,
# programs in one folder, sanitizers over libraries and tests alike.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

include(GNUInstallDirs)
find_program(TRAM_CCACHE ccache)
if(TRAM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TRAM_CCACHE})
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# Programs find the shared libraries of their own installation, wherever it is.
file(RELATIVE_PATH TRAM_LIBRARIES_FROM_PROGRAMS ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set(CMAKE_INSTALL_RPATH $ORIGIN/${TRAM_LIBRARIES_FROM_PROGRAMS})

set(TRAM_SANITIZE "" CACHE STRING "Sanitizers for libraries and tests: address,undefined or thread")
if(TRAM_SANITIZE)
  add_compile_options(-fsanitize=${TRAM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TRAM_SANITIZE})
endif()
