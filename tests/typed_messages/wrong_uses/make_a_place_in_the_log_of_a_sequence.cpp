// expect: no matching function for call to ‘tram::LogPosition::LogPosition(<brace-enclosed
// initializer list>)’
#include "records.hpp"

tram::LogPosition made(tram::Sequence const& sequence) { return tram::LogPosition{sequence}; }
