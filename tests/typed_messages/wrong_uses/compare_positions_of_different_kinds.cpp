// expect: no match for ‘operator<’
#include "records.hpp"

bool is_behind(tram::Position const& record, tram::LogPosition const& row) { return record < row; }
