// expect: cannot convert ‘const tram::LogPosition’ to ‘uint64_t’
#include "records.hpp"

std::uint64_t kept(tram::LogPosition const& position) { return position; }
