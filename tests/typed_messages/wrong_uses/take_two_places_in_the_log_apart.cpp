// expect: no match for ‘operator-’
#include "records.hpp"

auto distance(tram::LogPosition const& one, tram::LogPosition const& other) { return one - other; }
