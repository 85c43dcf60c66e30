#pragma once

#include "url.hpp"

// Which drivers CMake found.
namespace tram::connect {

#ifdef TRAM_HAS_POSTGRES
inline constexpr bool has_postgres = true;
#else
inline constexpr bool has_postgres = false;
#endif
#ifdef TRAM_HAS_SQLITE
inline constexpr bool has_sqlite = true;
#else
inline constexpr bool has_sqlite = false;
#endif
#ifdef TRAM_HAS_KAFKA
inline constexpr bool has_kafka = true;
#else
inline constexpr bool has_kafka = false;
#endif
#ifdef TRAM_HAS_EMBEDDED
inline constexpr bool has_embedded = true;
#else
inline constexpr bool has_embedded = false;
#endif

[[noreturn]] inline void refuse_database(Url const& url) {
  refuse_scheme(url, "database", {{"postgresql", has_postgres}, {"sqlite", has_sqlite}});
}

inline void require_sqlite_parameters(Url const& url) {
  require_known_parameters(url, {"durability", "file_mode", "foreign_keys"});
}

}  // namespace tram::connect
