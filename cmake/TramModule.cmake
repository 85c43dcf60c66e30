# tram_module(NAME base
#   SOURCES src/error.cpp …          sources by name
#   LINKS wire …                     modules that the public headers need (tram::<name>)
#   PRIVATE_LINKS simdjson::simdjson libraries that only src/ needs
#   TESTS tests/error_test.cpp …     unit tests: no server, no sleep
#   TEST_LINKS testkit …             further modules that only the tests need
# )
# gives the library tram::<name>, its include folder, its unit test executable tram_<name>_test
# (ctest label "unit"), and its install component.
include_guard(GLOBAL)
include(TramWarnings)
include(TramInstall)

function(tram_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;LINKS;PRIVATE_LINKS;TESTS;TEST_LINKS" ${ARGN})
  set(target tram_${M_NAME})
  add_library(${target} ${M_SOURCES})  # static, or shared where BUILD_SHARED_LIBS says so
  add_library(tram::${M_NAME} ALIAS ${target})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_include_directories(${target} PRIVATE src)
  foreach(link IN LISTS M_LINKS)
    target_link_libraries(${target} PUBLIC tram::${link})
  endforeach()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:tram_warnings> ${M_PRIVATE_LINKS})
  # Public headers make their names visible; all else is hidden. One compilation serves static and shared libraries: no
  # symbol is defined for either.
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${M_NAME} POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden DEFINE_SYMBOL "" VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} INSTALL_RPATH $ORIGIN)
  tram_install_module(${M_NAME} LINKS ${M_LINKS} LIBRARIES ${M_PRIVATE_LINKS})
  if(TRAM_TESTS AND M_TESTS)
    tram_test(NAME tram_${M_NAME}_test LABEL unit SOURCES ${M_TESTS} LINKS ${M_NAME} ${M_TEST_LINKS})
    target_include_directories(tram_${M_NAME}_test PRIVATE src)
  endif()
endfunction()

# tram_test gives a test program, which finds tests/harness; the target tests_<label> builds all of one label.
# tram_test(NAME … LABEL unit|contract|integration|simulation|robustness|compat|e2e|package
#           SOURCES … LINKS modules… LIBRARIES others… TIMEOUT seconds)
function(tram_test)
  cmake_parse_arguments(T "" "NAME;LABEL;TIMEOUT" "SOURCES;LINKS;LIBRARIES" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  foreach(link IN LISTS T_LINKS)
    target_link_libraries(${T_NAME} PRIVATE tram::${link})
  endforeach()
  target_link_libraries(${T_NAME} PRIVATE tram_warnings ${T_LIBRARIES} GTest::gtest_main)
  target_include_directories(${T_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests/harness)
  set_target_properties(${T_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  add_test(NAME ${T_NAME} COMMAND ${T_NAME})
  set_tests_properties(${T_NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
  tram_build_with_tests(${T_LABEL} ${T_NAME})
  # Those that need no server can be chosen one by one: ctest --preset case.
  if(T_LABEL MATCHES "^(unit|contract|simulation)$")
    # When they are built: a run of the tests asks for reports, and a list is none of one.
    gtest_discover_tests(${T_NAME} DISCOVERY_TIMEOUT 300 PROPERTIES LABELS case TIMEOUT ${T_TIMEOUT})
  endif()
endfunction()

# The target tests_<label> builds these targets too.
function(tram_build_with_tests label)
  if(NOT TARGET tests_${label})
    add_custom_target(tests_${label})
  endif()
  add_dependencies(tests_${label} ${ARGN})
endfunction()

# Those that .ci/run builds are there even when a configuration leaves them empty.
if(TRAM_TESTS)
  add_custom_target(tests_unit)
  add_custom_target(tests_simulation)
endif()
