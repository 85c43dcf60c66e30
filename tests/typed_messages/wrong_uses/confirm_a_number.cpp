// expect: cannot convert ‘int’ to ‘tram::LogPosition’
#include "records.hpp"

void confirm(tram::ChangeSource& source) { source.confirm(17); }
