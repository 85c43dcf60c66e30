# One interface target with our warnings; -Werror only through the presets.
include_guard(GLOBAL)
add_library(tram_warnings INTERFACE)
target_compile_options(tram_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                               $<$<BOOL:${TRAM_WERROR}>:-Werror>)
