# One interface target with our warnings; -Werror only through the presets.
include_guard(GLOBAL)
add_library(tram_warnings INTERFACE)
target_compile_options(tram_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                               $<$<BOOL:${TRAM_WERROR}>:-Werror>)
if(TRAM_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes the empty half of an optional for one that is read, once it is instrumented.
  target_compile_options(tram_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
