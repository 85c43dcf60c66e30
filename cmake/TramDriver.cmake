# tram_driver(NAME sqlite
#   DEPENDENCY SQLite3          the client library: a CMake package, or pkg-config:<module>, which then
#                               is the target PkgConfig::<module>; none for a driver without one
#   DEBIAN libsqlite3-dev       the Debian package that has it, for messages
#   DATABASE_KITS sqlite        the schemes of URLs that choose it, as a database, and as a broker: the header
#   BROKER_KITS …               tram/<name>/kit.hpp declares tram::<name>::kit; scheme=symbol for another symbol
#   …                           everything that tram_module takes
# )
# gives the option TRAM_SQLITE=AUTO|ON|OFF, and the module when its dependency is there. AUTO leaves
# the driver out when it is not, and the configure summary says why; ON makes that an error.
# TRAM_DRIVERS=ON is ON for every driver left on AUTO: what CI uses, so that AUTO never hides a loss.
include_guard(GLOBAL)
include(TramModule)

set(TRAM_DRIVERS AUTO CACHE STRING "AUTO: drivers are built where their client library is found; ON: all are required")
set_property(CACHE TRAM_DRIVERS PROPERTY STRINGS AUTO ON)
set_property(GLOBAL PROPERTY TRAM_DRIVER_SUMMARY)

function(tram_driver)
  cmake_parse_arguments(D "" "NAME;DEPENDENCY;DEBIAN" "DATABASE_KITS;BROKER_KITS" ${ARGN})
  string(TOUPPER "TRAM_${D_NAME}" option)
  set(${option} AUTO CACHE STRING "Build the ${D_NAME} driver: AUTO, ON or OFF")
  set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)
  if(NOT ${option} MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "tram: ${option} is '${${option}}'; it must be AUTO, ON or OFF")
  endif()
  if(${option} STREQUAL "OFF")
    _tram_driver_note("${D_NAME}: off, as ${option}=OFF asks")
    _tram_kits_left_out()
    return()
  endif()

  _tram_find_dependency(found "${D_DEPENDENCY}")
  if(found)
    _tram_driver_note("${D_NAME}: on")
    _tram_kits_built()
    tram_module(NAME ${D_NAME} ${D_UNPARSED_ARGUMENTS})
  elseif(${option} STREQUAL "ON" OR TRAM_DRIVERS STREQUAL "ON")
    message(FATAL_ERROR "tram: the ${D_NAME} driver is required (${option}=${${option}}, TRAM_DRIVERS=${TRAM_DRIVERS}), "
                        "but '${D_DEPENDENCY}' was not found; install the Debian package ${D_DEBIAN}, or set ${option}=OFF")
  else()
    _tram_driver_note("${D_NAME}: off, '${D_DEPENDENCY}' was not found (Debian package ${D_DEBIAN})")
    _tram_kits_left_out()
  endif()
endfunction()

# What all_drivers/ composes: entries are a scheme, for the order, and a piece of C++. Macros: they see the driver's arguments.
macro(_tram_kits_built)
  if(D_DATABASE_KITS OR D_BROKER_KITS)
    set_property(GLOBAL APPEND PROPERTY TRAM_KIT_DRIVERS ${D_NAME})
  endif()
  foreach(kind DATABASE BROKER)
    foreach(entry IN LISTS D_${kind}_KITS)
      set(_tram_symbol kit)
      if(entry MATCHES "=(.+)$")
        set(_tram_symbol ${CMAKE_MATCH_1})
      endif()
      string(REGEX REPLACE "=.*" "" _tram_scheme "${entry}")
      set_property(GLOBAL APPEND PROPERTY TRAM_${kind}_KITS "${_tram_scheme} ${D_NAME}::${_tram_symbol}")
    endforeach()
  endforeach()
endmacro()

macro(_tram_kits_left_out)
  foreach(kind DATABASE BROKER)
    foreach(entry IN LISTS D_${kind}_KITS)
      string(REGEX REPLACE "=.*" "" _tram_scheme "${entry}")
      set_property(GLOBAL APPEND PROPERTY TRAM_${kind}_LEFT_OUT "${_tram_scheme} \"${_tram_scheme}\"")
    endforeach()
  endforeach()
endmacro()

# A macro: what find_package defines must be seen by the caller's tram_module.
macro(_tram_find_dependency result dependency)
  if("${dependency}" STREQUAL "")
    set(${result} TRUE)
  elseif("${dependency}" MATCHES "^pkg-config:(.+)$")
    set(_tram_module_name ${CMAKE_MATCH_1})
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
      pkg_check_modules(${_tram_module_name} QUIET IMPORTED_TARGET ${_tram_module_name})
    endif()
    set(${result} ${${_tram_module_name}_FOUND})
  else()
    find_package(${dependency} QUIET)
    set(${result} ${${dependency}_FOUND})
  endif()
endmacro()

function(_tram_driver_note text)
  set_property(GLOBAL APPEND PROPERTY TRAM_DRIVER_SUMMARY "${text}")
endfunction()

# Prints one line per driver; called once, at the end of the top CMakeLists.txt.
function(tram_driver_summary)
  get_property(lines GLOBAL PROPERTY TRAM_DRIVER_SUMMARY)
  foreach(line IN LISTS lines)
    message(STATUS "tram driver ${line}")
  endforeach()
endfunction()
