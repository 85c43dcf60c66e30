# What `make install` puts in place, so that another project can say
#   find_package(tram COMPONENTS outbox sqlite embedded)
# One component per module. Each has its own targets file and a small component file that first loads
# what the module stands on: other components, and the third-party packages that a static library
# leaves to whoever links it.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

include(TramPkgConfig)

# Which package a file goes to: libraries, development, or programs (cmake/TramPackages.cmake).
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
set(TRAM_PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/tram)
set_property(GLOBAL PROPERTY TRAM_COMPONENTS)

# tram_install_module(NAME LINKS modules… LIBRARIES targets…): called by tram_module.
function(tram_install_module name)
  cmake_parse_arguments(I "" "" "LINKS;LIBRARIES" ${ARGN})
  install(TARGETS tram_${name} EXPORT tram-${name}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libraries NAMELINK_COMPONENT development)
  _tram_strip_archive(tram_${name})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
  install(EXPORT tram-${name} FILE tram-${name}-targets.cmake NAMESPACE tram:: DESTINATION ${TRAM_PACKAGE_FOLDER})

  set(content "")
  foreach(link IN LISTS I_LINKS)
    string(APPEND content "_tram_load(${link})\n")
  endforeach()
  get_target_property(type tram_${name} TYPE)
  foreach(library IN LISTS I_LIBRARIES)
    # A shared library finds by itself what it hides.
    if(type STREQUAL "SHARED_LIBRARY" AND NOT library MATCHES "^tram::")
      continue()
    endif()
    _tram_how_to_find(line ${library})
    string(APPEND content "${line}")
  endforeach()
  string(APPEND content "include(\"\${CMAKE_CURRENT_LIST_DIR}/tram-${name}-targets.cmake\")\n")
  set(file ${CMAKE_CURRENT_BINARY_DIR}/tram-${name}-component.cmake)
  file(WRITE ${file} "${content}")
  install(FILES ${file} DESTINATION ${TRAM_PACKAGE_FOLDER})
  set_property(GLOBAL APPEND PROPERTY TRAM_COMPONENTS ${name})
  tram_pkg_config_module(${name} LINKS ${I_LINKS} LIBRARIES ${I_LIBRARIES})
endfunction()

# `cmake --install --strip` leaves archives as they are. Their debug information goes, their symbols stay.
function(_tram_strip_archive target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY" AND CMAKE_STRIP)
    install(CODE "if(CMAKE_INSTALL_DO_STRIP)
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:${target}>\" COMMAND_ERROR_IS_FATAL ANY)
endif()")
  endif()
endfunction()

# The lines with which an installed package finds the target again.
function(_tram_how_to_find result library)
  if(library MATCHES "^tram::(.+)$")
    set(lines "_tram_load(${CMAKE_MATCH_1})\n")
  elseif(library MATCHES "^PkgConfig::(.+)$")
    set(module ${CMAKE_MATCH_1})
    set(lines "find_dependency(PkgConfig)\npkg_check_modules(${module} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${module})\n")
  elseif(library MATCHES "^(SQLite|PostgreSQL|simdjson|Threads|GTest)::")
    set(package_of_SQLite SQLite3)
    set(package ${CMAKE_MATCH_1})
    if(package_of_${package})
      set(package ${package_of_${package}})
    endif()
    set(lines "find_dependency(${package})\n")
  elseif(library MATCHES "::")
    message(FATAL_ERROR "tram: an installed package would not find '${library}' again; teach _tram_how_to_find")
  else()
    set(lines "")  # a plain library name, which the linker finds by itself
  endif()
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

# Called once, after all modules.
function(tram_install_package)
  get_property(components GLOBAL PROPERTY TRAM_COMPONENTS)
  set(TRAM_COMPONENTS "${components}")
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tram-config.cmake.in ${PROJECT_BINARY_DIR}/tram-config.cmake
                                INSTALL_DESTINATION ${TRAM_PACKAGE_FOLDER})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/tram-config-version.cmake.in ${PROJECT_BINARY_DIR}/tram-config-version.cmake @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/tram-config.cmake ${PROJECT_BINARY_DIR}/tram-config-version.cmake
          DESTINATION ${TRAM_PACKAGE_FOLDER})
  tram_install_pkg_config()
endfunction()
